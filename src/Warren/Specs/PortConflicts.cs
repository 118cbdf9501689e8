using System.Net;
using Warren.Model;

namespace Warren.Specs;

/// <summary>Finds host ports that are wished for twice. Of ranges from which any port will do nothing is said. On the same port services of several
/// namespaces may listen.</summary>
internal static class PortConflicts
{
    private readonly record struct Wished(PortRequest Ports, string Namespace, Place Place, bool Listens = false);

    public static void Find(List<NamespaceDraft> spaces, Faults faults)
    {
        // A port meets those of its own address and those of all addresses; two different addresses never meet.
        var byKey = new Dictionary<(IPAddress? Address, Protocol Protocol), List<Wished>>();
        foreach (NamespaceDraft space in spaces)
        {
            foreach (Written<PortRequest> port in space.Ports)
            {
                if (!port.Value.TakesAny)
                    Add(byKey, new Wished(port.Value, space.Name, port.Place));
            }
            foreach (ListenDraft listen in space.Listens)
            {
                ListenRequest ports = listen.Ports;
                Add(byKey, new Wished(new PortRequest(ports.HostAddress, ports.First, ports.Last, ports.First, ports.Last, ports.Protocol), space.Name, listen.Place, Listens: true));
            }
        }
        foreach (List<Wished> list in byKey.Values)
        {
            list.Sort((a, b) => a.Ports.HostFirst.CompareTo(b.Ports.HostFirst));
            Among(list, faults);
        }
        foreach (((IPAddress? address, Protocol protocol), List<Wished> list) in byKey)
        {
            if (address is not null && byKey.TryGetValue((null, protocol), out List<Wished>? all))
                Between(list, all, faults);
        }
    }

    private static void Add(Dictionary<(IPAddress? Address, Protocol Protocol), List<Wished>> byKey, Wished wished)
    {
        (IPAddress?, Protocol) key = (wished.Ports.HostAddress, wished.Ports.Protocol);
        if (!byKey.TryGetValue(key, out List<Wished>? list))
            byKey.Add(key, list = []);
        list.Add(wished);
    }

    // each against the one that reaches furthest of those that begin before it
    private static void Among(List<Wished> list, Faults faults)
    {
        int reaching = 0;
        for (int i = 1; i < list.Count; i++)
        {
            bool shared = list[i].Listens && list[reaching].Listens && list[i].Namespace != list[reaching].Namespace;
            if (!shared && list[i].Ports.HostFirst <= list[reaching].Ports.HostLast)
                Tell(list[reaching], list[i], faults);
            if (list[i].Ports.HostLast > list[reaching].Ports.HostLast)
                reaching = i;
        }
    }

    // both are in the order of their first ports
    private static void Between(List<Wished> list, List<Wished> all, Faults faults)
    {
        int reaching = -1;
        int next = 0;
        foreach (Wished each in list)
        {
            for (; next < all.Count && all[next].Ports.HostFirst <= each.Ports.HostLast; next++)
            {
                if (reaching < 0 || all[next].Ports.HostLast > all[reaching].Ports.HostLast)
                    reaching = next;
            }
            // one that ends before one that begins before it lies in it, and that was told
            if (reaching >= 0 && all[reaching].Ports.HostLast >= each.Ports.HostFirst && all[reaching].Ports.HostFirst <= each.Ports.HostLast)
                Tell(all[reaching], each, faults);
        }
    }

    private static void Tell(Wished a, Wished b, Faults faults)
    {
        if (a.Place.Source.Order != b.Place.Source.Order ? a.Place.Source.Order > b.Place.Source.Order : a.Place.Start > b.Place.Start)
            (a, b) = (b, a);
        int port = Math.Max(a.Ports.HostFirst, b.Ports.HostFirst);
        var taken = new HostPort(b.Ports.HostAddress, port, b.Ports.Protocol);
        string how = a.Listens ? "listened on" : "published";
        string by = a.Namespace == b.Namespace ? "" : $" by {Faults.Quote(a.Namespace)}";
        string hint = a.Listens && b.Listens && a.Ports.HostAddress?.Equals(b.Ports.HostAddress) != false ? "write it once, with all who shall listen: service: [a, b]" : "give each its own host port";
        faults.Add(b.Place, $"the host port {taken} is {how} already{by} in {a.Place.SeenFrom(b.Place)}", hint);
    }
}
