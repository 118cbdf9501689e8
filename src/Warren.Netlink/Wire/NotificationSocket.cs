using System.Runtime.InteropServices;

namespace Warren.Netlink.Wire;

/// <summary>Takes a message that came unasked.</summary>
/// <param name="message">The message; valid only during the call.</param>
/// <param name="namespaceId">The number by which the socket's network namespace knows the one where it happened; null if it is that itself.</param>
public delegate void NotificationTaker(in Message message, int? namespaceId);

/// <summary>What <see cref="NotificationSocket.Receive"/> found.</summary>
public enum Received
{
    /// <summary>Nothing is there now.</summary>
    Nothing,

    /// <summary>A datagram, and there may be more.</summary>
    Messages,

    /// <summary>The kernel threw messages away, as nobody read them in time.</summary>
    Lost,
}

/// <summary>
/// Hears of changes in the network namespace of the thread that opened it, from then on: for a program that waits for many things at once.
/// It never blocks. See netlink(7).
/// </summary>
public sealed class NotificationSocket : IDisposable
{
    // as of NetlinkSocket: the longest datagram of a notification is one page, that of an nf_tables transaction a few
    private const int ReceiveSize = 32 * 1024;

    [ThreadStatic]
    private static byte[]? t_buffer;

    private readonly int _fd;
    private bool _disposed;

    private NotificationSocket(int fd) => _fd = fd;

    /// <summary>What poll(2) and epoll(7) take.</summary>
    public int Descriptor => _fd;

    /// <summary>Whether it hears also of the namespaces that this one has a number for: those of the other ends of its veth links.</summary>
    public bool HearsOthers { get; private init; }

    /// <summary>Opens a socket.</summary>
    /// <param name="protocol">What it hears of.</param>
    /// <param name="others">Whether to hear also of the namespaces that this one has a number for, if the privilege is there (cap_net_broadcast).</param>
    /// <param name="groups">RTNLGRP_*, NFNLGRP_*: at least one.</param>
    /// <exception cref="NetlinkException">No such protocol or group, or no privilege (EPERM).</exception>
    public static unsafe NotificationSocket Open(NetlinkProtocol protocol, bool others, params ReadOnlySpan<int> groups)
    {
        int fd = Libc.socket(Libc.AF_NETLINK, Libc.SOCK_RAW | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC, (int)protocol);
        if (fd < 0)
            throw new NetlinkException(Errno.Last, "open netlink socket", protocol.ToString());
        // a burst shall not be lost before it is read; without privilege over the host the default stays
        const int Burst = 1024 * 1024;
        int burst = Burst;
        _ = Libc.setsockopt(fd, Libc.SOL_SOCKET, Libc.SO_RCVBUFFORCE, &burst, sizeof(int));
        bool hears = others && Set(fd, Libc.NETLINK_LISTEN_ALL_NSID, 1);
        // struct sockaddr_nl { u16 family, padding; u32 port, groups; }: with the port number 0, as the kernel's own, it would be passed over
        ushort* address = stackalloc ushort[] { Libc.AF_NETLINK, 0, 0, 0, 0, 0 };
        string failed = Libc.bind(fd, address, 12) == 0 ? "" : "bind netlink socket";
        Errno errno = Errno.Last;
        string subject = "";
        foreach (int group in groups)
        {
            if (failed.Length > 0 || Set(fd, Libc.NETLINK_ADD_MEMBERSHIP, group))
                continue;
            errno = Errno.Last;
            failed = "subscribe to";
            subject = $"netlink group {group}";
        }
        if (failed.Length == 0)
            return new NotificationSocket(fd) { HearsOthers = hears };
        _ = Libc.close(fd);
        throw new NetlinkException(errno, failed, subject);
    }

    /// <summary>Reads one datagram, if one is there. What is malformed in it is left out.</summary>
    public unsafe Received Receive(NotificationTaker take)
    {
        ArgumentNullException.ThrowIfNull(take);
        ObjectDisposedException.ThrowIf(_disposed, this);
        const int ControlSize = 64;
        byte[] buffer = t_buffer ??= GC.AllocateUninitializedArray<byte>(ReceiveSize);
        byte* control = stackalloc byte[ControlSize];
        nint length;
        nuint controlLength;
        fixed (byte* first = buffer)
        {
            var part = new Buffer { First = first, Length = (nuint)buffer.Length };
            var vector = new MessageVector { Buffers = &part, BufferCount = 1, Control = control, ControlLength = ControlSize };
            length = Libc.recvmsg(_fd, &vector, 0);
            controlLength = vector.ControlLength;
        }
        if (length < 0)
            return Errno.Last == Errno.NoBufferSpace ? Received.Lost : Received.Nothing;
        int? id = NamespaceId(new ReadOnlySpan<byte>(control, (int)Math.Min(controlLength, ControlSize)));
        var reader = new MessageReader(buffer.AsSpan(0, (int)length));
        try
        {
            while (reader.TryRead(out Message message))
                take(in message, id);
        }
        catch (MalformedMessageException)
        {
            // the rest of the datagram cannot be told
        }
        return Received.Messages;
    }

    /// <summary>Closes the socket.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _ = Libc.close(_fd);
    }

    // struct cmsghdr { size_t length; int level, type; }, then an int
    private static int? NamespaceId(ReadOnlySpan<byte> control)
    {
        int head = IntPtr.Size + (2 * sizeof(int));
        if (control.Length < head + sizeof(int))
            return null;
        int level = MemoryMarshal.Read<int>(control[IntPtr.Size..]);
        int type = MemoryMarshal.Read<int>(control[(IntPtr.Size + sizeof(int))..]);
        int id = MemoryMarshal.Read<int>(control[head..]);
        return level == Libc.SOL_NETLINK && type == Libc.NETLINK_LISTEN_ALL_NSID && id >= 0 ? id : null;
    }

    private static unsafe bool Set(int fd, int option, int value) => Libc.setsockopt(fd, Libc.SOL_NETLINK, option, &value, sizeof(int)) == 0;
}
