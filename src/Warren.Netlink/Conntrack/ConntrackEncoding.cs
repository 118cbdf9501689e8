using System.Net;
using System.Net.Sockets;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Conntrack;

/// <summary>A flow, and its original tuple in the kernel's own bytes: they say all that is needed to find it again, such as
/// the id of an ICMP echo, whatever the protocol.</summary>
internal sealed record FoundFlow(Flow Flow, byte[] OriginalTuple);

/// <summary>Requests to and answers from ctnetlink, in bytes.</summary>
internal static class ConntrackEncoding
{
    private const byte AF_INET = 2;
    private const byte AF_INET6 = 10;

    // nlmsghdr          IPCTNL_MSG_CT_GET, NLM_F_DUMP
    // nfgenmsg          family
    // CTA_TUPLE_ORIG    CTA_TUPLE_IP { source, destination }, CTA_TUPLE_PROTO { number, destination port }
    // CTA_TUPLE_REPLY   CTA_TUPLE_IP { source }
    // CTA_FILTER        CTA_FILTER_ORIG_FLAGS, CTA_FILTER_REPLY_FLAGS: which of these count
    public static void WriteList(NetlinkBatch batch, AddressFamily family, FlowFilter filter)
    {
        using MessageWriter message = batch.Begin(ConntrackMessage.Get, MessageFlags.Dump, "list conntrack flows");
        message.Header(new ConntrackHeader { Family = Number(family) });
        if (family != AddressFamily.Unspecified)
            WriteFilter(message, filter);
    }

    // nlmsghdr          IPCTNL_MSG_CT_DELETE, NLM_F_ACK
    // nfgenmsg          family, version 1: only so does the kernel look at the family
    //                   tuples and CTA_FILTER as above. A kernel that deletes by no filter takes the tuple for that of one flow, and has none.
    public static void WriteDelete(NetlinkBatch batch, AddressFamily family, FlowFilter filter)
    {
        using MessageWriter message = batch.Begin(ConntrackMessage.Delete, MessageFlags.Ack, "delete conntrack flows");
        message.Header(new ConntrackHeader { Family = Number(family), Version = 1 });
        if (!WriteFilter(message, filter))
            throw new ArgumentException("The filter names nothing that the kernel picks flows out by.", nameof(filter));
    }

    private static bool WriteFilter(MessageWriter message, FlowFilter filter)
    {
        TupleParts original = TupleParts.None;
        if (filter.OriginalSource is not null)
            original |= TupleParts.Source;
        if (filter.OriginalDestination is not null)
            original |= TupleParts.Destination;
        if (filter.Protocol is not null)
            original |= TupleParts.Protocol;
        if (filter is { Protocol: TransportProtocol.Tcp or TransportProtocol.Udp, OriginalDestinationPort: not null })
            original |= TupleParts.DestinationPort;
        TupleParts reply = filter.ReplySource is null ? TupleParts.None : TupleParts.Source;
        if (original != TupleParts.None)
        {
            using (message.Open(Cta.Original))
            {
                WriteAddresses(message, filter.OriginalSource, filter.OriginalDestination);
                if (filter.Protocol is { } protocol)
                {
                    using (message.Open(CtaTuple.Protocol))
                    {
                        message.Put(CtaProto.Number, (byte)protocol);
                        if (original.HasFlag(TupleParts.DestinationPort))
                            message.Put(CtaProto.DestinationPort, checked((ushort)filter.OriginalDestinationPort!.Value));
                    }
                }
            }
        }
        if (reply != TupleParts.None)
        {
            using (message.Open(Cta.Reply))
                WriteAddresses(message, filter.ReplySource, null);
        }
        if (original == TupleParts.None && reply == TupleParts.None)
            return false;
        using (message.Open(Cta.Filter))
        {
            if (original != TupleParts.None)
                message.Put(CtaFilter.OriginalFlags, (uint)original);
            if (reply != TupleParts.None)
                message.Put(CtaFilter.ReplyFlags, (uint)reply);
        }
        return true;
    }

    // nlmsghdr          IPCTNL_MSG_CT_DELETE, NLM_F_ACK
    // nfgenmsg          family
    // CTA_TUPLE_ORIG    never absent: without a tuple the kernel deletes every flow
    // CTA_ID            so that a later flow with the same tuple stays
    // CTA_ZONE          if not 0
    public static void WriteDelete(NetlinkBatch batch, FoundFlow found)
    {
        Flow flow = found.Flow;
        string subject = $"{flow.Protocol} {flow.Original.Source} to {flow.Original.Destination}";
        using MessageWriter message = batch.Begin(
            ConntrackMessage.Delete,
            MessageFlags.Ack,
            "delete conntrack flow",
            subject
        );
        message.Header(new ConntrackHeader { Family = Number(flow.Family) });
        message.Put(Cta.OriginalBytes, found.OriginalTuple);
        message.Put(Cta.Id, flow.Id);
        if (flow.Zone != 0)
            message.Put(Cta.Zone, flow.Zone);
    }

    /// <summary>Reads a flow; null for a message of another type or family.</summary>
    /// <exception cref="MalformedMessageException">A tuple or an address is missing, or an attribute is cut off.</exception>
    public static FoundFlow? Parse(in Message message)
    {
        if (message.Type != ConntrackMessage.New)
            return null;
        if (message.Header<ConntrackHeader>().Family is not (AF_INET or AF_INET6))
            return null;
        byte[]? bytes = null;
        FlowTuple? original = null;
        FlowTuple? reply = null;
        byte protocol = 0;
        uint id = 0;
        FlowStatus status = FlowStatus.None;
        ushort zone = 0;
        AttributeReader attributes = message.Attributes<ConntrackHeader>();
        while (attributes.Next())
        {
            if (attributes.Is(Cta.Original))
            {
                bytes = attributes.Value.ToArray();
                original = ParseTuple(attributes.Get(Cta.Original), out protocol);
            }
            else if (attributes.Is(Cta.Reply))
                reply = ParseTuple(attributes.Get(Cta.Reply), out _);
            else if (attributes.Is(Cta.Status))
                status = (FlowStatus)attributes.Get(Cta.Status);
            else if (attributes.Is(Cta.Id))
                id = attributes.Get(Cta.Id);
            else if (attributes.Is(Cta.Zone))
                zone = attributes.Get(Cta.Zone);
        }
        if (bytes is null || original is null || reply is null)
            throw new MalformedMessageException("a conntrack flow without both its tuples");
        return new FoundFlow(new Flow((TransportProtocol)protocol, original, reply, id, status, zone), bytes);
    }

    // CTA_TUPLE_IP      CTA_IP_V4_SRC, CTA_IP_V4_DST, or the same of V6
    // CTA_TUPLE_PROTO   CTA_PROTO_NUM, then ports, or ICMP's id, type and code
    private static FlowTuple ParseTuple(AttributeReader tuple, out byte protocol)
    {
        IPAddress? source = null;
        IPAddress? destination = null;
        int? sourcePort = null;
        int? destinationPort = null;
        protocol = 0;
        while (tuple.Next())
        {
            if (tuple.Is(CtaTuple.Ip))
            {
                AttributeReader ip = tuple.Get(CtaTuple.Ip);
                while (ip.Next())
                {
                    if (ip.Is(CtaIp.V4Source) || ip.Is(CtaIp.V6Source))
                        source = ip.Get(new AddressKey(ip.Type));
                    else if (ip.Is(CtaIp.V4Destination) || ip.Is(CtaIp.V6Destination))
                        destination = ip.Get(new AddressKey(ip.Type));
                }
            }
            else if (tuple.Is(CtaTuple.Protocol))
            {
                AttributeReader proto = tuple.Get(CtaTuple.Protocol);
                while (proto.Next())
                {
                    if (proto.Is(CtaProto.Number))
                        protocol = proto.Get(CtaProto.Number);
                    else if (proto.Is(CtaProto.SourcePort))
                        sourcePort = proto.Get(CtaProto.SourcePort);
                    else if (proto.Is(CtaProto.DestinationPort))
                        destinationPort = proto.Get(CtaProto.DestinationPort);
                }
            }
        }
        if (source is null || destination is null || source.AddressFamily != destination.AddressFamily)
            throw new MalformedMessageException("a conntrack tuple without both its addresses");
        return new FlowTuple(source, destination, sourcePort, destinationPort);
    }

    private static void WriteAddresses(MessageWriter message, IPAddress? source, IPAddress? destination)
    {
        if (source is null && destination is null)
            return;
        using (message.Open(CtaTuple.Ip))
        {
            if (source is not null)
                message.Put(IsV4(source) ? CtaIp.V4Source : CtaIp.V6Source, source);
            if (destination is not null)
                message.Put(IsV4(destination) ? CtaIp.V4Destination : CtaIp.V6Destination, destination);
        }
    }

    private static bool IsV4(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork;

    private static byte Number(AddressFamily family) =>
        family switch
        {
            AddressFamily.InterNetwork => AF_INET,
            AddressFamily.InterNetworkV6 => AF_INET6,
            AddressFamily.Unspecified => 0,
            _ => throw new ArgumentOutOfRangeException(nameof(family), family, "Flows are of IPv4 or IPv6."),
        };
}
