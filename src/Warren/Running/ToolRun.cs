using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Warren.Netlink.Wire;

namespace Warren.Running;

/// <summary>One run of a tool of the host, to its end: without a shell, with nothing to read, and in English.</summary>
/// <remarks>posix_spawn(3) and two pipes. System.Diagnostics.Process would bring sockets, tasks and a pool of threads, which make every start of
/// this program slower and none of which a tool needs.</remarks>
internal sealed unsafe class ToolRun
{
    private readonly List<byte> _output = [];
    private readonly List<byte> _complaints = [];

    private ToolRun() { }

    /// <summary>What it said on standard output.</summary>
    public string Output => Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(_output));

    /// <summary>What it said on standard error.</summary>
    public string Complaints => Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(_complaints));

    /// <summary>Its exit code; 128 + n if signal n ended it; null if it was ended here.</summary>
    public int? ExitCode { get; private set; }

    /// <summary>Runs a tool in the calling thread's namespaces, from the root folder.</summary>
    /// <param name="path">The tool.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="patience">Then it is killed.</param>
    /// <exception cref="NetlinkException">It cannot be started.</exception>
    public static ToolRun ToEnd(string path, IReadOnlyList<string> arguments, TimeSpan patience)
    {
        // an ignored SIGCHLD makes the kernel throw exit codes away
        if ((SignalRelay.IgnoredSignals() & (1UL << (SystemCalls.SIGCHLD - 1))) != 0)
            _ = SystemCalls.signal(SystemCalls.SIGCHLD, SystemCalls.SIG_DFL);
        int* ends = stackalloc int[4];
        if (SystemCalls.pipe2(ends, SystemCalls.O_CLOEXEC) != 0)
            throw new NetlinkException(Errno.Last, "run", path);
        if (SystemCalls.pipe2(ends + 2, SystemCalls.O_CLOEXEC) != 0)
        {
            Errno error = Errno.Last;
            Close(ends, 2);
            throw new NetlinkException(error, "run", path);
        }
        int child;
        try
        {
            child = Start(path, arguments, ends[1], ends[3]);
        }
        catch
        {
            Close(ends, 4);
            throw;
        }
        _ = SystemCalls.close(ends[1]);
        _ = SystemCalls.close(ends[3]);
        var run = new ToolRun();
        run.Follow(child, ends[0], ends[2], patience);
        return run;
    }

    private static int Start(string path, IReadOnlyList<string> arguments, int output, int complaints)
    {
        int nothing = SystemCalls.open("/dev/null", SystemCalls.O_RDONLY | SystemCalls.O_CLOEXEC, 0);
        if (nothing < 0)
            throw new NetlinkException(Errno.Last, "open", "/dev/null");
        List<byte[]> environment = NativeText.Environment();
        NativeText.Set(environment, "LC_ALL", "C");
        byte** words = NativeText.Vector([Encoding.UTF8.GetBytes(path), .. arguments.Select(word => Encoding.UTF8.GetBytes(word))]);
        byte** variables = NativeText.Vector(environment);
        var inherited = new Inheritance { Program = path, Folder = "/" };
        inherited.Add(nothing, 0);
        inherited.Add(output, 1);
        inherited.Add(complaints, 2);
        // posix_spawnattr_t has 336 bytes, sigset_t 128
        byte* attributes = stackalloc byte[512];
        byte* signals = stackalloc byte[128];
        new Span<byte>(signals, 128).Clear();
        // the runtime ignores it, which a program would inherit
        *(ulong*)signals = 1UL << (SystemCalls.SIGPIPE - 1);
        _ = SystemCalls.posix_spawnattr_init(attributes);
        try
        {
            _ = SystemCalls.posix_spawnattr_setsigdefault(attributes, signals);
            _ = SystemCalls.posix_spawnattr_setflags(attributes, SystemCalls.POSIX_SPAWN_SETSIGDEF);
            Errno error = inherited.Spawn(attributes, words, variables, out int child);
            return error.Number == 0 ? child : throw new NetlinkException(error, "run", path);
        }
        finally
        {
            _ = SystemCalls.posix_spawnattr_destroy(attributes);
            NativeText.Free(words);
            NativeText.Free(variables);
            _ = SystemCalls.close(nothing);
        }
    }

    private void Follow(int child, int output, int complaints, TimeSpan patience)
    {
        long begun = Stopwatch.GetTimestamp();
        var asked = stackalloc SystemCalls.PollDescriptor[3];
        asked[0] = new() { Descriptor = output, Asked = SystemCalls.POLLIN };
        asked[1] = new() { Descriptor = complaints, Asked = SystemCalls.POLLIN };
        // its end: until then it may have closed both, and after it something that it left behind may hold them
        asked[2] = new() { Descriptor = (int)SystemCalls.syscall(SystemCalls.SYS_pidfd_open, child, 0, 0, 0), Asked = SystemCalls.POLLIN };
        bool toldOfEnd = asked[2].Descriptor >= 0, ended = false, late = false;
        while (!late && !ended && (toldOfEnd || asked[0].Descriptor >= 0 || asked[1].Descriptor >= 0))
        {
            double left = (patience - Stopwatch.GetElapsedTime(begun)).TotalMilliseconds;
            late = left <= 0;
            if (late || SystemCalls.poll(asked, 3, (int)Math.Ceiling(Math.Min(left, int.MaxValue))) <= 0)
                continue;
            ended = asked[2].Happened != 0;
            // all that it said before its end is there
            do
            {
                Take(ref asked[0], _output);
                Take(ref asked[1], _complaints);
            } while (ended && SystemCalls.poll(asked, 2, 0) > 0);
        }
        for (int i = 0; i < 3; i++)
            Drop(ref asked[i]);
        if (late)
            _ = SystemCalls.kill(child, SystemCalls.SIGKILL);
        int status;
        while (SystemCalls.waitpid(child, out status, 0) < 0)
        {
            if (Errno.Last != Errno.Interrupted)
                return;
        }
        int signal = status & 0x7f;
        if (!late)
            ExitCode = signal == 0 ? (status >> 8) & 0xff : 128 + signal;
    }

    private static void Take(ref SystemCalls.PollDescriptor from, List<byte> into)
    {
        if (from.Descriptor < 0 || from.Happened == 0)
            return;
        byte* buffer = stackalloc byte[4096];
        nint length = SystemCalls.read(from.Descriptor, buffer, 4096);
        if (length > 0)
            into.AddRange(new ReadOnlySpan<byte>(buffer, (int)length));
        else if (length == 0 || Errno.Last != Errno.Interrupted)
            Drop(ref from);
    }

    // poll(2) passes over negative ones
    private static void Drop(ref SystemCalls.PollDescriptor done)
    {
        if (done.Descriptor >= 0)
            _ = SystemCalls.close(done.Descriptor);
        done.Descriptor = -1;
    }

    private static void Close(int* descriptors, int count)
    {
        for (int i = 0; i < count; i++)
            _ = SystemCalls.close(descriptors[i]);
    }
}
