using System.Net;
using System.Net.Sockets;

namespace Warren.Netlink.Conntrack;

/// <summary>A connection that the kernel tracks. linux/netfilter/nfnetlink_conntrack.h.</summary>
/// <param name="Protocol">The protocol; any IP protocol number can occur.</param>
/// <param name="Original">Addresses and ports of the first packet, before any translation.</param>
/// <param name="Reply">Addresses and ports of a packet that answers: its source is where the first packet went after
/// translation, its destination where an answer is sent to.</param>
/// <param name="Id">CTA_ID: tells this flow from a later one with the same addresses and ports, unless the kernel put that one
/// at the same place in memory.</param>
/// <param name="Status">What the kernel did with it so far.</param>
/// <param name="Zone">CTA_ZONE: flows of different zones can have the same addresses; 0 unless rules set it.</param>
public sealed record Flow(
    TransportProtocol Protocol,
    FlowTuple Original,
    FlowTuple Reply,
    uint Id,
    FlowStatus Status,
    ushort Zone = 0
)
{
    /// <summary>IPv4 or IPv6; a flow is never translated from one to the other.</summary>
    public AddressFamily Family => Original.Source.AddressFamily;
}

/// <summary>The packets of one direction of a <see cref="Flow"/>.</summary>
/// <param name="Source">Where they come from.</param>
/// <param name="Destination">Where they go to.</param>
/// <param name="SourcePort">Host order; null where the protocol has no ports, as ICMP.</param>
/// <param name="DestinationPort">Host order; null where the protocol has no ports, as ICMP.</param>
public sealed record FlowTuple(IPAddress Source, IPAddress Destination, int? SourcePort, int? DestinationPort);

/// <summary>enum ip_conntrack_status. linux/netfilter/nf_conntrack_common.h.</summary>
[Flags]
public enum FlowStatus : uint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>IPS_EXPECTED: a helper foresaw it, as the data connection of FTP.</summary>
    Expected = 1 << 0,

    /// <summary>IPS_SEEN_REPLY: packets went both ways.</summary>
    SeenReply = 1 << 1,

    /// <summary>IPS_ASSURED: it is not dropped early when the table is full.</summary>
    Assured = 1 << 2,

    /// <summary>IPS_CONFIRMED: its first packet left the host or reached a socket.</summary>
    Confirmed = 1 << 3,

    /// <summary>IPS_SRC_NAT: the original direction's source is translated.</summary>
    SourceNat = 1 << 4,

    /// <summary>IPS_DST_NAT: the original direction's destination is translated.</summary>
    DestinationNat = 1 << 5,

    /// <summary>IPS_SEQ_ADJUST: TCP sequence numbers are adjusted.</summary>
    SequenceAdjust = 1 << 6,

    /// <summary>IPS_SRC_NAT_DONE: whether to translate the source has been decided.</summary>
    SourceNatDone = 1 << 7,

    /// <summary>IPS_DST_NAT_DONE: whether to translate the destination has been decided.</summary>
    DestinationNatDone = 1 << 8,

    /// <summary>IPS_DYING: it is being removed.</summary>
    Dying = 1 << 9,

    /// <summary>IPS_FIXED_TIMEOUT: its time to live does not change.</summary>
    FixedTimeout = 1 << 10,

    /// <summary>IPS_TEMPLATE: not a flow but a template for flows.</summary>
    Template = 1 << 11,

    /// <summary>IPS_HELPER: a rule gave it its helper.</summary>
    Helper = 1 << 13,

    /// <summary>IPS_OFFLOAD: packets pass by a flow table, not by the rules.</summary>
    Offload = 1 << 14,

    /// <summary>IPS_HW_OFFLOAD: packets pass in hardware.</summary>
    HardwareOffload = 1 << 15,
}
