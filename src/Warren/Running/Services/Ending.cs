using Warren.Netlink.Namespaces;
using Warren.Netlink.Wire;

namespace Warren.Running.Services;

/// <summary>
/// The end of a service with everything it started: SIGTERM once for each, and after the grace SIGKILL, until none is left. What a service
/// starts to tidy up, while its own process lives, is left alone as long as there is grace.
/// </summary>
internal sealed class Ending(TimeSpan grace)
{
    private readonly HashSet<(int Id, ulong StartTime)> _asked = [];
    private bool _begun;
    private bool _noneBefore;
    private long _patienceEnds = EventLoop.Now + (long)grace.TotalMilliseconds;

    /// <summary>No grace any more.</summary>
    public void Hurry() => _patienceEnds = long.MinValue;

    /// <summary>How long until the grace is over.</summary>
    public TimeSpan Patience => TimeSpan.FromMilliseconds(Math.Max(0, _patienceEnds - EventLoop.Now));

    /// <summary>Signals those who are left.</summary>
    /// <param name="left">Who is left.</param>
    /// <param name="tidying">Whether the service's own process lives.</param>
    /// <returns>Whether none was, twice in a row: /proc is not read in one moment, and who forks and ends just then can hide once.</returns>
    public bool Round(IReadOnlyCollection<LivingProcess> left, bool tidying)
    {
        bool ask = !_begun || !tidying;
        _begun = true;
        bool kill = EventLoop.Now >= _patienceEnds;
        foreach (LivingProcess process in left)
        {
            if (process.Id == 1)
                continue;
            if (kill)
            {
                Send(process, SystemCalls.SIGKILL);
            }
            else if (ask && _asked.Add((process.Id, process.StartTime)))
            {
                Send(process, SystemCalls.SIGTERM);
                // a stopped process only reads its mail when it goes on
                Send(process, SystemCalls.SIGCONT);
            }
        }
        bool none = left.Count == 0;
        bool twice = none && _noneBefore;
        _noneBefore = none;
        return twice;
    }

    /// <summary>Ends what a supervisor that was killed left behind, and waits for it. Its caller holds the supervisor's lock.</summary>
    /// <param name="project">Whose services.</param>
    /// <param name="saved">What it supervised.</param>
    /// <returns>How many could not be ended.</returns>
    public static int OfLeftovers(string project, SavedServices saved)
    {
        if (saved.Services.Count == 0)
            return 0;
        TimeSpan grace = TimeSpan.Zero;
        foreach (Model.Service service in saved.Services)
            grace = service.StopGrace > grace ? service.StopGrace : grace;
        var ending = new Ending(grace);
        long end = EventLoop.Now + (long)grace.TotalMilliseconds + 5000;
        int pause = 1;
        while (true)
        {
            // whose own process it was cannot be told any more
            List<LivingProcess> left = Census.Take(project, 0, NamespaceInodes(saved.Services)).Marked();
            if (ending.Round(left, tidying: true))
                return 0;
            if (EventLoop.Now > end)
                return left.Count;
            Libc.Pause(pause);
            pause = Math.Min(2 * pause, 100);
        }
    }

    /// <summary>The inode of a namespace; 0 if there is none.</summary>
    public static ulong NamespaceInode(string name) => NamespaceNames.InodeOf(name) ?? 0;

    /// <summary>The inodes of the namespaces of services, as they are at this moment: the kernel gives the number of one that is gone to the
    /// next.</summary>
    public static HashSet<ulong> NamespaceInodes(IReadOnlyList<Model.Service> services)
    {
        var inodes = new HashSet<ulong>();
        foreach (Model.Service service in services)
            inodes.Add(NamespaceInode(service.Namespace));
        inodes.Remove(0);
        return inodes;
    }

    // Through a descriptor of the process: its id may have passed to another one.
    private static void Send(LivingProcess process, int signal)
    {
        int descriptor = (int)SystemCalls.syscall(SystemCalls.SYS_pidfd_open, process.Id, 0, 0, 0);
        if (descriptor < 0)
            return;
        if (Census.IsStill(process))
            _ = SystemCalls.syscall(SystemCalls.SYS_pidfd_send_signal, descriptor, signal, 0, 0);
        _ = SystemCalls.close(descriptor);
    }
}
