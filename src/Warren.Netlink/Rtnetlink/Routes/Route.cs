using System.Net;
using System.Runtime.InteropServices;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Rtnetlink;

/// <summary>Attributes of a route. linux/rtnetlink.h, enum RTA_*.</summary>
public static class Rta
{
    /// <summary>RTA_DST.</summary>
    public static AddressKey Destination => new(1);

    /// <summary>RTA_SRC.</summary>
    public static AddressKey SourceAddress => new(2);

    /// <summary>RTA_IIF: the index of the link that a packet comes in by.</summary>
    public static U32Key InputLink => new(3);

    /// <summary>RTA_OIF: the index of the link that it leads out by.</summary>
    public static U32Key OutputLink => new(4);

    /// <summary>RTA_GATEWAY.</summary>
    public static AddressKey Gateway => new(5);

    /// <summary>RTA_PRIORITY: the metric.</summary>
    public static U32Key Priority => new(6);

    /// <summary>RTA_PREFSRC.</summary>
    public static AddressKey PreferredSource => new(7);

    /// <summary>RTA_MULTIPATH: struct rtnexthop and attributes, repeated.</summary>
    public static BytesKey Multipath => new(9);

    /// <summary>RTA_TABLE.</summary>
    public static U32Key Table => new(15);
}

/// <summary>rtm_type. linux/rtnetlink.h, enum RTN_*.</summary>
public enum RouteType : byte
{
    /// <summary>RTN_UNSPEC.</summary>
    Unspecified = 0,

    /// <summary>RTN_UNICAST: a gateway or a direct route.</summary>
    Unicast = 1,

    /// <summary>RTN_LOCAL: an address of this host.</summary>
    Local = 2,

    /// <summary>RTN_BROADCAST.</summary>
    Broadcast = 3,

    /// <summary>RTN_ANYCAST.</summary>
    Anycast = 4,

    /// <summary>RTN_MULTICAST.</summary>
    Multicast = 5,

    /// <summary>RTN_BLACKHOLE: dropped in silence.</summary>
    Blackhole = 6,

    /// <summary>RTN_UNREACHABLE: refused.</summary>
    Unreachable = 7,

    /// <summary>RTN_PROHIBIT: refused by an administrator.</summary>
    Prohibit = 8,

    /// <summary>RTN_THROW: not in this table.</summary>
    Throw = 9,
}

/// <summary>rtm_protocol: who made a route; other numbers are daemons' own. linux/rtnetlink.h, enum RTPROT_*.</summary>
public enum RouteOrigin : byte
{
    /// <summary>RTPROT_UNSPEC.</summary>
    Unspecified = 0,

    /// <summary>RTPROT_KERNEL: by the kernel, for an address.</summary>
    Kernel = 2,

    /// <summary>RTPROT_BOOT: by hand, <c>ip route add</c>.</summary>
    Boot = 3,

    /// <summary>RTPROT_STATIC: by an administrator's settings.</summary>
    Static = 4,

    /// <summary>RTPROT_DHCP.</summary>
    Dhcp = 16,
}

/// <summary>struct rtmsg, 12 bytes. linux/rtnetlink.h.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct RouteHeader
{
    /// <summary>rtm_family.</summary>
    public AddressFamily Family;

    /// <summary>rtm_dst_len.</summary>
    public byte DestinationLength;

    /// <summary>rtm_src_len.</summary>
    public byte SourceLength;

    /// <summary>rtm_tos.</summary>
    public byte TypeOfService;

    /// <summary>rtm_table: RT_TABLE_*; numbers over 255 are in RTA_TABLE.</summary>
    public byte Table;

    /// <summary>rtm_protocol: who made it.</summary>
    public RouteOrigin Protocol;

    /// <summary>rtm_scope.</summary>
    public byte Scope;

    /// <summary>rtm_type.</summary>
    public RouteType Type;

    /// <summary>rtm_flags.</summary>
    public uint Flags;
}

/// <summary>A route.</summary>
public sealed record Route
{
    /// <summary>RT_TABLE_MAIN.</summary>
    public const uint MainTable = 254;

    /// <summary>RT_TABLE_LOCAL.</summary>
    public const uint LocalTable = 255;

    /// <summary>The destination; null for the default route.</summary>
    public IPAddress? Destination { get; init; }

    /// <summary>The length of the destination's prefix in bits.</summary>
    public int PrefixLength { get; init; }

    /// <summary>Its family.</summary>
    public AddressFamily Family { get; init; }

    /// <summary>Its table's number.</summary>
    public uint Table { get; init; }

    /// <summary>What becomes of a packet.</summary>
    public RouteType Type { get; init; }

    /// <summary>The next router, or null for a direct route.</summary>
    public IPAddress? Gateway { get; init; }

    /// <summary>The address that a packet gets as its source if it has none; null if the kernel does not say.</summary>
    public IPAddress? Source { get; init; }

    /// <summary>The metric; the lowest wins.</summary>
    public uint Priority { get; init; }

    /// <summary>The indices of the links that it leads out by: several for a multipath route.</summary>
    public IReadOnlyList<int> Links { get; init; } = [];

    /// <summary>Whether it takes every packet that no other route takes.</summary>
    public bool IsDefault => PrefixLength == 0 && Type == RouteType.Unicast;

    /// <summary>Reads an answer to <see cref="RouteRequests.DumpRoutes"/>.</summary>
    public static Route? Parse(in Message message)
    {
        if (message.Type != RtnetlinkMessage.NewRoute)
            return null;
        RouteHeader header = message.Header<RouteHeader>();
        IPAddress? destination = null;
        IPAddress? gateway = null;
        IPAddress? source = null;
        uint table = header.Table;
        uint priority = 0;
        IReadOnlyList<int> links = [];
        AttributeReader attribute = message.Attributes<RouteHeader>();
        while (attribute.Next())
        {
            if (attribute.Is(Rta.Destination))
                destination = attribute.Get(Rta.Destination);
            else if (attribute.Is(Rta.Gateway))
                gateway = attribute.Get(Rta.Gateway);
            else if (attribute.Is(Rta.PreferredSource))
                source = attribute.Get(Rta.PreferredSource);
            else if (attribute.Is(Rta.Table))
                table = attribute.Get(Rta.Table);
            else if (attribute.Is(Rta.Priority))
                priority = attribute.Get(Rta.Priority);
            else if (attribute.Is(Rta.OutputLink))
                links = [(int)attribute.Get(Rta.OutputLink)];
            else if (attribute.Is(Rta.Multipath))
                links = ParseNextHops(attribute.Get(Rta.Multipath));
        }
        return new Route
        {
            Destination = destination,
            PrefixLength = header.DestinationLength,
            Family = header.Family,
            Table = table,
            Type = header.Type,
            Gateway = gateway,
            Source = source,
            Priority = priority,
            Links = links,
        };
    }

    // struct rtnexthop { u16 length; u8 flags; u8 hops; int ifindex }, attributes up to length
    private static List<int> ParseNextHops(ReadOnlySpan<byte> bytes)
    {
        var links = new List<int>();
        while (bytes.Length >= 8)
        {
            int length = MemoryMarshal.Read<ushort>(bytes);
            if (length < 8 || length > bytes.Length)
                throw new MalformedMessageException($"a next hop of {length} bytes in {bytes.Length}");
            links.Add(MemoryMarshal.Read<int>(bytes[4..]));
            bytes = bytes[Math.Min((length + 3) & ~3, bytes.Length)..];
        }
        return links;
    }
}

/// <summary>Requests about routes. See rtnetlink(7).</summary>
public static class RouteRequests
{
    private const byte ScopeUniverse = 0;

    /// <summary>Asks which route a packet would take (<c>ip route get</c>). The answer's type says what becomes of it; a destination that no
    /// route leads to is refused (ENETUNREACH).</summary>
    public static void GetRoute(this NetlinkBatch batch, IPAddress destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        using MessageWriter message = batch.Begin(RtnetlinkMessage.GetRoute, MessageFlags.Ack, "get route to", destination.ToString());
        AddressFamily family = AddressRequests.Family(destination);
        message.Header(new RouteHeader { Family = family, DestinationLength = (byte)(family == AddressFamily.IPv4 ? 32 : 128) });
        message.Put(Rta.Destination, destination);
    }

    /// <summary>Asks which route a packet would take that comes in by a link (<c>ip route get … from … iif …</c>): rules about links count, and
    /// whether the link forwards. What has no way is refused (EHOSTUNREACH, ENETUNREACH, EACCES, EINVAL).</summary>
    /// <param name="batch">Where the request is written.</param>
    /// <param name="destination">Where to.</param>
    /// <param name="source">Where from.</param>
    /// <param name="inputLink">The index of the link.</param>
    public static void GetForwardedRoute(this NetlinkBatch batch, IPAddress destination, IPAddress source, int inputLink)
    {
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentNullException.ThrowIfNull(source);
        using MessageWriter message = batch.Begin(RtnetlinkMessage.GetRoute, MessageFlags.Ack, "get route to", destination.ToString());
        AddressFamily family = AddressRequests.Family(destination);
        byte whole = (byte)(family == AddressFamily.IPv4 ? 32 : 128);
        message.Header(
            new RouteHeader
            {
                Family = family,
                DestinationLength = whole,
                SourceLength = whole,
            }
        );
        message.Put(Rta.Destination, destination);
        message.Put(Rta.SourceAddress, source);
        message.Put(Rta.InputLink, (uint)inputLink);
    }

    /// <summary>Asks which entry of the routing tables a packet would match (<c>ip route get fibmatch</c>): the answer's destination is the
    /// entry's. A destination that no route leads to is refused (ENETUNREACH).</summary>
    public static void GetMatchingRoute(this NetlinkBatch batch, IPAddress destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        const uint FibMatch = 0x2000;
        using MessageWriter message = batch.Begin(RtnetlinkMessage.GetRoute, MessageFlags.Ack, "get route to", destination.ToString());
        AddressFamily family = AddressRequests.Family(destination);
        message.Header(
            new RouteHeader
            {
                Family = family,
                DestinationLength = (byte)(family == AddressFamily.IPv4 ? 32 : 128),
                Flags = FibMatch,
            }
        );
        message.Put(Rta.Destination, destination);
    }

    /// <summary>Adds a default route to the main table.</summary>
    public static void AddDefaultRoute(this NetlinkBatch batch, int index, IPAddress gateway)
    {
        const MessageFlags Flags = MessageFlags.Create | MessageFlags.Exclusive | MessageFlags.Ack;
        using MessageWriter message = batch.Begin(RtnetlinkMessage.NewRoute, Flags, "add default route via", gateway.ToString());
        message.Header(
            new RouteHeader
            {
                Family = AddressRequests.Family(gateway),
                Table = (byte)Route.MainTable,
                Protocol = RouteOrigin.Boot,
                Scope = ScopeUniverse,
                Type = RouteType.Unicast,
            }
        );
        message.Put(Rta.Gateway, gateway);
        message.Put(Rta.OutputLink, (uint)index);
    }

    /// <summary>Sets the route of a subnet in the main table to what the kernel makes it when the address is added.</summary>
    /// <param name="batch">Where the request goes.</param>
    /// <param name="index">The link that the subnet is on.</param>
    /// <param name="subnet">The subnet's first address.</param>
    /// <param name="prefixLength">Its length in bits.</param>
    /// <param name="source">The address of this host in it.</param>
    public static void SetSubnetRoute(this NetlinkBatch batch, int index, IPAddress subnet, int prefixLength, IPAddress source)
    {
        const byte ScopeLink = 253;
        const MessageFlags Flags = MessageFlags.Create | MessageFlags.Replace | MessageFlags.Ack;
        using MessageWriter message = batch.Begin(RtnetlinkMessage.NewRoute, Flags, "set route of subnet", subnet.ToString());
        message.Header(
            new RouteHeader
            {
                Family = AddressRequests.Family(subnet),
                DestinationLength = (byte)prefixLength,
                Table = (byte)Route.MainTable,
                Protocol = RouteOrigin.Kernel,
                Scope = ScopeLink,
                Type = RouteType.Unicast,
            }
        );
        message.Put(Rta.Destination, subnet);
        message.Put(Rta.PreferredSource, source);
        message.Put(Rta.OutputLink, (uint)index);
    }

    /// <summary>Asks for the routes of all tables.</summary>
    /// <param name="batch">Where the request goes.</param>
    /// <param name="family">Which family; <see cref="AddressFamily.Unspecified"/> for all.</param>
    /// <param name="origin">Only those that were made by this; <see cref="RouteOrigin.Unspecified"/> for all.</param>
    public static void DumpRoutes(this NetlinkBatch batch, AddressFamily family, RouteOrigin origin = RouteOrigin.Unspecified)
    {
        using MessageWriter message = batch.Begin(RtnetlinkMessage.GetRoute, MessageFlags.Dump, "list routes");
        message.Header(new RouteHeader { Family = family, Protocol = origin });
    }

    /// <summary>Asks for the routes of the main table.</summary>
    /// <param name="batch">Where the request goes.</param>
    /// <param name="family">Which family.</param>
    /// <param name="index">Only those that lead out by this link; 0 for those by any.</param>
    public static void DumpMainRoutes(this NetlinkBatch batch, AddressFamily family, int index)
    {
        using MessageWriter message = batch.Begin(RtnetlinkMessage.GetRoute, MessageFlags.Dump, "list routes");
        message.Header(new RouteHeader { Family = family, Table = (byte)Route.MainTable });
        if (index != 0)
            message.Put(Rta.OutputLink, (uint)index);
    }
}
