using System.Runtime.InteropServices;
using Warren.Netlink.Namespaces;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Rtnetlink;

/// <summary>struct rtgenmsg, padded to 4 bytes. linux/rtnetlink.h.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct NamespaceIdHeader
{
    private byte _family;
    private byte _pad;
    private ushort _morePad;
}

/// <summary>Attributes of a namespace's number. linux/net_namespace.h, enum NETNSA_*.</summary>
public static class Netnsa
{
    /// <summary>NETNSA_NSID: the number, -1 for none.</summary>
    public static U32Key Id => new(1);

    /// <summary>NETNSA_FD: a descriptor of the namespace.</summary>
    public static U32Key Descriptor => new(3);
}

/// <summary>The number by which one namespace knows another; each has numbers of its own, given when a first one is needed.</summary>
/// <param name="Id">The number; null if none was given yet.</param>
public sealed record NamespaceId(int? Id)
{
    /// <summary>Reads an answer to <see cref="NamespaceIdRequests.GetNamespaceId"/>.</summary>
    public static NamespaceId? Parse(in Message message)
    {
        if (message.Type != RtnetlinkMessage.NewNamespaceId)
            return null;
        int? id = null;
        AttributeReader attribute = message.Attributes<NamespaceIdHeader>();
        while (attribute.Next())
        {
            if (attribute.Is(Netnsa.Id) && (int)attribute.Get(Netnsa.Id) is >= 0 and var given)
                id = given;
        }
        return new NamespaceId(id);
    }
}

/// <summary>Requests about the numbers of namespaces, as <c>ip netns list-id</c> makes them.</summary>
public static class NamespaceIdRequests
{
    /// <summary>Asks by which number the socket's namespace knows another. Gives none.</summary>
    /// <param name="batch">Where the request goes.</param>
    /// <param name="other">The other.</param>
    public static void GetNamespaceId(this NetlinkBatch batch, NetworkNamespace other)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(other);
        using MessageWriter message = batch.Begin(RtnetlinkMessage.GetNamespaceId, MessageFlags.Ack, "get namespace id");
        message.Header(default(NamespaceIdHeader));
        message.Put(Netnsa.Descriptor, (uint)other.Descriptor);
    }
}
