using Warren.Model;

namespace Warren.Running.Services;

/// <summary>What shall happen to a service when it has ended.</summary>
internal enum AfterEnd
{
    /// <summary>What its restart policy says.</summary>
    Policy,

    /// <summary>It stays stopped.</summary>
    Stay,

    /// <summary>It is started anew.</summary>
    Again,

    /// <summary>It is forgotten.</summary>
    Forget,

    /// <summary>It took too long to become ready.</summary>
    NotReady,
}

/// <summary>A service under supervision: all that varies.</summary>
internal sealed class Supervised
{
    private ServiceStatus _status;

    public Supervised(Service service)
    {
        Service = service;
        Name = service.FullName;
        Identity = SavedServices.Identity(service);
        Since = DateTimeOffset.UtcNow;
    }

    public string Name { get; }

    public Service Service { get; private set; }

    /// <summary>All of the wish in one text.</summary>
    public string Identity { get; private set; }

    /// <summary>The wish that takes the place of the present one with the next start.</summary>
    public Service? Next { get; set; }

    /// <summary>Where it is.</summary>
    public ServiceStatus Status
    {
        get => _status;
        set
        {
            if (_status != value && !(value == ServiceStatus.Running && _status == ServiceStatus.Starting))
                Since = DateTimeOffset.UtcNow;
            _status = value;
        }
    }

    public DateTimeOffset Since { get; private set; }

    /// <summary>The command's process, not yet waited for; 0 for none.</summary>
    public int ProcessId { get; set; }

    /// <summary>The session that it began: what it started is in there.</summary>
    public int Session { get; set; }

    /// <summary>The inode of its namespace, when it was started.</summary>
    public ulong Namespace { get; set; }

    /// <summary>The process of its readiness command; 0 for none.</summary>
    public int ProbeId { get; set; }

    /// <summary>With which code that command ended last.</summary>
    public int? ProbeCode { get; set; }

    /// <summary>Why that command could not be run, the last time.</summary>
    public string? ProbeFault { get; set; }

    /// <summary>When it was started last.</summary>
    public long StartedAt { get; set; }

    /// <summary>Whether it was ready since it was asked to start: those who depend on it may start.</summary>
    public bool WasReady { get; set; }

    /// <summary>When it must be ready; null if it has been, or is not started.</summary>
    public LoopTimer? ReadyBound { get; set; }

    /// <summary>The next step: to look whether it is ready, or to start it again.</summary>
    public LoopTimer? Timer { get; set; }

    /// <summary>When it is started again.</summary>
    public long RestartAt { get; set; }

    public int Restarts { get; set; }

    /// <summary>How often it was started again without having run for long.</summary>
    public int InARow { get; set; }

    public int? ExitCode { get; set; }

    public string? Why { get; set; }

    /// <summary>Whether it failed only because of one that it depends on.</summary>
    public bool Blocked { get; set; }

    /// <summary>Why its command could not be run, this time.</summary>
    public string? Fault { get; set; }

    public int Report { get; set; } = -1;

    public OutputPipe? Output { get; set; }

    public LogFile? Log { get; set; }

    public PortWatch? Port { get; set; }

    /// <summary>While it is being ended.</summary>
    public Ending? Ending { get; set; }

    public AfterEnd AfterEnd { get; set; }

    /// <summary>Whether it shall be stopped as soon as those who depend on it are.</summary>
    public bool ToStop { get; set; }

    /// <summary>Whether there is, or may be, a process of it.</summary>
    public bool IsAlive => ProcessId != 0 || Ending is not null;

    /// <summary>Whether it goes on by itself: it runs, or will.</summary>
    public bool IsActive => IsAlive || Status is ServiceStatus.Waiting or ServiceStatus.Starting or ServiceStatus.Running or ServiceStatus.Restarting or ServiceStatus.Stopping;

    /// <summary>Whether its start has come to an end, good or bad.</summary>
    public bool IsSettled => !ToStop && Ending is null && (WasReady || Status is ServiceStatus.Failed or ServiceStatus.Exited or ServiceStatus.Stopped);

    /// <summary>Makes it as if it had never been started, with the next wish if there is one.</summary>
    public void BeginAnew()
    {
        if (Next is { } next)
        {
            Service = next;
            Identity = SavedServices.Identity(next);
            Next = null;
        }
        CancelTimers();
        WasReady = false;
        Blocked = false;
        ToStop = false;
        AfterEnd = AfterEnd.Policy;
        InARow = 0;
        Restarts = 0;
        ExitCode = null;
        Why = null;
        Fault = null;
        Status = ServiceStatus.Waiting;
    }

    /// <summary>No next step any more.</summary>
    public void CancelTimers()
    {
        ReadyBound?.Cancel();
        ReadyBound = null;
        StopLooking();
    }

    /// <summary>Ends the looking for readiness, but not the time that it has for it.</summary>
    public void StopLooking()
    {
        Timer?.Cancel();
        Timer = null;
        Port?.Dispose();
        Port = null;
    }

    public ServiceState Describe() =>
        new(Name, Status)
        {
            ProcessId = ProcessId == 0 ? null : ProcessId,
            Since = Since,
            Restarts = Restarts,
            ExitCode = ExitCode,
            Why = Why,
            RestartIn = Status == ServiceStatus.Restarting ? TimeSpan.FromMilliseconds(Math.Max(0, RestartAt - EventLoop.Now)) : null,
        };
}
