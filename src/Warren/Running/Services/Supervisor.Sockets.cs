using Warren.Model;

namespace Warren.Running.Services;

// The sockets of the host on which services listen. They are held here and handed to each service when it starts, so that they stay open
// while it starts again; several services may have the same.
internal sealed partial class Supervisor
{
    private readonly HostSockets _sockets = new();
    private bool _anySockets;

    // Opens what a service is about to need, and sets it back to how it expects it.
    private void OpenSockets(Supervised service)
    {
        IReadOnlyList<HostPort> ports = service.Service.Listens;
        if (ports.Count == 0)
            return;
        _anySockets = true;
        _sockets.Open(service.Name, ports);
        foreach (HostPort port in ports)
        {
            bool shared = _order.Exists(other => other != service && other.IsAlive && other.Service.Listens.Contains(port));
            if (!shared)
                _sockets.MakeBlocking(port);
        }
        ListenAgain(service);
    }

    private void ListenAgain(Supervised service)
    {
        foreach (HostPort port in service.Service.Listens)
            _sockets.ListenAgain(port);
    }

    // What nobody has or will have is closed: who connects there is refused, and does not wait in vain.
    private void CloseSockets()
    {
        if (!_anySockets)
            return;
        var wanted = new HashSet<HostPort>();
        foreach (Supervised service in _order)
        {
            if (!service.IsActive && !service.ToStop)
                continue;
            if (service.AfterEnd is not (AfterEnd.Forget or AfterEnd.Stay) || service.ProcessId != 0)
                wanted.UnionWith(service.Service.Listens);
            if (service.Next is { } next)
                wanted.UnionWith(next.Listens);
        }
        _sockets.CloseAllBut(wanted);
        _anySockets = wanted.Count > 0;
    }

    // Before the first service starts: who depends on others is waited for too. What cannot be opened is told when it starts.
    private void OpenSocketsEarly()
    {
        foreach (Supervised service in _order)
        {
            if (service.Status != ServiceStatus.Waiting || service.Service.Listens.Count == 0)
                continue;
            _anySockets = true;
            try
            {
                _sockets.Open(service.Name, service.Service.Listens);
            }
            catch (ExecException)
            {
                // tried again
            }
        }
    }
}
