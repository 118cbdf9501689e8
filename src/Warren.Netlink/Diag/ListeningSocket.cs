using System.Net;

namespace Warren.Netlink.Diag;

/// <summary>A socket that waits for whoever comes: a TCP socket in state LISTEN, or a UDP socket without a peer.</summary>
/// <param name="Address">Where it waits; <c>0.0.0.0</c> or <c>::</c> for every address. A socket of family AF_INET6 that is
/// bound to an IPv4 address has it in the mapped form, <c>::ffff:192.0.2.1</c>.</param>
/// <param name="Port">The port, host order.</param>
/// <param name="Protocol">TCP or UDP.</param>
/// <param name="Inode">The number in <c>/proc/PID/fd/N -> socket:[Inode]</c>.</param>
/// <param name="UserId">The user id of who made it, as the reader's user namespace numbers it.</param>
/// <param name="V6Only">IPV6_V6ONLY, which the kernel tells of AF_INET6 sockets only: a socket on <c>::</c> takes IPv4 too
/// when it is false. Always false for an IPv4 socket.</param>
public sealed record ListeningSocket(
    IPAddress Address,
    int Port,
    TransportProtocol Protocol,
    uint Inode,
    uint UserId,
    bool V6Only = false
)
{
    /// <summary>idiag_rqueue: of a TCP socket, connections that are made and that its program has not taken yet; of a UDP socket, bytes
    /// that it has not read yet.</summary>
    public uint Waiting { get; init; }

    /// <summary>Whether what is sent to an IPv4 address of the host reaches it: it waits on that address, or on all.</summary>
    public bool Takes(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        IPAddress own = Address.IsIPv4MappedToIPv6 ? Address.MapToIPv4() : Address;
        return own.Equals(IPAddress.Any) || own.Equals(address) || (own.Equals(IPAddress.IPv6Any) && !V6Only);
    }
}
