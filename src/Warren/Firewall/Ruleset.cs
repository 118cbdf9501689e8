using System.Net;
using Warren.Model;
using Warren.Netlink;
using Warren.Netlink.Nftables;
using Warren.Planning;
using static Warren.Netlink.Nftables.NftStatements;

namespace Warren.Firewall;

/// <summary>
/// Warren's table, as data. Its rules name no uplink and no namespace, and are the same with one forward or ten thousand: what
/// varies are the elements of two maps and two sets.
/// </summary>
internal static class Ruleset
{
    private const string AnyLink = NamespaceName.LinkPrefix + "*";
    private const int Raw = -300;
    private const int BeforeDestinationNat = -150;
    private const int DestinationNat = -100;
    private const int Filter = 0;
    private const int SourceNat = 100;

    public static NftTable Table { get; } = new(NftFamily.Inet, "warren", "made by warren");

    /// <summary>Published ports that answer on every address of the host.</summary>
    public static NftSet Forwards { get; } =
        new(Table, "forwards4", [NftType.Protocol, NftType.Port], [NftType.IPv4Address, NftType.Port]);

    /// <summary>Published ports that answer on one address of the host.</summary>
    public static NftSet ForwardsAt { get; } =
        new(
            Table,
            "forwards4_at",
            [NftType.IPv4Address, NftType.Protocol, NftType.Port],
            [NftType.IPv4Address, NftType.Port]
        );

    /// <summary>Uplinks on which Warren switched forwarding on.</summary>
    public static NftSet SwitchedOn { get; } = new(Table, "switched_on", [NftType.LinkName], []);

    /// <summary>Ports inside that other namespaces may call by the namespace's own address.</summary>
    public static NftSet Targets { get; } = new(Table, "targets4", [NftType.IPv4Address, NftType.Protocol, NftType.Port], []);

    /// <summary>The flows that each link's namespace started and that are alive.</summary>
    public static NftSet Flows { get; } = new(Table, "flows", [NftType.LinkName], []) { Dynamic = true };

    /// <summary>Links whose namespace has as many flows as it may.</summary>
    public static NftSet Flooding { get; } = new(Table, "flooding", [NftType.LinkName], []) { Dynamic = true, Seconds = 1 };

    /// <summary>How many flows that a namespace started may be alive.</summary>
    public const uint MostFlows = 16384;

    /// <summary>Links whose packets leave by one link of the host only.</summary>
    public static NftSet Pinned { get; } = new(Table, "pinned", [NftType.LinkName], []);

    /// <summary>By which.</summary>
    public static NftSet PinnedTo { get; } = new(Table, "pinned_to", [NftType.LinkName, NftType.LinkName], []);

    public static IReadOnlyList<NftSet> Sets { get; } = [Forwards, ForwardsAt, SwitchedOn, Targets, Flows, Flooding, Pinned, PinnedTo];

    // Uses is what the kernel counts: the rules in a chain, and those that lead to it. A test holds it against the rules.
    public static IReadOnlyList<NftChain> Chains => s_chains;

    private static readonly NftChain[] s_chains =
    [
        Base("guard", "filter", NftHook.Prerouting, Raw, 1),
        Base("flood", "nat", NftHook.Prerouting, BeforeDestinationNat, 2),
        Base("prerouting", "nat", NftHook.Prerouting, DestinationNat, 1),
        Base("output", "nat", NftHook.Output, DestinationNat, 1),
        Base("postrouting", "nat", NftHook.Postrouting, SourceNat, 3),
        Base("forward", "filter", NftHook.Forward, Filter, 5),
        new(Table, "mss") { Uses = 3 },
        new(Table, "publish") { Uses = 4 },
        new(Table, "ingress") { Uses = 6 },
        new(Table, "egress") { Uses = 3 },
    ];

    // Built when the table is: most changes only need to know that it stands.
    public static IReadOnlyList<NftRule> Rules => field ??= MakeRules();

    private static NftRule[] MakeRules() =>
    [
        // Localhost publishing lets links route 127.0.0.0/8 (route_localnet): nobody but the host itself may use that.
        Table.Rule("guard", IifNameNot("lo"), IpDaddr(IPAddress.Loopback, 8), Counter, Drop),
        // One namespace's flows must not fill the host's table of flows, nor take all ports of its address. A chain of type nat sees
        // first packets only. To count takes as long as there are flows: who has too many is counted once a second.
        Table.Rule("flood", IifNameIn(Flooding), Counter, Drop),
        Table.Rule("flood", IifName(AnyLink), AddIifNameCtCountOver(Flows, MostFlows), AddIifName(Flooding), Counter, Drop),
        // Only what is for this host is translated; what passes through to another machine's port is not ours.
        Table.Rule("prerouting", FibDaddrLocal, Jump("publish")),
        Table.Rule("output", FibDaddrLocal, Jump("publish")),
        Table.Rule("publish", DnatByAddressAndPort(ForwardsAt)),
        Table.Rule("publish", DnatByPort(Forwards)),
        // To the world, whatever link leads there.
        Table.Rule("postrouting", IifName(AnyLink), OifNameNot(AnyLink), Masquerade),
        // From the host's 127.0.0.1 into a namespace: it could not answer that address.
        Table.Rule("postrouting", IpSaddr(IPAddress.Loopback, 8), OifName(AnyLink), Masquerade),
        // A namespace that calls a published port of its own or of a sibling: the answer must come back through here.
        Table.Rule("postrouting", IifName(AnyLink), OifName(AnyLink), CtStatusDnat, Masquerade),
        // An address that is not the namespace's own: what answers it would find its way to somebody else.
        Table.Rule("forward", IifName(AnyLink), CtState(NftState.New), FibSaddrIifMissing, Counter, Drop),
        // Where an uplink's packets are smaller than the link's, a path that tells nobody so would lose the large ones.
        Table.Rule("forward", TcpFlagsSyn, Jump("mss")),
        Table.Rule("mss", IifName(AnyLink), ClampSegmentSize),
        Table.Rule("mss", OifName(AnyLink), ClampSegmentSize),
        Table.Rule("forward", OifName(AnyLink), Goto("ingress")),
        Table.Rule("forward", IifName(AnyLink), Goto("egress")),
        // Forwarding is on for these because of us: other pairs of links stay as closed as they were.
        Table.Rule("forward", IifNameIn(SwitchedOn), Goto("ingress")),
        Table.Rule("ingress", CtState(NftState.Established | NftState.Related), Accept),
        Table.Rule("ingress", CtStatusDnat, Accept),
        // By a sibling's name: what is published on every address is no secret, and needs no way by the host's port.
        Table.Rule("ingress", IifName(AnyLink), IpDaddrAndPortIn(Targets), Accept),
        Table.Rule("ingress", Counter, Drop),
        // What belongs to no flow would leave with the namespace's own address.
        Table.Rule("egress", CtState(NftState.Invalid), Counter, Drop),
        // Whose uplink is not there, or not where the route leads, is refused. Answers to those who called go back the way they came.
        Table.Rule("egress", IifNameIn(Pinned), LinkNamesNotIn(PinnedTo), CtDirectionOriginal, Counter, RejectProhibited),
    ];

    // Ahead of nothing and behind our own: what that lets pass, this does.
    private const int AfterFilter = Filter + 10;
    private const string ClosedPrefix = "closed-";

    /// <summary>The chain by which the host forwards nothing but what is of namespaces, for one project: it says whose wish it is, and goes
    /// with that. A <c>/</c> can be in its name and in no project's, a <c>~</c> not.</summary>
    public static NftChain ClosedChain(string project) =>
        Base(ClosedPrefix + project.Replace('~', '/'), "filter", NftHook.Forward, AfterFilter, 3) with
        {
            PolicyDrop = true,
        };

    /// <summary>The rules of such a chain.</summary>
    public static IReadOnlyList<NftRule> ClosedRules(NftChain chain) =>
        [
            Table.Rule(chain.Name, CtState(NftState.Established | NftState.Related), Accept),
            Table.Rule(chain.Name, IifName(AnyLink), Accept),
            Table.Rule(chain.Name, OifName(AnyLink), Accept),
        ];

    /// <summary>The project of such a chain; null of any other.</summary>
    public static string? ClosedFor(NftChain chain)
    {
        if (!IsOurs(chain.Table) || !chain.Name.StartsWith(ClosedPrefix, StringComparison.Ordinal))
            return null;
        string project = chain.Name[ClosedPrefix.Length..].Replace('/', '~');
        return ProjectName.IsValid(project) ? project : null;
    }

    /// <summary>Whether the chains of our table, out of a list of all chains, are as they should be: all there, with hook, policy,
    /// and as many rules as they should have.</summary>
    public static RulesetState StateOf(List<NftChain> all)
    {
        int seen = 0;
        bool damaged = false;
        foreach (NftChain chain in all)
        {
            if (!IsOurs(chain.Table))
                continue;
            if (ClosedFor(chain) is { } project)
            {
                damaged |= !IsWhole(chain, ClosedChain(project));
                continue;
            }
            damaged |= !IsWhole(chain);
            seen++;
        }
        if (seen == 0)
            return RulesetState.Absent;
        return damaged || seen != s_chains.Length ? RulesetState.Damaged : RulesetState.Intact;
    }

    private static bool IsWhole(NftChain chain)
    {
        foreach (NftChain wanted in s_chains)
        {
            if (wanted.Name == chain.Name)
                return IsWhole(chain, wanted);
        }
        return false;
    }

    private static bool IsWhole(NftChain chain, NftChain wanted) =>
        wanted.Hook == chain.Hook
        && wanted.Type == chain.Type
        && wanted.Priority == chain.Priority
        && wanted.PolicyDrop == chain.PolicyDrop
        && wanted.Uses == chain.Uses;

    public static bool IsOurs(NftTable table) => table.Family == Table.Family && table.Name == Table.Name;

    /// <summary>Adds the whole table to a transaction.</summary>
    public static void AddAll(NftTransaction transaction)
    {
        transaction.Add(Table);
        foreach (NftSet set in Sets)
            transaction.Add(set);
        foreach (NftChain chain in Chains)
            transaction.Add(chain);
        foreach (NftRule rule in Rules)
            transaction.Append(rule);
    }

    /// <summary>The map in which a host port belongs.</summary>
    public static NftSet MapOf(HostPort host) => host.HostAddress is null ? Forwards : ForwardsAt;

    /// <summary>The key of a forward.</summary>
    public static NftElement Key(HostPort host)
    {
        var key = new NftData(stackalloc byte[32]);
        AddKey(ref key, host);
        return new NftElement(key.Bytes);
    }

    /// <summary>The element of a forward.</summary>
    public static NftElement Element(HostPort host, Target target)
    {
        var key = new NftData(stackalloc byte[32]);
        AddKey(ref key, host);
        var value = new NftData(stackalloc byte[32]);
        value.Add(target.Address);
        value.AddPort(target.Port);
        return new NftElement(key.Bytes, value.Bytes);
    }

    /// <summary>A forward out of its element; null for bytes that are none.</summary>
    public static (HostPort Host, Target Target)? Read(NftSet map, NftElement element)
    {
        ReadOnlySpan<byte> key = element.Key;
        IPAddress? address = null;
        if (map == ForwardsAt)
        {
            if (key.Length != 12)
                return null;
            address = new IPAddress(key[..4]);
            key = key[4..];
        }
        if (key.Length != 8 || element.Value.Length != 8)
            return null;
        var host = new HostPort(address, (key[4] << 8) | key[5], (Protocol)key[0]);
        return (host, new Target(new IPAddress(element.Value[..4]), (element.Value[4] << 8) | element.Value[5]));
    }

    /// <summary>The element of a port inside.</summary>
    public static NftElement TargetElement(InnerPort inside) => Key(new HostPort(inside.Address, inside.Port, inside.Protocol));

    /// <summary>A port inside out of its element; null for bytes that are none.</summary>
    public static InnerPort? ReadTarget(NftElement element)
    {
        ReadOnlySpan<byte> key = element.Key;
        return key.Length == 12 ? new InnerPort(new IPAddress(key[..4]), (key[8] << 8) | key[9], (Protocol)key[4]) : null;
    }

    /// <summary>The element of an uplink.</summary>
    public static NftElement LinkElement(string name)
    {
        var key = new NftData(stackalloc byte[16]);
        key.AddLinkName(name);
        return new NftElement(key.Bytes);
    }

    /// <summary>The element of a link that is pinned to another.</summary>
    public static NftElement PinElement(Pin pin)
    {
        var key = new NftData(stackalloc byte[32]);
        key.AddLinkName(pin.Link);
        key.AddLinkName(pin.Uplink);
        return new NftElement(key.Bytes);
    }

    /// <summary>A pin out of its element; null for bytes that are none.</summary>
    public static Pin? ReadPin(NftElement element) =>
        element.Key.Length == 32 ? new Pin(ReadLink(element.Key[..16]), ReadLink(element.Key[16..])) : null;

    /// <summary>An uplink out of its element.</summary>
    public static string ReadLink(NftElement element) => ReadLink(element.Key);

    private static string ReadLink(ReadOnlySpan<byte> key)
    {
        int end = key.IndexOf((byte)0);
        return System.Text.Encoding.UTF8.GetString(end < 0 ? key : key[..end]);
    }

    private static void AddKey(ref NftData key, HostPort host)
    {
        if (host.HostAddress is { } address)
            key.Add(address);
        key.Add((TransportProtocol)host.Protocol);
        key.AddPort(host.Port);
    }

    private static NftChain Base(string name, string type, NftHook hook, int priority, int uses) =>
        new(Table, name)
        {
            Type = type,
            Hook = hook,
            Priority = priority,
            Uses = uses,
        };
}
