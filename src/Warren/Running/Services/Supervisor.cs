using System.Text;
using Warren.Model;

namespace Warren.Running.Services;

/// <summary>
/// Runs the services of a project on one thread: starts them in the order of what they depend on, starts them again, collects
/// what they write, ends them with everything they started. This part is about starts; there are others about ends, readiness,
/// output, control and healing.
/// </summary>
internal sealed partial class Supervisor : IDisposable
{
    // Starting a service is mostly the work of its own process: more at once than this only makes each slower.
    private static readonly int s_startsAtOnce = 4 * Environment.ProcessorCount;

    private readonly ProjectFolder _folder;
    private readonly bool _detached;
    private readonly Action<string, string>? _log;
    private readonly Action<ServiceEvent>? _told;
    private readonly EventLoop _loop = new();
    private readonly Spawning _spawning;
    private readonly Dictionary<string, Supervised> _services = new(StringComparer.Ordinal);
    private readonly List<Supervised> _order = [];
    private readonly Dictionary<int, Supervised> _processes = [];
    private readonly Queue<Supervised> _toStart = new();
    private int _starting;
    private bool _ending;
    private bool _changed = true;

    /// <summary>A supervisor whose lock the caller holds.</summary>
    /// <param name="folder">The project's folder.</param>
    /// <param name="detached">Whether it stays when no service is left.</param>
    /// <param name="log">Takes every line: full name, line.</param>
    /// <param name="told">Takes what happens.</param>
    public Supervisor(ProjectFolder folder, bool detached, Action<string, string>? log = null, Action<ServiceEvent>? told = null)
    {
        _folder = folder;
        _detached = detached;
        _log = log;
        _told = told;
        _spawning = new Spawning(folder.Project);
    }

    /// <summary>Whether a service failed.</summary>
    public bool HasFailures { get; private set; }

    /// <summary>Ends what a supervisor that was killed left behind, takes over what was proposed, and runs until all is over.</summary>
    /// <param name="ready">Called when control can be taken.</param>
    public void Run(Action ready)
    {
        // what services leave behind falls to this process, which can then wait for it
        _ = SystemCalls.prctl(Libc.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
        try
        {
            _ = Ending.OfLeftovers(_folder.Project, _folder.ReadServices());
            _folder.TakeProposal();
            _folder.MakeLogFolder();
            WatchSignals();
            OpenControl();
            WatchFolder();
            WatchDrift();
            ready();
            Reload();
            while (true)
            {
                // what a service writes changes nothing
                if (_changed)
                {
                    Advance();
                    if (IsOver())
                        break;
                }
                _loop.Step();
            }
            foreach (Supervised service in _order)
                HasFailures |= service.Describe().IsFailure;
        }
        finally
        {
            StopWatchingDrift();
            CloseControl();
            _ = SystemCalls.prctl(Libc.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
        }
    }

    public void Dispose()
    {
        foreach (Supervised service in _order)
            Drop(service);
        _ownLog?.Dispose();
        StopWatchingSignals();
        _sockets.Dispose();
        _loop.Dispose();
        _spawning.Dispose();
    }

    // Without its folder nobody can ask it for its end: then the project was taken down while this was being started.
    private void WatchFolder()
    {
        if (!_folder.IsLinked)
            StopAll();
        else
            _ = _loop.After(TimeSpan.FromSeconds(1), WatchFolder);
    }

    private bool IsOver()
    {
        if (!_ending && _detached)
            return false;
        foreach (Supervised service in _order)
        {
            if (service.IsActive)
                return false;
        }
        return true;
    }

    // What follows from what has just happened.
    private void Advance()
    {
        _changed = false;
        StopThoseWhoMay();
        // a service that fails without having run can be what another one waits for
        for (bool moved = true; moved;)
        {
            moved = false;
            foreach (Supervised service in _order)
                moved |= !_ending && !service.ToStop && (service.Status == ServiceStatus.Waiting || service.Blocked) && Consider(service);
            while (_starting < s_startsAtOnce && _toStart.TryDequeue(out Supervised? next))
            {
                if (next.Status != ServiceStatus.Starting || next.ProcessId != 0)
                    continue;
                moved = true;
                Start(next);
            }
        }
        CloseSockets();
        AnswerThoseWhoWait();
    }

    // Starts what waits, if it may; fails it if it never will.
    private bool Consider(Supervised service)
    {
        string? waitsFor = null;
        foreach (string name in service.Service.DependsOn)
        {
            if (!_services.TryGetValue(name, out Supervised? needed))
                continue;
            bool failed = !needed.ToStop && needed.Ending is null && needed.Status is ServiceStatus.Failed or ServiceStatus.Exited or ServiceStatus.Stopped;
            bool served = needed.WasReady && !needed.ToStop && needed.Status != ServiceStatus.Stopped && !needed.Describe().IsFailure;
            if (served)
                continue;
            if (failed && service.Blocked)
                return false;
            if (failed)
            {
                service.Blocked = true;
                Fail(service, $"not started: {Terminal.Safe(name)}, which it depends on, {(needed.Status == ServiceStatus.Stopped ? "is stopped" : "has failed")}");
                return true;
            }
            waitsFor ??= name;
        }
        if (waitsFor is not null)
        {
            service.Why = $"waits for {Terminal.Safe(waitsFor)}";
            bool released = service.Blocked;
            service.Blocked = false;
            service.Status = ServiceStatus.Waiting;
            return released;
        }
        service.Blocked = false;
        Enqueue(service);
        return true;
    }

    private void Enqueue(Supervised service)
    {
        service.Why = null;
        service.Status = ServiceStatus.Starting;
        _toStart.Enqueue(service);
        _changed = true;
    }

    private void Start(Supervised service)
    {
        service.Fault = null;
        service.StartedAt = EventLoop.Now;
        service.AfterEnd = AfterEnd.Policy;
        service.Namespace = Ending.NamespaceInode(service.Service.Namespace);
        try
        {
            OpenSockets(service);
            Spawned spawned = _spawning.Start(service.Service, service.Service.Command, output: true, _sockets);
            service.ProcessId = spawned.ProcessId;
            service.Session = spawned.ProcessId;
            service.Report = spawned.Report;
            service.Output = new OutputPipe(spawned.Output);
        }
        catch (ExecException e)
        {
            service.Fault = e.Message;
            service.ExitCode = e.ExitCode;
            AfterItsEnd(service);
            return;
        }
        _processes[service.ProcessId] = service;
        _starting++;
        _loop.Watch(service.Report, () => ReadReport(service));
        _loop.Watch(service.Output.Descriptor, () => ReadOutput(service));
        if (!service.WasReady && service.ReadyBound is null && service.Service.Ready is { } ready)
            service.ReadyBound = _loop.After(ready.Timeout, () => GiveUpWaiting(service, ready));
    }

    private void ReadReport(Supervised service)
    {
        if (service.Report < 0 || !Spawning.TryReadReport(service.Report, out string? failure))
            return;
        CloseReport(service);
        service.Fault = failure;
        if (failure is null && service.Ending is null)
            HasStarted(service);
    }

    private void CloseReport(Supervised service)
    {
        if (service.Report < 0)
            return;
        _loop.Unwatch(service.Report);
        _ = SystemCalls.close(service.Report);
        service.Report = -1;
        _starting--;
        _changed = true;
    }

    private void HasStarted(Supervised service)
    {
        Tell(service, $"started, process {service.Session}", keep: false);
        if (service.Service.Ready is null)
            IsReady(service);
        else
            LookWhetherReady(service);
    }

    private void IsReady(Supervised service)
    {
        service.ReadyBound?.Cancel();
        service.ReadyBound = null;
        service.Port?.Dispose();
        service.Port = null;
        service.WasReady = true;
        service.Why = null;
        service.Status = ServiceStatus.Running;
        _changed = true;
        if (service.Service.Ready is not null)
            Tell(service, "ready", keep: false);
    }

    private void Fail(Supervised service, string why)
    {
        service.CancelTimers();
        service.Why = why;
        service.Status = ServiceStatus.Failed;
        Tell(service, why, keep: true);
    }

    // Takes over the wish as it stands in the file: what is gone is stopped, what differs is started anew, what is new is started.
    private void Reload()
    {
        SavedServices saved = _folder.ReadServices();
        _spawning.Environment = saved.Environment;
        var wished = new HashSet<string>(StringComparer.Ordinal);
        foreach (Service service in saved.Services)
        {
            if (!wished.Add(service.FullName))
                continue;
            if (!_services.TryGetValue(service.FullName, out Supervised? known))
            {
                known = new Supervised(service);
                _services[known.Name] = known;
                _order.Add(known);
            }
            else if (known.AfterEnd == AfterEnd.Forget || known.Identity != SavedServices.Identity(service))
            {
                known.Next = service;
                StartAnew(known);
            }
            else if (known.Next is not null)
            {
                known.Next = null;
            }
            else if (known.Status is ServiceStatus.Failed or ServiceStatus.Exited or ServiceStatus.Stopped && known.Describe() is { IsFailure: true } or { Status: ServiceStatus.Stopped })
            {
                StartAnew(known);
            }
        }
        ForgetAllBut(wished);
        OpenSocketsEarly();
    }

    // Stops what is gone from the file, and leaves all others alone.
    private void ForgetTheUnwished()
    {
        var wished = new HashSet<string>(StringComparer.Ordinal);
        foreach (Service service in _folder.ReadServices().Services)
            wished.Add(service.FullName);
        ForgetAllBut(wished);
    }

    private void ForgetAllBut(HashSet<string> wished)
    {
        foreach (Supervised service in _order)
        {
            if (!wished.Contains(service.Name))
                Stop(service, AfterEnd.Forget);
        }
    }

    private void StartAnew(Supervised service)
    {
        if (service.IsAlive || service.ToStop)
            Stop(service, AfterEnd.Again);
        else
            service.BeginAnew();
    }

    private void Tell(Supervised service, string text, bool keep)
    {
        if (keep)
        {
            service.Log ??= new LogFile(_folder, service.Name);
            service.Log.Add(Encoding.UTF8.GetBytes(text.Replace('\n', ' ')), LogFile.Said, DateTimeOffset.UtcNow);
            service.Log.Flush();
        }
        _told?.Invoke(new ServiceEvent(service.Name, service.Status, text));
    }
}
