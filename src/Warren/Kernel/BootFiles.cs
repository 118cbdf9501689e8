using System.Text;
using Warren.Firewall.Neighbours;
using Warren.Model;
using Warren.Netlink.Wire;
using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Kernel;

/// <summary>The systemd units and sysctl drop-ins of projects as files: looks at them, writes and removes them.</summary>
internal static class BootFiles
{
    private const string Running = "/run/systemd/system";
    private const int MostBytes = 1 << 20;

    /// <summary>What there is of a project's unit.</summary>
    public static ObservedBoot Observe(string project)
    {
        bool runs = Directory.Exists(Running);
        string? dropIn = Read(DropIn.PathOf(project));
        return new ObservedBoot
        {
            Unit = Read(BootUnit.PathOf(project)),
            Link = TargetOf(BootUnit.LinkOf(project)),
            SystemdRuns = runs,
            HasSystemd = runs || Directory.Exists(BootUnit.Folder),
            DropIn = dropIn,
            Idle = dropIn is null ? [] : Idle(project),
        };
    }

    /// <summary>The links that drop-ins of Warren's name.</summary>
    public static List<PersistedUplink> Persisted()
    {
        var persisted = new List<PersistedUplink>();
        if (!Directory.Exists(DropIn.Folder))
            return persisted;
        foreach (string path in Directory.EnumerateFiles(DropIn.Folder, DropIn.Prefix + "*.conf"))
        {
            if (Read(path) is not { } text || DropIn.ProjectOf(path, text) is not { } project)
                continue;
            foreach (string link in DropIn.LinksOf(text))
            {
                if (HostLock.IsLinkName(link))
                    persisted.Add(new PersistedUplink(link, project, SmallFile.Read(Observer.ForwardingFile(link)) == "1"));
            }
        }
        // in an order of its own, so that the same host gives the same plan
        persisted.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name) is not 0 and var names ? names : string.CompareOrdinal(a.Project, b.Project));
        return persisted;
    }

    // While a namespace stands the last one switches them off.
    private static List<string> Idle(string project)
    {
        const string Links = "/proc/sys/net/ipv4/conf";
        var idle = new List<string>();
        if (SmallFile.Read("/proc/sys/net/ipv4/ip_forward") == "1" || Directory.EnumerateDirectories(Links, NamespaceName.LinkPrefix + "*").Any())
            return idle;
        List<PersistedUplink> all = Persisted();
        foreach (PersistedUplink each in all)
        {
            if (each.Project == project && each.Forwarding && !all.Exists(other => other.Name == each.Name && other.Project != project))
                idle.Add(each.Name);
        }
        return idle;
    }

    /// <summary>The projects that have a unit of Warren's, in the order of their names.</summary>
    /// <param name="file">Only those of this file.</param>
    public static IReadOnlyList<string> Projects(string? file = null)
    {
        if (!Directory.Exists(BootUnit.Folder))
            return [];
        var projects = new List<string>();
        foreach (string path in Directory.EnumerateFiles(BootUnit.Folder, BootUnit.Prefix + "*"))
        {
            if (Read(path) is not { } text || BootUnit.ProjectOf(Path.GetFileName(path), text) is not { } project)
                continue;
            if (file is null || BootUnit.IsFor(text, file))
                projects.Add(project);
        }
        projects.Sort(StringComparer.Ordinal);
        return projects;
    }

    /// <summary>Carries out a plan that is made under the lock, whole or not at all.</summary>
    /// <exception cref="ApplyException">A step failed; what was done was undone.</exception>
    public static Plan Change(string project, Func<ObservedBoot, Plan> make)
    {
        Plan? plan = null;
        Host.Carry(_ =>
        {
            // of one that was killed while it wrote: under the lock nobody writes
            Libc.unlinkat(Libc.AT_FDCWD, DraftOf(BootUnit.PathOf(project)), 0);
            Libc.unlinkat(Libc.AT_FDCWD, DraftOf(DropIn.PathOf(project)), 0);
            return plan = make(Observe(project));
        });
        return plan!;
    }

    /// <summary>Carries out a step; false if it is none about units.</summary>
    public static bool Apply(Step step)
    {
        switch (step)
        {
            case WriteUnit write:
                Write(BootUnit.Folder, BootUnit.PathOf(write.Project), write.Text);
                return true;
            case WriteDropIn write:
                Write(DropIn.Folder, DropIn.PathOf(write.Project), write.Text);
                return true;
            case RemoveDropIn remove:
                Remove(DropIn.PathOf(remove.Project));
                return true;
            case RemoveUnit remove:
                Remove(BootUnit.PathOf(remove.Project));
                return true;
            case LinkUnit link:
                if (Libc.mkdir(BootUnit.Wants, 0b111_101_101) != 0 && Errno.Last != Errno.Exists)
                    throw new NetlinkException(Errno.Last, "create", BootUnit.Wants);
                string path = BootUnit.LinkOf(link.Project);
                if (Libc.symlinkat(BootUnit.PathOf(link.Project), Libc.AT_FDCWD, path) != 0)
                    throw new NetlinkException(Errno.Last, "create", path);
                return true;
            case UnlinkUnit unlink:
                Remove(BootUnit.LinkOf(unlink.Project));
                _ = Libc.rmdir(BootUnit.Wants);
                return true;
            case ReloadUnits:
                Reload();
                return true;
            default:
                return false;
        }
    }

    // hidden, and without an ending that systemd reads
    private static string DraftOf(string path) => $"{Path.GetDirectoryName(path)}/.{Path.GetFileName(path)}{HostLock.Draft}";

    // Null if nothing is there; what is no plain file has an empty text, which is nobody's.
    private static string? Read(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (TargetOf(path) is null)
                return null;
            return file is { Exists: true, LinkTarget: null, Length: <= MostBytes } ? File.ReadAllText(path).TrimEnd('\n') : "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string? TargetOf(string path)
    {
        var file = new FileInfo(path);
        if (file.LinkTarget is { } target)
            return target;
        return file.Exists || Directory.Exists(path) ? "" : null;
    }

    private static unsafe void Write(string folder, string path, string text)
    {
        if (Libc.mkdir(folder, 0b111_101_101) != 0 && Errno.Last != Errno.Exists)
            throw new NetlinkException(Errno.Last, "create", folder);
        string draft = DraftOf(path);
        int fd = Libc.open(draft, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_TRUNC | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0b110_100_100);
        if (fd < 0)
            throw new NetlinkException(Errno.Last, "write", draft);
        _ = Libc.fchmod(fd, 0b110_100_100);
        ReadOnlySpan<byte> bytes = Encoding.UTF8.GetBytes(text + "\n");
        Errno errno = default;
        while (bytes.Length > 0)
        {
            nint written;
            fixed (byte* data = bytes)
                written = Libc.write(fd, data, bytes.Length);
            errno = Errno.Last;
            if (written <= 0)
                break;
            bytes = bytes[(int)written..];
        }
        // a unit that is there after a power cut is there with its text
        bool kept = bytes.Length == 0 && Libc.fsync(fd) == 0;
        if (bytes.Length == 0 && !kept)
            errno = Errno.Last;
        _ = Libc.close(fd);
        if (!kept)
        {
            _ = Libc.unlinkat(Libc.AT_FDCWD, draft, 0);
            throw new NetlinkException(errno, "write", draft);
        }
        if (Libc.renameat(Libc.AT_FDCWD, draft, Libc.AT_FDCWD, path) != 0)
            throw new NetlinkException(Errno.Last, "write", path);
    }

    private static void Remove(string path)
    {
        if (Libc.unlinkat(Libc.AT_FDCWD, path, 0) != 0 && Errno.Last != Errno.NotFound)
            throw new NetlinkException(Errno.Last, "remove", path);
    }

    // No request over netlink configures systemd; this is no change of the kernel's.
    private static void Reload()
    {
        const string Tool = "systemctl";
        NeighbourTools tools = NeighbourTools.OfHost;
        if (tools.Find(Tool) is not { } path)
            throw new NeighbourException($"systemd runs, and {Tool} is in none of {string.Join(", ", tools.Folders)}");
        if (tools.Run(path, ["daemon-reload"]) is { } words)
            throw new NeighbourException($"{Tool} daemon-reload: {Terminal.Safe(words)}");
    }
}
