using System.Buffers.Binary;
using System.Net;
using Warren.Model;
using Warren.Netlink.Nftables;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;
using Warren.Planning;

namespace Warren.Firewall.Neighbours;

/// <summary>Finds rules of other firewalls that translate packets for a host port that Warren is to publish.</summary>
internal static class ForeignForwards
{
    /// <summary>Every such rule of nf_tables and of the legacy tables.</summary>
    /// <param name="nft">Where rules are read, only of chains that matter.</param>
    /// <param name="chains">All chains of all tables.</param>
    /// <param name="wanted">The host ports to publish.</param>
    public static List<ForeignForward> Find(
        NftSocket nft,
        IReadOnlyList<NftChain> chains,
        IReadOnlyCollection<HostPort> wanted
    )
    {
        var found = new List<ForeignForward>();
        if (wanted.Count == 0)
            return found;
        var candidates = new List<Candidate>(wanted.Count);
        foreach (HostPort host in wanted)
        {
            if (host.HostAddress is null or { AddressFamily: System.Net.Sockets.AddressFamily.InterNetwork })
                candidates.Add(new Candidate(host, NamesPort: false, OnlySome: false));
        }
        var addresses = new Lazy<List<IPAddress>>(HostAddresses);
        foreach (ForeignTable table in ForeignTable.WithBase(nft, chains, chain => chain.TranslatesDestination && chain.HasRules))
        {
            var walk = new TranslationWalk(table, addresses);
            foreach (ForeignBase chain in table.Bases)
            {
                if (chain.TranslatesDestination)
                    walk.Follow(chain.Name, candidates, 0);
            }
            found.AddRange(walk.Found);
        }
        return found;
    }

    private static List<IPAddress> HostAddresses()
    {
        using NetlinkSocket socket = NetlinkSocket.Open(NetlinkProtocol.Route);
        var batch = new NetlinkBatch(64);
        batch.DumpAddresses(Warren.Netlink.Rtnetlink.AddressFamily.IPv4);
        List<IPAddress> addresses = [IPAddress.Loopback];
        foreach (InterfaceAddress address in socket.Dump(batch, InterfaceAddress.Parse))
            addresses.Add(address.Address);
        return addresses;
    }
}

/// <summary>A host port on its way through foreign chains.</summary>
/// <param name="Host">The port.</param>
/// <param name="NamesPort">Whether a rule on the way asked for the port.</param>
/// <param name="OnlySome">Whether a rule on the way asked for something that not all packets for the port meet.</param>
internal readonly record struct Candidate(HostPort Host, bool NamesPort, bool OnlySome);

/// <summary>Follows packets for host ports through the chains of a table, along every rule that some of them may meet.</summary>
/// <param name="table">The table.</param>
/// <param name="addresses">The host's IPv4 addresses.</param>
internal sealed class TranslationWalk(ForeignTable table, Lazy<List<IPAddress>> addresses)
{
    private const int Deepest = 16;

    private readonly HashSet<(string Chain, Candidate Candidate)> _seen = [];
    private readonly HashSet<ForeignForward> _found = [];
    private readonly Dictionary<string, PortCondition?> _sets = [];

    /// <summary>The rules found.</summary>
    public IReadOnlyCollection<ForeignForward> Found => _found;

    /// <summary>Follows candidates into a chain.</summary>
    public void Follow(string chain, IReadOnlyList<Candidate> arriving, int depth)
    {
        var here = new List<Candidate>(arriving.Count);
        foreach (Candidate candidate in arriving)
        {
            if (_seen.Add((chain, candidate)))
                here.Add(candidate);
        }
        if (here.Count == 0 || depth > Deepest)
            return;
        var met = new List<Candidate>();
        foreach (ForeignRule rule in table.Rules(chain))
        {
            if (rule is { Never: false, Verdicts: { Name: not null } map })
                FollowMap(rule, map, here, depth);
            if (rule.Never || rule.Verdict == ForeignVerdict.GoesOn)
                continue;
            met.Clear();
            bool ends = rule.Verdict is not (ForeignVerdict.Jump or ForeignVerdict.GoesOn);
            for (int i = here.Count - 1; i >= 0; i--)
            {
                // what the rule itself leaves open, not the way to it
                if (Meet(rule, here[i] with { OnlySome = false }) is not { } after)
                    continue;
                met.Add(after with { OnlySome = after.OnlySome || here[i].OnlySome });
                if (ends && !after.OnlySome)
                    here.RemoveAt(i);
            }
            if (rule.Verdict == ForeignVerdict.Translate)
                Report(rule, chain, met);
            else if (rule.Verdict is ForeignVerdict.Jump or ForeignVerdict.Goto && met.Count > 0)
                Follow(rule.Target, met, depth + 1);
        }
    }

    private void FollowMap(ForeignRule rule, VerdictMap map, List<Candidate> here, int depth)
    {
        IReadOnlyList<NftElement> elements = table.Elements(map.Name);
        bool intervals = elements.Any(element => element.EndsInterval);
        foreach (NftElement element in elements)
        {
            if (element is not { EndsInterval: false, Verdict: { Leads: true } verdict })
                continue;
            // of an interval only its start is known: whatever begins there may meet it
            int? port = intervals ? null : Part(element, map.PortAt);
            int? protocol = map.ProtocolAt is { } at && at < element.Key.Length ? element.Key[at] : null;
            var met = new List<Candidate>();
            foreach (Candidate candidate in here)
            {
                bool meets = (port is null || port == candidate.Host.Port) && (protocol is null || protocol == (int)candidate.Host.Protocol);
                if (meets && Meet(rule, candidate) is { } after)
                    met.Add(after with { NamesPort = after.NamesPort || port is not null });
            }
            Follow(verdict.Chain, met, depth + 1);
        }
    }

    private static int? Part(NftElement element, int? at) =>
        at is { } start && start + 2 <= element.Key.Length ? BinaryPrimitives.ReadUInt16BigEndian(element.Key[start..]) : null;

    // a rule that names no port takes the port only with all others, and only if nothing else narrows it
    private void Report(ForeignRule rule, string chain, List<Candidate> met)
    {
        foreach (Candidate candidate in met)
        {
            if (candidate.NamesPort || !candidate.OnlySome)
                _found.Add(new ForeignForward(candidate.Host, $"{table.Words}, chain {chain}: {rule.Text}"));
        }
    }

    // what is for a host port is for an address of the host: to ask for that narrows nothing
    private Candidate? Meet(ForeignRule rule, Candidate candidate)
    {
        HostPort host = candidate.Host;
        foreach (ProtocolCondition test in rule.Protocols)
        {
            if ((test.Protocol == (int)host.Protocol) == test.Inverted)
                return null;
        }
        foreach (PortCondition test in rule.Ports)
        {
            if (!test.Ask(host.Port))
                return null;
            candidate = candidate with { NamesPort = true };
        }
        foreach (string name in rule.PortSets)
        {
            if (Set(name) is not { } test)
            {
                candidate = candidate with { OnlySome = true };
                continue;
            }
            if (!test.Ask(host.Port))
                return null;
            candidate = candidate with { NamesPort = true };
        }
        foreach (AddressCondition test in rule.Destinations)
        {
            if (host.HostAddress is { } only ? !test.Ask(only) : !addresses.Value.Exists(test.Ask))
                return null;
            candidate = candidate with { OnlySome = candidate.OnlySome || host.HostAddress is null };
        }
        return candidate with { OnlySome = candidate.OnlySome || rule.Untold || rule.Translated is not null || rule.Sources.Count + rule.Links.Count > 0 };
    }

    private PortCondition? Set(string name)
    {
        if (!_sets.TryGetValue(name, out PortCondition? set))
            _sets[name] = set = table.PortSet(name);
        return set;
    }
}
