namespace Warren.Planning.Steps;

/// <summary>Makes a namespace: lo up and marked as ours, ping and low ports open to programs without privilege, and TCP that finds out by itself
/// when a path loses its large packets.</summary>
/// <param name="Name">Its name.</param>
public sealed record CreateNamespace(string Name) : Step
{
    /// <summary>net.ipv4.ping_group_range: every group may ping.</summary>
    public const string PingGroupRange = "0 2147483647";

    /// <summary>What the alias of lo says in a namespace of ours: there from the moment that the namespace has a name.</summary>
    public const string Mark = "warren:";

    /// <inheritdoc/>
    public override char Sign => '+';

    /// <inheritdoc/>
    public override string Namespace => Name;

    /// <inheritdoc/>
    public override string Words => $"namespace {Name}";

    /// <inheritdoc/>
    public override IEnumerable<string> Shell =>
        [
            $"ip netns add {Name}",
            $"ip -n {Name} link set dev lo up alias {Mark}{Name}",
            $"ip netns exec {Name} sysctl -qw 'net.ipv4.ping_group_range={PingGroupRange}' net.ipv4.ip_unprivileged_port_start=0 net.ipv4.tcp_mtu_probing=1",
        ];

    /// <inheritdoc/>
    public override Step Undo => new DeleteNamespace(Name);
}

/// <summary>Takes a namespace's name away; it is gone when no process holds it.</summary>
/// <param name="Name">Its name.</param>
public sealed record DeleteNamespace(string Name) : Step
{
    /// <summary>Whether a namespace stands under the name: then one can be made again, without the programs that were in it.</summary>
    public bool WasWhole { get; init; }

    /// <inheritdoc/>
    public override char Sign => '-';

    /// <inheritdoc/>
    public override string Namespace => Name;

    /// <inheritdoc/>
    public override string Words => $"namespace {Name}";

    /// <inheritdoc/>
    public override IEnumerable<string> Shell => [$"ip netns del {Name}"];

    /// <inheritdoc/>
    public override Step? Undo => WasWhole ? new CreateNamespace(Name) : null;
}
