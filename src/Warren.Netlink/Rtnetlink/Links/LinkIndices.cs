using System.Text;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Rtnetlink;

/// <summary>The indices of links by their names, by the ioctl SIOCGIFINDEX of netdevice(7): where only the index is wanted it takes a tenth of
/// the time that rtnetlink needs to tell all about the link. Of the network namespace in which it was made.</summary>
public sealed class LinkIndices : IDisposable
{
    private const nuint GetIndex = 0x8933;
    private readonly int _fd;

    /// <summary>Opens the socket.</summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public LinkIndices()
    {
        _fd = Libc.socket(Libc.AF_INET, Libc.SOCK_DGRAM | Libc.SOCK_CLOEXEC, 0);
        if (_fd < 0)
            throw new NetlinkException(Errno.Last, "open socket", "");
    }

    /// <summary>The index of a link.</summary>
    /// <exception cref="NetlinkException">There is none of this name (ENODEV).</exception>
    public unsafe int Find(string name)
    {
        // struct ifreq: 16 bytes name, then what was asked for
        const int NameSize = 16;
        byte* request = stackalloc byte[40];
        if (!Encoding.UTF8.TryGetBytes(name, new Span<byte>(request, NameSize - 1), out _))
            throw new ArgumentException($"'{name}' is longer than {NameSize - 1} bytes.", nameof(name));
        if (Libc.ioctl(_fd, GetIndex, request) != 0)
            throw new NetlinkException(Errno.Last, "get link", name);
        return *(int*)(request + NameSize);
    }

    /// <summary>Closes the socket.</summary>
    public void Dispose() => _ = Libc.close(_fd);
}
