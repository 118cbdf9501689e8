using System.Buffers.Binary;
using System.Net;
using Warren.Netlink.Nftables;
using Warren.Netlink.Xtables;

namespace Warren.Firewall.Neighbours;

/// <summary>All conditions that packets met on their way to a rule, its own included.</summary>
internal sealed record ForeignWay
{
    /// <summary>Whether it has conditions that are not understood.</summary>
    public bool Untold { get; init; }

    /// <summary>Conditions on links.</summary>
    public IReadOnlyList<LinkCondition> Links { get; init; } = [];

    /// <summary>Conditions on the destination port.</summary>
    public IReadOnlyList<PortCondition> Ports { get; init; } = [];

    /// <summary>Conditions on the destination.</summary>
    public IReadOnlyList<AddressCondition> Destinations { get; init; } = [];

    /// <summary>Conditions on the source.</summary>
    public IReadOnlyList<AddressCondition> Sources { get; init; } = [];

    /// <summary>Conditions on the protocol.</summary>
    public IReadOnlyList<ProtocolCondition> Protocols { get; init; } = [];

    /// <summary>The way that goes on through a rule.</summary>
    public ForeignWay Through(ForeignTable table, ForeignRule rule)
    {
        bool untold = Untold || rule.Untold || rule.Translated is not null;
        List<PortCondition> ports = [.. Ports, .. rule.Ports];
        foreach (string name in rule.PortSets)
        {
            if (table.PortSet(name) is { } set)
                ports.Add(set);
            else
                untold = true;
        }
        return new ForeignWay
        {
            Untold = untold,
            Links = [.. Links, .. rule.Links],
            Ports = ports,
            Destinations = [.. Destinations, .. rule.Destinations],
            Sources = [.. Sources, .. rule.Sources],
            Protocols = [.. Protocols, .. rule.Protocols],
        };
    }
}

/// <summary>A rule of another firewall that leads packets to an address: <c>-j DNAT</c>, <c>dnat to</c>.</summary>
/// <param name="Place">Where it is and what it says: <c>table ip nat, chain PREROUTING: tcp dport 6000 dnat to 192.168.0.2:8080</c>.</param>
/// <param name="Removal">The command that takes the rule out; empty if none is known.</param>
/// <param name="OfHost">Whether it sees what the host itself sends, not what arrives.</param>
/// <param name="Way">What packets must be like.</param>
/// <param name="Address">Where they are led to.</param>
/// <param name="Ports">The ports there; null if they are kept.</param>
internal sealed record ForeignTranslation(
    string Place,
    string Removal,
    bool OfHost,
    ForeignWay Way,
    IPAddress Address,
    PortRange? Ports
)
{
    /// <summary>Whether it leads to other addresses too, one for each flow.</summary>
    public bool Spreads { get; init; }
}

/// <summary>Lists the rules of other firewalls that lead packets to addresses.</summary>
internal static class ForeignTranslations
{
    private const int Deepest = 16;

    /// <summary>Every such rule of nf_tables and of the legacy tables, in the order in which packets meet them.</summary>
    /// <param name="nft">Where rules are read.</param>
    /// <param name="chains">All chains of all tables.</param>
    /// <param name="addresses">The addresses that count.</param>
    public static List<ForeignTranslation> Find(NftSocket nft, IReadOnlyList<NftChain> chains, IReadOnlySet<IPAddress> addresses)
    {
        var found = new List<ForeignTranslation>();
        if (addresses.Count == 0)
            return found;
        var bases = new List<(ForeignTable Table, ForeignBase Chain)>();
        foreach (ForeignTable table in ForeignTable.WithBase(nft, chains, chain => chain.TranslatesDestination && chain.HasRules))
        {
            foreach (ForeignBase chain in table.Bases)
            {
                if (chain.TranslatesDestination)
                    bases.Add((table, chain));
            }
        }
        var walks = new Dictionary<ForeignTable, Walk>();
        // what arrives before what the host sends; a legacy table stands where iptables puts it
        const int Legacy = -100;
        foreach ((ForeignTable table, ForeignBase chain) in bases
            .OrderBy(entry => entry.Chain.Hook)
            .ThenBy(entry => entry.Table is LegacyForeignTable ? Legacy : entry.Chain.Priority))
        {
            if (!walks.TryGetValue(table, out Walk? walk))
                walks[table] = walk = new Walk(table, addresses, found);
            walk.Follow(chain.Name, new ForeignWay(), chain.Hook == NftHook.Output, 0);
        }
        return found;
    }

    private sealed class Walk(ForeignTable table, IReadOnlySet<IPAddress> addresses, List<ForeignTranslation> found)
    {
        // kubernetes has thousands of chains: only those that lead to one of the addresses are followed
        private readonly Dictionary<string, bool> _leads = [];

        public void Follow(string chain, ForeignWay way, bool ofHost, int depth)
        {
            foreach (ForeignRule rule in table.Rules(chain))
            {
                if (rule.Never)
                    continue;
                if (rule.Verdict == ForeignVerdict.Translate)
                    Report(chain, rule, way, ofHost);
                else if (rule.Verdict is ForeignVerdict.Jump or ForeignVerdict.Goto && depth < Deepest && Leads(rule.Target, depth + 1))
                    Follow(rule.Target, way.Through(table, rule), ofHost, depth + 1);
                if (rule.TakesAll && rule.Verdict is not (ForeignVerdict.GoesOn or ForeignVerdict.Jump))
                    return;
            }
        }

        private bool Leads(string chain, int depth)
        {
            if (_leads.TryGetValue(chain, out bool known))
                return known;
            _leads[chain] = false;
            foreach (ForeignRule rule in table.Rules(chain))
            {
                bool leads = rule.Verdict switch
                {
                    ForeignVerdict.Translate => !rule.Never && rule.Destination is not null && Targets(rule.Destination).Any(),
                    ForeignVerdict.Jump or ForeignVerdict.Goto => depth < Deepest && Leads(rule.Target, depth + 1),
                    _ => false,
                };
                if (leads)
                    return _leads[chain] = true;
            }
            return false;
        }

        private void Report(string chain, ForeignRule rule, ForeignWay way, bool ofHost)
        {
            if (rule.Destination is not { } destination)
                return;
            ForeignWay? whole = null;
            foreach (MappedTarget target in Targets(destination))
            {
                whole ??= way.Through(table, rule);
                ForeignWay own = target.Keys is { } keys ? whole with { Ports = [.. whole.Ports, keys] } : whole;
                found.Add(
                    new ForeignTranslation($"{table.Words}, chain {chain}: {rule.Text}", table.Removal(chain, rule), ofHost, own, target.Address, target.Ports)
                    {
                        Spreads = target.Spreads,
                    }
                );
            }
        }

        // those of the addresses that count
        private IEnumerable<MappedTarget> Targets(NewDestination destination)
        {
            if (destination.Map.Length > 0)
                return Mapped(destination);
            if (destination is not { First: { } first, Last: { } last })
                return [];
            var range = new AddressCondition(Number(first), Number(last), false);
            return addresses.Where(range.Ask).Select(address => new MappedTarget(address, destination.Ports, null, !first.Equals(last)));
        }

        private IEnumerable<MappedTarget> Mapped(NewDestination destination)
        {
            NftElement[] elements = [.. table.Elements(destination.Map).Where(element => element.Key.Length >= 2).OrderBy(element => Port(element.Key))];
            int[] ends = Array.ConvertAll(elements, element => (int)Port(element.Key));
            bool intervals = Array.Exists(elements, element => element.EndsInterval);
            foreach (NftElement element in elements)
            {
                if (element.EndsInterval)
                    continue;
                int first = Port(element.Key);
                int next = Array.Find(ends, end => end > first);
                int last = !intervals ? first : next > 0 ? next - 1 : 65535;
                PortCondition? keys = destination.ByPort ? new PortCondition([new PortRange(first, last)], false) : null;
                if (destination.First is { } fixedAddress)
                {
                    if (addresses.Contains(fixedAddress) && element.Value.Length >= 2)
                        yield return new MappedTarget(fixedAddress, One(Port(element.Value)), keys, false);
                    continue;
                }
                if (element.Value.Length < 4 || new IPAddress(element.Value[..4]) is var address && !addresses.Contains(address))
                    continue;
                PortRange? ports = !destination.MapsPort ? destination.Ports : element.Value.Length >= 6 ? One(Port(element.Value[4..])) : null;
                yield return new MappedTarget(address, ports, keys, false);
            }
        }

        private static PortRange One(int port) => new(port, port);

        private static ushort Port(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt16BigEndian(bytes);

        private static uint Number(IPAddress address) =>
            address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork
                ? BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes())
                : 0;
    }

    private readonly record struct MappedTarget(IPAddress Address, PortRange? Ports, PortCondition? Keys, bool Spreads);
}
