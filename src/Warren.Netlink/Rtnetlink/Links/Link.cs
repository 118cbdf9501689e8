using System.Runtime.InteropServices;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Rtnetlink;

/// <summary>ifi_flags. linux/if.h.</summary>
[Flags]
public enum LinkFlags : uint
{
    /// <summary>No flag.</summary>
    None = 0,

    /// <summary>IFF_UP: switched on.</summary>
    Up = 0x1,

    /// <summary>IFF_LOOPBACK.</summary>
    Loopback = 0x8,

    /// <summary>IFF_RUNNING: on, and its carrier too.</summary>
    Running = 0x40,
}

/// <summary>struct ifinfomsg, 16 bytes. linux/rtnetlink.h.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct LinkHeader
{
    /// <summary>ifi_family.</summary>
    public AddressFamily Family;
    private byte _pad;

    /// <summary>ifi_type: ARPHRD_*.</summary>
    public ushort HardwareType;

    /// <summary>ifi_index.</summary>
    public int Index;

    /// <summary>ifi_flags.</summary>
    public LinkFlags Flags;

    /// <summary>ifi_change: which flags to change.</summary>
    public LinkFlags Change;
}

/// <summary>A link as the kernel describes it.</summary>
public sealed record Link
{
    /// <summary>Its index in its namespace.</summary>
    public required int Index { get; init; }

    /// <summary>Its name, 15 bytes at most.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it is up, running, a loopback.</summary>
    public required LinkFlags Flags { get; init; }

    /// <summary>What made it: <c>veth</c>, <c>bridge</c>; empty for hardware and loopback.</summary>
    public string Kind { get; init; } = "";

    /// <summary>The text that <c>ip link set alias</c> gave it; may be empty.</summary>
    public string Alias { get; init; } = "";

    /// <summary>The group number; 0 by default.</summary>
    public uint Group { get; init; }

    /// <summary>The largest packet in bytes.</summary>
    public uint Mtu { get; init; }

    /// <summary>The MAC address.</summary>
    public MacAddress Address { get; init; }

    /// <summary>The index of the other half (in its own namespace), or 0.</summary>
    public int PeerIndex { get; init; }

    /// <summary>The number by which this namespace knows that of the other half (<c>ip netns list-id</c>); null if it is this one.</summary>
    public int? PeerNamespaceId { get; init; }

    /// <summary>The index of the bridge that it is a port of, or 0.</summary>
    public int Master { get; init; }

    /// <summary>net.ipv4.conf.IFACE.forwarding; null where the kernel does not say, as for a link without IPv4.</summary>
    public bool? Forwarding { get; init; }

    /// <summary>net.ipv4.conf.IFACE.route_localnet; null where the kernel does not say.</summary>
    public bool? RouteLocalnet { get; init; }

    /// <summary>Whether it is switched on.</summary>
    public bool IsUp => Flags.HasFlag(LinkFlags.Up);

    /// <summary>Reads an answer to a request of <see cref="LinkRequests"/>.</summary>
    public static Link? Parse(in Message message)
    {
        if (message.Type != RtnetlinkMessage.NewLink)
            return null;
        LinkHeader header = message.Header<LinkHeader>();
        string name = "";
        string kind = "";
        string alias = "";
        uint group = 0;
        uint mtu = 0;
        int peer = 0;
        int? peerNamespace = null;
        int master = 0;
        MacAddress address = default;
        bool? forwarding = null;
        bool? routeLocalnet = null;
        AttributeReader attribute = message.Attributes<LinkHeader>();
        while (attribute.Next())
        {
            if (attribute.Is(Ifla.Name))
                name = attribute.Get(Ifla.Name);
            else if (attribute.Is(Ifla.Alias))
                alias = attribute.Get(Ifla.Alias);
            else if (attribute.Is(Ifla.Group))
                group = attribute.Get(Ifla.Group);
            else if (attribute.Is(Ifla.Mtu))
                mtu = attribute.Get(Ifla.Mtu);
            else if (attribute.Is(Ifla.Link))
                peer = (int)attribute.Get(Ifla.Link);
            else if (attribute.Is(Ifla.LinkNamespaceId))
                peerNamespace = (int)attribute.Get(Ifla.LinkNamespaceId);
            else if (attribute.Is(Ifla.Master))
                master = (int)attribute.Get(Ifla.Master);
            else if (attribute.Is(Ifla.Address) && attribute.Value.Length == MacAddress.Length)
                address = new MacAddress(attribute.Get(Ifla.Address));
            else if (attribute.Is(Ifla.LinkInfo))
                kind = ParseKind(attribute.Get(Ifla.LinkInfo));
            else if (attribute.Is(Ifla.FamilySettings))
                (forwarding, routeLocalnet) = ParseSysctls(attribute.Get(Ifla.FamilySettings));
        }
        return new Link
        {
            Index = header.Index,
            Name = name,
            Flags = header.Flags,
            Kind = kind,
            Alias = alias,
            Group = group,
            Mtu = mtu,
            Address = address,
            PeerIndex = peer,
            PeerNamespaceId = peerNamespace,
            Master = master,
            Forwarding = forwarding,
            RouteLocalnet = routeLocalnet,
        };
    }

    // IFLA_AF_SPEC { AF_INET { IFLA_INET_CONF: u32 each, the first is IPV4_DEVCONF 1 } }
    private static (bool? Forwarding, bool? RouteLocalnet) ParseSysctls(AttributeReader family)
    {
        while (family.Next())
        {
            if (!family.Is(Ifla.IPv4Settings))
                continue;
            AttributeReader settings = family.Get(Ifla.IPv4Settings);
            while (settings.Next())
            {
                if (!settings.Is(Ifla.IPv4Sysctls))
                    continue;
                ReadOnlySpan<uint> values = MemoryMarshal.Cast<byte, uint>(settings.Value);
                return (At(values, IPv4Sysctl.Forwarding.Type), At(values, IPv4Sysctl.RouteLocalnet.Type));
            }
        }
        return (null, null);

        static bool? At(ReadOnlySpan<uint> values, int number) => number <= values.Length ? values[number - 1] != 0 : null;
    }

    private static string ParseKind(AttributeReader attribute)
    {
        while (attribute.Next())
        {
            // of a thousand, most are of this one
            if (attribute.Is(Ifla.Kind))
                return attribute.Value.SequenceEqual("veth\0"u8) ? "veth" : attribute.Get(Ifla.Kind);
        }
        return "";
    }
}
