using System.Runtime.InteropServices;

namespace Warren.Running.Services;

/// <summary>The system calls and C library functions that this folder makes, by their names in the manual.</summary>
internal static unsafe partial class Libc
{
    public const int O_RDONLY = 0;
    public const int O_WRONLY = 1;
    public const int O_RDWR = 2;
    public const int O_CREAT = 0x40;
    public const int O_TRUNC = 0x200;
    public const int O_APPEND = 0x400;
    public const int O_NONBLOCK = 0x800;
    public const int O_CLOEXEC = 0x80000;
    public const int F_GETFL = 3;
    public const int F_SETFL = 4;
    public const int F_OFD_GETLK = 36;
    public const int F_OFD_SETLK = 37;
    public const short F_WRLCK = 1;
    public const short F_UNLCK = 2;

    public const int EPOLL_CLOEXEC = 0x80000;
    public const int EPOLL_CTL_ADD = 1;
    public const int EPOLL_CTL_DEL = 2;
    public const int EPOLL_CTL_MOD = 3;
    public const uint EPOLLIN = 1;
    public const uint EPOLLOUT = 4;
    public const int EFD_CLOEXEC = 0x80000;
    public const int EFD_NONBLOCK = 0x800;

    public const int AF_UNIX = 1;
    public const int SOCK_STREAM = 1;
    public const int SOCK_DGRAM = 2;
    public const int SOCK_NONBLOCK = 0x800;
    public const int SOCK_CLOEXEC = 0x80000;
    public const int MSG_NOSIGNAL = 0x4000;

    public const int WNOHANG = 1;
    public const int PR_SET_PDEATHSIG = 1;
    public const int PR_SET_CHILD_SUBREAPER = 36;
    public const uint IN_MODIFY = 2;
    public const uint IN_CREATE = 0x100;
    public const uint IN_MOVED_TO = 0x80;
    public const uint IN_CLOSE_WRITE = 0x8;
    public const uint IN_CLOSE_NOWRITE = 0x10;

    [LibraryImport("libc", SetLastError = true)]
    public static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int epoll_ctl(int epoll, int operation, int fd, byte* happening);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int epoll_wait(int epoll, byte* happenings, int count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int eventfd(uint value, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int pipe2(int* descriptors, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint read(int fd, byte* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint send(int fd, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint sendto(int fd, byte* buffer, nuint length, int flags, byte* address, uint addressLength);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int bind(int fd, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int connect(int fd, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int listen(int fd, int backlog);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int accept4(int fd, byte* address, uint* length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fcntl(int fd, int command, void* argument);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fcntl(int fd, int command, nint argument);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int ftruncate(int fd, long length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchmod(int fd, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int mkdirat(int directory, string path, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int inotify_init1(int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int inotify_add_watch(int fd, string path, uint mask);

    /// <summary>Closes a descriptor, and forgets its number.</summary>
    public static void Close(ref int fd)
    {
        if (fd >= 0)
            _ = SystemCalls.close(fd);
        fd = -1;
    }

    /// <summary>Writes all bytes to a descriptor that blocks, or as many as can be.</summary>
    /// <returns>Whether all were written.</returns>
    public static bool WriteAll(int fd, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            nint written;
            fixed (byte* first = bytes)
                written = SystemCalls.write(fd, first, (nuint)bytes.Length);
            if (written < 0 && Netlink.Wire.Errno.Last != Netlink.Wire.Errno.Interrupted)
                return false;
            bytes = bytes[(int)Math.Max(written, 0)..];
        }
        return true;
    }

    /// <summary>read(2) into a buffer.</summary>
    /// <returns>How many bytes; 0 at the end; -1 when there is nothing now, or an error.</returns>
    public static int Read(int fd, Span<byte> buffer)
    {
        fixed (byte* first = buffer)
            return (int)read(fd, first, (nuint)buffer.Length);
    }

    /// <summary>Waits until a descriptor can be read.</summary>
    /// <returns>Whether it can, or was closed by the other side.</returns>
    public static bool WaitReadable(int fd, TimeSpan bound)
    {
        var asked = new SystemCalls.PollDescriptor { Descriptor = fd, Asked = SystemCalls.POLLIN };
        int milliseconds = (int)Math.Clamp(Math.Ceiling(bound.TotalMilliseconds), 0, int.MaxValue);
        return SystemCalls.poll(&asked, 1, milliseconds) > 0;
    }

    /// <summary>Waits a moment, where there is no event to wait for.</summary>
    public static void Pause(int milliseconds) => _ = SystemCalls.poll(null, 0, milliseconds);
}
