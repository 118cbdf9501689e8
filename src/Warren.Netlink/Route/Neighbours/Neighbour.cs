using System.Net;
using System.Net.NetworkInformation;

namespace Warren.Netlink.Route.Neighbours;

/// <summary>An entry of the neighbour tables, ARP for IPv4 and NDP for IPv6. linux/neighbour.h.</summary>
/// <param name="Address">The neighbour's IP address.</param>
/// <param name="LinkAddress">Its link-layer address; null while it is not known.</param>
/// <param name="InterfaceIndex">The link that it is reached by.</param>
/// <param name="State">How far the link-layer address can be trusted.</param>
public sealed record Neighbour(
    IPAddress Address,
    PhysicalAddress? LinkAddress,
    int InterfaceIndex,
    NeighbourState State
);

/// <summary>NUD_*. linux/neighbour.h.</summary>
[Flags]
public enum NeighbourState : ushort
{
    /// <summary>NUD_NONE.</summary>
    None = 0,

    /// <summary>NUD_INCOMPLETE: it has been asked for.</summary>
    Incomplete = 0x01,

    /// <summary>NUD_REACHABLE: it answered recently.</summary>
    Reachable = 0x02,

    /// <summary>NUD_STALE: it answered some time ago.</summary>
    Stale = 0x04,

    /// <summary>NUD_DELAY: stale, a packet was sent to it.</summary>
    Delay = 0x08,

    /// <summary>NUD_PROBE: it is asked again.</summary>
    Probe = 0x10,

    /// <summary>NUD_FAILED: it does not answer.</summary>
    Failed = 0x20,

    /// <summary>NUD_NOARP: the link or the address needs no resolution, as multicast; <c>ip neigh show</c> hides these.</summary>
    NoResolution = 0x40,

    /// <summary>NUD_PERMANENT: set by hand, never expires.</summary>
    Permanent = 0x80,
}
