using System.Net;
using Warren.Firewall;
using Warren.Model;
using Warren.Netlink;
using Warren.Netlink.Diag;
using Warren.Netlink.Nftables;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;
using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Kernel;

// The part that looks at the host: what a wish could collide with.
internal sealed partial class Observer
{
    // Who made the routes that count wherever they stand, also in a table that no rule leads to: people and their settings. What the kernel
    // made belongs to an address; what a daemon made is asked for when a subnet was chosen.
    private static readonly RouteOrigin[] s_origins = [RouteOrigin.Boot, RouteOrigin.Static, RouteOrigin.Dhcp];

    private static bool IsForeign(string label) => !label.StartsWith(NamespaceName.LinkPrefix, StringComparison.Ordinal);

    private static HashSet<IPAddress> Foreign(List<ConfiguredAddress> addresses)
    {
        var foreign = new HashSet<IPAddress>();
        foreach (ConfiguredAddress address in addresses)
        {
            if (IsForeign(address.Label))
                foreign.Add(address.Address);
        }
        return foreign;
    }

    // All but those of Warren's links, which are as many as there are namespaces.
    private List<Route> ForeignRoutes()
    {
        var routes = new List<Route>();
        foreach (RouteOrigin origin in s_origins)
        {
            _batch.Clear();
            _batch.DumpRoutes(AddressFamily.IPv4, origin);
            routes.AddRange(session.Route.Dump(_batch, Route.Parse));
        }
        return routes;
    }

    /// <summary>The subnets of all routes of all tables.</summary>
    public List<TakenNetwork> AllRoutes()
    {
        var taken = new List<TakenNetwork>();
        foreach (Route route in Dump(batch => batch.DumpRoutes(AddressFamily.IPv4), Route.Parse))
        {
            if (route.Destination is { } destination)
                taken.Add(new TakenNetwork(new Cidr(destination, route.PrefixLength), "a route"));
        }
        return taken;
    }

    /// <summary>What has the subnets that a plan chose already, of all that was not listed: other namespaces, a daemon's routes.</summary>
    public List<TakenNetwork> Collisions(Observed observed, Plan plan)
    {
        var chosen = new List<LinkPlan>();
        var going = new HashSet<string>();
        _batch.Clear();
        foreach (Step step in plan.Steps)
        {
            if (step is DeleteLink delete)
                going.Add(delete.Name);
            if (step is not CreateLink { Link: var link })
                continue;
            chosen.Add(link);
            _batch.GetMatchingRoute(link.Host.Address);
            _batch.GetMatchingRoute(link.Inside.Address);
        }
        var collisions = new List<TakenNetwork>();
        if (chosen.Count == 0)
            return collisions;
        var goingIndices = new HashSet<int>();
        foreach (ObservedNamespace space in observed.Namespaces)
        {
            if (space.Link is { } own && going.Contains(own.Name))
                goingIndices.Add(own.Index);
        }
        (Route? Value, NetlinkException? Error)[] answers = session.Route.Ask(_batch, Route.Parse);
        for (int i = 0; i < answers.Length; i++)
        {
            Cidr subnet = chosen[i / 2].Host;
            if (answers[i].Value is { } route)
            {
                if (route is { Destination: { } destination, PrefixLength: >= SubnetPool.ShortestSubnet } && !route.Links.Any(goingIndices.Contains))
                {
                    var network = new Cidr(destination, route.PrefixLength);
                    collisions.Add(new TakenNetwork(network, Reason(route, network)));
                }
            }
            else if (answers[i].Error is { } refused && refused.Errno != Errno.NetworkUnreachable)
            {
                // a route that refuses does not tell how much it refuses
                var range = new Cidr(subnet.Address, Math.Min(subnet.PrefixLength, 16));
                collisions.Add(new TakenNetwork(range, $"a route that refuses {subnet.Address}"));
            }
        }
        return collisions;
    }

    private List<TakenNetwork> Taken(List<Route> routes, List<ConfiguredAddress> addresses, Wish wish)
    {
        var taken = new List<TakenNetwork>(routes.Count + addresses.Count);
        List<Cidr> wanted = Wanted(wish);
        foreach (ConfiguredAddress address in addresses)
        {
            var network = new Cidr(address.Address, address.PrefixLength);
            taken.Add(new TakenNetwork(network, Overlaps(wanted, network) ? Reason(address) : "an address"));
            if (address.Peer.Equals(address.Address))
                continue;
            network = new Cidr(address.Peer, address.PrefixLength);
            taken.Add(new TakenNetwork(network, Overlaps(wanted, network) ? Reason(address) : "an address"));
        }
        foreach (Route route in routes)
        {
            if (route.Destination is not { } destination)
                continue;
            var network = new Cidr(destination, route.PrefixLength);
            taken.Add(new TakenNetwork(network, Overlaps(wanted, network) ? Reason(route, network) : "a route"));
        }
        return taken;
    }

    // Only what a subnet of the user's own choice collides with is ever told.
    private static List<Cidr> Wanted(Wish wish)
    {
        var wanted = new List<Cidr>();
        foreach (NamespaceWish each in wish.Ensure)
        {
            if ((each.Subnet ?? each.Address) is { } own)
                wanted.Add(own);
        }
        return wanted;
    }

    private static bool Overlaps(List<Cidr> wanted, Cidr network)
    {
        foreach (Cidr each in wanted)
        {
            if (each.Overlaps(network))
                return true;
        }
        return false;
    }

    private static string Reason(ConfiguredAddress address) =>
        $"address {address.Address}{(address.PrefixLength < 32 ? $"/{address.PrefixLength}" : "")} dev {Terminal.Safe(address.Link)}";

    private string Reason(Route route, Cidr network)
    {
        string link = route.Links.Count > 0 && FindLink(route.Links[0]) is { } found ? $" dev {Terminal.Safe(found.Name)}" : "";
        return route.Table switch
        {
            Route.LocalTable => $"address {network.Address}{link}",
            Route.MainTable => $"route {network}{link}",
            _ => $"route {network}{link} table {route.Table}",
        };
    }

    // The uplinks that namespaces are pinned to, or shall be.
    private static HashSet<string> PinnedTo(Observed observed, Wish wish)
    {
        var names = new HashSet<string>();
        foreach (NamespaceWish each in wish.Ensure)
        {
            if (each.Uplink is not null)
                names.Add(each.Uplink);
        }
        foreach (ObservedNamespace space in observed.Namespaces)
        {
            if (space.Link?.Mark?.Uplink is { } uplink)
                names.Add(uplink);
        }
        return names;
    }

    // The links of default routes, or of their halves, as VPNs make them; on a host without any, every link with an address. And those that
    // namespaces are pinned to, wherever the routes lead now; and those with an address on which a port is published, for who asks for that one
    // comes in by its link.
    private List<Uplink> Uplinks(
        List<Route> routes,
        List<ConfiguredAddress> addresses,
        HashSet<string> pinnedTo,
        List<string> absent,
        HashSet<IPAddress> answersOn
    )
    {
        var indices = new HashSet<int>();
        foreach (Route route in routes)
        {
            if (route.IsDefault || route is { PrefixLength: 1, Type: RouteType.Unicast })
                indices.UnionWith(route.Links);
        }
        // one into a namespace leads to no world: dhcpcd makes such
        indices.RemoveWhere(index => FindLink(index) is { } own && LinkPlan.IsOurs(own.Group));
        // one that a daemon made
        if (indices.Count == 0)
        {
            _batch.Clear();
            _batch.GetRoute(World);
            foreach (Route route in session.Route.Get(_batch, Route.Parse, Errno.NetworkUnreachable, Errno.HostUnreachable, Errno.Invalid, Errno.Denied))
                indices.UnionWith(route.Links);
        }
        if (indices.Count == 0)
        {
            var links = new HashSet<string>();
            foreach (ConfiguredAddress address in addresses)
            {
                if (IsForeign(address.Label) && !IPAddress.IsLoopback(address.Address) && links.Add(address.Link) && FindLink(address.Link) is { } link)
                    indices.Add(link.Index);
            }
        }
        foreach (string name in pinnedTo)
        {
            if (FindLink(name) is { } link)
                indices.Add(link.Index);
            else
                absent.Add(name);
        }
        foreach (ConfiguredAddress address in addresses)
        {
            if (answersOn.Contains(address.Address) && IsForeign(address.Label) && FindLink(address.Link) is { } link)
                indices.Add(link.Index);
        }
        var uplinks = new List<Uplink>();
        // in the order of their indices, so that the same host gives the same plan
        int[] ordered = [.. indices];
        Array.Sort(ordered);
        foreach (int index in ordered)
        {
            if (FindLink(index) is not { IsUp: true } link || LinkPlan.IsOurs(link.Group) || link.Flags.HasFlag(LinkFlags.Loopback))
                continue;
            bool forwarding = link.Forwarding ?? SmallFile.Read(ForwardingFile(link.Name)) == "1";
            uplinks.Add(new Uplink(link.Name, link.Mtu, forwarding));
        }
        return uplinks;
    }

    public static string ForwardingFile(string link) => $"/proc/sys/net/ipv4/conf/{link}/forwarding";

    // A port of all addresses is asked for at each address too: published there, it is in the way.
    private Dictionary<HostPort, Target> FindForwards(HashSet<HostPort> hosts, IReadOnlyCollection<IPAddress> addresses)
    {
        var forwards = new Dictionary<HostPort, Target>();
        var keys = new List<NftElement>();
        var addressKeys = new List<NftElement>();
        foreach (HostPort port in hosts)
        {
            (port.HostAddress is null ? keys : addressKeys).Add(Ruleset.Key(port));
            // published on one address: is it also on all?
            if (port.HostAddress is not null)
                keys.Add(Ruleset.Key(port with { HostAddress = null }));
            else if ((long)hosts.Count * addresses.Count <= MostQuestions)
                addressKeys.AddRange(addresses.Select(address => Ruleset.Key(port with { HostAddress = address })));
        }
        if (keys.Count > MostQuestions)
        {
            // so many questions take longer than the whole list
            var asked = new HashSet<HostPort>();
            foreach (HostPort port in hosts)
                asked.Add(port with { HostAddress = null });
            AddForwards(Ruleset.Forwards, Listed(Ruleset.Forwards), forwards, asked);
        }
        else if (keys.Count > 0)
        {
            AddForwards(Ruleset.Forwards, session.Nft.Find(Ruleset.Forwards, keys), forwards);
        }
        if ((long)hosts.Count * addresses.Count > MostQuestions)
        {
            foreach (NftElement element in Listed(Ruleset.ForwardsAt))
            {
                if (Ruleset.Read(Ruleset.ForwardsAt, element) is { } read && (hosts.Contains(read.Host) || hosts.Contains(read.Host with { HostAddress = null })))
                    forwards.TryAdd(read.Host, read.Target);
            }
        }
        else if (addressKeys.Count > 0)
        {
            AddForwards(Ruleset.ForwardsAt, session.Nft.Find(Ruleset.ForwardsAt, addressKeys), forwards);
        }
        return forwards;
    }

    private Dictionary<HostPort, Target> AllForwards()
    {
        var forwards = new Dictionary<HostPort, Target>();
        try
        {
            AddForwards(Ruleset.Forwards, Listed(Ruleset.Forwards), forwards);
            AddForwards(Ruleset.ForwardsAt, Listed(Ruleset.ForwardsAt), forwards);
        }
        catch (NetlinkException e) when (e.Errno == Errno.NotFound)
        {
            // a table that lost its maps has no forwards
        }
        return forwards;
    }

    private static void AddForwards(
        NftSet map,
        List<NftElement> elements,
        Dictionary<HostPort, Target> forwards,
        HashSet<HostPort>? asked = null
    )
    {
        forwards.EnsureCapacity(Math.Min(elements.Count, asked?.Count ?? int.MaxValue));
        foreach (NftElement element in elements)
        {
            if (Ruleset.Read(map, element) is { } read && asked?.Contains(read.Host) != false)
                forwards[read.Host] = read.Target;
        }
    }

    // Which of the wanted ports a process of the host has. To be sure of one that is free takes four system calls; only about one
    // that cannot be bound is the kernel asked who has it.
    // More ports than so many are looked for in a list of all sockets: "any that is free" is 16,384.
    private const int MostProbes = 100;

    private static List<Listener> Listeners(HashSet<HostPort> wanted, HashSet<HostPort> listens, IReadOnlyDictionary<HostPort, Target> forwards)
    {
        var found = new List<(HostPort Host, uint Inode)>();
        var inodes = new HashSet<uint>();
        DiagnosisSocket? diagnosis = null;
        HashSet<HostPort>? busy = wanted.Count > MostProbes ? PortProbe.Busy() : null;
        foreach (HostPort port in wanted)
        {
            bool listening = listens.Contains(port);
            if (!listening && busy?.Contains(port with { HostAddress = null }) == false)
                continue;
            // what is published already was free when it was
            if (listening ? PortProbe.CanListen(port) : forwards.ContainsKey(port) || PortProbe.IsFree(port))
                continue;
            diagnosis ??= DiagnosisSocket.Open();
            foreach (ListeningSocket socket in diagnosis.Listening((TransportProtocol)port.Protocol, port.Port))
            {
                IPAddress address = socket.Address.IsIPv4MappedToIPv6 ? socket.Address.MapToIPv4() : socket.Address;
                bool every = address.Equals(IPAddress.Any) || (address.Equals(IPAddress.IPv6Any) && !socket.V6Only);
                // a socket of IPv6 alone is in the way of one that shall have both
                if (!every && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 && !listening)
                    continue;
                var host = new HostPort(every ? null : address, socket.Port, port.Protocol);
                if (port.Overlaps(host) && inodes.Add(socket.Inode))
                    found.Add((host, socket.Inode));
            }
        }
        diagnosis?.Dispose();
        Dictionary<uint, int> owners = SocketOwner.Find(inodes);
        return found.ConvertAll(entry =>
            owners.TryGetValue(entry.Inode, out int process)
                ? new Listener(entry.Host, SocketOwner.Words(process)) { ProcessId = process }
                : new Listener(entry.Host, "a process")
        );
    }
}
