using System.Runtime.InteropServices;
using Warren.Netlink.Wire;

namespace Warren.Running.Services;

/// <summary>Something that shall happen later. It happens once, unless it is cancelled.</summary>
internal sealed class LoopTimer(Action due)
{
    private Action? _due = due;

    /// <summary>It shall not happen any more.</summary>
    public void Cancel() => _due = null;

    /// <summary>It happens now, if it was not cancelled.</summary>
    public void Fire()
    {
        Action? action = _due;
        _due = null;
        action?.Invoke();
    }
}

/// <summary>
/// One thread that waits for descriptors (epoll(7)) and for time. Whatever is called must not block: a call may come though there
/// is nothing to read any more.
/// </summary>
internal sealed unsafe class EventLoop : IDisposable
{
    private const int AtOnce = 64;

    // struct epoll_event { u32 events; u64 data; }, packed on x86-64 alone
    private static readonly int s_data = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int s_size = s_data + 8;

    private readonly Dictionary<int, Action> _watched = [];
    private readonly PriorityQueue<LoopTimer, long> _timers = new();
    private int _epoll = Libc.epoll_create1(Libc.EPOLL_CLOEXEC);

    /// <summary>Milliseconds of a clock that never goes back.</summary>
    public static long Now => Environment.TickCount64;

    /// <summary>Calls when a descriptor can be read, or has ended, until <see cref="Unwatch"/>.</summary>
    public void Watch(int fd, Action happened)
    {
        Control(Libc.EPOLL_CTL_ADD, fd, Libc.EPOLLIN);
        _watched[fd] = happened;
    }

    /// <summary>Says whether the call shall come also when the descriptor can be written.</summary>
    public void AlsoWritable(int fd, bool wanted) => Control(Libc.EPOLL_CTL_MOD, fd, wanted ? Libc.EPOLLIN | Libc.EPOLLOUT : Libc.EPOLLIN);

    /// <summary>Ends the calls. To be done before the descriptor is closed.</summary>
    public void Unwatch(int fd)
    {
        if (_watched.Remove(fd))
            Control(Libc.EPOLL_CTL_DEL, fd, 0);
    }

    /// <summary>Calls once after a time.</summary>
    public LoopTimer After(TimeSpan time, Action due)
    {
        var timer = new LoopTimer(due);
        _timers.Enqueue(timer, Now + (long)Math.Ceiling(time.TotalMilliseconds));
        return timer;
    }

    /// <summary>Waits for the next things to happen, and lets them happen.</summary>
    public void Step()
    {
        byte* happened = stackalloc byte[AtOnce * 16];
        int count = Libc.epoll_wait(_epoll, happened, AtOnce, UntilNextTimer());
        if (count < 0 && Errno.Last != Errno.Interrupted)
            throw new NetlinkException(Errno.Last, "wait for", "services");
        for (int i = 0; i < count; i++)
        {
            int fd = *(int*)(happened + (i * s_size) + s_data);
            if (_watched.TryGetValue(fd, out Action? action))
                action();
        }
        while (_timers.TryPeek(out _, out long due) && due <= Now)
            _timers.Dequeue().Fire();
    }

    /// <summary>Closes what the loop itself needs.</summary>
    public void Dispose() => Libc.Close(ref _epoll);

    private int UntilNextTimer() =>
        _timers.TryPeek(out _, out long due) ? (int)Math.Clamp(due - Now, 0, int.MaxValue) : -1;

    private void Control(int operation, int fd, uint events)
    {
        byte* asked = stackalloc byte[16];
        *(uint*)asked = events;
        *(ulong*)(asked + s_data) = (uint)fd;
        if (Libc.epoll_ctl(_epoll, operation, fd, asked) != 0 && operation == Libc.EPOLL_CTL_ADD)
            throw new NetlinkException(Errno.Last, "watch descriptor", fd.ToString());
    }
}
