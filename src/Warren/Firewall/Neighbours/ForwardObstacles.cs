using Warren.Netlink.Nftables;
using Warren.Planning;

namespace Warren.Firewall.Neighbours;

/// <summary>Finds chains of other firewalls that drop what passes between a Warren link and an uplink.</summary>
internal static class ForwardObstacles
{
    /// <summary>Every such chain of nf_tables and of the legacy tables.</summary>
    /// <param name="nft">Where rules are read, only of chains that matter.</param>
    /// <param name="chains">All chains of all tables.</param>
    public static List<Obstacle> Find(NftSocket nft, IReadOnlyList<NftChain> chains) => [];
}
