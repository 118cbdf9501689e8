using System.Text;
using Warren.Netlink.Wire;
using Warren.Planning;

namespace Warren.Kernel;

/// <summary>The hosts file of a project, and the links to it under /etc/netns.</summary>
internal static class HostsFile
{
    private const long Longest = 64 << 20;

    /// <summary>
    /// Writes it, in place: programs that run have the file mounted, and would not see one that is renamed over it. The new text is there
    /// whole before what is left of a longer one is cut off: no name that stays is missing in between.
    /// </summary>
    public static unsafe void Write(string project, IReadOnlyList<NamedAddress> names)
    {
        ProjectRecord.Make(project);
        string path = HostNames.PathOf(project);
        int fd = Libc.open(path, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0b110_100_100);
        if (fd < 0)
            throw new NetlinkException(Errno.Last, "write", path);
        try
        {
            // for all to read, whatever the caller's umask says: it is mounted where programs without privilege run
            _ = Libc.fchmod(fd, 0b110_100_100);
            byte[] bytes = Encoding.UTF8.GetBytes(HostNames.Text(project, names, HostLines()));
            nint written;
            fixed (byte* data = bytes)
                written = Libc.write(fd, data, bytes.Length);
            if (written != bytes.Length || Libc.ftruncate(fd, bytes.Length) != 0)
                throw new NetlinkException(Errno.Last, "write", path);
        }
        finally
        {
            _ = Libc.close(fd);
        }
    }

    /// <summary>The names in it, and whether the lines after them are the host's own; null if there is no file.</summary>
    public static (IReadOnlyList<NamedAddress> Names, bool IsCurrent)? Read(string project)
    {
        if (Text(HostNames.PathOf(project)) is not { } text)
            return null;
        (List<NamedAddress> names, string own) = HostNames.Read(project, text);
        return (names, own == HostLines());
    }

    /// <summary>Removes it.</summary>
    public static void Remove(string project)
    {
        string path = HostNames.PathOf(project);
        if (Libc.unlinkat(Libc.AT_FDCWD, path, 0) != 0 && Errno.Last != Errno.NotFound)
            throw new NetlinkException(Errno.Last, "remove", path);
    }

    /// <summary>What stands at a namespace's place: see <see cref="ObservedNamespace.Hosts"/>.</summary>
    public static string? ReadLink(string name)
    {
        string path = HostNames.LinkOf(name);
        if (SmallFile.ReadLink(path) is { } target)
            return Resolver.LinkTo(target);
        return Errno.Last != Errno.NotFound && Path.Exists(path) ? "" : null;
    }

    /// <summary>Makes a namespace's link, or lets it lead elsewhere; and makes the folders that it needs.</summary>
    public static void Link(HostLock host, string name, string target)
    {
        ResolverFile.MakeFolder(host, name);
        string path = HostNames.LinkOf(name);
        if (Libc.symlinkat(target, Libc.AT_FDCWD, path) == 0)
            return;
        if (Errno.Last != Errno.Exists)
            throw new NetlinkException(Errno.Last, "write", path);
        string draft = $"{Resolver.Folder}/{name}/{ResolverFile.HostsDraft}";
        _ = Libc.unlinkat(Libc.AT_FDCWD, draft, 0);
        if (Libc.symlinkat(target, Libc.AT_FDCWD, draft) != 0 || Libc.renameat(Libc.AT_FDCWD, draft, Libc.AT_FDCWD, path) != 0)
            throw new NetlinkException(Errno.Last, "write", path);
    }

    /// <summary>Removes a namespace's link, and the folders that are empty then.</summary>
    public static void Unlink(HostLock host, string name)
    {
        string path = HostNames.LinkOf(name);
        if (Libc.unlinkat(Libc.AT_FDCWD, path, 0) != 0 && Errno.Last != Errno.NotFound)
            throw new NetlinkException(Errno.Last, "remove", path);
        ResolverFile.Tidy(name);
        ResolverFile.Leave(host);
    }

    // of a host without any, what everybody expects of one
    private static string HostLines() => Text(HostNames.HostFile) ?? "127.0.0.1 localhost\n::1 localhost\n";

    private static string? Text(string path)
    {
        try
        {
            return new FileInfo(path) is { Exists: true, Length: <= Longest } ? File.ReadAllText(path) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
