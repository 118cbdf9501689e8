using Warren.Netlink.Wire;

namespace Warren.Netlink.Rtnetlink;

/// <summary>Attributes of a link. linux/if_link.h, enum IFLA_*.</summary>
public static class Ifla
{
    /// <summary>IFLA_ADDRESS: the MAC address.</summary>
    public static BytesKey Address => new(1);

    /// <summary>IFLA_IFNAME: 15 bytes at most.</summary>
    public static TextKey Name => new(3);

    /// <summary>IFLA_MTU: bytes.</summary>
    public static U32Key Mtu => new(4);

    /// <summary>IFLA_LINK: the index of the link's other half, in the namespace <see cref="LinkNamespaceId"/>.</summary>
    public static U32Key Link => new(5);

    /// <summary>IFLA_MASTER: the index of the bridge that the link is a port of.</summary>
    public static U32Key Master => new(10);

    /// <summary>IFLA_LINKINFO.</summary>
    public static NestKey LinkInfo => new(18);

    /// <summary>IFLA_IFALIAS: 255 bytes at most.</summary>
    public static TextKey Alias => new(20);

    /// <summary>IFLA_AF_SPEC: settings per address family.</summary>
    public static NestKey FamilySettings => new(26);

    /// <summary>IFLA_GROUP.</summary>
    public static U32Key Group => new(27);

    /// <summary>IFLA_NET_NS_FD: put the link into the namespace of this descriptor.</summary>
    public static U32Key NamespaceFd => new(28);

    /// <summary>IFLA_EXT_MASK: which lengthy parts to list.</summary>
    public static U32Key ExtendedMask => new(29);

    /// <summary>IFLA_NUM_TX_QUEUES.</summary>
    public static U32Key TransmitQueues => new(31);

    /// <summary>IFLA_NUM_RX_QUEUES.</summary>
    public static U32Key ReceiveQueues => new(32);

    /// <summary>IFLA_LINK_NETNSID: the namespace of the link's other half.</summary>
    public static U32Key LinkNamespaceId => new(37);

    /// <summary>IFLA_INFO_KIND, in <see cref="LinkInfo"/>: <c>veth</c>.</summary>
    public static TextKey Kind => new(1);

    /// <summary>IFLA_INFO_DATA, in <see cref="LinkInfo"/>.</summary>
    public static NestKey KindSettings => new(2);

    /// <summary>VETH_INFO_PEER, in <see cref="KindSettings"/>. linux/veth.h.</summary>
    public static NestKey VethPeer => new(1);

    /// <summary>AF_INET, in <see cref="FamilySettings"/>.</summary>
    public static NestKey IPv4Settings => new(2);

    /// <summary>IFLA_INET_CONF, in <see cref="IPv4Settings"/>: one 32-bit attribute per sysctl of net.ipv4.conf.</summary>
    public static NestKey IPv4Sysctls => new(1);
}

/// <summary>The sysctls of net.ipv4.conf.IFACE that can be set with the link. linux/ip.h, enum IPV4_DEVCONF_*.</summary>
public static class IPv4Sysctl
{
    /// <summary>forwarding.</summary>
    public static U32Key Forwarding => new(1);

    /// <summary>rp_filter.</summary>
    public static U32Key ReversePathFilter => new(8);

    /// <summary>route_localnet.</summary>
    public static U32Key RouteLocalnet => new(26);
}
