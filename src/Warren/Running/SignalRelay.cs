using System.Globalization;
using System.Runtime.InteropServices;

namespace Warren.Running;

/// <summary>
/// Passes the signals that ask a process to end, or to do something, on to a child, and survives them. Those that come before
/// the child is there are passed on when it is.
/// </summary>
/// <remarks>
/// <para>SIGINT and SIGQUIT from a terminal reach the child without help, since it is in the same process group: while that
/// group is the terminal's foreground group they are only survived. Stopping, continuing and the window's size (SIGTSTP,
/// SIGCONT, SIGWINCH) are the terminal's affair with the whole group, and left alone.</para>
/// <para>A signal that is ignored when this starts stays ignored, here and in the child (nohup).</para>
/// </remarks>
internal sealed class SignalRelay : IDisposable
{
    private static readonly int[] Relayed =
    [
        SystemCalls.SIGTERM,
        SystemCalls.SIGHUP,
        SystemCalls.SIGINT,
        SystemCalls.SIGQUIT,
        SystemCalls.SIGUSR1,
        SystemCalls.SIGUSR2,
    ];

    private readonly Lock _lock = new();
    private readonly List<int> _pending = [];
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _child;
    private bool _ended;

    /// <summary>Starts to survive and remember signals.</summary>
    public SignalRelay()
    {
        ulong ignored = IgnoredSignals();
        foreach (int signal in Relayed.Where(signal => (ignored & (1UL << (signal - 1))) == 0))
            _registrations.Add(PosixSignalRegistration.Create((PosixSignal)signal, context => Survive(context, signal)));
    }

    /// <summary>Names the child, and sends it what came before.</summary>
    public void Start(int child)
    {
        lock (_lock)
        {
            _child = child;
            foreach (int signal in _pending)
                _ = SystemCalls.kill(child, signal);
            _pending.Clear();
        }
    }

    /// <summary>Ends the relaying, before the child's id is given back to the kernel. Signals are still survived.</summary>
    public void End()
    {
        lock (_lock)
            _ended = true;
    }

    /// <summary>Gives the signals their former meaning.</summary>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
    }

    private void Survive(PosixSignalContext context, int signal)
    {
        context.Cancel = true;
        if (signal is SystemCalls.SIGINT or SystemCalls.SIGQUIT && IsForeground())
            return;
        lock (_lock)
        {
            if (_ended)
                return;
            if (_child == 0)
                _pending.Add(signal);
            else
                _ = SystemCalls.kill(_child, signal);
        }
    }

    private static bool IsForeground()
    {
        int terminal = SystemCalls.open(
            "/dev/tty",
            SystemCalls.O_RDWR | SystemCalls.O_NOCTTY | SystemCalls.O_CLOEXEC,
            0
        );
        if (terminal < 0)
            return false;
        bool foreground = SystemCalls.tcgetpgrp(terminal) == SystemCalls.getpgrp();
        _ = SystemCalls.close(terminal);
        return foreground;
    }

    internal static ulong IgnoredSignals()
    {
        const string Field = "SigIgn:";
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(Field, StringComparison.Ordinal));
        return ulong.Parse(line.AsSpan(Field.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
