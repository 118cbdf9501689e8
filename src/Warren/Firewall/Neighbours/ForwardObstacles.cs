using Warren.Netlink.Nftables;
using Warren.Planning;

namespace Warren.Firewall.Neighbours;

/// <summary>Finds chains of other firewalls that drop what passes between a Warren link and an uplink.</summary>
/// <remarks>
/// A chain is an obstacle if it drops new packets in general, by its policy or by a rule that they certainly meet. A rule
/// that only some of them may meet is a decision of whoever wrote it, and stays one.
/// </remarks>
internal static class ForwardObstacles
{
    // of a packet's way in prerouting only its start is known, in postrouting only its end
    private static readonly PassingPacket[] Arriving = [new(LinkSide.Warren, LinkSide.Unknown)];
    private static readonly PassingPacket[] Leaving = [new(LinkSide.Unknown, LinkSide.Warren)];
    private static readonly PassingPacket[] Passing =
    [
        new(LinkSide.Warren, LinkSide.Uplink),
        new(LinkSide.Uplink, LinkSide.Warren),
    ];

    /// <summary>Every such chain of nf_tables and of the legacy tables.</summary>
    /// <param name="nft">Where rules are read, only of chains that matter.</param>
    /// <param name="chains">All chains of all tables.</param>
    public static List<Obstacle> Find(NftSocket nft, IReadOnlyList<NftChain> chains)
    {
        var obstacles = new List<Obstacle>();
        foreach (ForeignTable table in ForeignTable.WithBase(nft, chains, MayDrop))
        {
            foreach (ForeignBase chain in table.Bases)
            {
                if (MayDrop(chain) && Look(table, chain) is { } obstacle)
                    obstacles.Add(obstacle);
            }
        }
        return obstacles;
    }

    /// <summary>The chain of a base chain's table where accept rules belong.</summary>
    public static string Place(ForeignTable table, ForeignBase chain)
    {
        if (chain.Hook != NftHook.Forward || !table.ChainNames.Contains(Openings.DockerUser))
            return chain.Name;
        // what comes before it must not drop
        foreach (PassingPacket packet in Passing)
        {
            if (!new ForwardWalk(table, packet, countOpenings: false).Reaches(chain.Name, Openings.DockerUser))
                return chain.Name;
        }
        return Openings.DockerUser;
    }

    private static bool MayDrop(ForeignBase chain) =>
        chain.FiltersForwarded && (chain.PolicyDrop || (chain.Hook == NftHook.Forward && chain.HasRules));

    private static Obstacle? Look(ForeignTable table, ForeignBase chain)
    {
        PassingPacket[] packets = chain.Hook switch
        {
            NftHook.Prerouting => Arriving,
            NftHook.Postrouting => Leaving,
            _ => Passing,
        };
        foreach (PassingPacket packet in packets)
        {
            ForwardFate fate = new ForwardWalk(table, packet, countOpenings: false).Of(chain);
            if (!fate.Drops)
                continue;
            string owner = Owners.OfRule(fate.Chain, fate.Rule?.Comment ?? "") is { Length: > 0 } known ? known : table.Owner;
            string cause =
                fate.Rule is null ? "policy drop"
                : fate.Chain == chain.Name ? fate.Rule.Text
                : $"{fate.Rule.Text}, in chain {fate.Chain}";
            bool opened = Array.TrueForAll(packets, each => !new ForwardWalk(table, each, countOpenings: true).Of(chain).Drops);
            return new Obstacle(table.Chain(chain.Name) with { Place = Place(table, chain) }, cause, owner, opened);
        }
        return null;
    }
}
