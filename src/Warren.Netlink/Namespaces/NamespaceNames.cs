using Warren.Netlink.Wire;

namespace Warren.Netlink.Namespaces;

/// <summary>What stands under a name in /run/netns.</summary>
public enum NameState
{
    /// <summary>Nothing, or a symbolic link that leads to no namespace.</summary>
    Absent,

    /// <summary>A namespace, or a symbolic link to one: <c>ln -s /proc/PID/ns/net /run/netns/NAME</c>.</summary>
    Namespace,

    /// <summary>A file without a namespace: what is left when <c>ip netns add</c> or a deletion is cut off in the middle.</summary>
    HalfMade,
}

/// <summary>What had to be made so that names can be given.</summary>
public enum FolderMade
{
    /// <summary>Nothing: /run/netns was a shared mount already.</summary>
    Nothing,

    /// <summary>The mount on a folder that was there.</summary>
    Mount,

    /// <summary>The folder, and the mount on it.</summary>
    FolderAndMount,
}

/// <summary>The names of namespaces: files in /run/netns with a namespace mounted on each, as ip-netns(8) describes.</summary>
public static class NamespaceNames
{
    // The file system of all namespaces, by which a name's file is known without opening it; null without /proc.
    private static readonly ulong? s_fileSystem = FileStatus.At(NetworkNamespace.OfThisThread)?.Device;

    /// <summary>All names, half-made ones included, in no order.</summary>
    public static IEnumerable<string> List()
    {
        if (!Directory.Exists(NetworkNamespace.Folder))
            return [];
        return Directory.EnumerateFiles(NetworkNamespace.Folder).Select(path => Path.GetFileName(path));
    }

    /// <summary>What stands under a name.</summary>
    /// <exception cref="NetlinkException">The file cannot be opened (EACCES).</exception>
    public static NameState StateOf(string name)
    {
        string path = PathOf(name);
        if (s_fileSystem is { } device)
        {
            if (FileStatus.Of(path) is not { } status)
            {
                Errno missing = Errno.Last;
                return missing == Errno.NotFound ? NameState.Absent : throw new NetlinkException(missing, "open network namespace", name);
            }
            if (status.Device == device)
                return NameState.Namespace;
            if (!status.IsLink)
                return NameState.HalfMade;
        }
        int fd = Libc.open(path, Libc.O_PATH | Libc.O_CLOEXEC, 0);
        if (fd < 0)
        {
            Errno errno = Errno.Last;
            return errno == Errno.NotFound || IsLink(path) ? NameState.Absent : throw new NetlinkException(errno, "open network namespace", name);
        }
        bool mounted = NetworkNamespace.IsNamespace(fd);
        _ = Libc.close(fd);
        if (mounted)
            return NameState.Namespace;
        // where it leads to is nobody's name, and nothing to mount on
        return IsLink(path) ? NameState.Absent : NameState.HalfMade;
    }

    /// <summary>The inode number in nsfs of the namespace under a name, as <c>stat -L</c> shows it; null if none is there.</summary>
    /// <remarks>The kernel gives the number of a namespace that is gone to the next.</remarks>
    public static ulong? InodeOf(string name)
    {
        if (s_fileSystem is { } device)
            return FileStatus.At(PathOf(name)) is { } status && status.Device == device ? status.Inode : null;
        if (StateOf(name) != NameState.Namespace)
            return null;
        using NetworkNamespace space = NetworkNamespace.Open(name);
        return space.Inode;
    }

    /// <summary>Takes a name away, from every namespace that is mounted over another under it. The namespace itself lives on while
    /// a process, a socket or another name holds it.</summary>
    /// <exception cref="NetlinkException">No privilege (EPERM), or the name could not be removed (EBUSY).</exception>
    public static void Remove(string name)
    {
        string path = PathOf(name);
        // stacked mounts come off one by one; EINVAL says that no mount is left
        const int MostStacked = 1000;
        for (int i = 0; i < MostStacked; i++)
        {
            if (Libc.umount2(path, Libc.MNT_DETACH | Libc.UMOUNT_NOFOLLOW) == 0)
                continue;
            Errno errno = Errno.Last;
            if (errno == Errno.Invalid || errno == Errno.NotFound)
                break;
            throw new NetlinkException(errno, "unmount network namespace", name);
        }
        if (Libc.unlink(path) != 0 && Errno.Last != Errno.NotFound)
            throw new NetlinkException(Errno.Last, "remove network namespace", name);
    }

    /// <summary>What <see cref="PrepareFolder"/> would have to make. Whoever wants to undo it notes this before.</summary>
    /// <exception cref="NetlinkException">No privilege (EPERM).</exception>
    public static FolderMade FolderNeeds()
    {
        if (Libc.mount(null, NetworkNamespace.Folder, null, Libc.MS_SHARED | Libc.MS_REC, null) == 0)
            return FolderMade.Nothing;
        Errno errno = Errno.Last;
        if (errno == Errno.NotFound)
            return FolderMade.FolderAndMount;
        return errno == Errno.Invalid ? FolderMade.Mount : throw new NetlinkException(errno, "share mount", NetworkNamespace.Folder);
    }

    /// <summary>
    /// Makes /run/netns what ip-netns(8) makes it: a shared mount, so that a name that is taken away disappears from the mount
    /// namespaces of all processes.
    /// </summary>
    /// <exception cref="NetlinkException">No privilege (EPERM); what was made of it is undone.</exception>
    public static void PrepareFolder()
    {
        const string Folder = NetworkNamespace.Folder;
        FolderMade needed = FolderNeeds();
        if (needed == FolderMade.Nothing)
            return;
        if (needed == FolderMade.FolderAndMount && Libc.mkdir(Folder, 0x1ed) != 0 && Errno.Last != Errno.Exists)
            throw new NetlinkException(Errno.Last, "create", Folder);
        if (
            Libc.mount(Folder, Folder, null, Libc.MS_BIND | Libc.MS_REC, null) == 0
            && Libc.mount(null, Folder, null, Libc.MS_SHARED | Libc.MS_REC, null) == 0
        )
            return;
        Errno errno = Errno.Last;
        RemoveFolder(needed);
        throw new NetlinkException(errno, "mount", Folder);
    }

    /// <summary>Undoes <see cref="PrepareFolder"/> if no name is left, also what it made only in part.</summary>
    /// <param name="made">What it had to make.</param>
    /// <returns>False if names are left, or the mount is in use.</returns>
    public static bool RemoveFolder(FolderMade made)
    {
        if (List().Any())
            return false;
        if (
            made != FolderMade.Nothing
            && Libc.umount2(NetworkNamespace.Folder, Libc.UMOUNT_NOFOLLOW) != 0
            && Errno.Last != Errno.Invalid
            && Errno.Last != Errno.NotFound
        )
            return false;
        if (made == FolderMade.FolderAndMount)
            _ = Libc.rmdir(NetworkNamespace.Folder);
        return true;
    }

    private static bool IsLink(string path) => new FileInfo(path).LinkTarget is not null;

    internal static void Bind(string name, string source)
    {
        string path = PathOf(name);
        int fd = Libc.open(path, Libc.O_RDONLY | Libc.O_CREAT | Libc.O_EXCL | Libc.O_CLOEXEC | Libc.O_NOFOLLOW, 0);
        Errno errno = Errno.Last;
        if (fd >= 0)
            _ = Libc.close(fd);
        else if (errno != Errno.Exists || StateOf(name) != NameState.HalfMade)
            throw new NetlinkException(errno, "create network namespace", name);
        if (Libc.mount(source, path, "none", Libc.MS_BIND, null) == 0)
            return;
        errno = Errno.Last;
        _ = Libc.unlink(path);
        throw new NetlinkException(errno, "mount network namespace", name);
    }

    internal static string PathOf(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name is "." or ".." || name.AsSpan().ContainsAny('/', '\0'))
            throw new ArgumentException($"'{name}' cannot be a file's name.", nameof(name));
        return $"{NetworkNamespace.Folder}/{name}";
    }
}
