using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Namespaces;

/// <summary>
/// Network namespaces that are made before they are asked for, on a thread of their own: the kernel takes as long for a namespace as for all that
/// belongs into it, and does both at once. They have no name until <see cref="TryName"/> gives them one: of those that nobody names nothing
/// is seen, and they go when this object is disposed of or the process ends, however it does.
/// </summary>
public sealed unsafe class NamespacesAhead : IDisposable
{
    // More than so many are not ready and waiting: each holds two descriptors and a third of a MiB of the kernel's.
    private const int MostReady = 8;

    private readonly IReadOnlyList<string> _names;
    private readonly Func<string, NetlinkSocket> _furnish;
    private readonly Action? _end;
    private readonly Made[] _made;
    private readonly nint _thread;

    // sem_t, 32 bytes: sem_overview(7)
    private readonly void* _ready;
    private readonly void* _room;
    private GCHandle _self;
    private volatile bool _stopped;
    private int _named;
    private bool _disposed;

    private struct Made
    {
        public NetworkNamespace? Namespace;
        public NetlinkSocket? Socket;
        public ExceptionDispatchInfo? Failure;
    }

    /// <summary>Starts with the first at once.</summary>
    /// <param name="names">The names that they will be given, in that order.</param>
    /// <param name="furnish">Called for each, with a thread that is in the new namespace; what it opens is what <see cref="TryName"/> gives.</param>
    /// <param name="end">Called on that thread when all are made, or no more are wanted.</param>
    public NamespacesAhead(IReadOnlyList<string> names, Func<string, NetlinkSocket> furnish, Action? end = null)
    {
        ArgumentNullException.ThrowIfNull(names);
        ArgumentNullException.ThrowIfNull(furnish);
        const int SemaphoreSize = 32;
        _names = names;
        _furnish = furnish;
        _end = end;
        _made = new Made[names.Count];
        _ready = NativeMemory.AllocZeroed(SemaphoreSize);
        _room = NativeMemory.AllocZeroed(SemaphoreSize);
        _ = Libc.sem_init(_ready, 0, 0);
        _ = Libc.sem_init(_room, 0, MostReady);
        // one alone is made before a thread of the runtime's is needed
        if (names.Count > 1)
            NetworkNamespace.KeepOneAtHome();
        _self = GCHandle.Alloc(this);
        // System.Threading.Thread waits until the new thread runs, often as long as that takes for a namespace
        nint thread;
        if (Libc.pthread_create(&thread, null, &Run, (void*)GCHandle.ToIntPtr(_self)) == 0)
            _thread = thread;
    }

    /// <summary>Gives the next one its name, if it is that one's turn: waits until it is made, and furnished.</summary>
    /// <param name="name">A name, as <c>ip netns</c> shows it.</param>
    /// <returns>What was opened in it; null if it is not made here, and has to be made another way.</returns>
    /// <exception cref="NetlinkException">It could not be made or furnished, or the name is taken (EEXIST).</exception>
    public NetlinkSocket? TryName(string name)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_thread == 0 || _named == _names.Count || _names[_named] != name)
            return null;
        while (Libc.sem_wait(_ready) != 0)
        {
            // a signal came
        }
        ref Made next = ref _made[_named++];
        _ = Libc.sem_post(_room);
        next.Failure?.Throw();
        try
        {
            NamespaceNames.Bind(name, "/proc/self/fd/" + next.Namespace!.Descriptor.ToString(CultureInfo.InvariantCulture));
            NetlinkSocket socket = next.Socket!;
            next.Socket = null;
            return socket;
        }
        finally
        {
            next.Socket?.Dispose();
            next.Namespace?.Dispose();
            next = default;
        }
    }

    /// <summary>Lets go of those that were not named.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _stopped = true;
        if (_thread != 0)
        {
            _ = Libc.sem_post(_room);
            _ = Libc.pthread_join(_thread, null);
        }
        foreach (Made left in _made)
        {
            left.Socket?.Dispose();
            left.Namespace?.Dispose();
        }
        _self.Free();
        NativeMemory.Free(_ready);
        NativeMemory.Free(_room);
    }

    // The thread ends in the last namespace that it made, and with it what it holds of it.
    [UnmanagedCallersOnly]
    private static void* Run(void* self)
    {
        var ahead = (NamespacesAhead)GCHandle.FromIntPtr((nint)self).Target!;
        ahead.Make();
        ahead._end?.Invoke();
        return null;
    }

    private void Make()
    {
        for (int i = 0; i < _made.Length; i++)
        {
            while (Libc.sem_wait(_room) != 0)
            {
                // a signal came
            }
            if (_stopped)
                return;
            try
            {
                if (Libc.unshare(Libc.CLONE_NEWNET) != 0)
                    throw new NetlinkException(Errno.Last, "create network namespace", _names[i]);
                _made[i].Namespace = NetworkNamespace.OpenCurrent();
                _made[i].Socket = _furnish(_names[i]);
            }
            catch (Exception e)
            {
                _made[i].Failure = ExceptionDispatchInfo.Capture(e);
            }
            _ = Libc.sem_post(_ready);
        }
    }
}
