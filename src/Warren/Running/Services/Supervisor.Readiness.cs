using Warren.Model;

namespace Warren.Running.Services;

// when services are ready
internal sealed partial class Supervisor
{
    private const int PortPause = 50;
    private const int CommandPause = 200;

    private void LookWhetherReady(Supervised service)
    {
        if (service.ProcessId == 0 || service.Ending is not null || service.Service.Ready is not { } ready)
            return;
        if (ready.Port is { } port)
        {
            service.Port ??= new PortWatch(service.Service.Namespace);
            if (service.Port.Listens(ready.Protocol, port))
            {
                IsReady(service);
                return;
            }
            // a thousand at once share the time of twenty
            service.Timer = _loop.After(TimeSpan.FromMilliseconds(Math.Max(PortPause, _order.Count / 2)), () => LookWhetherReady(service));
            return;
        }
        try
        {
            Spawned probe = _spawning.Start(service.Service, ready.Command, output: false);
            service.ProbeId = probe.ProcessId;
            _processes[probe.ProcessId] = service;
            _loop.Watch(
                probe.Report,
                () =>
                {
                    if (!Spawning.TryReadReport(probe.Report, out string? failure))
                        return;
                    _loop.Unwatch(probe.Report);
                    _ = SystemCalls.close(probe.Report);
                    service.ProbeFault = failure;
                }
            );
        }
        catch (ExecException e)
        {
            service.ProbeFault = e.Message;
            LookAgain(service);
        }
    }

    private void ProbeEnded(Supervised service, int code)
    {
        service.ProbeId = 0;
        service.ProbeCode = code;
        if (service.Ending is not null || service.ProcessId == 0 || service.Status != ServiceStatus.Starting)
            return;
        if (code == 0)
            IsReady(service);
        else
            LookAgain(service);
    }

    private void LookAgain(Supervised service) =>
        service.Timer = _loop.After(TimeSpan.FromMilliseconds(CommandPause), () => LookWhetherReady(service));

    private void GiveUpWaiting(Supervised service, Readiness ready)
    {
        if (service.ToStop || service.Status is not (ServiceStatus.Starting or ServiceStatus.Restarting))
            return;
        string sign =
            ready.Port is { } port ? $"nobody listens on port {port}"
            : service.ProbeFault is { } fault ? fault
            : service.ProbeCode is { } code ? $"{Terminal.Safe(ready.Command[0])} {EndWords(code)}"
            : $"{Terminal.Safe(ready.Command[0])} has not ended";
        string all = $"not ready after {ServiceState.Duration(ready.Timeout)}: {sign}";
        Stop(service, AfterEnd.NotReady);
        service.Why = all;
    }
}
