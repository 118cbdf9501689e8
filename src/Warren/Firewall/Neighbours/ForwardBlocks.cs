using Warren.Model;
using Warren.Netlink.Nftables;
using Warren.Planning;

namespace Warren.Firewall.Neighbours;

/// <summary>Finds rules of other firewalls by which a namespace, or one of its ports, would be cut off whatever its address.</summary>
/// <remarks>
/// They name a port, a protocol, an address or an uplink, so they are somebody's decision: no accept rule is put before them, as it is where all
/// that is forwarded is dropped (<see cref="ForwardObstacles"/>), but nobody shall look for the packets either.
/// </remarks>
/// <param name="nft">Where rules are read.</param>
/// <param name="chains">All chains of all tables.</param>
/// <param name="uplinks">The names of the links to the world: what drops on each of them cuts off.</param>
/// <param name="opened">Chains that have, or will have, accept rules for Warren's links at their head.</param>
internal sealed class ForwardBlocks(NftSocket nft, IReadOnlyList<NftChain> chains, IReadOnlyList<string> uplinks, IReadOnlyList<Obstacle> opened)
{
    // what a rule says of one port of a range it mostly says of all
    private const int MostPorts = 64;
    private const int TranslationPriority = -100;
    private const int SourceTranslationPriority = 100;

    private readonly Dictionary<(Cidr, Protocol, int, int), Block?> _known = [];
    private List<ForeignTable>? _tables;

    /// <summary>What cuts a namespace off, or ports of it.</summary>
    /// <param name="name">The namespace.</param>
    /// <param name="inside">Where its address is, or will be.</param>
    /// <param name="leaves">Whether to look at what it starts.</param>
    /// <param name="ports">The ports to publish.</param>
    public List<Block> Find(string name, Cidr inside, bool leaves, IEnumerable<Forward> ports)
    {
        var found = new List<Block>();
        if (uplinks.Count == 0)
            return found;
        if (leaves)
        {
            Block? tcp = Look(inside, Protocol.Tcp, null);
            Block? udp = Look(inside, Protocol.Udp, null);
            if (tcp is not null)
                found.Add(tcp with { Namespace = name, Protocol = tcp.Obstacle == udp?.Obstacle ? null : Protocol.Tcp });
            if (udp is not null && udp.Obstacle != tcp?.Obstacle)
                found.Add(udp with { Namespace = name });
        }
        int left = MostPorts;
        foreach (Forward forward in ports)
        {
            if (left-- == 0)
                break;
            if (forward.Host.HostAddress is { } address && System.Net.IPAddress.IsLoopback(address))
                continue;
            if (Look(inside, forward.Host.Protocol, forward) is { } block)
                found.Add(block with { Namespace = name, Forward = forward });
        }
        return found;
    }

    private Block? Look(Cidr inside, Protocol protocol, Forward? forward)
    {
        (Cidr, Protocol, int, int) key = (inside, protocol, forward?.Host.Port ?? 0, forward?.Port ?? 0);
        if (_known.TryGetValue(key, out Block? known))
            return known;
        Block? found = null;
        foreach (ForeignTable table in _tables ??= ForeignTable.WithBase(nft, chains, MayDrop))
        {
            foreach (ForeignBase chain in table.Bases)
            {
                if (found is null && MayDrop(chain) && !IsOpened(table, chain, forward))
                    found = Look(table, chain, inside, protocol, forward);
            }
        }
        return _known[key] = found;
    }

    private Block? Look(ForeignTable table, ForeignBase chain, Cidr inside, Protocol protocol, Forward? forward)
    {
        ForwardFate? first = null;
        foreach (string uplink in uplinks)
        {
            PassingPacket packet = Packet(table, chain, inside, forward) with { Uplink = uplink, Protocol = (int)protocol };
            ForwardFate fate = new ForwardWalk(table, packet, countOpenings: true, doubts: true).Of(chain);
            if (!fate.Drops)
                return null;
            first ??= fate;
        }
        if (first is not { } drops)
            return null;
        string owner = Owners.OfRule(drops.Chain, drops.Rule?.Comment ?? "") is { Length: > 0 } known ? known : table.Owner;
        string cause =
            drops.Rule is null ? "policy drop"
            : drops.Chain == chain.Name ? drops.Rule.Text
            : $"{drops.Rule.Text}, in chain {drops.Chain}";
        return new Block("", protocol, new Obstacle(table.Chain(chain.Name), cause, owner, Opened: false));
    }

    // the packet as the chain sees it: before its destination is translated, or after
    private static PassingPacket Packet(ForeignTable table, ForeignBase chain, Cidr inside, Forward? forward)
    {
        bool routed = chain.Hook != NftHook.Prerouting;
        if (forward is not { } port)
        {
            bool own = chain.Hook != NftHook.Postrouting || chain.Priority <= SourceTranslationPriority;
            return new PassingPacket(LinkSide.Warren, routed ? LinkSide.Uplink : LinkSide.Unknown) { Source = own ? inside : null };
        }
        bool translated = routed || (chain.Priority > TranslationPriority && table is not LegacyForeignTable);
        return new PassingPacket(LinkSide.Uplink, routed ? LinkSide.Warren : LinkSide.Unknown)
        {
            Port = translated ? port.Port : port.Host.Port,
            Destination =
                translated ? inside
                : port.Host.HostAddress is { } address ? new Cidr(address, 32)
                : null,
        };
    }

    private static bool MayDrop(ForeignBase chain) =>
        chain.Type is "filter" or "nat" && chain.Hook is NftHook.Prerouting or NftHook.Forward or NftHook.Postrouting && (chain.PolicyDrop || chain.HasRules);

    // in prerouting an accept rule for what comes in by a Warren link lets nothing pass that comes in by others
    private bool IsOpened(ForeignTable table, ForeignBase chain, Forward? forward)
    {
        if (chain.Hook == NftHook.Prerouting && forward is not null)
            return false;
        ForeignChain place = table.Chain(chain.Name);
        foreach (Obstacle obstacle in opened)
        {
            if (obstacle.Chain with { Place = place.Place } == place)
                return true;
        }
        return false;
    }
}
