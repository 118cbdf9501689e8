using Warren.Model;
using Warren.Netlink.Wire;

namespace Warren.Running.Services;

// how services end, and what follows
internal sealed partial class Supervisor
{
    private static readonly TimeSpan s_shortestBackOff = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_longestBackOff = TimeSpan.FromSeconds(10);

    // A service that ran so long is well: what comes after starts from the beginning.
    private static readonly TimeSpan s_longRun = TimeSpan.FromSeconds(10);

    private readonly List<Supervised> _endings = [];
    private LoopTimer? _round;
    private long _nextRound;
    private int _pause;

    // Asks a service to end; it does when nobody who depends on it, and shall end too, is left.
    private void Stop(Supervised service, AfterEnd after)
    {
        service.AfterEnd = after;
        service.ToStop = true;
        _changed = true;
    }

    private void StopAll()
    {
        _ending = true;
        foreach (Supervised service in _order)
            Stop(service, service.AfterEnd == AfterEnd.Forget ? AfterEnd.Forget : AfterEnd.Stay);
    }

    private void Hurry()
    {
        foreach (Supervised service in _order)
        {
            if (!service.IsAlive)
                continue;
            BeginEnding(service);
            service.Ending!.Hurry();
        }
        RoundSoon();
    }

    private void StopThoseWhoMay()
    {
        var needed = new HashSet<string>(StringComparer.Ordinal);
        foreach (Supervised other in _order)
        {
            if (other.ToStop && other.IsAlive)
                needed.UnionWith(other.Service.DependsOn);
        }
        foreach (Supervised service in _order.ToArray())
        {
            if (!service.ToStop || service.Ending is not null || needed.Contains(service.Name))
                continue;
            service.CancelTimers();
            if (service.ProcessId == 0)
            {
                AfterItsEnd(service);
                continue;
            }
            service.Status = ServiceStatus.Stopping;
            BeginEnding(service);
        }
    }

    private void BeginEnding(Supervised service)
    {
        if (service.Ending is not null)
            return;
        service.StopLooking();
        service.Ending = new Ending(service.Service.StopGrace);
        _endings.Add(service);
        RoundSoon();
    }

    // Looks at the processes of the host soon, but not more often than it can bear.
    private void RoundSoon()
    {
        _pause = 5;
        ScheduleRound(0);
    }

    private void ScheduleRound(int milliseconds)
    {
        _round?.Cancel();
        long wait = Math.Max(milliseconds, _nextRound - EventLoop.Now);
        _round = _loop.After(TimeSpan.FromMilliseconds(Math.Max(wait, 0)), Round);
    }

    private void Round()
    {
        _round = null;
        if (_endings.Count == 0)
            return;
        long began = EventLoop.Now;
        Dictionary<string, List<LivingProcess>> members = Members();
        // one tenth of the time at most goes into looking
        long took = EventLoop.Now - began;
        foreach (Supervised service in _endings.ToArray())
        {
            List<LivingProcess> left = members.GetValueOrDefault(service.Name) ?? [];
            // its own process ends with being waited for
            if (service.Ending!.Round(left, tidying: service.ProcessId != 0) && service.ProcessId == 0 && service.ProbeId == 0)
            {
                _endings.Remove(service);
                service.Ending = null;
                AfterItsEnd(service);
            }
        }
        _nextRound = EventLoop.Now + Math.Clamp(10 * took, 2, 500);
        if (_endings.Count == 0)
            return;
        _pause = Math.Min(2 * _pause, 100);
        ScheduleRound(_pause);
    }

    private Dictionary<string, List<LivingProcess>> Members()
    {
        var roots = new Dictionary<int, string>();
        var alone = new Dictionary<ulong, string>();
        var namespaces = new HashSet<ulong>();
        foreach (Supervised service in _order)
        {
            if (service.Session != 0)
                roots[service.Session] = service.Name;
            if (service.ProbeId != 0)
                roots[service.ProbeId] = service.Name;
            if (service.Namespace == 0)
                continue;
            if (namespaces.Add(service.Namespace))
                alone[service.Namespace] = service.Name;
            else
                alone.Remove(service.Namespace);
        }
        return Census.Take(_folder.Project, Environment.ProcessId, namespaces).ByService(roots, alone, Environment.ProcessId);
    }

    // Waits for whoever has ended: services, what they left behind, readiness commands.
    private void Reap()
    {
        while (true)
        {
            int id = SystemCalls.waitpid(-1, out int status, Libc.WNOHANG);
            if (id < 0 && Errno.Last == Errno.Interrupted)
                continue;
            if (id <= 0)
                break;
            if (_heal is { } heal && heal.ProcessId == id)
            {
                HealEnded(heal, failed: status != 0);
                continue;
            }
            if (!_processes.Remove(id, out Supervised? service))
                continue;
            int signal = status & 0x7f;
            int code = signal == 0 ? (status >> 8) & 0xff : 128 + signal;
            if (service.ProbeId == id)
                ProbeEnded(service, code);
            else
                MainEnded(service, code);
        }
        // somebody may have been the last one of an ending
        if (_endings.Count > 0)
            RoundSoon();
    }

    private void MainEnded(Supervised service, int code)
    {
        service.ProcessId = 0;
        service.ExitCode = code;
        ListenAgain(service);
        ReadReport(service);
        CloseReport(service);
        // what it started goes with it
        BeginEnding(service);
    }

    // Nothing of it is left.
    private void AfterItsEnd(Supervised service)
    {
        FinishOutput(service);
        service.Timer?.Cancel();
        service.Timer = null;
        bool byItself = !service.ToStop;
        service.ToStop = false;
        service.Session = 0;
        _changed = true;
        switch (service.AfterEnd)
        {
            case AfterEnd.Forget:
                Tell(service, "stopped", keep: false);
                Forget(service);
                break;
            case AfterEnd.Again when !_ending:
                service.BeginAnew();
                break;
            case AfterEnd.NotReady:
                Fail(service, service.Why ?? "not ready");
                break;
            case AfterEnd.Policy when byItself:
                AfterItsOwnEnd(service);
                break;
            default:
                bool ran = service.Status is not (ServiceStatus.Failed or ServiceStatus.Exited or ServiceStatus.Stopped);
                if (!ran)
                    break;
                service.CancelTimers();
                service.Why = null;
                service.Status = ServiceStatus.Stopped;
                Tell(service, "stopped", keep: false);
                break;
        }
    }

    private void AfterItsOwnEnd(Supervised service)
    {
        int code = service.ExitCode ?? 0;
        string what = service.Fault ?? EndWords(code);
        if (EventLoop.Now - service.StartedAt >= s_longRun.TotalMilliseconds)
            service.InARow = 0;
        // a command that never ran yet is a mistake in the file; one that did may be being replaced
        bool mistake = service.Fault is not null && !service.WasReady;
        if (_ending || mistake || !ShallRestart(service.Service, service.Fault is null ? code : 1, service.InARow))
        {
            if (service.Fault is not null)
                Fail(service, service.Fault);
            else if (!service.WasReady)
                Fail(service, $"{what} before it was ready");
            else
                Exit(service, code, what);
            return;
        }
        double factor = Math.Pow(2, Math.Min(service.InARow, 10));
        TimeSpan wait = TimeSpan.FromMilliseconds(Math.Min(s_shortestBackOff.TotalMilliseconds * factor, s_longestBackOff.TotalMilliseconds));
        service.InARow++;
        service.Restarts++;
        service.RestartAt = EventLoop.Now + (long)wait.TotalMilliseconds;
        service.Status = ServiceStatus.Restarting;
        service.Why = what;
        service.Timer = _loop.After(wait, () => Enqueue(service));
        Tell(service, $"{what}; starting it again in {ServiceState.Duration(wait)}", keep: true);
    }

    private void Exit(Supervised service, int code, string what)
    {
        service.CancelTimers();
        service.Status = ServiceStatus.Exited;
        service.Why = code == 0 ? null : what;
        Tell(service, what, keep: code != 0);
    }

    private static string EndWords(int code) => code > 128 && code < 128 + 65 ? $"ended by signal {code - 128}" : $"ended with code {code}";

    private static bool ShallRestart(Service service, int code, int inARow) =>
        service.Restart switch
        {
            RestartPolicy.Always => true,
            RestartPolicy.OnFailure => code != 0 && (service.RestartLimit is not { } limit || inARow < limit),
            _ => false,
        };

    private void Forget(Supervised service)
    {
        Drop(service);
        _services.Remove(service.Name);
        _order.Remove(service);
    }

    private void Drop(Supervised service)
    {
        service.CancelTimers();
        FinishOutput(service);
        CloseReport(service);
        service.Log?.Dispose();
        service.Log = null;
    }
}
