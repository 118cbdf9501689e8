using System.Text;
using Warren.Netlink.Wire;

namespace Warren.Running.Services;

/// <summary>The addresses and sockets of control: a stream socket of the unix family with a name in the project's folder. unix(7).</summary>
internal static unsafe class ControlSocket
{
    /// <summary>Waits for clients at a path; what is there from a supervisor that is dead is replaced.</summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public static int Listen(ProjectFolder folder)
    {
        int fd = Libc.socket(Libc.AF_UNIX, Libc.SOCK_STREAM | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC, 0);
        if (fd < 0)
            throw new NetlinkException(Errno.Last, "open socket", folder.ControlPath);
        folder.RemoveControl();
        // the file that bind(2) makes has the socket's mode
        _ = Libc.fchmod(fd, 0b110_000_000);
        byte* address = stackalloc byte[110];
        uint length = Address(folder.ControlPath, address);
        const int Backlog = 64;
        if (Libc.bind(fd, address, length) == 0 && Libc.listen(fd, Backlog) == 0)
            return fd;
        Errno errno = Errno.Last;
        _ = SystemCalls.close(fd);
        throw new NetlinkException(errno, "listen on", folder.ControlPath);
    }

    /// <summary>A connection to whoever listens at a path; negative if nobody does.</summary>
    public static int Connect(string path)
    {
        int fd = Libc.socket(Libc.AF_UNIX, Libc.SOCK_STREAM | Libc.SOCK_CLOEXEC, 0);
        byte* address = stackalloc byte[110];
        uint length = Address(path, address);
        if (fd >= 0 && Libc.connect(fd, address, length) != 0)
            Libc.Close(ref fd);
        return fd;
    }

    /// <summary>struct sockaddr_un { u16 family; char path[108]; }; a path that begins with @ is an abstract name.</summary>
    public static uint Address(string path, byte* address)
    {
        const int Longest = 107;
        byte[] bytes = Encoding.UTF8.GetBytes(path);
        if (bytes.Length > Longest)
            throw new ArgumentException($"The path has {bytes.Length} bytes; {Longest} are allowed.", nameof(path));
        new Span<byte>(address, 110).Clear();
        *(ushort*)address = Libc.AF_UNIX;
        bytes.CopyTo(new Span<byte>(address + 2, Longest));
        bool isAbstract = path[0] == '@';
        if (isAbstract)
            address[2] = 0;
        return (uint)(2 + bytes.Length + (isAbstract ? 0 : 1));
    }
}
