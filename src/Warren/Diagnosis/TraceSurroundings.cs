using System.Globalization;
using System.Net;
using Warren.Kernel;
using Warren.Model;
using Warren.Netlink;
using Warren.Netlink.Diag;
using Warren.Netlink.Namespaces;
using Warren.Netlink.Nftables;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;
using Warren.Planning;
using AddressFamily = Warren.Netlink.Rtnetlink.AddressFamily;

namespace Warren.Diagnosis;

/// <summary>Looks at what a packet's way depends on beside rules.</summary>
internal static class TraceSurroundings
{
    /// <summary>Where a port is published, by Warren's maps and by what its links say.</summary>
    /// <returns>The namespace, or null; and whether the maps lead the port anywhere.</returns>
    public static (TraceTarget? Target, Forward? Forward) Publication(Observed observed, HostPort port, IPAddress destination)
    {
        (HostPort Host, Target Target)? mapped = null;
        foreach ((HostPort host, Target target) in observed.Forwards)
        {
            if (Matches(host, port, destination))
                mapped = (host, target);
        }
        foreach (ObservedNamespace space in observed.Namespaces)
        {
            if (space.Link is not { Mark: { } mark } link)
                continue;
            Forward? forward = null;
            if (mapped is { } entry)
            {
                if (entry.Target.Address.Equals(mark.Inside.Address))
                    forward = new Forward(entry.Host, entry.Target.Port);
            }
            else
            {
                foreach (Forward each in mark.Forwards)
                {
                    if (Matches(each.Host, port, destination))
                        forward = each;
                }
            }
            if (forward is not { } found)
                continue;
            var target = new TraceTarget(space.Name, new Target(mark.Inside.Address, found.Port), link.Name)
            {
                Stands = space.Presence == Presence.Standing,
                LinkUp = link.Up,
                InMaps = mapped is not null,
            };
            return (target, found);
        }
        return (null, mapped is { } lone ? new Forward(lone.Host, lone.Target.Port) : null);
    }

    /// <summary>All published ports, the nearest first.</summary>
    public static IReadOnlyList<string> Published(Observed observed, HostPort port)
    {
        const int Most = 5;
        var owners = new Dictionary<IPAddress, string>();
        foreach (ObservedNamespace space in observed.Namespaces)
        {
            if (space.Link?.Mark is { } mark)
                owners[mark.Inside.Address] = space.Name;
        }
        return
        [
            .. observed.Forwards
                .Where(forward => owners.ContainsKey(forward.Value.Address))
                .OrderBy(forward => Math.Abs(forward.Key.Port - port.Port))
                .ThenBy(forward => forward.Key.ToString(), StringComparer.Ordinal)
                .Take(Most)
                .Select(forward => $"{forward.Key} for {owners[forward.Value.Address]}"),
        ];
    }

    /// <summary>Those who wait on any port of a protocol, where the calling thread is.</summary>
    public static List<TraceListener> Listeners(Protocol protocol, IPAddress address, int? port = null)
    {
        using DiagnosisSocket diagnosis = DiagnosisSocket.Open();
        List<ListeningSocket> sockets = port is { } only
            ? diagnosis.Listening((TransportProtocol)protocol, only)
            : diagnosis.Listening((TransportProtocol)protocol);
        return sockets.ConvertAll(socket => new TraceListener(
            SocketOwner.Name(socket.Inode),
            socket.Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{socket.Address}]" : $"{socket.Address}",
            socket.Port,
            socket.Takes(address),
            socket.Waiting
        ));
    }

    /// <summary>What is inside a target, as far as the packet's way depends on it.</summary>
    /// <param name="target">The target.</param>
    /// <param name="station">The namespace.</param>
    /// <param name="host">The host.</param>
    /// <param name="client">Who shall be answered; null if it is not known.</param>
    /// <param name="protocol">TCP or UDP.</param>
    public static TraceTarget Inside(TraceTarget target, TraceStation station, HostNetwork host, IPAddress? client, Protocol protocol)
    {
        HostNetwork inside = HostNetwork.Read(station.Route);
        Link? hostEnd = host.Links.FirstOrDefault(link => link.Name == target.Link);
        Link? end = inside.Links.FirstOrDefault(link => link.Kind == "veth" && link.Index == hostEnd?.PeerIndex && link.PeerIndex == hostEnd.Index);
        return target with
        {
            LinkUp = hostEnd is { IsUp: true },
            InsideDown = end is { IsUp: false } ? end.Name : "",
            HasAddress = inside.Links.Any(link => inside.Addresses(link).Any(address => address.Address.Equals(target.Target.Address))),
            HasWayBack = client is null || HasRoute(station.Route, client),
            Listeners = station.In(() => Listeners(protocol, target.Target.Address)),
        };
    }

    /// <summary>How many packets the reverse path filter dropped so far, where the calling thread is.</summary>
    public static long ReversePathDrops()
    {
        string[] names = [];
        // a line of names, then a line of numbers, each with the same first word
        foreach (string line in ReadLines("/proc/thread-self/net/netstat"))
        {
            string[] words = line.Split(' ');
            int at = Array.IndexOf(names, "IPReversePathFilter");
            if (names.Length > 0 && words[0] == names[0] && at > 0 && at < words.Length)
                return long.Parse(words[at], NumberStyles.None, CultureInfo.InvariantCulture);
            names = words;
        }
        return 0;
    }

    /// <summary>Whether forwarding is off on a link of the host.</summary>
    public static bool ForwardsNot(string link) => HostLock.IsLinkName(link) && SmallFile.Read(Observer.ForwardingFile(link)) == "0";

    /// <summary>Rules of chains that a packet passed, which name a link: in words.</summary>
    public static List<string> RulesNaming(string link, IEnumerable<TraceLeg> legs, TraceNames names)
    {
        var found = new List<string>();
        var passed = new HashSet<(string, string, string)>();
        foreach (TraceLeg leg in legs)
        {
            foreach (TraceHop hop in leg.Hops)
            {
                if (hop.Owner != "warren")
                    passed.Add((hop.Family, hop.Table, hop.Chain));
            }
        }
        foreach (NftRule rule in names.Rules)
        {
            if (passed.Contains((rule.Table.Family.Word, rule.Table.Name, rule.Chain)) && Names(rule, link))
                found.Add($"'{rule}' of chain {rule.Chain} in table {rule.Table}");
        }
        return found;
    }

    private static bool Names(NftRule rule, string link)
    {
        for (int i = 0; i + 1 < rule.Expressions.Count; i++)
        {
            if (
                rule.Expressions[i] is NftMeta { Key: NftMetaKey.InputLinkName, IsStore: false }
                && rule.Expressions[i + 1] is NftCompare compare
                && System.Text.Encoding.UTF8.GetString(compare.Value.Bytes) is var text
                && (text.TrimEnd('\0') == link || (!text.Contains('\0', StringComparison.Ordinal) && link.StartsWith(text, StringComparison.Ordinal)))
            )
            {
                return true;
            }
        }
        return false;
    }

    private static bool HasRoute(NetlinkSocket socket, IPAddress client)
    {
        var batch = new NetlinkBatch(64);
        batch.DumpRoutes(AddressFamily.IPv4);
        foreach (Route route in socket.Dump(batch, Route.Parse))
        {
            if (route.Type != RouteType.Unicast && route.Type != RouteType.Local)
                continue;
            if (route.PrefixLength == 0 || new Cidr(route.Destination ?? IPAddress.Any, route.PrefixLength).Overlaps(new Cidr(client, 32)))
                return true;
        }
        return false;
    }

    private static bool Matches(HostPort published, HostPort asked, IPAddress destination) =>
        published.Port == asked.Port
        && published.Protocol == asked.Protocol
        && (published.HostAddress is null || published.HostAddress.Equals(destination));

    private static string[] ReadLines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
