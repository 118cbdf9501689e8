using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Route.Neighbours;

/// <summary>What <c>ip neigh</c> does: lists neighbours, and writes requests that change them into a batch.</summary>
public static class NeighbourTable
{
    // linux/rtnetlink.h
    private const ushort RTM_NEWNEIGH = 28;
    private const ushort RTM_DELNEIGH = 29;
    private const ushort RTM_GETNEIGH = 30;
    private const byte AF_INET = 2;
    private const byte AF_INET6 = 10;

    /// <summary>The neighbours on a link, IPv4 and IPv6, in every state.</summary>
    /// <param name="socket">A socket for <see cref="NetlinkProtocol.Route"/>.</param>
    /// <param name="interfaceIndex">The link.</param>
    /// <exception cref="NetlinkException">There is no such link (ENODEV; older kernels list nothing).</exception>
    public static List<Neighbour> List(NetlinkSocket socket, int interfaceIndex)
    {
        ArgumentNullException.ThrowIfNull(socket);
        var batch = new NetlinkBatch(64);
        WriteList(batch, interfaceIndex);
        return socket.Dump(
            batch,
            (in Message message) => Parse(in message) is { } found && found.InterfaceIndex == interfaceIndex ? found : null
        );
    }

    /// <summary>Writes a request that makes a permanent entry, in place of any for the same address on the link.</summary>
    /// <param name="batch">Where to.</param>
    /// <param name="interfaceIndex">The link.</param>
    /// <param name="address">The neighbour's IP address.</param>
    /// <param name="linkAddress">Its link-layer address.</param>
    // nlmsghdr  RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK
    // ndmsg     family, ifindex, NUD_PERMANENT
    // NDA_DST, NDA_LLADDR
    public static void AddPermanent(
        NetlinkBatch batch,
        int interfaceIndex,
        IPAddress address,
        PhysicalAddress linkAddress
    )
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(linkAddress);
        const MessageFlags Flags = MessageFlags.Create | MessageFlags.Replace | MessageFlags.Ack;
        using MessageWriter message = batch.Begin(RTM_NEWNEIGH, Flags, "add neighbour", address.ToString());
        message.Header(Header(address, interfaceIndex));
        message.Put(Nda.Destination, address);
        message.Put(Nda.LinkAddress, linkAddress.GetAddressBytes());
    }

    /// <summary>Writes a request that removes an entry; the kernel answers ENOENT if there is none.</summary>
    /// <param name="batch">Where to.</param>
    /// <param name="interfaceIndex">The link.</param>
    /// <param name="address">The neighbour's IP address.</param>
    // nlmsghdr  RTM_DELNEIGH, NLM_F_ACK
    // ndmsg     family, ifindex, NUD_PERMANENT, which counts for nothing here but is what ip(8) sends
    // NDA_DST
    public static void Delete(NetlinkBatch batch, int interfaceIndex, IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(address);
        using MessageWriter message = batch.Begin(RTM_DELNEIGH, MessageFlags.Ack, "delete neighbour", address.ToString());
        message.Header(Header(address, interfaceIndex));
        message.Put(Nda.Destination, address);
    }

    // nlmsghdr  RTM_GETNEIGH, NLM_F_DUMP
    // ndmsg     all zero, as strict checking demands: the filter is the attribute
    // NDA_IFINDEX
    internal static void WriteList(NetlinkBatch batch, int interfaceIndex)
    {
        using MessageWriter message = batch.Begin(
            RTM_GETNEIGH,
            MessageFlags.Dump,
            "list neighbours of link",
            interfaceIndex.ToString()
        );
        message.Header(new NeighbourHeader());
        message.Put(Nda.InterfaceIndex, (uint)interfaceIndex);
    }

    /// <summary>Reads an entry; null for a message of another type or family, and for an entry without an address.</summary>
    internal static Neighbour? Parse(in Message message)
    {
        if (message.Type != RTM_NEWNEIGH)
            return null;
        var header = message.Header<NeighbourHeader>();
        if (header.Family is not (AF_INET or AF_INET6))
            return null;
        IPAddress? address = null;
        PhysicalAddress? linkAddress = null;
        AttributeReader attributes = message.Attributes<NeighbourHeader>();
        while (attributes.Next())
        {
            if (attributes.Is(Nda.Destination))
                address = attributes.Get(Nda.Destination);
            else if (attributes.Is(Nda.LinkAddress))
                linkAddress = new PhysicalAddress(attributes.Get(Nda.LinkAddress).ToArray());
        }
        return address is null ? null : new Neighbour(address, linkAddress, header.InterfaceIndex, header.State);
    }

    private static NeighbourHeader Header(IPAddress address, int interfaceIndex) =>
        new()
        {
            Family = address.AddressFamily == AddressFamily.InterNetwork ? AF_INET : AF_INET6,
            InterfaceIndex = interfaceIndex,
            State = NeighbourState.Permanent,
        };
}

/// <summary>struct ndmsg, 12 bytes. linux/neighbour.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NeighbourHeader
{
    public byte Family;
    public byte Pad1;
    public ushort Pad2;
    public int InterfaceIndex;
    public NeighbourState State;
    public byte Flags;
    public byte Type;
}

/// <summary>NDA_*. linux/neighbour.h.</summary>
internal static class Nda
{
    public static AddressKey Destination => new(1);
    public static BytesKey LinkAddress => new(2);
    public static U32Key InterfaceIndex => new(8);
}
