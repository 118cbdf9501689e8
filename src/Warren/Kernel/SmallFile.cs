using System.Text;
using Warren.Netlink.Wire;

namespace Warren.Kernel;

/// <summary>Files of a few bytes, those of /proc/sys above all: one open, one read or write, one close.</summary>
internal static class SmallFile
{
    /// <summary>The file's text, 4,095 bytes at most, without the ending line break; null if there is no such file. A symbolic link is not followed.</summary>
    public static string? Read(string path) => Read(path, Libc.O_NOFOLLOW);

    /// <summary>As <see cref="Read(string)"/>, through symbolic links, of a file of others: null also if it cannot be read.</summary>
    public static string? ReadThroughLinks(string path)
    {
        try
        {
            return Read(path, 0);
        }
        catch (NetlinkException)
        {
            return null;
        }
    }

    private static unsafe string? Read(string path, int flags)
    {
        int fd = Libc.open(path, Libc.O_RDONLY | flags | Libc.O_CLOEXEC, 0);
        if (fd < 0)
            return Errno.Last == Errno.NotFound ? null : throw new NetlinkException(Errno.Last, "read", path);
        byte* buffer = stackalloc byte[4096];
        nint length = Libc.read(fd, buffer, 4095);
        Errno errno = Errno.Last;
        _ = Libc.close(fd);
        if (length < 0)
            throw new NetlinkException(errno, "read", path);
        return Encoding.UTF8.GetString(buffer, (int)length).TrimEnd('\n');
    }

    /// <summary>As <see cref="Read"/>, of a file that may be anything: an empty text if it cannot be read.</summary>
    public static string? ReadAny(string path)
    {
        try
        {
            return Read(path);
        }
        catch (NetlinkException e) when (e.Errno != Errno.NotPermitted && e.Errno != Errno.Denied)
        {
            return e.Errno == NotAFolder ? null : "";
        }
    }

    /// <summary>Where a symbolic link leads; null with an error number if it is none, or cannot be read.</summary>
    public static unsafe string? ReadLink(string path)
    {
        const int Longest = 4096;
        byte* buffer = stackalloc byte[Longest];
        nint length = Libc.readlink(path, buffer, Longest);
        return length < 0 ? null : Encoding.UTF8.GetString(buffer, (int)length);
    }

    private static Errno NotAFolder => new(20);

    /// <summary>Why a file cannot be written, in the kernel's words; null if it can. It is opened, and nothing is written.</summary>
    public static string? WriteFault(string path)
    {
        int fd = Libc.open(path, Libc.O_WRONLY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0);
        if (fd < 0)
            return new NetlinkException(Errno.Last, "write", path).Message;
        _ = Libc.close(fd);
        return null;
    }

    /// <summary>Writes a text into a file that exists.</summary>
    /// <exception cref="NetlinkException">There is none (ENOENT), /proc is read-only (EROFS), no privilege (EACCES), or the kernel refused
    /// the value (EINVAL).</exception>
    public static void Write(string path, string text) => Write(Libc.AT_FDCWD, path, text);

    /// <summary>As <see cref="Write(string, string)"/>, of a path in an open folder.</summary>
    public static unsafe void Write(int folder, string path, string text)
    {
        int fd = Libc.openat(folder, path, Libc.O_WRONLY | Libc.O_CLOEXEC, 0);
        if (fd < 0)
            throw new NetlinkException(Errno.Last, "write", path);
        Span<byte> bytes = stackalloc byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        int length = Encoding.UTF8.GetBytes(text, bytes);
        nint written;
        fixed (byte* data = bytes)
            written = Libc.write(fd, data, length);
        Errno errno = Errno.Last;
        _ = Libc.close(fd);
        if (written != length)
            throw new NetlinkException(errno, "write", path);
    }
}
