using Warren.Model;
using Warren.Netlink.Namespaces;
using Warren.Netlink.Wire;
using Warren.Planning;

namespace Warren.Running;

/// <summary>What a process in a network namespace sees of the file system, as ip-netns(8) has it for <c>ip netns exec</c>.</summary>
internal static class NamespaceMounts
{
    private const string Sys = "/sys";
    private const string Cgroups = "/fs/cgroup";

    /// <summary>
    /// Gives the calling thread, which is in the namespace already, mounts of its own: a /sys that shows the namespace's
    /// interfaces, and the files of /etc/netns/NAME in /etc.
    /// </summary>
    /// <exception cref="ExecException">The kernel refused.</exception>
    public static void Enter(string name)
    {
        if (SystemCalls.unshare(SystemCalls.CLONE_NEWNS) != 0)
            throw ExecException.Refused(name, "make a mount namespace", Errno.Last);
        // a slave: what is mounted on the host later appears, what is mounted here stays here
        if (SystemCalls.mount("", "/", "none", SystemCalls.MS_SLAVE | SystemCalls.MS_REC, null) != 0)
            throw ExecException.Refused(name, "keep mounts from the host's", Errno.Last);
        ShowSys(name);
        BindFiles(name);
    }

    /// <summary>
    /// Takes the set-user-id bits and file capabilities of all programs out of force. A program without privilege gains nothing by
    /// them anyway, but the kernel refuses to start one whose file asks for a capability that is out of reach (EPERM): Debian's
    /// ping, which needs none here.
    /// </summary>
    public static unsafe void IgnoreFilePrivileges()
    {
        // struct mount_attr { u64 attr_set, attr_clr, propagation, userns_fd }. linux/mount.h
        const ulong NoSetUserId = 0x2;
        ulong* attributes = stackalloc ulong[] { NoSetUserId, 0, 0, 0 };
        // a kernel before 5.12 cannot do it for all mounts at once: there, such programs do not start
        _ = SystemCalls.mount_setattr("/", SystemCalls.AT_RECURSIVE, attributes);
    }

    // Built elsewhere and then moved to /sys, which is never empty, and stays the old one where the kernel allows no new one.
    private static void ShowSys(string name)
    {
        const string Stage = NetworkNamespace.Folder;
        if (!Directory.Exists(Sys) || !MountSys(name, Stage))
            return;
        if (
            IsForeignFileSystem(Sys + Cgroups)
            && SystemCalls.mount(Sys + Cgroups, Stage + Cgroups, "none", SystemCalls.MS_BIND | SystemCalls.MS_REC, null) != 0
        )
            throw ExecException.Refused(name, $"keep {Sys}{Cgroups}", Errno.Last);
        // refused where nothing is mounted, and where a user namespace may not uncover what is below: then cover it
        _ = SystemCalls.umount2(Sys, SystemCalls.MNT_DETACH);
        if (SystemCalls.mount(Stage, Sys, null, SystemCalls.MS_MOVE, null) != 0)
            throw ExecException.Refused(name, $"mount {Sys}", Errno.Last);
    }

    // A user namespace may mount sysfs only as writable as it sees it already, or not at all.
    private static bool MountSys(string name, string place)
    {
        if (SystemCalls.mount(name, place, "sysfs", 0, null) == 0)
            return true;
        if (Errno.Last == Errno.NotPermitted && SystemCalls.mount(name, place, "sysfs", SystemCalls.MS_RDONLY, null) == 0)
            return true;
        return Errno.Last == Errno.NotPermitted ? false : throw ExecException.Refused(name, "mount sysfs", Errno.Last);
    }

    private static unsafe bool IsForeignFileSystem(string path)
    {
        // struct statfs, 120 bytes: f_type first
        const long SysfsMagic = 0x62656572;
        byte* buffer = stackalloc byte[120];
        return SystemCalls.statfs(path, buffer) == 0 && *(long*)buffer != SysfsMagic;
    }

    private static void BindFiles(string name)
    {
        foreach (string source in FilesOf(name))
        {
            string target = "/etc/" + Path.GetFileName(source);
            if (Cover(source, target) || SystemCalls.mount(source, target, "none", SystemCalls.MS_BIND, null) == 0)
                continue;
            Errno errno = Errno.Last;
            // nothing there to cover, or nothing to cover it with: a link to a file that a reboot took away
            if (errno == Errno.NotFound && (!Path.Exists(target) || LeadsNowhere(source)))
                continue;
            throw ExecException.Refused(name, $"bind {Terminal.Safe(source)} to {Terminal.Safe(target)}", errno);
        }
    }

    // Where mount(2) would follow a symbolic link of /etc, this covers the link itself: systemd-resolved renames a new file over the one that
    // its link leads to, and with that file every mount on it would go. A link to the servers behind a stub is mounted as the link that it
    // is: it is followed anew whenever a program opens it, so programs that run see the servers of another uplink.
    private static bool Cover(string source, string target)
    {
        int flags = SystemCalls.OPEN_TREE_CLONE | SystemCalls.O_CLOEXEC;
        if (new FileInfo(source).LinkTarget is { } leads && Resolver.Upstreams.Contains(leads))
            flags |= SystemCalls.AT_SYMLINK_NOFOLLOW;
        int tree = SystemCalls.open_tree(source, flags);
        if (tree < 0)
            return false;
        bool covered = SystemCalls.move_mount(tree, target) == 0;
        _ = SystemCalls.close(tree);
        return covered;
    }

    private static bool LeadsNowhere(string link)
    {
        int tree = SystemCalls.open_tree(link, SystemCalls.O_CLOEXEC);
        if (tree >= 0)
            _ = SystemCalls.close(tree);
        return tree < 0;
    }

    private static string[] FilesOf(string name)
    {
        string folder = "/etc/netns/" + name;
        try
        {
            string[] files = Directory.GetFileSystemEntries(folder);
            Array.Sort(files, StringComparer.Ordinal);
            return files;
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ExecException(ExecException.Failed, $"{Terminal.Safe(name)}: {Terminal.Safe(e.Message)}");
        }
    }
}
