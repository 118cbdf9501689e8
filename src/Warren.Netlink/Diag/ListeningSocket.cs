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
);
