namespace Warren.Firewall.Neighbours;

/// <summary>Tells whose a table is by the names in it.</summary>
internal static class Owners
{
    private static readonly (string Prefix, string Owner)[] ByTable =
    [
        ("firewalld", "firewalld"),
        ("docker-", "docker"),
        ("lxd", "lxd"),
        ("incus", "incus"),
        ("netavark", "podman"),
        ("libvirt", "libvirt"),
        ("kube-", "kubernetes"),
    ];

    private static readonly (string Prefix, string Owner)[] ByChain =
    [
        ("DOCKER", "docker"),
        ("ufw-", "ufw"),
        ("LIBVIRT_", "libvirt"),
        ("KUBE-", "kubernetes"),
        ("CNI-", "kubernetes"),
        ("cali-", "kubernetes"),
        ("FLANNEL-", "kubernetes"),
        ("NETAVARK", "podman"),
    ];

    /// <summary>Whose a rule is by the name of its chain and by its comment; empty if it cannot be told.</summary>
    public static string OfRule(string chain, string comment)
    {
        string owner = Find(ByChain, chain);
        // "generated for LXD network lxdbr0"
        return owner.Length == 0 && comment.StartsWith("generated for LXD", StringComparison.Ordinal) ? "lxd" : owner;
    }

    /// <summary>Whose a table is; several, with commas, where several write into one; empty if it cannot be told.</summary>
    public static string Of(string table, IEnumerable<string> chains)
    {
        string owner = Find(ByTable, table);
        if (owner.Length > 0)
            return owner;
        var owners = new SortedSet<string>(StringComparer.Ordinal);
        foreach (string chain in chains)
        {
            if (OfRule(chain, "") is { Length: > 0 } found)
                owners.Add(found);
        }
        return string.Join(", ", owners);
    }

    private static string Find((string Prefix, string Owner)[] known, string name)
    {
        foreach ((string prefix, string owner) in known)
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal))
                return owner;
        }
        return "";
    }
}
