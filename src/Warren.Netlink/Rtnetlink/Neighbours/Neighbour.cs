using System.Net;
using System.Runtime.InteropServices;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Rtnetlink;

/// <summary>Attributes of a neighbour. linux/neighbour.h, enum NDA_*.</summary>
public static class Nda
{
    /// <summary>NDA_DST: its IP address.</summary>
    public static AddressKey Destination => new(1);

    /// <summary>NDA_LLADDR: its link-layer address.</summary>
    public static BytesKey LinkAddress => new(2);

    /// <summary>NDA_IFINDEX: the link that a list is limited to.</summary>
    public static U32Key Index => new(8);
}

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

    /// <summary>NUD_DELAY: stale, and a packet was sent to it.</summary>
    Delay = 0x08,

    /// <summary>NUD_PROBE: it is asked again.</summary>
    Probe = 0x10,

    /// <summary>NUD_FAILED: it does not answer.</summary>
    Failed = 0x20,

    /// <summary>NUD_NOARP: nothing to ask for, as with multicast; <c>ip neigh show</c> hides these.</summary>
    NoResolution = 0x40,

    /// <summary>NUD_PERMANENT: set by hand, never expires.</summary>
    Permanent = 0x80,
}

/// <summary>struct ndmsg, 12 bytes. linux/neighbour.h.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct NeighbourHeader
{
    /// <summary>ndm_family.</summary>
    public AddressFamily Family;

    internal byte Pad1;
    internal ushort Pad2;

    /// <summary>ndm_ifindex.</summary>
    public int Index;

    /// <summary>ndm_state.</summary>
    public NeighbourState State;

    /// <summary>ndm_flags: NTF_*.</summary>
    public byte Flags;

    /// <summary>ndm_type: RTN_*.</summary>
    public byte Type;
}

/// <summary>An entry of the neighbour tables: ARP for IPv4, NDP for IPv6. linux/neighbour.h.</summary>
/// <param name="Index">The index of the link that it is reached by.</param>
/// <param name="Address">Its IP address.</param>
/// <param name="LinkAddress">Its Ethernet address; null while it is not known, and on links that are not Ethernet.</param>
/// <param name="State">How far the link address can be trusted.</param>
public sealed record Neighbour(int Index, IPAddress Address, MacAddress? LinkAddress, NeighbourState State)
{
    /// <summary>Reads an answer to <see cref="NeighbourRequests.DumpNeighbours"/>; null for a message of another type or
    /// family, and for an entry without an address.</summary>
    public static Neighbour? Parse(in Message message)
    {
        if (message.Type != NeighbourRequests.RTM_NEWNEIGH)
            return null;
        NeighbourHeader header = message.Header<NeighbourHeader>();
        if (header.Family is not (AddressFamily.IPv4 or AddressFamily.IPv6))
            return null;
        IPAddress? address = null;
        MacAddress? linkAddress = null;
        AttributeReader attribute = message.Attributes<NeighbourHeader>();
        while (attribute.Next())
        {
            if (attribute.Is(Nda.Destination))
                address = attribute.Get(Nda.Destination);
            else if (attribute.Is(Nda.LinkAddress) && attribute.Value.Length == MacAddress.Length)
                linkAddress = new MacAddress(attribute.Get(Nda.LinkAddress));
        }
        return address is null ? null : new Neighbour(header.Index, address, linkAddress, header.State);
    }
}
