using System.Runtime.InteropServices;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Conntrack;

/// <summary>NFNL_SUBSYS_CTNETLINK &lt;&lt; 8 | enum cntl_msg_types. linux/netfilter/nfnetlink_conntrack.h.</summary>
internal static class ConntrackMessage
{
    public const ushort New = 0x100;
    public const ushort Get = 0x101;
    public const ushort Delete = 0x102;
}

/// <summary>struct nfgenmsg, 4 bytes. linux/netfilter/nfnetlink.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ConntrackHeader
{
    public byte Family;
    public byte Version;
    public ushort Resource;
}

/// <summary>enum ctattr_type. linux/netfilter/nfnetlink_conntrack.h.</summary>
internal static class Cta
{
    public static NestKey Original => new(1);
    public static NestKey Reply => new(2);

    /// <summary>The original tuple, as the kernel wrote it.</summary>
    public static BytesKey OriginalBytes => new(1);
    public static Be32Key Status => new(3);
    public static Be32Key Id => new(12);
    public static Be16Key Zone => new(18);
    public static NestKey Filter => new(25);
}

/// <summary>enum ctattr_tuple. linux/netfilter/nfnetlink_conntrack.h.</summary>
internal static class CtaTuple
{
    public static NestKey Ip => new(1);
    public static NestKey Protocol => new(2);
}

/// <summary>enum ctattr_ip. linux/netfilter/nfnetlink_conntrack.h.</summary>
internal static class CtaIp
{
    public static AddressKey V4Source => new(1);
    public static AddressKey V4Destination => new(2);
    public static AddressKey V6Source => new(3);
    public static AddressKey V6Destination => new(4);
}

/// <summary>enum ctattr_l4proto. linux/netfilter/nfnetlink_conntrack.h.</summary>
internal static class CtaProto
{
    public static U8Key Number => new(1);
    public static Be16Key SourcePort => new(2);
    public static Be16Key DestinationPort => new(3);
}

/// <summary>enum ctattr_filter: which parts of a tuple the kernel compares, since Linux 5.8.
/// linux/netfilter/nfnetlink_conntrack.h.</summary>
internal static class CtaFilter
{
    public static U32Key OriginalFlags => new(1);
    public static U32Key ReplyFlags => new(2);
}

/// <summary>CTA_FILTER_F_*, which the kernel keeps in net/netfilter/nf_internals.h.</summary>
[Flags]
internal enum TupleParts : uint
{
    None = 0,
    Source = 1 << 0,
    Destination = 1 << 1,
    Protocol = 1 << 3,
    DestinationPort = 1 << 5,
}
