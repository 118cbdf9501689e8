using System.Net;
using System.Runtime.InteropServices;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Rtnetlink;

/// <summary>Attributes of an address. linux/if_addr.h, enum IFA_*.</summary>
public static class Ifa
{
    /// <summary>IFA_ADDRESS: the address; on a point-to-point link the other side's.</summary>
    public static AddressKey Address => new(1);

    /// <summary>IFA_LOCAL: this side's address.</summary>
    public static AddressKey Local => new(2);

    /// <summary>IFA_LABEL.</summary>
    public static TextKey Label => new(3);

    /// <summary>IFA_BROADCAST.</summary>
    public static AddressKey Broadcast => new(4);

    /// <summary>IFA_FLAGS: IFA_F_*.</summary>
    public static U32Key Flags => new(8);
}

/// <summary>struct ifaddrmsg, 8 bytes. linux/if_addr.h.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct AddressHeader
{
    /// <summary>ifa_family.</summary>
    public AddressFamily Family;

    /// <summary>ifa_prefixlen.</summary>
    public byte PrefixLength;

    /// <summary>ifa_flags, the lower eight bits.</summary>
    public byte Flags;

    /// <summary>ifa_scope: RT_SCOPE_*.</summary>
    public byte Scope;

    /// <summary>ifa_index.</summary>
    public int Index;
}

/// <summary>An address of a link.</summary>
/// <param name="Index">The link's index.</param>
/// <param name="Address">The address.</param>
/// <param name="PrefixLength">The length of its subnet's prefix in bits.</param>
/// <param name="Scope">RT_SCOPE_*: 0 global, 253 link, 254 host.</param>
/// <param name="Label">The link's name, perhaps with a part after a colon; of IPv4 addresses only, else empty.</param>
public sealed record InterfaceAddress(int Index, IPAddress Address, int PrefixLength, byte Scope, string Label = "")
{
    /// <summary>Reads an answer to <see cref="AddressRequests.DumpAddresses"/>.</summary>
    public static InterfaceAddress? Parse(in Message message)
    {
        if (message.Type != RtnetlinkMessage.NewAddress)
            return null;
        AddressHeader header = message.Header<AddressHeader>();
        IPAddress? local = null;
        IPAddress? address = null;
        string label = "";
        AttributeReader attribute = message.Attributes<AddressHeader>();
        while (attribute.Next())
        {
            if (attribute.Is(Ifa.Local))
                local = attribute.Get(Ifa.Local);
            else if (attribute.Is(Ifa.Address))
                address = attribute.Get(Ifa.Address);
            else if (attribute.Is(Ifa.Label))
                label = attribute.Get(Ifa.Label);
        }
        return (local ?? address) is { } own
            ? new InterfaceAddress(header.Index, own, header.PrefixLength, header.Scope, label)
            : null;
    }
}

/// <summary>Requests about addresses. See rtnetlink(7).</summary>
public static class AddressRequests
{
    private const uint NoDuplicateDetection = 0x02;

    /// <summary>Gives a link an address. IPv6 addresses are usable at once: no duplicate address detection.</summary>
    public static void AddAddress(this NetlinkBatch batch, int index, string link, IPAddress address, int prefixLength)
    {
        ArgumentNullException.ThrowIfNull(address);
        const MessageFlags Flags = MessageFlags.Create | MessageFlags.Exclusive | MessageFlags.Ack;
        using MessageWriter message = batch.Begin(RtnetlinkMessage.NewAddress, Flags, "add address to", link);
        AddressFamily family = Family(address);
        message.Header(
            new AddressHeader
            {
                Family = family,
                PrefixLength = (byte)prefixLength,
                Index = index,
            }
        );
        message.Put(Ifa.Local, address);
        message.Put(Ifa.Address, address);
        if (family == AddressFamily.IPv6)
            message.Put(Ifa.Flags, NoDuplicateDetection);
    }

    /// <summary>Takes an address from a link.</summary>
    public static void DeleteAddress(this NetlinkBatch batch, int index, string link, IPAddress address, int prefixLength)
    {
        ArgumentNullException.ThrowIfNull(address);
        using MessageWriter message = batch.Begin(RtnetlinkMessage.DeleteAddress, MessageFlags.Ack, "delete address from", link);
        message.Header(
            new AddressHeader
            {
                Family = Family(address),
                PrefixLength = (byte)prefixLength,
                Index = index,
            }
        );
        message.Put(Ifa.Local, address);
    }

    /// <summary>Asks for the addresses of one link, or of all.</summary>
    /// <param name="batch">Where the request goes.</param>
    /// <param name="family">Which family; <see cref="AddressFamily.Unspecified"/> for all.</param>
    /// <param name="index">Which link; 0 for all.</param>
    public static void DumpAddresses(this NetlinkBatch batch, AddressFamily family, int index = 0)
    {
        using MessageWriter message = batch.Begin(RtnetlinkMessage.GetAddress, MessageFlags.Dump, "list addresses");
        message.Header(new AddressHeader { Family = family, Index = index });
    }

    internal static AddressFamily Family(IPAddress address) =>
        address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6
            ? AddressFamily.IPv6
            : AddressFamily.IPv4;
}
