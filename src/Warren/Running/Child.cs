using System.Text;
using Warren.Netlink.Wire;

namespace Warren.Running;

/// <summary>
/// Runs a command in a namespace as a child. The child is this same program, started again with <see cref="Verb"/> and the
/// request as arguments; its <c>Main</c> must hand them to <see cref="Enter"/> before it does anything else. So whatever
/// <see cref="Exec"/> changes, it changes in the child, and the child's process id is the command's.
/// </summary>
internal static unsafe class Child
{
    /// <summary>The first argument by which this program knows that it is the child.</summary>
    public const string Verb = "__exec";

    /// <summary>Runs the command and waits for its end. The child shares this process's standard input, output and error,
    /// process group and terminal. This process survives the signals that it passes on until the child has ended; a caller
    /// that must finish work after that holds registrations of its own.</summary>
    /// <param name="request">What to run.</param>
    /// <param name="started">Called with the child's process id, at once. If it throws, the child is killed.</param>
    /// <param name="sockets">Those of <see cref="ExecRequest.Listens"/>; closed here when the child has them.</param>
    /// <returns>The command's exit code; 128 + n if signal n ended it; 125, 126 or 127 if it could not be run, and then the
    /// child has said why on standard error.</returns>
    /// <exception cref="ExecException">No child could be started.</exception>
    public static int Run(ExecRequest request, Action<int>? started, HostSockets? sockets = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        // an ignored SIGCHLD makes the kernel throw exit codes away
        if ((SignalRelay.IgnoredSignals() & (1UL << (SystemCalls.SIGCHLD - 1))) != 0)
            _ = SystemCalls.signal(SystemCalls.SIGCHLD, SystemCalls.SIG_DFL);
        using var relay = new SignalRelay();
        int child = Spawn(request, sockets);
        sockets?.Dispose();
        relay.Start(child);
        try
        {
            started?.Invoke(child);
        }
        catch
        {
            _ = SystemCalls.kill(child, SystemCalls.SIGKILL);
            _ = Wait(child, relay);
            throw;
        }
        return Wait(child, relay);
    }

    /// <summary>The child's side: replaces this process by the command, or says on standard error why not.</summary>
    /// <param name="arguments">What followed <see cref="Verb"/>.</param>
    /// <param name="verb">What was typed, for what is said.</param>
    /// <returns>The exit code to end with, if it returns.</returns>
    public static int Enter(ReadOnlySpan<string> arguments, string verb = "run")
    {
        int report = -1;
        try
        {
            ExecRequest request = ExecRequest.FromArguments(arguments);
            report = request.Reports ? request.ReportDescriptor : -1;
            return Exec.Replace(request);
        }
        catch (ExecException e)
        {
            if (report >= 0)
                Write(report, $"{e.ExitCode} {e.Message}");
            else
                Complain(verb, e);
            return e.ExitCode;
        }
    }

    /// <summary>Writes <c>warren exec: web1: no command …</c> to standard error, without the console's terminal settings.</summary>
    public static void Complain(string verb, ExecException failure) => Write(2, $"warren {verb}: {failure.Message}\n");

    private static void Write(int descriptor, string text)
    {
        ReadOnlySpan<byte> line = Encoding.UTF8.GetBytes(text);
        while (!line.IsEmpty)
        {
            nint written;
            fixed (byte* first = line)
                written = SystemCalls.write(descriptor, first, (nuint)line.Length);
            if (written < 0 && Errno.Last != Errno.Interrupted)
                return;
            line = line[(int)Math.Max(written, 0)..];
        }
    }

    private static int Spawn(ExecRequest request, HostSockets? sockets)
    {
        List<byte[]> arguments = ["warren"u8.ToArray(), Encoding.UTF8.GetBytes(Verb)];
        List<string> words = request.ToArguments();
        int own = words.Count - request.Command.Count;
        arguments.AddRange(words[..own].Select(word => Encoding.UTF8.GetBytes(word)));
        arguments.AddRange(NativeText.Command(request.Command));
        var inherited = new Inheritance();
        for (int i = 0; i < request.Listens.Count; i++)
            inherited.Add(sockets![request.Listens[i]], ExecRequest.FirstDescriptor + i);
        Errno error = inherited.Spawn(null, NativeText.Vector(arguments), NativeText.Vector(NativeText.Environment()), out int child);
        return error.Number == 0 ? child : throw ExecException.Refused(request.Namespace, "start a process", error);
    }

    // First without reaping: the id stays the child's until no signal can be sent to it any more.
    private static int Wait(int child, SignalRelay relay)
    {
        // siginfo_t, 128 bytes
        byte* ignored = stackalloc byte[128];
        while (
            SystemCalls.waitid(SystemCalls.P_PID, child, ignored, SystemCalls.WEXITED | SystemCalls.WNOWAIT) != 0
            && Errno.Last == Errno.Interrupted
        ) { }
        relay.End();
        int status;
        while (SystemCalls.waitpid(child, out status, 0) < 0)
        {
            if (Errno.Last != Errno.Interrupted)
                throw ExecException.Refused($"process {child}", "wait for its end", Errno.Last);
        }
        int signal = status & 0x7f;
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal;
    }
}
