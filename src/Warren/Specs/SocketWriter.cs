using Warren.Model;

namespace Warren.Specs;

/// <summary>Writes the ports on which a namespace's services listen as items of its <c>ports</c>.</summary>
internal static class SocketWriter
{
    /// <summary>The items, in an order in which each service gets its ports as it has them.</summary>
    public static IEnumerable<string> Ports(IReadOnlyList<Service> services)
    {
        var run = new List<HostPort>();
        List<int> takers = [];
        foreach ((HostPort port, List<int> next) in InOrder(services))
        {
            if (run.Count > 0 && !next.SequenceEqual(takers))
            {
                foreach (string item in Items(run, takers, services))
                    yield return item;
                run.Clear();
            }
            takers = next;
            run.Add(port);
        }
        foreach (string item in Items(run, takers, services))
            yield return item;
    }

    private static IEnumerable<string> Items(List<HostPort> ports, List<int> takers, IReadOnlyList<Service> services)
    {
        foreach (ListenRequest request in ListenRequest.Of(ports))
            yield return services.Count == 1 ? "\"" + request + "\"" : Long(request, [.. takers.Select(taker => YamlText.Value(services[taker].Name))]);
    }

    private static string Long(ListenRequest request, string[] names) =>
        "{ "
        + (request.HostAddress is { } address ? "address: " + address + ", " : "")
        + "host: "
        + (request.First == request.Last ? Words.Number(request.First) : Words.Number(request.First) + "-" + Words.Number(request.Last))
        + (request.Protocol == Protocol.Udp ? ", protocol: udp" : "")
        + ", listen: true, service: "
        + (names.Length == 1 ? names[0] : "[" + string.Join(", ", names) + "]")
        + " }";

    // Each port once, with the services that have it. The next is one that comes later for nobody.
    private static IEnumerable<(HostPort Port, List<int> Takers)> InOrder(IReadOnlyList<Service> services)
    {
        var places = new List<Dictionary<HostPort, int>>();
        int[] next = new int[services.Count];
        foreach (Service service in services)
        {
            var own = new Dictionary<HostPort, int>();
            foreach (HostPort port in service.Listens)
                own.TryAdd(port, own.Count);
            places.Add(own);
        }
        while (First(services, places, next) is { } port)
        {
            var takers = new List<int>();
            for (int i = 0; i < services.Count; i++)
            {
                if (!places[i].ContainsKey(port))
                    continue;
                takers.Add(i);
                next[i]++;
            }
            yield return (port, takers);
        }
    }

    private static HostPort? First(IReadOnlyList<Service> services, List<Dictionary<HostPort, int>> places, int[] next)
    {
        for (int i = 0; i < services.Count; i++)
        {
            if (next[i] == services[i].Listens.Count)
                continue;
            HostPort port = services[i].Listens[next[i]];
            bool first = true;
            for (int j = 0; j < services.Count; j++)
                first &= !places[j].TryGetValue(port, out int place) || place == next[j];
            if (first)
                return port;
        }
        return null;
    }
}
