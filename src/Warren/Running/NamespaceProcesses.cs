using System.Diagnostics;
using System.Globalization;
using Warren.Model;
using Warren.Netlink.Wire;

namespace Warren.Running;

/// <summary>The processes in a network namespace, as <c>ip netns pids</c> shows them.</summary>
internal static class NamespaceProcesses
{
    private static readonly TimeSpan KillBound = TimeSpan.FromSeconds(5);

    /// <summary>The ids of the processes whose main thread is in the namespace; without this process, without those that may not be
    /// looked at, and without visitors: programs with another thread where this one is, as of a Warren that looks inside.</summary>
    /// <param name="namespaceInode">See <see cref="Netlink.Namespaces.NetworkNamespace.Inode"/>.</param>
    public static List<int> In(ulong namespaceInode)
    {
        return In([namespaceInode]).ConvertAll(process => process.Id);
    }

    /// <summary>The processes whose main thread is in one of several namespaces, in one walk over /proc.</summary>
    /// <param name="namespaceInodes">See <see cref="Netlink.Namespaces.NetworkNamespace.Inode"/>.</param>
    public static List<(int Id, ulong Inode)> In(IReadOnlyCollection<ulong> namespaceInodes)
    {
        var targets = new Dictionary<string, ulong>();
        foreach (ulong inode in namespaceInodes)
            targets[Target(inode)] = inode;
        List<(int Id, ulong Inode)> processes = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            bool isProcess = int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, null, out int id);
            if (isProcess && id != Environment.ProcessId && NamespaceOf(id) is { } target && targets.TryGetValue(target, out ulong found) && !Visits(id, target))
                processes.Add((id, found));
        }
        return processes;
    }

    /// <summary>A process's short name, safe to print; empty if it is gone.</summary>
    public static string Name(int processId)
    {
        try
        {
            return Terminal.Safe(File.ReadAllText($"/proc/{processId}/comm").TrimEnd('\n'));
        }
        catch (IOException)
        {
            return "";
        }
        catch (UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>
    /// Ends all processes in a namespace: asks with SIGTERM, and kills what is there after the grace. Those that appear
    /// meanwhile are ended too. Never touches process 1, this process, or one that is not in the namespace.
    /// </summary>
    /// <param name="namespaceInode">Which namespace. Not that of this process or of process 1.</param>
    /// <param name="grace">How long they have.</param>
    /// <returns>The ids of those that could not be ended: no right to, or stuck in the kernel.</returns>
    /// <exception cref="InvalidOperationException">The namespace is the host's, or the one that this process is in.</exception>
    public static List<int> End(ulong namespaceInode, TimeSpan grace) => End([namespaceInode], grace);

    /// <summary>Ends all processes in several namespaces, as <see cref="End(ulong, TimeSpan)"/> does in one.</summary>
    public static List<int> End(IReadOnlyCollection<ulong> namespaceInodes, TimeSpan grace)
    {
        foreach (ulong inode in namespaceInodes)
        {
            if (IsIn(Environment.ProcessId, inode) || IsIn(1, inode))
                throw new InvalidOperationException($"Namespace {inode} is not one whose processes may be ended.");
        }
        Round(namespaceInodes, SystemCalls.SIGTERM, grace);
        Round(namespaceInodes, SystemCalls.SIGKILL, KillBound);
        return In(namespaceInodes).FindAll(process => process.Id != 1).ConvertAll(process => process.Id);
    }

    // Until none is left, since processes fork; each is signalled once.
    private static void Round(IReadOnlyCollection<ulong> inodes, int signal, TimeSpan bound)
    {
        long start = Stopwatch.GetTimestamp();
        Dictionary<int, int> descriptors = [];
        try
        {
            TimeSpan left = bound;
            while (Signal(inodes, signal, descriptors) && left > TimeSpan.Zero)
            {
                WaitForOne(descriptors, left);
                left = bound - Stopwatch.GetElapsedTime(start);
            }
        }
        finally
        {
            foreach (int descriptor in descriptors.Values)
                _ = SystemCalls.close(descriptor);
        }
    }

    // True while there are processes that were signalled and live.
    private static bool Signal(IReadOnlyCollection<ulong> inodes, int signal, Dictionary<int, int> descriptors)
    {
        foreach ((int id, ulong inode) in In(inodes))
        {
            if (id == 1 || descriptors.ContainsKey(id))
                continue;
            int descriptor = (int)SystemCalls.syscall(SystemCalls.SYS_pidfd_open, id, 0, 0, 0);
            if (descriptor < 0)
                continue;
            // the id could have passed to another process before the descriptor fixed it
            bool sent = IsIn(id, inode) && !Visits(id, Target(inode)) && Send(descriptor, signal);
            // a stopped process only reads its mail when it goes on
            if (sent && signal == SystemCalls.SIGTERM)
                _ = Send(descriptor, SystemCalls.SIGCONT);
            if (sent)
                descriptors.Add(id, descriptor);
            else
                _ = SystemCalls.close(descriptor);
        }
        return descriptors.Count > 0;
    }

    private static bool Send(int descriptor, int signal) =>
        SystemCalls.syscall(SystemCalls.SYS_pidfd_send_signal, descriptor, signal, 0, 0) == 0;

    // Forgets those that ended; returns after the first, for new ones to be looked for.
    private static unsafe void WaitForOne(Dictionary<int, int> descriptors, TimeSpan bound)
    {
        int[] ids = [.. descriptors.Keys];
        var asked = new SystemCalls.PollDescriptor[ids.Length];
        for (int i = 0; i < ids.Length; i++)
            asked[i] = new() { Descriptor = descriptors[ids[i]], Asked = SystemCalls.POLLIN };
        fixed (SystemCalls.PollDescriptor* first = asked)
        {
            int milliseconds = (int)Math.Min(Math.Ceiling(bound.TotalMilliseconds), int.MaxValue);
            if (SystemCalls.poll(first, (nuint)asked.Length, milliseconds) <= 0)
                return;
        }
        for (int i = 0; i < ids.Length; i++)
        {
            if (asked[i].Happened == 0)
                continue;
            _ = SystemCalls.close(asked[i].Descriptor);
            descriptors.Remove(ids[i]);
        }
    }

    private static bool IsIn(int processId, ulong inode) => NamespaceOf(processId) == Target(inode);

    // who is of the namespace has no way to be out here
    private static bool Visits(int processId, string target)
    {
        try
        {
            string? here = new FileInfo("/proc/thread-self/ns/net").LinkTarget;
            if (here is null || here == target)
                return false;
            foreach (string thread in Directory.EnumerateDirectories($"/proc/{processId}/task"))
            {
                if (new FileInfo(thread + "/ns/net").LinkTarget == here)
                    return true;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // it has ended, or a thread of it has
        }
        return false;
    }

    private static string Target(ulong inode) => $"net:[{inode}]";

    private static string? NamespaceOf(int processId)
    {
        try
        {
            return new FileInfo($"/proc/{processId}/ns/net").LinkTarget;
        }
        catch (IOException)
        {
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }
}
