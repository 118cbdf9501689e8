using System.Net;
using Warren.Model;
using Warren.Planning;

namespace Warren.Diagnosis.Checks;

/// <summary>The host's side of published ports.</summary>
internal static class HostPorts
{
    public static IEnumerable<Finding> Check(Condition condition)
    {
        HashSet<IPAddress> gone = GoneAddresses(condition);
        foreach ((ObservedNamespace space, _, LinkMark mark) in condition.Marked)
        {
            foreach (Forward forward in condition.ForwardsOf(mark))
            {
                if (forward.Host.HostAddress is { } address && gone.Contains(address))
                {
                    yield return new Finding(Troubles.HostAddressGone, $"port {forward.Host} is published on an address that this host does not have any more")
                    {
                        Namespace = space.Name,
                        Ports = [forward.Host],
                        Consequence = "nobody can call it",
                        Remedy = $"ip addr, to see those it has; then warren unpublish {space.Name} {forward}, and warren publish it on another, or on all",
                    };
                }
                foreach (Server server in condition.HostServers)
                {
                    if (server.Port != forward.Host.Port || server.Protocol != forward.Host.Protocol || !Hides(forward.Host, server))
                        continue;
                    yield return new Finding(Troubles.HostListens, $"{server.Process} listens on {server.Where} of the host, and port {forward.Host} is published")
                    {
                        Namespace = space.Name,
                        Ports = [forward.Host],
                        Consequence = $"who calls the port gets {space.Name}; that process gets nothing over IPv4",
                        Remedy = $"stop that process or give it another port, or warren unpublish {space.Name} {forward}",
                    };
                }
            }
        }
        if (condition.Aim.Port is { } asked && !condition.Seen.Forwards.Keys.Any(asked.Overlaps) && !condition.Marked.Any(each => each.Mark.Forwards.Any(forward => asked.Overlaps(forward.Host))))
            yield return NotPublished(condition, asked);
    }

    /// <summary>Addresses that ports are published on, and that the host does not have.</summary>
    public static HashSet<IPAddress> GoneAddresses(Condition condition)
    {
        HashSet<IPAddress> there = [.. condition.Links.SelectMany(link => link.Addresses).Select(address => address.Address)];
        return
        [
            .. condition.Marked.SelectMany(each => condition.ForwardsOf(each.Mark))
                .Select(forward => forward.Host.HostAddress)
                .OfType<IPAddress>()
                .Where(address => !IPAddress.IsLoopback(address) && !there.Contains(address)),
        ];
    }

    private static Finding NotPublished(Condition condition, HostPort asked)
    {
        var evidence = new List<string>();
        foreach (Server server in condition.HostServers)
        {
            if (server.Port == asked.Port && server.Protocol == asked.Protocol)
                evidence.Add($"{server.Process} listens on {server.Where} of the host");
        }
        foreach (ForeignLead lead in condition.Leads)
        {
            if (lead.Ports.Any(asked.Overlaps))
                evidence.Add($"a rule of others takes it: {lead.Place}");
        }
        string somebody = condition.Marked.Select(each => each.Space.Name).FirstOrDefault() ?? "NAME";
        return new Finding(Troubles.NotPublished, $"port {asked} is not published by any namespace of Warren's")
        {
            Ports = [asked],
            Evidence = evidence,
            Consequence = evidence.Count > 0 ? "what answers there is not Warren's" : asked.Protocol == Protocol.Tcp ? "the host answers \"connection refused\"" : "what is sent there is lost",
            Remedy = $"warren ports, to see those that are; warren publish {somebody} {asked.Port}:PORT{(asked.Protocol == Protocol.Udp ? "/udp" : "")}",
        };
    }

    private static bool Hides(HostPort host, Server server)
    {
        if (host.HostAddress is { } address)
            return server.Takes(address);
        // one on ::1 or another address of IPv6 is reached by that
        return server.Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork || (server.Address.Equals(IPAddress.IPv6Any) && !server.V6Only);
    }
}
