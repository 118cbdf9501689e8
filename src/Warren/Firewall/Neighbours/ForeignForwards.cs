using Warren.Model;
using Warren.Netlink.Nftables;
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
    ) => [];
}
