using System.Net;
using Warren.Model;

namespace Warren.Planning;

/// <summary>What stands under a namespace's name.</summary>
public enum Presence
{
    /// <summary>Nothing.</summary>
    Absent,

    /// <summary>A namespace.</summary>
    Standing,

    /// <summary>A file without a namespace on it.</summary>
    HalfMade,
}

/// <summary>A namespace as it was found.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Presence">What stands under the name.</param>
public sealed record ObservedNamespace(string Name, Presence Presence)
{
    /// <summary>Whether Warren made it; one that others made stays when its link goes.</summary>
    public bool IsOurs { get; init; }

    /// <summary>Its link, or null.</summary>
    public ObservedLink? Link { get; init; }

    /// <summary>The name under which its host end is, or would be made.</summary>
    public required string LinkName { get; init; }

    /// <summary>A link of somebody else's under that name.</summary>
    public bool LinkNameTaken { get; init; }

    /// <summary>What was seen inside, if it was looked at.</summary>
    public ObservedInside? Inside { get; init; }

    /// <summary>The text of /etc/netns/NAME/resolv.conf, or null; of a symbolic link see <see cref="Resolver.LinkTo"/>.</summary>
    public string? Resolver { get; init; }

    /// <summary>Where /etc/netns/NAME/hosts leads, see <see cref="Resolver.LinkTo"/>; an empty text if it is no link, null if there is none.</summary>
    public string? Hosts { get; init; }

    /// <summary>Names of the links inside; known only of a namespace without a link of ours.</summary>
    public IReadOnlyList<string> InsideLinks { get; init; } = [];

    /// <summary>Whether lo inside is up; known only of a namespace without a link of ours.</summary>
    public bool LoopbackUp { get; init; }

    /// <summary>Whether there is a default route inside; known only of a namespace without a link of ours.</summary>
    public bool HasDefaultRoute { get; init; }
}

/// <summary>A link as it was found, by its host end.</summary>
/// <param name="Name">The host end's name.</param>
/// <param name="Index">The host end's index.</param>
public sealed record ObservedLink(string Name, int Index)
{
    /// <summary>What the host end's alias says of the link: what was asked for. Null if it was never completed.</summary>
    public LinkMark? Mark { get; init; }

    /// <summary>The host end's address.</summary>
    public Cidr? Host { get; init; }

    /// <summary>Whether the host end is up, and passes packets on.</summary>
    public bool Up { get; init; }

    /// <summary>Whether the host has no route to the subnet of a link that is up; known if more than the link was asked about.</summary>
    public bool LacksRoute { get; init; }

    /// <summary>The largest packet in bytes.</summary>
    public uint Mtu { get; init; } = 1500;
}

/// <summary>What of a link's work inside a namespace was found.</summary>
/// <param name="End">The name of the link's other end; null if it is not there.</param>
/// <param name="EndUp">Whether it is up.</param>
/// <param name="LoopbackUp">Whether lo is up.</param>
/// <param name="HasAddress">Whether the namespace's address is on it.</param>
/// <param name="HasDefaultRoute">Whether there is a default route, by whatever link.</param>
public sealed record ObservedInside(string? End, bool EndUp, bool LoopbackUp, bool HasAddress, bool HasDefaultRoute);

/// <summary>A subnet that is in use on the host.</summary>
/// <param name="Network">The subnet.</param>
/// <param name="Reason">By what: <c>route 10.0.0.0/24 dev eth0</c>.</param>
public readonly record struct TakenNetwork(Cidr Network, string Reason);

/// <summary>A link of the host by which packets leave to the world.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Mtu">The largest packet in bytes.</param>
/// <param name="Forwarding">net.ipv4.conf.NAME.forwarding.</param>
public sealed record Uplink(string Name, uint Mtu, bool Forwarding);

/// <summary>A link of Warren's whose packets leave by one link of the host only.</summary>
/// <param name="Link">The name of Warren's link.</param>
/// <param name="Uplink">The link of the host; empty if none is allowed.</param>
public readonly record struct Pin(string Link, string Uplink);

/// <summary>Where a forward leads.</summary>
/// <param name="Address">The namespace's address.</param>
/// <param name="Port">The port there.</param>
public readonly record struct Target(IPAddress Address, int Port)
{
    /// <summary><c>10.213.0.2:8080</c></summary>
    public override string ToString() => $"{Address.Bracketed()}:{Port}";
}

/// <summary>A port inside that other namespaces may call by the namespace's own address.</summary>
/// <param name="Address">The namespace's address.</param>
/// <param name="Port">The port there.</param>
/// <param name="Protocol">TCP or UDP.</param>
public readonly record struct InnerPort(IPAddress Address, int Port, Protocol Protocol)
{
    /// <summary><c>10.213.0.2:8080/tcp</c></summary>
    public override string ToString() => $"{Address.Bracketed()}:{Words.Number(Port)}/{Protocol.Word()}";
}

/// <summary>A process of the host that listens on a port.</summary>
/// <param name="Host">Where it listens.</param>
/// <param name="Process">Its name and number: <c>nginx (pid 812)</c>.</param>
public readonly record struct Listener(HostPort Host, string Process)
{
    /// <summary>Its number; null if it is not to be seen from here.</summary>
    public int? ProcessId { get; init; }
}

/// <summary>A project for which the host forwards nothing but what is of namespaces.</summary>
/// <param name="Project">Its name.</param>
/// <param name="Namespaces">Its namespaces; known only when some go.</param>
public sealed record ClosedFor(string Project, IReadOnlyList<string> Namespaces);

/// <summary>A service of a project as it was found.</summary>
/// <param name="Service">As it was wished for when it was started.</param>
/// <param name="Alive">Whether it runs, or did what it had to; one that failed does not count.</param>
public sealed record ObservedService(Service Service, bool Alive);

/// <summary>A project as it was found.</summary>
/// <param name="Name">Its name.</param>
public sealed record ObservedProject(string Name)
{
    /// <summary>The namespaces whose links say that they are its own.</summary>
    public IReadOnlyList<NamedAddress> Members { get; init; } = [];

    /// <summary>The names in its hosts file; null if there is none.</summary>
    public IReadOnlyList<NamedAddress>? Hosts { get; init; }

    /// <summary>Whether the lines after them are those of the host's own.</summary>
    public bool HostsAreCurrent { get; init; }
}

/// <summary>What there is of our table.</summary>
public enum RulesetState
{
    /// <summary>No table.</summary>
    Absent,

    /// <summary>The table with all its chains and rules.</summary>
    Intact,

    /// <summary>A table in which something is missing or too much.</summary>
    Damaged,
}

/// <summary>All that a plan depends on, found at one moment under the lock.</summary>
public sealed record Observed
{
    /// <summary>The namespaces asked about; all that are Warren's, if <see cref="Everything"/>.</summary>
    public required IReadOnlyList<ObservedNamespace> Namespaces { get; init; }

    /// <summary>Whether all namespaces and all forwards were looked at.</summary>
    public bool Everything { get; init; }

    /// <summary>Whether the namespace of every forward was looked for: one that is not found is not there.</summary>
    public bool OwnersKnown { get; init; }

    /// <summary>Whether links of Warren's other than of the namespaces asked about are there.</summary>
    public bool OthersRemain { get; init; }

    /// <summary>Subnets in use, in any routing table.</summary>
    public IReadOnlyList<TakenNetwork> Taken { get; init; } = [];

    /// <summary>The host's addresses.</summary>
    public IReadOnlyList<IPAddress> HostAddresses { get; init; } = [];

    /// <summary>The file with the servers behind the host's stub resolver, which no namespace can reach; null if the host has no such stub.</summary>
    public string? UpstreamResolver { get; init; }

    /// <summary>The links to the world.</summary>
    public IReadOnlyList<Uplink> Uplinks { get; init; } = [];

    /// <summary>net.ipv4.ip_forward: whether the host forwards between all its links anyway.</summary>
    public bool ForwardsAnyway { get; init; }

    /// <summary>What there is of our table.</summary>
    public RulesetState Ruleset { get; init; }

    /// <summary>Forwards in force: those asked about, or all.</summary>
    public IReadOnlyDictionary<HostPort, Target> Forwards { get; init; } = new Dictionary<HostPort, Target>();

    /// <summary>Forwards in force that lead to no link's address: a change was cut off, or somebody took the link away. Known for projects.</summary>
    public IReadOnlyDictionary<HostPort, Target> Strays { get; init; } = new Dictionary<HostPort, Target>();

    /// <summary>How many links are in Warren's group; null if they were not counted.</summary>
    public int? GroupSize { get; init; }

    /// <summary>Ports that other namespaces may call, of the namespaces asked about; known if one of those is a project's.</summary>
    public IReadOnlyCollection<InnerPort> Targets { get; init; } = [];

    /// <summary>Those at no link's address. Known for projects.</summary>
    public IReadOnlyCollection<InnerPort> StrayTargets { get; init; } = [];

    /// <summary>Uplinks on which Warren switched forwarding on, by the names that they have now.</summary>
    public IReadOnlyList<string> SwitchedOn { get; init; } = [];

    /// <summary>Links that drop-ins of Warren's name: forwarding of those is on since the boot, and is Warren's doing.</summary>
    public IReadOnlyList<PersistedUplink> Persisted { get; init; } = [];

    /// <summary>Uplinks whose other traffic the table keeps closed.</summary>
    public IReadOnlyList<string> Closed { get; init; } = [];

    /// <summary>Names that uplinks of <see cref="SwitchedOn"/> had when forwarding was switched on, and have no more.</summary>
    public IReadOnlyList<string> FormerNames { get; init; } = [];

    /// <summary>Links whose packets the table lets leave by one link only.</summary>
    public IReadOnlyList<Pin> Pins { get; init; } = [];

    /// <summary>Uplinks that are asked for, and that the host does not have.</summary>
    public IReadOnlyList<string> AbsentUplinks { get; init; } = [];

    /// <summary>Projects for which the host forwards nothing but what is of namespaces.</summary>
    public IReadOnlyList<ClosedFor> ClosedFor { get; init; } = [];

    /// <summary>Links of others between which the host forwards: they would lose it if it were closed. Known only if that is wished for.</summary>
    public IReadOnlyList<string> Forwarding { get; init; } = [];

    /// <summary>Chains of others that drop what Warren forwards.</summary>
    public IReadOnlyList<Obstacle> Obstacles { get; init; } = [];

    /// <summary>Rules of others by which a wished namespace, or a port of it, would be cut off, and that are not opened.</summary>
    public IReadOnlyList<Block> Blocks { get; init; } = [];

    /// <summary>Chains of others in which Warren's accept rules stand.</summary>
    public IReadOnlyList<ForeignChain> Openings { get; init; } = [];

    /// <summary>The projects that the wish is about: the one that it comes from, and those that lose namespaces by it.</summary>
    public IReadOnlyList<ObservedProject> Projects { get; init; } = [];

    /// <summary>The services that the project has.</summary>
    public IReadOnlyList<ObservedService> Services { get; init; } = [];

    /// <summary>Rules of others that take one of the wanted ports.</summary>
    public IReadOnlyList<ForeignForward> ForeignForwards { get; init; } = [];

    /// <summary>Processes that listen on one of the wanted ports.</summary>
    public IReadOnlyList<Listener> Listeners { get; init; } = [];
}
