namespace Warren.Netlink;

/// <summary>IPPROTO_*: a protocol with ports. linux/in.h.</summary>
public enum TransportProtocol : byte
{
    /// <summary>TCP.</summary>
    Tcp = 6,

    /// <summary>UDP.</summary>
    Udp = 17,
}
