namespace Warren.Netlink.Rtnetlink;

/// <summary>nlmsg_type of NETLINK_ROUTE. linux/rtnetlink.h.</summary>
public static class RtnetlinkMessage
{
    /// <summary>RTM_NEWLINK.</summary>
    public const ushort NewLink = 16;

    /// <summary>RTM_DELLINK.</summary>
    public const ushort DeleteLink = 17;

    /// <summary>RTM_GETLINK.</summary>
    public const ushort GetLink = 18;

    /// <summary>RTM_SETLINK.</summary>
    public const ushort SetLink = 19;

    /// <summary>RTM_NEWADDR.</summary>
    public const ushort NewAddress = 20;

    /// <summary>RTM_DELADDR.</summary>
    public const ushort DeleteAddress = 21;

    /// <summary>RTM_GETADDR.</summary>
    public const ushort GetAddress = 22;

    /// <summary>RTM_NEWROUTE.</summary>
    public const ushort NewRoute = 24;

    /// <summary>RTM_DELROUTE.</summary>
    public const ushort DeleteRoute = 25;

    /// <summary>RTM_GETROUTE.</summary>
    public const ushort GetRoute = 26;

    /// <summary>RTM_NEWNETCONF: a sysctl of a link, such as forwarding, is another one.</summary>
    public const ushort NewNetconf = 80;

    /// <summary>RTM_NEWNSID.</summary>
    public const ushort NewNamespaceId = 88;

    /// <summary>RTM_GETNSID.</summary>
    public const ushort GetNamespaceId = 90;
}

/// <summary>RTNLGRP_*: what can be subscribed to. linux/rtnetlink.h.</summary>
public static class RtnetlinkGroup
{
    /// <summary>RTNLGRP_LINK.</summary>
    public const int Link = 1;

    /// <summary>RTNLGRP_IPV4_IFADDR.</summary>
    public const int IPv4Address = 5;

    /// <summary>RTNLGRP_IPV4_ROUTE.</summary>
    public const int IPv4Route = 7;

    /// <summary>RTNLGRP_IPV6_IFADDR.</summary>
    public const int IPv6Address = 9;

    /// <summary>RTNLGRP_IPV6_ROUTE.</summary>
    public const int IPv6Route = 11;

    /// <summary>RTNLGRP_IPV4_NETCONF.</summary>
    public const int IPv4Netconf = 24;
}

/// <summary>AF_*, as the kernel numbers them. linux/socket.h.</summary>
public enum AddressFamily : byte
{
    /// <summary>AF_UNSPEC: any.</summary>
    Unspecified = 0,

    /// <summary>AF_INET.</summary>
    IPv4 = 2,

    /// <summary>AF_INET6.</summary>
    IPv6 = 10,
}
