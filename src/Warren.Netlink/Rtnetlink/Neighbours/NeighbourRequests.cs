using System.Net;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Rtnetlink;

/// <summary>Requests about neighbours, as <c>ip neigh</c> makes them. See rtnetlink(7).</summary>
public static class NeighbourRequests
{
    // linux/rtnetlink.h
    internal const ushort RTM_NEWNEIGH = 28;
    private const ushort RTM_DELNEIGH = 29;
    private const ushort RTM_GETNEIGH = 30;

    /// <summary>Makes a permanent entry, in place of any for the same address on the link.</summary>
    /// <remarks>
    /// <code>
    /// ndmsg    family, ifindex, NUD_PERMANENT
    /// NDA_DST, NDA_LLADDR
    /// </code>
    /// </remarks>
    /// <param name="batch">Where the request goes.</param>
    /// <param name="index">The link's index.</param>
    /// <param name="address">The neighbour's IP address.</param>
    /// <param name="linkAddress">Its Ethernet address.</param>
    public static void AddNeighbour(this NetlinkBatch batch, int index, IPAddress address, MacAddress linkAddress)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(address);
        const MessageFlags Flags = MessageFlags.Create | MessageFlags.Replace | MessageFlags.Ack;
        using MessageWriter message = batch.Begin(RTM_NEWNEIGH, Flags, "add neighbour", address.ToString());
        message.Header(Header(index, address));
        message.Put(Nda.Destination, address);
        Span<byte> bytes = stackalloc byte[MacAddress.Length];
        linkAddress.Write(bytes);
        message.Put(Nda.LinkAddress, bytes);
    }

    /// <summary>Removes an entry; the kernel answers ENOENT if there is none.</summary>
    /// <remarks>
    /// <code>
    /// ndmsg    family, ifindex, NUD_PERMANENT, which counts for nothing here but is what ip(8) sends
    /// NDA_DST
    /// </code>
    /// </remarks>
    /// <param name="batch">Where the request goes.</param>
    /// <param name="index">The link's index.</param>
    /// <param name="address">The neighbour's IP address.</param>
    public static void DeleteNeighbour(this NetlinkBatch batch, int index, IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(address);
        using MessageWriter message = batch.Begin(RTM_DELNEIGH, MessageFlags.Ack, "delete neighbour", address.ToString());
        message.Header(Header(index, address));
        message.Put(Nda.Destination, address);
    }

    /// <summary>Asks for the neighbours on a link, IPv4 and IPv6, in every state. The kernel answers ENODEV if there is no such
    /// link.</summary>
    /// <remarks>
    /// <code>
    /// ndmsg    all zero, as strict checking demands: the filter is the attribute
    /// NDA_IFINDEX
    /// </code>
    /// </remarks>
    /// <param name="batch">Where the request goes.</param>
    /// <param name="index">The link's index.</param>
    public static void DumpNeighbours(this NetlinkBatch batch, int index)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using MessageWriter message = batch.Begin(RTM_GETNEIGH, MessageFlags.Dump, "list neighbours of link", $"{index}");
        message.Header(new NeighbourHeader());
        message.Put(Nda.Index, (uint)index);
    }

    private static NeighbourHeader Header(int index, IPAddress address) =>
        new()
        {
            Family = AddressRequests.Family(address),
            Index = index,
            State = NeighbourState.Permanent,
        };
}
