using Warren.Netlink.Nftables;
using Warren.Planning;

namespace Warren.Firewall.Neighbours;

/// <summary>The accept rules for Warren's links in chains of other firewalls: the only foreign thing that is ever changed.</summary>
internal static class Openings
{
    /// <summary>Puts the accept rules at the head of a chain.</summary>
    /// <exception cref="NeighbourException">The neighbour's tool failed, or is not there.</exception>
    public static void Open(NftSocket nft, ForeignChain chain) => throw new NotImplementedException();

    /// <summary>Removes every accept rule of Warren's from a chain.</summary>
    /// <exception cref="NeighbourException">The neighbour's tool failed, or is not there.</exception>
    public static void Close(NftSocket nft, ForeignChain chain) => throw new NotImplementedException();

    /// <summary>The shell commands that <see cref="Open"/> stands for.</summary>
    public static IReadOnlyList<string> OpenCommands(ForeignChain chain) => [];

    /// <summary>The shell commands that <see cref="Close"/> stands for.</summary>
    public static IReadOnlyList<string> CloseCommands(ForeignChain chain) => [];

    /// <summary>The chains that have accept rules of Warren's.</summary>
    public static List<ForeignChain> FindOpen(NftSocket nft, IReadOnlyList<NftChain> chains) => [];
}
