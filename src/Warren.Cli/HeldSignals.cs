using System.Runtime.InteropServices;

namespace Warren.Cli;

/// <summary>Keeps the signals that ask for an end back, and remembers them.</summary>
internal sealed class HeldSignals : IDisposable
{
    private static readonly PosixSignal[] s_signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];

    private readonly List<PosixSignalRegistration> _registrations = [];
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

    public void Dispose() => Release();

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
    }
}
