using System.Runtime.InteropServices;

namespace Warren.Cli;

/// <summary>Keeps the signals that ask for an end back, and remembers them.</summary>
internal sealed class HeldSignals : IDisposable
{
    private static readonly PosixSignal[] s_signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];

    private readonly List<PosixSignalRegistration> _registrations = [];
    private readonly ManualResetEventSlim _came = new();
    private volatile int _caught;

    public HeldSignals() => Hold();

    /// <summary>The last signal's number; 0 if there was none.</summary>
    public int Caught => _caught;

    /// <summary>Keeps signals back.</summary>
    public void Hold()
    {
        if (_registrations.Count > 0)
            return;
        foreach (PosixSignal signal in s_signals)
            _registrations.Add(PosixSignalRegistration.Create(signal, Catch));
    }

    /// <summary>Leaves signals to others.</summary>
    public void Release()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
        _registrations.Clear();
    }

    /// <summary>Waits for a signal.</summary>
    /// <returns>Whether one came in time.</returns>
    public bool Wait(TimeSpan time) => _came.Wait(time);

    public void Dispose()
    {
        Release();
        _came.Dispose();
    }

    private void Catch(PosixSignalContext context)
    {
        context.Cancel = true;
        _caught = context.Signal switch
        {
            PosixSignal.SIGHUP => 1,
            PosixSignal.SIGINT => 2,
            PosixSignal.SIGQUIT => 3,
            _ => 15,
        };
        _came.Set();
    }
}
