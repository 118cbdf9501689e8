namespace Warren.Model;

/// <summary>The rules for the name of a link that a namespace is pinned to.</summary>
public static class UplinkName
{
    private const int Longest = 15;

    /// <summary>What is wrong with a name, or null. Stricter than the kernel: no name that nft, a shell or a path takes for something else.</summary>
    public static string? Fault(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length == 0)
            return "is empty";
        if (name.Length > Longest)
            return $"has {name.Length} characters; {Longest} are allowed";
        if (name is "." or "..")
            return "is no name of a link";
        if (!char.IsAsciiLetterOrDigit(name[0]) && name[0] is not ('_' or '.'))
            return "does not begin with a letter or digit";
        foreach (char c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.' or '@' or '~' or '='))
                return $"holds '{Terminal.Safe(c.ToString())}'; letters, digits, '-', '_' and '.' are allowed";
        }
        return name == "lo" ? "leads nowhere but to the host itself"
            : name.StartsWith(NamespaceName.LinkPrefix, StringComparison.Ordinal) ? "leads to a namespace"
            : null;
    }
}
