using System.Net;
using Warren.Model;

namespace Warren.Diagnosis;

/// <summary>The kernel, and what this process may do.</summary>
/// <param name="Release">uname -r.</param>
internal sealed record KernelFacts(string Release)
{
    /// <summary>Whether this process may change the network.</summary>
    public bool Privileged { get; init; } = true;

    /// <summary>Why nf_tables cannot be had; null if they can.</summary>
    public string? NoTables { get; init; }

    /// <summary>Whether there is veth; null if that cannot be told.</summary>
    public bool? HasVeth { get; init; }

    /// <summary>Why /proc/sys/net cannot be written; null if it can.</summary>
    public string? SysctlFault { get; init; }
}

/// <summary>Whose the table inet warren is.</summary>
internal enum OwnTable
{
    /// <summary>There is none.</summary>
    Absent,

    /// <summary>Warren made it.</summary>
    Own,

    /// <summary>Warren made it, and somebody switched it off.</summary>
    Dormant,

    /// <summary>Somebody else made it.</summary>
    Foreign,
}

/// <summary>A link of the host.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What made it: <c>veth</c>; empty for hardware.</param>
internal sealed record HostLink(string Name, string Kind)
{
    /// <summary>Whether it is up.</summary>
    public bool Up { get; init; } = true;

    /// <summary>The largest packet in bytes.</summary>
    public uint Mtu { get; init; } = 1500;

    /// <summary>Whether it passes packets on; null if that cannot be told.</summary>
    public bool? Forwarding { get; init; }

    /// <summary>Its addresses.</summary>
    public IReadOnlyList<Cidr> Addresses { get; init; } = [];

    /// <summary>The namespace that its other end is in, if that has a name and this is no port of a bridge; else empty.</summary>
    public string LeadsTo { get; init; } = "";

    /// <summary>net.ipv4.conf.NAME.rp_filter.</summary>
    public int ReversePathFilter { get; init; }
}

/// <summary>A route of the host.</summary>
/// <param name="Network">Where to; null for a default route.</param>
/// <param name="Link">By which link; empty if by none.</param>
/// <param name="Table">The number of its table: 254 is main, 255 local.</param>
internal sealed record HostRoute(Cidr? Network, string Link, uint Table = HostRoute.Main)
{
    public const uint Main = 254;
    public const uint Local = 255;

    /// <summary>As <c>ip route</c> writes it.</summary>
    public override string ToString()
    {
        string link = Link.Length > 0 ? " dev " + Link : "";
        return Table switch
        {
            Local => $"address {Network?.Address}{link}",
            Main => $"route {Network?.ToString() ?? "default"}{link}",
            _ => $"route {Network?.ToString() ?? "default"}{link} table {Table}",
        };
    }
}

/// <summary>A socket that waits for whoever comes.</summary>
/// <param name="Address">Where; <c>0.0.0.0</c> or <c>::</c> for every address.</param>
/// <param name="Port">The port.</param>
/// <param name="Protocol">TCP or UDP.</param>
/// <param name="Process">Whose it is: <c>flask (pid 812)</c>.</param>
internal sealed record Server(IPAddress Address, int Port, Protocol Protocol, string Process)
{
    /// <summary>Whether it takes IPv6 alone, of one on <c>::</c>.</summary>
    public bool V6Only { get; init; }

    /// <summary>The words with which the process was started.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>Whether it takes what is sent to an IPv4 address.</summary>
    public bool Takes(IPAddress address) =>
        Address.Equals(IPAddress.Any) || Address.Equals(address) || (Address.Equals(IPAddress.IPv6Any) && !V6Only);

    /// <summary>Where it listens: <c>127.0.0.1:8080</c>.</summary>
    public string Where => Address.Bracketed() + ":" + Words.Number(Port);
}

/// <summary>A process by its id and name.</summary>
/// <param name="Id">Its process id.</param>
/// <param name="Name">Its name, fit for a terminal.</param>
internal sealed record Held(int Id, string Name)
{
    /// <summary><c>flask (pid 812)</c></summary>
    public override string ToString() => $"{Name} (pid {Id})";
}

/// <summary>A link inside a namespace.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Mtu">The largest packet in bytes.</param>
/// <param name="Addresses">Its addresses.</param>
/// <param name="HostEnd">The name of the link's other end, if that is the host's; else empty.</param>
internal sealed record SpaceLink(string Name, uint Mtu, IReadOnlyList<IPAddress> Addresses, string HostEnd);

/// <summary>What was found in a namespace, and under its name.</summary>
/// <param name="Name">Its name.</param>
internal sealed record SpaceFacts(string Name)
{
    /// <summary>Its links.</summary>
    public IReadOnlyList<SpaceLink> Links { get; init; } = [];

    /// <summary>Who waits there.</summary>
    public IReadOnlyList<Server> Servers { get; init; } = [];

    /// <summary>Processes that hold a namespace which has no name any more, or is covered by another: of a name that is whole, those in
    /// the namespaces below.</summary>
    public IReadOnlyList<Held> Holders { get; init; } = [];

    /// <summary>How many namespaces are mounted below the one that the name leads to.</summary>
    public int Below { get; init; }

    /// <summary>The name servers of its own resolv.conf; null without one.</summary>
    public IReadOnlyList<IPAddress>? NameServers { get; init; }
}

/// <summary>A rule of another firewall that decides or translates.</summary>
/// <param name="Table">Its table, in words.</param>
/// <param name="Chain">Its chain.</param>
/// <param name="Text">What it says.</param>
/// <param name="Removal">The command that takes it out; empty if none is known.</param>
internal sealed record ForeignLine(string Table, string Chain, string Text, string Removal);

/// <summary>A rule of another firewall that leads packets to an address.</summary>
/// <param name="Place">Where it is and what it says.</param>
/// <param name="Address">Where packets are led to.</param>
/// <param name="Removal">The command that takes it out; empty if none is known.</param>
/// <param name="Ports">The ports of the host that it asks for, if it names any.</param>
internal sealed record ForeignLead(string Place, IPAddress Address, string Removal, IReadOnlyList<HostPort> Ports);

/// <summary>The iptables on a host: two tools that do not see each other's rules.</summary>
/// <param name="Command">What the command <c>iptables</c> is: <c>iptables-nft</c>, <c>iptables-legacy</c>; null without one.</param>
/// <param name="Legacy">Legacy tables with rules, or with a policy that drops.</param>
/// <param name="Nft">Tables of iptables-nft with rules, or with a policy that drops.</param>
internal sealed record IptablesFacts(string? Command, IReadOnlyList<string> Legacy, IReadOnlyList<string> Nft);

/// <summary>The kernel's table of connections.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="Most">How many there can be; 0 if that is not known.</param>
/// <param name="Dropped">How many packets were dropped because no more could be told apart, since the boot.</param>
internal sealed record ConntrackFacts(long Count, long Most, long Dropped);

/// <summary>A flow that was led elsewhere than it was sent.</summary>
/// <param name="Protocol">TCP or UDP.</param>
/// <param name="To">The address that it was sent to.</param>
/// <param name="Port">The port that it was sent to.</param>
/// <param name="Led">The address that it was led to.</param>
/// <param name="From">Who sent it.</param>
internal sealed record LedFlow(Protocol Protocol, IPAddress To, int Port, IPAddress Led, IPAddress From);

/// <summary>A project that /run/warren tells of.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Names">The namespaces that it had or may have.</param>
internal sealed record ProjectFacts(string Name, IReadOnlyList<string> Names)
{
    /// <summary>The services that are wished for: namespace and full name.</summary>
    public IReadOnlyList<(string Namespace, string Service)> Services { get; init; } = [];

    /// <summary>Whether a supervisor lives.</summary>
    public bool Supervised { get; init; }

    /// <summary>Services that failed: namespace, full name, how they ended.</summary>
    public IReadOnlyList<(string Namespace, string Service, string Words)> Failed { get; init; } = [];
}
