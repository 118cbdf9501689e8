using System.Text;
using Warren.Firewall.Neighbours;
using Warren.Model;
using Warren.Netlink.Wire;
using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Kernel;

/// <summary>The systemd units of projects as files: looks at them, writes and removes them.</summary>
internal static class BootFiles
{
    private const string Running = "/run/systemd/system";
    private const int MostBytes = 1 << 20;

    /// <summary>What there is of a project's unit.</summary>
    public static ObservedBoot Observe(string project)
    {
        bool runs = Directory.Exists(Running);
        return new ObservedBoot
        {
            Unit = Read(BootUnit.PathOf(project)),
            Link = TargetOf(BootUnit.LinkOf(project)),
            SystemdRuns = runs,
            HasSystemd = runs || Directory.Exists(BootUnit.Folder),
        };
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
            Libc.unlinkat(Libc.AT_FDCWD, DraftOf(project), 0);
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
                Write(write.Project, write.Text);
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

    private static string DraftOf(string project) => $"{BootUnit.Folder}/.{BootUnit.NameOf(project)}{HostLock.Draft}";

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

    private static unsafe void Write(string project, string text)
    {
        if (Libc.mkdir(BootUnit.Folder, 0b111_101_101) != 0 && Errno.Last != Errno.Exists)
            throw new NetlinkException(Errno.Last, "create", BootUnit.Folder);
        string draft = DraftOf(project);
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
        if (Libc.renameat(Libc.AT_FDCWD, draft, Libc.AT_FDCWD, BootUnit.PathOf(project)) != 0)
            throw new NetlinkException(Errno.Last, "write", BootUnit.PathOf(project));
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
