using System.Net;
using Warren.Model;
using Warren.Planning;

namespace Warren.Diagnosis.Checks;

/// <summary>Whether programs in a namespace can look names up.</summary>
internal static class Resolvers
{
    private const int DnsPort = 53;

    public static IEnumerable<Finding> Check(Condition condition)
    {
        foreach ((ObservedNamespace space, _, _) in condition.Marked)
        {
            SpaceFacts? facts = condition.Inside(space.Name);
            IReadOnlyList<IPAddress>? own = facts?.NameServers;
            IReadOnlyList<IPAddress> servers = own ?? condition.NameServers;
            if (space.Presence != Presence.Standing || servers.Count == 0 || !servers.All(IPAddress.IsLoopback) || servers.Any(server => Answers(facts, server)))
                continue;
            string path = Resolver.PathOf(space.Name);
            string server = (condition.NameServersBehind.FirstOrDefault(address => !IPAddress.IsLoopback(address)) ?? IPAddress.Parse("9.9.9.9")).ToString();
            yield return own is not null
                ? new Finding(Troubles.ResolverLoopback, $"{path} names {servers[0]}, and nobody answers there inside")
                {
                    Namespace = space.Name,
                    Consequence = "programs in it cannot look up names",
                    Remedy = $"echo nameserver {server} > {path}; programs that run need a restart",
                }
                : new Finding(Troubles.ResolverStub, $"the host's name server is {servers[0]}, a stub on the host's own lo, and the namespace has no {path}")
                {
                    Namespace = space.Name,
                    Consequence = "programs in it cannot look up names: 127.x inside is the namespace itself",
                    Remedy = $"mkdir -p /etc/netns/{space.Name}; echo nameserver {server} > {path}; or dns: in warren.yaml",
                };
        }
    }

    private static bool Answers(SpaceFacts? facts, IPAddress server) =>
        facts?.Servers.Any(each => each.Port == DnsPort && each.Protocol == Protocol.Udp && each.Takes(server)) == true;
}
