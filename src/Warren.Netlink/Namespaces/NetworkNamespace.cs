using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Namespaces;

/// <summary>
/// A network namespace, held by a descriptor. The thread rules of namespaces live in this class alone: a namespace belongs
/// to a thread, and a socket keeps for ever the namespace of the thread that made it. See network_namespaces(7), setns(2).
/// </summary>
public sealed class NetworkNamespace : IDisposable
{
    /// <summary>Where <c>ip netns</c> keeps names.</summary>
    public const string Folder = "/run/netns";

    // /proc/self is the process; only /proc/thread-self is the thread that asks.
    internal const string OfThisThread = "/proc/thread-self/ns/net";

    private static bool s_oneAtHome;

    private bool _disposed;

    private NetworkNamespace(int descriptor) => Descriptor = descriptor;

    /// <summary>An open descriptor of the namespace, for IFLA_NET_NS_FD.</summary>
    public int Descriptor { get; }

    /// <summary>The inode number in nsfs, as <c>readlink /proc/PID/ns/net</c> shows it; the same for all names of a namespace.</summary>
    public ulong Inode => FileStatus.Of(Descriptor)?.Inode ?? throw new NetlinkException(Errno.Last, "stat network namespace", "");

    /// <summary>Opens the calling thread's namespace.</summary>
    /// <exception cref="NetlinkException">/proc is not mounted.</exception>
    public static NetworkNamespace OpenCurrent() => Open(OfThisThread, OfThisThread);

    /// <summary>Opens a namespace by the name that <c>ip netns</c> shows.</summary>
    /// <exception cref="NetlinkException">There is none (ENOENT), or the file is not a namespace (EINVAL).</exception>
    /// <exception cref="ArgumentException">It can be no file's name.</exception>
    public static NetworkNamespace Open(string name)
    {
        NetworkNamespace opened = Open(NamespaceNames.PathOf(name), name);
        if (IsNamespace(opened.Descriptor))
            return opened;
        opened.Dispose();
        throw new NetlinkException(Errno.Invalid, "open network namespace", name, "the file is not a mounted namespace");
    }

    /// <summary>Opens the namespace of a process.</summary>
    /// <exception cref="NetlinkException">The process is gone (ENOENT) or not ours to see (EACCES).</exception>
    public static NetworkNamespace OpenProcess(int processId) => Open($"/proc/{processId}/ns/net", $"of process {processId}");

    /// <summary>
    /// Runs something with the calling thread in this namespace and brings the thread back. On a thread of the pool, which
    /// would be given other work if it could not be brought back, it runs on a thread of its own instead (200 µs).
    /// </summary>
    /// <exception cref="NetlinkException">The thread may not enter (EPERM).</exception>
    public T Run<T>(Func<T> action)
    {
        ArgumentNullException.ThrowIfNull(action);
        ObjectDisposedException.ThrowIf(_disposed, this);
        return OnOwnThread(() =>
        {
            using NetworkNamespace home = OpenCurrent();
            Enter(this);
            try
            {
                return action();
            }
            finally
            {
                Return(home);
            }
        });
    }

    /// <summary>Runs something in one namespace after the other, by their names, on one way out and back: cheaper than <see cref="Run"/> for
    /// each.</summary>
    /// <param name="names">Names that <c>ip netns</c> shows.</param>
    /// <param name="action">Called with the place of each name in the list, and the thread in its namespace.</param>
    /// <param name="threads">On how many threads: each visits a part of them, and <paramref name="action"/> is called from all.</param>
    /// <exception cref="NetlinkException">One is not there (ENOENT) or none (EINVAL), or the thread may not enter (EPERM).</exception>
    public static void Visit(IReadOnlyList<string> names, Action<int> action, int threads = 1)
    {
        ArgumentNullException.ThrowIfNull(names);
        ArgumentNullException.ThrowIfNull(action);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        int share = (names.Count + threads - 1) / threads;
        System.Runtime.ExceptionServices.ExceptionDispatchInfo? failure = null;
        var others = new List<Thread>();
        KeepOneAtHome();
        try
        {
            while (others.Count < threads - 1 && Start(others.Count + 1) is { } other)
                others.Add(other);
            OnOwnThread(() =>
            {
                Visit(names, 0, Math.Min(share, names.Count), action);
                // what no thread could be had for
                Visit(names, Math.Min((others.Count + 1) * share, names.Count), names.Count, action);
                return true;
            });
        }
        finally
        {
            foreach (Thread other in others)
                other.Join();
        }
        failure?.Throw();

        Thread? Start(int part)
        {
            int first = Math.Min(part * share, names.Count);
            var thread = new Thread(() =>
            {
                try
                {
                    Visit(names, first, Math.Min(first + share, names.Count), action);
                }
                catch (Exception e)
                {
                    failure = System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(e);
                }
            });
            try
            {
                thread.Start();
                return thread;
            }
            catch (Exception e) when (e is ThreadStartException or OutOfMemoryException)
            {
                return null;
            }
        }
    }

    private static void Visit(IReadOnlyList<string> names, int first, int end, Action<int> action)
    {
        if (first == end)
            return;
        using NetworkNamespace home = OpenCurrent();
        bool away = false;
        try
        {
            for (int i = first; i < end; i++)
            {
                // what is no namespace cannot be entered (EINVAL)
                using NetworkNamespace space = Open(NamespaceNames.PathOf(names[i]), names[i]);
                Enter(space);
                away = true;
                action(i);
            }
        }
        finally
        {
            if (away)
                Return(home);
        }
    }

    /// <summary>
    /// Makes a namespace, lets it be furnished, and gives it a name last: whoever finds the name finds it furnished, and if this
    /// process dies before, nothing is left but perhaps an empty file, which the next call with this name takes over.
    /// </summary>
    /// <param name="name">The name that <c>ip netns</c> will show.</param>
    /// <param name="furnish">Called with the thread in the new namespace.</param>
    /// <param name="home">The namespace in which the thread is, if the caller has it open.</param>
    /// <returns>What <paramref name="furnish"/> returned.</returns>
    /// <exception cref="NetlinkException">The name is taken (EEXIST), or no privilege (EPERM).</exception>
    public static T Create<T>(string name, Func<T> furnish, NetworkNamespace? home = null)
    {
        ArgumentNullException.ThrowIfNull(furnish);
        return OnOwnThread(() =>
        {
            using NetworkNamespace? opened = home is null ? OpenCurrent() : null;
            if (Libc.unshare(Libc.CLONE_NEWNET) != 0)
                throw new NetlinkException(Errno.Last, "create network namespace", name);
            try
            {
                T result = furnish();
                NamespaceNames.Bind(name, OfThisThread);
                return result;
            }
            finally
            {
                Return(home ?? opened!);
            }
        });
    }

    /// <summary>Makes a namespace without a name: it goes, with all that is in it, when it is closed and no socket of it is open any more,
    /// however this process ends.</summary>
    /// <exception cref="NetlinkException">No privilege (EPERM), or the limit is reached (ENOSPC).</exception>
    public static NetworkNamespace CreateUnnamed() =>
        OnOwnThread(() =>
        {
            using NetworkNamespace home = OpenCurrent();
            if (Libc.unshare(Libc.CLONE_NEWNET) != 0)
                throw new NetlinkException(Errno.Last, "create network namespace", "");
            try
            {
                return OpenCurrent();
            }
            finally
            {
                Return(home);
            }
        });

    /// <summary>Puts the calling thread into this namespace for good: for a program that is about to call execve(2).</summary>
    /// <exception cref="NetlinkException">The thread may not enter (EPERM).</exception>
    public void Enter()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Enter(this);
    }

    /// <summary>Closes the descriptor.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _ = Libc.close(Descriptor);
    }

    internal static unsafe bool IsNamespace(int descriptor)
    {
        // struct statfs, 120 bytes: f_type first
        const long NamespaceFileSystem = 0x6e736673;
        byte* buffer = stackalloc byte[120];
        return Libc.fstatfs(descriptor, buffer) == 0 && *(long*)buffer == NamespaceFileSystem;
    }

    private static NetworkNamespace Open(string path, string name)
    {
        int fd = Libc.open(path, Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        return fd >= 0 ? new NetworkNamespace(fd) : throw new NetlinkException(Errno.Last, "open network namespace", name);
    }

    // The runtime starts its thread that finalizes when it first has need of it, and a thread is born where the one is that starts it. So it
    // is started at home, before the first way out: else it would keep a namespace for as long as the process lives. And whoever looks at the
    // process's threads sees one at home, and that the others only visit.
    internal static void KeepOneAtHome()
    {
        if (Interlocked.Exchange(ref s_oneAtHome, true))
            return;
        GC.WaitForPendingFinalizers();
    }

    private static void Enter(NetworkNamespace target)
    {
        if (Libc.setns(target.Descriptor, Libc.CLONE_NEWNET) != 0)
            throw new NetlinkException(Errno.Last, "enter network namespace", "");
    }

    // A thread that stays behind in another namespace would make every later socket there: better no process at all.
    private static void Return(NetworkNamespace home)
    {
        if (Libc.setns(home.Descriptor, Libc.CLONE_NEWNET) != 0)
            Environment.FailFast($"A thread could not return to its network namespace: {Errno.Last.Name}");
    }

    private static T OnOwnThread<T>(Func<T> action)
    {
        KeepOneAtHome();
        if (!Thread.CurrentThread.IsThreadPoolThread)
            return action();
        T result = default!;
        System.Runtime.ExceptionServices.ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                result = action();
            }
            catch (Exception e)
            {
                failure = System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }
}
