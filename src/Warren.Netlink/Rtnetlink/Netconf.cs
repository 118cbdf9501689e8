using System.Runtime.InteropServices;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Rtnetlink;

/// <summary>struct netconfmsg, padded to 4 bytes. linux/netconf.h.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct NetconfHeader
{
    /// <summary>ncm_family.</summary>
    public AddressFamily Family;
    private byte _pad;
    private ushort _morePad;
}

/// <summary>Attributes of <see cref="RtnetlinkMessage.NewNetconf"/>. linux/netconf.h, enum NETCONFA_*.</summary>
public static class Netconfa
{
    /// <summary>NETCONFA_IFINDEX: the link's index; -1 for all, -2 for those to come.</summary>
    public static U32Key Index => new(1);

    /// <summary>NETCONFA_FORWARDING.</summary>
    public static U32Key Forwarding => new(2);
}
