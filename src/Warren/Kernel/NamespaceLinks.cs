using Warren.Netlink.Namespaces;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;

namespace Warren.Kernel;

/// <summary>A pair of veth links between the host and a namespace.</summary>
/// <param name="Host">The host's end.</param>
/// <param name="Inside">The namespace's end.</param>
internal readonly record struct VethPair(Link Host, Link Inside);

/// <summary>The pairs of veth links between the host and a namespace.</summary>
internal sealed class NamespaceLinks
{
    /// <summary>Finds them: each end names the other's index, and the namespace that the other is in.</summary>
    public NamespaceLinks(NetlinkSocket socket, NetworkNamespace space, HostNetwork host, HostNetwork inside)
    {
        var batch = new NetlinkBatch(64);
        batch.GetNamespaceId(space);
        List<NamespaceId> answers = socket.Get(batch, NamespaceId.Parse);
        // a number was given when the host's links were listed, if one of them leads there
        if (answers is not [{ Id: { } id }])
            return;
        var pairs = new List<VethPair>();
        foreach (Link link in inside.Links)
        {
            if (link is not { Kind: "veth", PeerIndex: > 0, PeerNamespaceId: not null })
                continue;
            Link? other = host.Find(link.PeerIndex);
            if (other?.Kind == "veth" && other.PeerIndex == link.Index && other.PeerNamespaceId == id)
                pairs.Add(new VethPair(other, link));
        }
        Pairs = pairs;
    }

    /// <summary>In the order of their indices inside.</summary>
    public IReadOnlyList<VethPair> Pairs { get; } = [];
}
