using Warren.Model;

namespace Warren.Specs;

/// <summary>Which services of a namespace are handed which listening sockets.</summary>
internal sealed class SocketShares
{
    private readonly Dictionary<string, List<HostPort>> _byService = new(StringComparer.Ordinal);

    /// <summary>Finds out who gets what; what is wrong is noted.</summary>
    public SocketShares(NamespaceDraft space, Faults faults)
    {
        foreach (ListenDraft listen in space.Listens)
        {
            foreach (string service in Takers(space, listen, faults))
            {
                if (!_byService.TryGetValue(service, out List<HostPort>? ports))
                    _byService[service] = ports = [];
                ports.AddRange(listen.Ports.Hosts);
            }
        }
    }

    /// <summary>The ports of a service, in the order of the file.</summary>
    public IReadOnlyList<HostPort> Of(ServiceDraft service, Faults faults)
    {
        if (!_byService.TryGetValue(service.Name, out List<HostPort>? ports))
            return [];
        List<HostPort> own = [.. ports.Distinct()];
        if (service.Ready?.Port is { } ready && own.Exists(port => port.Port == ready.Value.Number && port.Protocol == ready.Value.Protocol))
            faults.Add(ready.Place, $"nobody listens on {ready.Value.Number} inside: it is the host's port, which the service is handed open", "leave 'ready' out: who connects before waits; or ready: {command: …}");
        return own;
    }

    private static List<string> Takers(NamespaceDraft space, ListenDraft listen, Faults faults)
    {
        List<string> names = [.. space.Services.All.Select(service => service.Name)];
        bool single = space.Run is not null && names.Count == 0;
        if (listen.Services.Count == 0)
        {
            if (single)
                return [""];
            if (names.Count == 1)
                return names;
            if (names.Count == 0)
                faults.Add(listen.Place, $"the namespace {Faults.Quote(space.Name)} has no program that could listen on {listen.Ports.Ports}", "give it one with 'run' or 'services'; or publish a port of it: HOSTPORT:PORT");
            else
                faults.Add(listen.Place, $"which service of {Faults.Quote(space.Name)} shall listen on {listen.Ports.Ports}?", $"{{host: …, listen: true, service: {names[0]}}}, or a list of them");
            return [];
        }
        if (single)
        {
            faults.Add(listen.Services[0].Place, $"{Faults.Quote(space.Name)} has one program, which has no name: 'run'", "leave 'service' out");
            return [];
        }
        var takers = new List<string>();
        foreach (Written<string> service in listen.Services)
        {
            if (names.Contains(service.Value))
                takers.Add(service.Value);
            else
                faults.Add(service.Place, $"the namespace {Faults.Quote(space.Name)} has no service {Faults.Quote(service.Value)}", Nearest.Of(service.Value, names) is { } near ? $"did you mean '{near}'?" : names.Count > 0 ? "it has " + string.Join(", ", names.Take(20)) : "");
        }
        return takers;
    }
}
