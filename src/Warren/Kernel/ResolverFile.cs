using System.Text;
using Warren.Netlink.Wire;
using Warren.Planning;

namespace Warren.Kernel;

/// <summary>A namespace's own resolv.conf under /etc/netns: written beside and renamed, so that it is whole whenever somebody reads it.</summary>
internal static class ResolverFile
{
    /// <summary>What <see cref="HostsFile"/> writes beside.</summary>
    internal const string HostsDraft = ".hosts.warren";

    private const string Draft = ".resolv.conf.warren";

    /// <summary>Writes it, and makes the folders that it needs.</summary>
    public static unsafe void Write(HostLock host, string name, string text)
    {
        string folder = MakeFolder(host, name);
        int directory = Libc.open(folder, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0);
        if (directory < 0)
            throw new NetlinkException(Errno.Last, "open", folder);
        try
        {
            if (Resolver.TargetOf(text) is { } target)
            {
                _ = Libc.unlinkat(directory, Draft, 0);
                if (Libc.symlinkat(target, directory, Draft) != 0 || Libc.renameat(directory, Draft, directory, "resolv.conf") != 0)
                    throw new NetlinkException(Errno.Last, "write", Resolver.PathOf(name));
                return;
            }
            const int Flags = Libc.O_WRONLY | Libc.O_CREAT | Libc.O_TRUNC | Libc.O_NOFOLLOW | Libc.O_CLOEXEC;
            int fd = Libc.openat(directory, Draft, Flags, 0b110_100_100);
            if (fd < 0)
                throw new NetlinkException(Errno.Last, "write", $"{folder}/{Draft}");
            // as resolv.conf must be for all to read, whatever the caller's umask says
            _ = Libc.fchmod(fd, 0b110_100_100);
            byte[] bytes = Encoding.UTF8.GetBytes(text + "\n");
            nint written;
            fixed (byte* data = bytes)
                written = Libc.write(fd, data, bytes.Length);
            Errno errno = Errno.Last;
            _ = Libc.close(fd);
            if (written != bytes.Length)
                throw new NetlinkException(errno, "write", $"{folder}/{Draft}");
            if (Libc.renameat(directory, Draft, directory, "resolv.conf") != 0)
                throw new NetlinkException(Errno.Last, "write", Resolver.PathOf(name));
        }
        finally
        {
            _ = Libc.close(directory);
        }
    }

    /// <summary>Makes the folder of a namespace's own files.</summary>
    public static string MakeFolder(HostLock host, string name)
    {
        string folder = $"{Resolver.Folder}/{name}";
        if (!Directory.Exists(Resolver.Folder))
        {
            // noted before it is made: whoever removes the last namespace removes it, if it is empty
            host.MadeResolverFolder = true;
            Make(Resolver.Folder);
        }
        Make(folder);
        return folder;
    }

    /// <summary>What stands there; see <see cref="ObservedNamespace.Resolver"/>.</summary>
    public static string? Read(string name)
    {
        string path = Resolver.PathOf(name);
        string? text = SmallFile.ReadAny(path);
        return text is { Length: 0 } && new FileInfo(path).LinkTarget is { } target ? Resolver.LinkTo(target) : text;
    }

    /// <summary>The file with the servers behind the host's stub resolver; null if the host has no such stub, or nobody knows them.</summary>
    public static string? FindUpstream()
    {
        if (SmallFile.ReadThroughLinks("/etc/resolv.conf") is not { } text || !Resolver.Servers(text).Stub)
            return null;
        foreach (string path in Resolver.Upstreams)
        {
            if (SmallFile.ReadThroughLinks(path) is { } upstream && Resolver.Servers(upstream) is { Any: true, Stub: false })
                return path;
        }
        return null;
    }

    /// <summary>Removes it, and the folders that are empty then.</summary>
    public static void Remove(HostLock host, string name)
    {
        string path = Resolver.PathOf(name);
        if (Libc.unlinkat(Libc.AT_FDCWD, path, 0) != 0 && Errno.Last != Errno.NotFound)
            throw new NetlinkException(Errno.Last, "remove", path);
        Tidy(name);
        Leave(host);
    }

    /// <summary>Removes what a write that was cut off may have left of a namespace's: a draft, an empty folder.</summary>
    public static void Tidy(string name)
    {
        string folder = $"{Resolver.Folder}/{name}";
        if (!Directory.Exists(folder))
            return;
        _ = Libc.unlinkat(Libc.AT_FDCWD, $"{folder}/{Draft}", 0);
        _ = Libc.unlinkat(Libc.AT_FDCWD, $"{folder}/{HostsDraft}", 0);
        _ = Libc.rmdir(folder);
    }

    /// <summary>Removes /etc/netns if Warren made it and it is empty.</summary>
    public static void Leave(HostLock host)
    {
        if (host.MadeResolverFolder && (Libc.rmdir(Resolver.Folder) == 0 || Errno.Last == Errno.NotFound))
            host.MadeResolverFolder = false;
    }

    private static void Make(string folder)
    {
        if (Libc.mkdir(folder, 0b111_101_101) != 0 && Errno.Last != Errno.Exists)
            throw new NetlinkException(Errno.Last, "create", folder);
    }
}
