using System.Runtime.InteropServices;
using System.Text;

namespace Warren.Running.Services;

// what services write, and what arrives from outside as a signal
internal sealed partial class Supervisor
{
    private readonly List<PosixSignalRegistration> _registrations = [];
    private readonly Lock _signalLock = new();
    private readonly Queue<int> _signals = new();
    private int _signalled = -1;

    private void ReadOutput(Supervised service)
    {
        if (service.Output is not { } output)
            return;
        int length = output.Read(line => Take(service, line));
        service.Log?.Flush();
        if (length == 0)
            CloseOutput(service, output);
    }

    // What is left in the pipe; nobody of the service writes any more, or nobody who shall be waited for.
    private void FinishOutput(Supervised service)
    {
        if (service.Output is not { } output)
            return;
        const int Buffers = 32; // more than a pipe holds
        for (int i = 0; i < Buffers && output.Read(line => Take(service, line)) > 0; i++) { }
        CloseOutput(service, output);
    }

    private void CloseOutput(Supervised service, OutputPipe output)
    {
        output.Finish(line => Take(service, line));
        service.Log?.Flush();
        _loop.Unwatch(output.Descriptor);
        _ = SystemCalls.close(output.Descriptor);
        service.Output = null;
    }

    private void Take(Supervised service, ReadOnlySpan<byte> line)
    {
        service.Log ??= new LogFile(_folder, service.Name);
        service.Log.Add(line, LogFile.Written, DateTimeOffset.UtcNow);
        _log?.Invoke(service.Name, Encoding.UTF8.GetString(line));
    }

    private void WatchSignals()
    {
        _signalled = Libc.eventfd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK);
        _loop.Watch(_signalled, TakeSignals);
        // nohup: what was ignored stays ignored
        ulong ignored = SignalRelay.IgnoredSignals();
        foreach (int signal in (int[])[SystemCalls.SIGTERM, SystemCalls.SIGINT, SystemCalls.SIGHUP, SystemCalls.SIGQUIT])
        {
            if ((ignored & (1UL << (signal - 1))) == 0)
                _registrations.Add(PosixSignalRegistration.Create((PosixSignal)signal, context => NoteSignal(context, signal)));
        }
        if ((ignored & (1UL << (SystemCalls.SIGCHLD - 1))) != 0)
            _ = SystemCalls.signal(SystemCalls.SIGCHLD, SystemCalls.SIG_DFL);
        _registrations.Add(PosixSignalRegistration.Create((PosixSignal)SystemCalls.SIGCHLD, context => NoteSignal(context, SystemCalls.SIGCHLD)));
    }

    private unsafe void NoteSignal(PosixSignalContext context, int signal)
    {
        context.Cancel = true;
        lock (_signalLock)
        {
            if (_signalled < 0)
                return;
            if (signal != SystemCalls.SIGCHLD)
                _signals.Enqueue(signal);
            ulong one = 1;
            _ = SystemCalls.write(_signalled, (byte*)&one, sizeof(ulong));
        }
    }

    private void TakeSignals()
    {
        Span<byte> counter = stackalloc byte[8];
        _ = Libc.Read(_signalled, counter);
        Reap();
        _changed = true;
        while (true)
        {
            int signal;
            lock (_signalLock)
            {
                if (!_signals.TryDequeue(out signal))
                    return;
            }
            if (signal == SystemCalls.SIGHUP && _detached)
                continue;
            if (_ending || signal == SystemCalls.SIGQUIT)
            {
                StopAll();
                Hurry();
            }
            else
            {
                StopAll();
            }
        }
    }

    private void StopWatchingSignals()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
        lock (_signalLock)
        {
            if (_signalled >= 0)
                _loop.Unwatch(_signalled);
            Libc.Close(ref _signalled);
        }
    }
}
