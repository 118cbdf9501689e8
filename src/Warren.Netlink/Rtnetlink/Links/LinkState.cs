using System.Text;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Rtnetlink;

/// <summary>The name of a link and whether it is up, by the ioctls of netdevice(7): a tenth of the time that rtnetlink needs to tell all about it.
/// </summary>
public static class LinkState
{
    private const nuint GetName = 0x8910;
    private const nuint GetFlags = 0x8913;

    // struct ifreq: 16 bytes name, then what was asked for
    private const int NameSize = 16;
    private const int RequestSize = 40;

    /// <summary>The name of a link of the socket's network namespace; null if there is none of this index.</summary>
    /// <param name="socket">A socket of any kind, which the kernel asks for its namespace alone.</param>
    /// <param name="index">Its index.</param>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public static unsafe string? NameOf(this NetlinkSocket socket, int index)
    {
        ArgumentNullException.ThrowIfNull(socket);
        byte* request = stackalloc byte[RequestSize];
        *(int*)(request + NameSize) = index;
        if (Libc.ioctl(socket.Descriptor, GetName, request) != 0)
            return Errno.Last == Errno.NoDevice ? null : throw new NetlinkException(Errno.Last, "get link", "");
        var name = new ReadOnlySpan<byte>(request, NameSize);
        name = name[..Math.Max(name.IndexOf((byte)0), 0)];
        // that of most, in a thousand namespaces
        return name.SequenceEqual("eth0"u8) ? "eth0" : Encoding.UTF8.GetString(name);
    }

    /// <summary>Whether a link of the socket's network namespace is switched on; null if there is none of this name.</summary>
    /// <param name="socket">A socket of any kind, which the kernel asks for its namespace alone.</param>
    /// <param name="name">15 bytes at most.</param>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public static unsafe bool? IsUp(this NetlinkSocket socket, string name)
    {
        ArgumentNullException.ThrowIfNull(socket);
        byte* request = stackalloc byte[RequestSize];
        if (!Encoding.UTF8.TryGetBytes(name, new Span<byte>(request, NameSize - 1), out _))
            throw new ArgumentException($"'{name}' is longer than {NameSize - 1} bytes.", nameof(name));
        if (Libc.ioctl(socket.Descriptor, GetFlags, request) != 0)
            return Errno.Last == Errno.NoDevice ? null : throw new NetlinkException(Errno.Last, "get link", name);
        return (*(ushort*)(request + NameSize) & (ushort)LinkFlags.Up) != 0;
    }
}
