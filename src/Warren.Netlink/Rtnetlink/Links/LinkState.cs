using System.Text;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Rtnetlink;

/// <summary>Whether a link is up, by the ioctl SIOCGIFFLAGS of netdevice(7): a tenth of the time that rtnetlink needs to tell all about it.</summary>
public static class LinkState
{
    private const nuint GetFlags = 0x8913;

    /// <summary>Whether a link of the socket's network namespace is switched on; null if there is none of this name.</summary>
    /// <param name="socket">A socket of any kind, which the kernel asks for its namespace alone.</param>
    /// <param name="name">15 bytes at most.</param>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public static unsafe bool? IsUp(this NetlinkSocket socket, string name)
    {
        ArgumentNullException.ThrowIfNull(socket);
        // struct ifreq: 16 bytes name, then short flags
        const int NameSize = 16;
        byte* request = stackalloc byte[40];
        if (!Encoding.UTF8.TryGetBytes(name, new Span<byte>(request, NameSize - 1), out _))
            throw new ArgumentException($"'{name}' is longer than {NameSize - 1} bytes.", nameof(name));
        if (Libc.ioctl(socket.Descriptor, GetFlags, request) != 0)
            return Errno.Last == Errno.NoDevice ? null : throw new NetlinkException(Errno.Last, "get link", name);
        return (*(ushort*)(request + NameSize) & (ushort)LinkFlags.Up) != 0;
    }
}
