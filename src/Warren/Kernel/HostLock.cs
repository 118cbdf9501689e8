using System.Globalization;
using System.Text;
using Warren.Netlink.Namespaces;
using Warren.Netlink.Wire;
using Warren.Planning;

namespace Warren.Kernel;

/// <summary>
/// One change at a time on a host: a lock on /run/warren/lock, from observing to the last step. The folder holds beside it only
/// what the kernel cannot: on which uplinks Warren switched forwarding on. With the last namespace it goes, lock and all.
/// </summary>
internal sealed class HostLock : IDisposable
{
    public const string Folder = "/run/warren";

    private const string LockFile = "lock";
    private const string ResolverFolderRecord = "etc-netns";
    /// <summary>What the name of a file ends with that is being written.</summary>
    internal const string Draft = ".new";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly (string Name, FolderMade Made)[] s_folderRecords =
    [
        ("netns-mount", FolderMade.Mount),
        ("netns-folder-and-mount", FolderMade.FolderAndMount),
    ];

    private readonly int _folder;
    private readonly int _lock;

    private HostLock(int folder, int @lock)
    {
        _folder = folder;
        _lock = @lock;
    }

    /// <summary>Takes the lock; waits for another warren, 60 seconds at most.</summary>
    /// <exception cref="RefusedException">Another warren held it all the time.</exception>
    /// <exception cref="NetlinkException">The folder cannot be made or is not ours.</exception>
    public static HostLock Take() => Take(make: true)!;

    /// <summary>Takes the lock if anything of Warren's is there; null if not, or not any more when the lock is free. Nothing is made.</summary>
    /// <inheritdoc cref="Take()"/>
    public static HostLock? TakeIfThere() => Take(make: false);

    private static HostLock? Take(bool make)
    {
        // the last namespace's end removes the folder: whoever waited for it meanwhile starts again
        const int Attempts = 1000;
        for (int i = 0; i < Attempts; i++)
        {
            if (make && Libc.mkdir(Folder, 0b111_000_000) != 0 && Errno.Last != Errno.Exists)
                throw new NetlinkException(Errno.Last, "create", Folder);
            int folder = Libc.open(Folder, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0);
            if (folder < 0)
            {
                if (Errno.Last == Errno.NotFound && make)
                    continue;
                if (Errno.Last == Errno.NotFound)
                    return null;
                throw new NetlinkException(Errno.Last, "open", Folder);
            }
            int flags = Libc.O_RDWR | Libc.O_NOFOLLOW | Libc.O_CLOEXEC | (make ? Libc.O_CREAT : 0);
            int file = Libc.openat(folder, LockFile, flags, 0b110_000_000);
            if (file >= 0)
            {
                Lock(file);
                if (IsLinked(file))
                    return new HostLock(folder, file);
                _ = Libc.close(file);
            }
            Errno errno = Errno.Last;
            _ = Libc.close(folder);
            if (file < 0 && errno == Errno.NotFound && !make)
                return null;
            if (file < 0 && errno != Errno.NotFound)
                throw new NetlinkException(errno, "open", $"{Folder}/{LockFile}");
        }
        throw new NetlinkException(Errno.Again, "lock", Folder);
    }

    /// <summary>The uplinks on which forwarding was switched on in this network namespace.</summary>
    /// <param name="cookie">The network namespace's number.</param>
    public static IReadOnlyList<SwitchedUplink> ReadSwitchedOn(ulong cookie)
    {
        if (SmallFile.Read($"{Folder}/{RecordName(cookie)}") is not { } text)
            return [];
        var noted = new List<SwitchedUplink>();
        foreach (string line in text.Split('\n'))
        {
            // anything else in the file is not from here: a link's name is what dev_valid_name() of the kernel takes
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            string name = space < 0 ? line : line[..space];
            int index = 0;
            if (IsLinkName(name) && (space < 0 || int.TryParse(line.AsSpan(space + 1), NumberStyles.None, CultureInfo.InvariantCulture, out index)))
                noted.Add(new SwitchedUplink(name, index));
        }
        return noted;
    }

    /// <summary>Whether a text can be the name of a link, and so a part of a path under /proc/sys.</summary>
    public static bool IsLinkName(string text) =>
        text.Length is > 0 and <= 15 && text is not ("." or "..") && !text.Any(c => c is '/' or ':' || char.IsWhiteSpace(c) || c < ' ');

    /// <summary>Notes the uplinks on which forwarding is switched on; the note stands, whole, before anything is switched.</summary>
    public unsafe void WriteSwitchedOn(ulong cookie, IReadOnlyCollection<SwitchedUplink> uplinks)
    {
        string name = RecordName(cookie);
        if (uplinks.Count == 0)
        {
            if (Libc.unlinkat(_folder, name, 0) != 0 && Errno.Last != Errno.NotFound)
                throw new NetlinkException(Errno.Last, "remove", $"{Folder}/{name}");
            return;
        }
        string draft = name + Draft;
        int fd = Libc.openat(
            _folder,
            draft,
            Libc.O_WRONLY | Libc.O_CREAT | Libc.O_TRUNC | Libc.O_NOFOLLOW | Libc.O_CLOEXEC,
            0b110_000_000
        );
        if (fd < 0)
            throw new NetlinkException(Errno.Last, "write", $"{Folder}/{draft}");
        byte[] bytes = Encoding.UTF8.GetBytes(string.Join('\n', uplinks.Select(uplink => uplink.Index == 0 ? uplink.Name : uplink.Name + " " + uplink.Index.ToString(CultureInfo.InvariantCulture))) + "\n");
        nint written;
        fixed (byte* data = bytes)
            written = Libc.write(fd, data, bytes.Length);
        Errno errno = Errno.Last;
        _ = Libc.close(fd);
        if (written != bytes.Length)
            throw new NetlinkException(errno, "write", $"{Folder}/{draft}");
        if (Libc.renameat(_folder, draft, _folder, name) != 0)
            throw new NetlinkException(Errno.Last, "write", $"{Folder}/{name}");
    }

    /// <summary>What of /run/netns Warren made: an empty file named so. Setting it writes or removes the file.</summary>
    public FolderMade NamespaceFolder
    {
        get
        {
            foreach ((string name, FolderMade made) in s_folderRecords)
            {
                if (IsNoted(name))
                    return made;
            }
            return FolderMade.Nothing;
        }
        set
        {
            foreach ((string name, FolderMade made) in s_folderRecords)
                Note(name, made == value);
        }
    }

    /// <summary>Whether Warren made /etc/netns: an empty file says so.</summary>
    public bool MadeResolverFolder
    {
        get => IsNoted(ResolverFolderRecord);
        set => Note(ResolverFolderRecord, value);
    }

    private bool IsNoted(string name)
    {
        int fd = Libc.openat(_folder, name, Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0);
        if (fd >= 0)
            _ = Libc.close(fd);
        return fd >= 0;
    }

    private void Note(string name, bool stands)
    {
        if (!stands)
        {
            _ = Libc.unlinkat(_folder, name, 0);
            return;
        }
        int fd = Libc.openat(_folder, name, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0b110_000_000);
        // what cannot be noted is not made: nobody would know to take it away again
        if (fd < 0)
            throw new NetlinkException(Errno.Last, "write", $"{Folder}/{name}");
        _ = Libc.close(fd);
    }

    /// <summary>Removes the folder, if nothing but the lock is in it.</summary>
    public void RemoveFolder()
    {
        bool others = false;
        foreach (string path in Directory.EnumerateFileSystemEntries(Folder))
        {
            string name = Path.GetFileName(path);
            // a note that was being written when its warren was killed: while the lock is held, nobody is writing
            if (name.EndsWith(Draft, StringComparison.Ordinal))
                _ = Libc.unlinkat(_folder, name, 0);
            else
                others |= name != LockFile;
        }
        // notes of other network namespaces on this machine stay, and the lock with them
        if (others)
            return;
        _ = Libc.unlinkat(_folder, LockFile, 0);
        _ = Libc.rmdir(Folder);
    }

    /// <summary>Gives the lock back.</summary>
    public void Dispose()
    {
        _ = Libc.close(_lock);
        _ = Libc.close(_folder);
    }

    private static string RecordName(ulong cookie) => "forwarding-" + cookie.ToString(CultureInfo.InvariantCulture);

    private static void Lock(int file)
    {
        if (Libc.flock(file, Libc.LOCK_EX | Libc.LOCK_NB) == 0)
            return;
        // flock(2) knows no time limit; a thread of its own waits for it, and the process does not wait for the thread
        int result = -1;
        Errno errno = default;
        var waiter = new Thread(() =>
        {
            do
            {
                result = Libc.flock(file, Libc.LOCK_EX);
                errno = Errno.Last;
            } while (result != 0 && errno == Errno.Interrupted);
        })
        {
            IsBackground = true,
        };
        waiter.Start();
        if (!waiter.Join(Patience))
        {
            throw new RefusedException(
                RefusalKind.Conflict,
                new Refusal(
                    $"another warren has been changing this host for {Patience.TotalSeconds:0} seconds",
                    "try again; fuser -v /run/warren/lock names the process"
                )
            );
        }
        if (result != 0)
            throw new NetlinkException(errno, "lock", $"{Folder}/{LockFile}");
    }

    /// <summary>Whether an open file still has a name.</summary>
    internal static unsafe bool IsLinked(int file)
    {
        // struct statx: stx_nlink at 16
        byte* buffer = stackalloc byte[256];
        byte empty = 0;
        const int EmptyPath = 0x1000;
        const uint LinkCountMask = 0x4;
        return Libc.statx(file, &empty, EmptyPath, LinkCountMask, buffer) == 0 && *(uint*)(buffer + 16) > 0;
    }
}
