using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Warren.Diagnosis;
using Warren.Model;
using Warren.Netlink;
using Warren.Netlink.Conntrack;
using Warren.Netlink.Diag;
using Warren.Netlink.Namespaces;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;
using Warren.Planning;
using Warren.Running;

namespace Warren.Kernel;

// The part that looks at links, routes, namespaces and sockets.
internal sealed partial class Examiner
{
    // a longer table of connections is not gone through
    private const long MostFlows = 200_000;

    private static readonly string[] s_sysctls = ["ip_forward", "conf/all/rp_filter", "conf/all/route_localnet", "conf/all/log_martians"];

    private Condition WithNetwork(Condition condition)
    {
        HostNetwork host = HostNetwork.Read(_session.Route);
        List<Route> routes = Dump(_session.Route, batch => batch.DumpRoutes(Netlink.Rtnetlink.AddressFamily.IPv4), Route.Parse);
        List<Neighbour> neighbours = Dump(_session.Route, batch => batch.DumpNeighbours(0), Neighbour.Parse);
        var sysctls = new Dictionary<string, string>();
        foreach (string name in s_sysctls)
            sysctls["net.ipv4." + name.Replace('/', '.')] = SmallFile.ReadAny("/proc/sys/net/ipv4/" + name) ?? "";
        var leads = new Dictionary<int, string>();
        List<SpaceFacts> spaces = SpacesOf(condition, host, leads);
        return condition with
        {
            Links = [.. host.Links.Select(link => LinkOf(link, host, leads.GetValueOrDefault(link.Index, "")))],
            Routes =
            [
                .. routes.Select(route => new HostRoute(
                    route.Destination is { } destination ? new Cidr(destination, route.PrefixLength) : null,
                    route.Links.Count > 0 ? host.Find(route.Links[0])?.Name ?? "" : "",
                    route.Table
                )),
            ],
            Ways = WaysOf(condition, host),
            Silent = neighbours.Where(each => each.State.HasFlag(NeighbourState.Failed)).Select(each => each.Address).ToHashSet(),
            Sysctls = sysctls,
            Spaces = spaces,
            Kernel = condition.Kernel with { HasVeth = host.Links.Any(link => link.Kind == "veth") || condition.Kernel.HasVeth == true ? true : condition.Kernel.HasVeth },
        };
    }

    // Of links that are down, or do not forward, something else is told.
    private Dictionary<string, WayOut> WaysOf(Condition condition, HostNetwork host)
    {
        var names = new List<string>();
        var batch = new NetlinkBatch();
        foreach ((ObservedNamespace space, ObservedLink link, LinkMark mark) in condition.Marked)
        {
            if (!link.Up)
                continue;
            names.Add(space.Name);
            batch.GetForwardedRoute(Observer.World, mark.Inside.Address, link.Index);
        }
        var ways = new Dictionary<string, WayOut>();
        if (names.Count == 0)
            return ways;
        (Route? Value, NetlinkException? Error)[] answers = _session.Route.Ask(batch, Route.Parse);
        for (int i = 0; i < names.Count; i++)
        {
            (Route? route, NetlinkException? error) = answers[i];
            string leaves = route is { Type: RouteType.Unicast, Links: [int index, ..] } ? host.Find(index)?.Name ?? "" : "";
            ways[names[i]] = new WayOut(leaves, leaves.Length > 0 ? "" : error?.Errno.Text ?? route?.Type.ToString() ?? "");
        }
        return ways;
    }

    private static HostLink LinkOf(Link link, HostNetwork host, string leadsTo) =>
        new(link.Name, link.Kind)
        {
            Up = link.IsUp,
            Mtu = link.Mtu,
            Forwarding = link.Forwarding,
            Addresses = host.Addresses(link),
            LeadsTo = leadsTo,
            ReversePathFilter =
                !link.Name.Contains('/', StringComparison.Ordinal)
                && int.TryParse(SmallFile.ReadAny($"/proc/sys/net/ipv4/conf/{link.Name}/rp_filter"), NumberStyles.None, CultureInfo.InvariantCulture, out int filter)
                    ? filter
                    : 0,
        };

    private List<SpaceFacts> SpacesOf(Condition condition, HostNetwork host, Dictionary<int, string> leads)
    {
        Dictionary<string, List<ulong>> below = MountedNames.Below();
        var spaces = new List<SpaceFacts>();
        var sockets = new Dictionary<string, List<ListeningSocket>>();
        foreach (ObservedNamespace space in condition.Seen.Namespaces)
        {
            if (space.Presence != Presence.Standing)
            {
                spaces.Add(new SpaceFacts(space.Name) { Holders = space.Link is { } link ? Holders(host.Find(link.Index)) : [] });
                continue;
            }
            if (LookInside(space, host, leads, sockets) is not { } found)
                continue;
            List<ulong>? covered = below.GetValueOrDefault(space.Name);
            spaces.Add(
                found with
                {
                    NameServers = NameServersOf(Resolver.PathOf(space.Name)),
                    Below = covered?.Count ?? 0,
                    Holders = covered is null ? [] : [.. NamespaceProcesses.In(covered).Select(process => new Held(process.Id, NamespaceProcesses.Name(process.Id)))],
                }
            );
        }
        Dictionary<uint, int> owners = SocketOwner.Find(sockets.Values.SelectMany(each => each).Select(socket => socket.Inode).ToHashSet());
        return spaces.ConvertAll(space => sockets.TryGetValue(space.Name, out List<ListeningSocket>? own) ? space with { Servers = ServersOf(own, owners) } : space);
    }

    private SpaceFacts? LookInside(ObservedNamespace space, HostNetwork host, Dictionary<int, string> leads, Dictionary<string, List<ListeningSocket>> sockets)
    {
        try
        {
            using NetworkNamespace opened = NetworkNamespace.Open(space.Name);
            bool marked = space.Link?.Mark is not null;
            (HostNetwork inside, List<ListeningSocket> listening) = opened.Run(() =>
            {
                using NetlinkSocket route = NetlinkSocket.Open(NetlinkProtocol.Route);
                return (HostNetwork.Read(route), marked ? ListeningHere() : []);
            });
            if (marked)
                sockets[space.Name] = listening;
            IReadOnlyList<VethPair> pairs = new NamespaceLinks(_session.Route, opened, host, inside).Pairs;
            foreach (VethPair pair in pairs)
            {
                // behind a bridge there may be others
                if (pair.Host.Master == 0 && pair.Inside.Master == 0)
                    leads[pair.Host.Index] = space.Name;
            }
            return new SpaceFacts(space.Name)
            {
                Links =
                [
                    .. inside.Links.Select(link => new SpaceLink(
                        link.Name,
                        link.Mtu,
                        [.. inside.Addresses(link).Select(address => address.Address)],
                        pairs.FirstOrDefault(pair => pair.Inside.Index == link.Index).Host?.Name ?? ""
                    )),
                ],
            };
        }
        catch (NetlinkException e) when (e.Errno == Errno.NotFound || e.Errno == Errno.Invalid)
        {
            // it went while we looked
            return null;
        }
    }

    private static List<ListeningSocket> ListeningHere()
    {
        using var diagnosis = DiagnosisSocket.Open();
        return [.. diagnosis.Listening(TransportProtocol.Tcp), .. diagnosis.Listening(TransportProtocol.Udp)];
    }

    private static IReadOnlyList<Server> ServersOf(IEnumerable<ListeningSocket> sockets, Dictionary<uint, int> owners) =>
        [
            .. sockets.Select(socket =>
            {
                bool known = owners.TryGetValue(socket.Inode, out int process);
                IPAddress address = socket.Address.IsIPv4MappedToIPv6 ? socket.Address.MapToIPv4() : socket.Address;
                return new Server(address, socket.Port, (Protocol)socket.Protocol, known ? SocketOwner.Words(process) : "a process")
                {
                    V6Only = socket.V6Only,
                    Command = known ? CommandOf(process) : [],
                };
            }),
        ];

    private static string[] CommandOf(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline").TrimEnd('\0').Split('\0');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static IReadOnlyList<Server> HostServers(Condition condition)
    {
        var ports = new HashSet<(int, Protocol)>();
        foreach (HostPort host in condition.Seen.Forwards.Keys.Concat(condition.Marked.SelectMany(each => each.Mark.Forwards).Select(forward => forward.Host)))
            ports.Add((host.Port, host.Protocol));
        if (condition.Aim.Port is { } asked)
            ports.Add((asked.Port, asked.Protocol));
        if (ports.Count == 0)
            return [];
        List<ListeningSocket> sockets = ListeningHere().FindAll(socket => ports.Contains((socket.Port, (Protocol)socket.Protocol)));
        return ServersOf(sockets, SocketOwner.Find(sockets.Select(socket => socket.Inode).ToHashSet()));
    }

    // Its links are those of the network that it is in.
    private static Held? AddressClientOf(Condition condition)
    {
        const string Client = "dhcpcd";
        if (!condition.Marked.Any(each => Diagnosis.Checks.LinkAddresses.Others(condition, each.Link.Name, each.Mark).Length > 0))
            return null;
        using NetworkNamespace own = NetworkNamespace.OpenCurrent();
        return NamespaceProcesses.In(own.Inode).Order().Select(process => new Held(process, NamespaceProcesses.Name(process))).FirstOrDefault(process => process.Name == Client);
    }

    // The processes in the namespace that a link of the host leads to, whatever its name is, or was.
    private List<Held> Holders(Link? link)
    {
        var holders = new List<Held>();
        if (link?.PeerNamespaceId is not { } wanted)
            return holders;
        var known = new Dictionary<string, bool>();
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out int process) || process == Environment.ProcessId)
                continue;
            try
            {
                if (new FileInfo(folder + "/ns/net").LinkTarget is not { } space)
                    continue;
                if (!known.TryGetValue(space, out bool isThere))
                {
                    using NetworkNamespace opened = NetworkNamespace.OpenProcess(process);
                    _batch.Clear();
                    _batch.GetNamespaceId(opened);
                    known[space] = isThere = _session.Route.Get(_batch, NamespaceId.Parse) is [{ Id: { } id }] && id == wanted;
                }
                if (isThere)
                    holders.Add(new Held(process, NamespaceProcesses.Name(process)));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or NetlinkException)
            {
                // gone meanwhile, or not ours to see
            }
        }
        return holders;
    }

    private static ConntrackFacts ConntrackOf() =>
        new(
            Number("/proc/sys/net/netfilter/nf_conntrack_count"),
            Number("/proc/sys/net/netfilter/nf_conntrack_max"),
            DroppedOf("/proc/thread-self/net/stat/nf_conntrack")
        );

    private static long Number(string path) => long.TryParse(SmallFile.ReadAny(path), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : 0;

    // a line of column names, then one of hexadecimal numbers for each processor
    private static long DroppedOf(string path)
    {
        string[] lines = (SmallFile.ReadAny(path) ?? "").Split('\n');
        int column = Array.IndexOf(lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries), "drop");
        long dropped = 0;
        foreach (string line in lines.Skip(1))
        {
            string[] numbers = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (column >= 0 && column < numbers.Length && long.TryParse(numbers[column], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out long number))
                dropped += number;
        }
        return dropped;
    }

    private static IReadOnlyList<LedFlow> FlowsOf(Condition condition)
    {
        if (condition.Seen.Forwards.Count == 0 || condition.Conntrack.Count > MostFlows)
            return [];
        try
        {
            using ConntrackSocket conntrack = ConntrackSocket.Open();
            return
            [
                .. conntrack.List(new FlowFilter { Family = System.Net.Sockets.AddressFamily.InterNetwork })
                    .Where(flow =>
                        flow.Status.HasFlag(FlowStatus.DestinationNat)
                        && flow.Protocol is TransportProtocol.Tcp or TransportProtocol.Udp
                        && flow.Original.DestinationPort is not null
                    )
                    .Select(flow => new LedFlow((Protocol)flow.Protocol, flow.Original.Destination, flow.Original.DestinationPort!.Value, flow.Reply.Source, flow.Original.Source)),
            ];
        }
        catch (NetlinkException)
        {
            // a kernel whose flows cannot be listed (no nf_conntrack_netlink)
            return [];
        }
    }

    // Null without the file.
    private static IReadOnlyList<IPAddress>? NameServersOf(string path)
    {
        const long Longest = 64 * 1024;
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists || (file.LinkTarget is null && file.Length > Longest))
                return null;
            var servers = new List<IPAddress>();
            foreach (string line in File.ReadLines(path).Take(1000))
            {
                string[] words = line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
                if (words is ["nameserver", var text, ..] && IPAddress.TryParse(text, out IPAddress? server))
                    servers.Add(server);
            }
            return servers;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
