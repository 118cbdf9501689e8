using System.Globalization;
using System.Net;
using Warren.Firewall;
using Warren.Firewall.Neighbours;
using Warren.Model;
using Warren.Netlink;
using Warren.Netlink.Diag;
using Warren.Netlink.Namespaces;
using Warren.Netlink.Nftables;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;
using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Kernel;

/// <summary>Finds out what is. Asks for what a wish names, by name, and lists only what a wish could collide with.</summary>
/// <param name="session">The host's sockets.</param>
internal sealed class Observer(HostSession session)
{
    private const int MostQuestions = 500;

    private readonly NetlinkBatch _batch = new();

    /// <summary>What a wish depends on.</summary>
    public Observed Observe(Wish wish)
    {
        List<NftChain> chains = Chains();
        bool removal = wish.RemoveAll || wish.Remove.Count > 0;
        RulesetState ruleset = StateOf(chains, removal);
        // A table that is to be made again needs to know every link.
        bool everything = wish.RemoveAll || (!removal && ruleset != RulesetState.Intact && AnyLink());
        var names = new List<string>();
        foreach (string name in wish.Remove)
            names.Add(name);
        foreach (NamespaceWish each in wish.Ensure)
            names.Add(each.Name);

        var spaces = new List<ObservedNamespace>();
        for (int i = 0; i < names.Count; i++)
        {
            if (names.IndexOf(names[i]) == i)
                spaces.Add(Namespace(names[i]));
        }
        if (everything)
            spaces.AddRange(AllNamespaces().Where(space => !names.Contains(space.Name)));

        var observed = new Observed
        {
            Namespaces = spaces,
            Everything = everything,
            Ruleset = ruleset,
        };
        // Where forwarding is on everywhere and the table stands there is no need to know who switched it on.
        if (removal || ruleset != RulesetState.Intact)
            observed = WithForwarding(observed);
        return removal ? ForRemoval(observed, chains) : WithOwners(ForAddition(observed, wish, chains));
    }

    private Observed WithForwarding(Observed observed)
    {
        // The note, and what the table says: who followed the printed commands by hand wrote no note.
        var switchedOn = new List<string>(HostLock.ReadSwitchedOn(session.Cookie));
        if (observed.Ruleset != RulesetState.Absent)
        {
            foreach (NftElement element in Elements(Ruleset.SwitchedOn))
            {
                string name = Ruleset.ReadLink(element);
                if (HostLock.IsLinkName(name) && !switchedOn.Contains(name))
                    switchedOn.Add(name);
            }
        }
        return observed with { ForwardsAnyway = SmallFile.Read("/proc/sys/net/ipv4/ip_forward") == "1", SwitchedOn = switchedOn };
    }

    private List<NftElement> Elements(NftSet set)
    {
        try
        {
            return session.Nft.Elements(set);
        }
        catch (NetlinkException e) when (e.Errno == Errno.NotFound)
        {
            return [];
        }
    }

    // A table of our name that is not marked as ours is somebody's: it is neither mended nor removed.
    private RulesetState StateOf(List<NftChain> chains, bool removal)
    {
        RulesetState state = Ruleset.StateOf(chains);
        if (state == RulesetState.Intact)
            return state;
        NftTable? table = session.Nft.Table(Ruleset.Table.Family, Ruleset.Table.Name);
        if (table is null)
            return RulesetState.Absent;
        if (table.Comment == Ruleset.Table.Comment)
            return RulesetState.Damaged;
        if (removal)
            return RulesetState.Absent;
        throw new RefusedException(
            RefusalKind.Conflict,
            new Refusal("the host has a table inet warren that Warren did not make", "nft delete table inet warren, if it is of no use")
        );
    }

    // A forward in the way leads to a namespace that nobody asked about: a refusal shall name it.
    private Observed WithOwners(Observed observed)
    {
        if (observed.Everything)
            return observed;
        foreach (Target target in observed.Forwards.Values)
        {
            bool known = false;
            foreach (ObservedNamespace space in observed.Namespaces)
                known |= space.Link?.Mark is { } mark && mark.Inside.Address.Equals(target.Address);
            if (known)
                continue;
            var asked = new HashSet<string>(observed.Namespaces.Select(space => space.Name));
            return observed with { Namespaces = [.. observed.Namespaces, .. AllNamespaces().Where(space => !asked.Contains(space.Name))] };
        }
        return observed;
    }

    /// <summary>Every namespace of Warren's, with its forwards.</summary>
    public Observed ObserveAll()
    {
        RulesetState ruleset = Ruleset.StateOf(Chains());
        return new Observed
        {
            Namespaces = AllNamespaces(),
            Everything = true,
            Ruleset = ruleset,
            Forwards = ruleset == RulesetState.Absent ? new Dictionary<HostPort, Target>() : AllForwards(),
        };
    }

    private Observed ForRemoval(Observed observed, List<NftChain> chains)
    {
        bool complete = observed.Namespaces.All(space => space.Link?.Mark is { Cut: false } || space.Link is null);
        bool others = !observed.Everything && OthersThan(observed.Namespaces);
        return observed with
        {
            OthersRemain = others,
            Openings = others ? [] : Openings.FindOpen(session.Nft, chains),
            Forwards = observed.Ruleset == RulesetState.Absent ? observed.Forwards
                : complete && !observed.Everything
                    ? FindForwards(observed.Namespaces.SelectMany(space => space.Link?.Mark?.Forwards ?? []).Select(forward => forward.Host))
                : AllForwards(),
        };
    }

    private Observed ForAddition(Observed observed, Wish wish, List<NftChain> chains)
    {
        var asked = new HashSet<HostPort>();
        var wanted = new HashSet<HostPort>();
        foreach (NamespaceWish each in wish.Ensure)
        {
            foreach (PortRequest request in each.Publish)
            {
                foreach (Forward forward in request.Forwards)
                    wanted.Add(forward.Host);
            }
            foreach (PortRequest request in each.Unpublish)
            {
                foreach (Forward forward in request.Forwards)
                    asked.Add(forward.Host);
            }
        }
        foreach (ObservedNamespace space in observed.Namespaces)
        {
            foreach (Forward forward in space.Link?.Mark?.Forwards ?? [])
                asked.Add(forward.Host);
        }
        asked.UnionWith(wanted);
        List<Route> routes = Dump(batch => batch.DumpRoutes(AddressFamily.IPv4), Route.Parse);
        List<InterfaceAddress> addresses = Dump(batch => batch.DumpAddresses(AddressFamily.IPv4), InterfaceAddress.Parse);
        bool neighbours = ForeignTable.Any(chains);
        // On a published port of all addresses, one that is published on a single address is in the way too.
        bool atAddresses = wanted.Count > 0 && observed.Ruleset != RulesetState.Absent;
        List<Uplink> uplinks = Uplinks(routes, addresses);
        if (observed.Ruleset == RulesetState.Intact && uplinks.Exists(uplink => !uplink.Forwarding))
            observed = WithForwarding(observed);
        return observed with
        {
            Taken = Taken(routes, addresses, wish),
            HostAddresses = addresses.ConvertAll(address => address.Address),
            Uplinks = uplinks,
            Forwards = observed.Ruleset switch
            {
                RulesetState.Absent => observed.Forwards,
                // what is made again needs them all, and a map may be what is missing
                RulesetState.Damaged => AllForwards(),
                _ => FindForwards(asked, atAddresses ? wanted : null),
            },
            Obstacles = neighbours ? ForwardObstacles.Find(session.Nft, chains) : [],
            ForeignForwards = neighbours && wanted.Count > 0 ? ForeignForwards.Find(session.Nft, chains, wanted) : [],
            Listeners = Listeners(wanted),
        };
    }

    private List<NftChain> Chains()
    {
        try
        {
            return session.Nft.Chains();
        }
        catch (NetlinkException e) when (e.Errno == Errno.ProtocolNotSupported || e.Errno == Errno.NotSupported || e.Errno == Errno.Invalid)
        {
            throw new RefusedException(
                RefusalKind.Unable,
                new Refusal($"this kernel has no nf_tables: {e.Message}", "modprobe nf_tables, or a kernel with CONFIG_NF_TABLES")
            );
        }
    }

    // ---- namespaces -----------------------------------------------------------------------------------------------------

    private ObservedNamespace Namespace(string name)
    {
        Presence presence = NamespaceNames.StateOf(name) switch
        {
            NameState.Absent => Presence.Absent,
            NameState.Namespace => Presence.Standing,
            _ => Presence.HalfMade,
        };
        string linkName = "";
        Link? link = null;
        LinkMark? mark = null;
        const int Attempts = 8;
        for (int i = 0; i < Attempts; i++)
        {
            linkName = NamespaceName.LinkName(name, i);
            link = FindLink(linkName);
            mark = link is not null && LinkMark.TryParse(link.Alias, out LinkMark? read) ? read : null;
            // another namespace's long name may have the same hash
            if (mark is null || mark.Namespace == name || linkName == NamespaceName.LinkName(name, i + 1))
                break;
        }
        bool ours = link is { Kind: "veth", Group: LinkPlan.Group } && (mark is null ? link.Alias.Length == 0 : mark.Namespace == name);
        var space = new ObservedNamespace(name, presence)
        {
            LinkName = linkName,
            LinkNameTaken = link is not null && !ours,
            Link = ours ? Observe(link!, mark) : null,
            IsOurs = ours && mark is { Adopted: false },
        };
        // Who made it, if its link does not say so, says lo inside.
        return presence == Presence.Standing && mark is null ? LookInside(space) : space;
    }

    private ObservedLink Observe(Link link, LinkMark? mark)
    {
        Cidr? address = null;
        foreach (InterfaceAddress each in Dump(batch => batch.DumpAddresses(AddressFamily.IPv4, link.Index), InterfaceAddress.Parse))
            address ??= new Cidr(each.Address, each.PrefixLength);
        return new ObservedLink(link.Name, link.Index)
        {
            Mark = mark,
            Host = address,
            // one that forwards no longer, since somebody switched forwarding off for the whole host, is as good as down
            Up = link.IsUp && SmallFile.Read(ForwardingFile(link.Name)) != "0",
        };
    }

    private ObservedNamespace LookInside(ObservedNamespace space)
    {
        using NetworkNamespace opened = NetworkNamespace.Open(space.Name);
        using NetlinkSocket inside = opened.Run(() => NetlinkSocket.Open(NetlinkProtocol.Route));
        List<Link> links = Dump(inside, batch => batch.DumpLinks(), Link.Parse);
        List<Route> routes = Dump(inside, batch => batch.DumpRoutes(AddressFamily.IPv4), Route.Parse);
        Link? loopback = links.Find(link => link.Name == "lo");
        // the other end of half a link, which goes with it
        Link? own = space.Link is { } half ? links.Find(link => link.Kind == "veth" && link.PeerIndex == half.Index) : null;
        return space with
        {
            IsOurs = loopback?.Alias == CreateNamespace.Mark + space.Name,
            InsideLinks = [.. links.Where(link => link != own).Select(link => link.Name)],
            LoopbackUp = loopback?.IsUp == true,
            HasDefaultRoute = routes.Exists(route => route.IsDefault && !(own is not null && route.Links.Contains(own.Index))),
        };
    }

    private List<ObservedNamespace> AllNamespaces()
    {
        var spaces = new List<ObservedNamespace>();
        var seen = new HashSet<string>();
        Dictionary<int, Cidr> addresses = [];
        foreach (InterfaceAddress each in Dump(batch => batch.DumpAddresses(AddressFamily.IPv4), InterfaceAddress.Parse))
            addresses.TryAdd(each.Index, new Cidr(each.Address, each.PrefixLength));
        foreach (Link link in AllLinks())
        {
            LinkMark? mark = LinkMark.TryParse(link.Alias, out LinkMark? read) ? read : null;
            // A link without a mark was never completed; its name tells the namespace's unless it was too long.
            string name = mark?.Namespace ?? link.Name[NamespaceName.LinkPrefix.Length..];
            if (!seen.Add(name) || NamespaceName.Fault(name) is not null)
                name = link.Name;
            spaces.Add(
                new ObservedNamespace(name, NamespaceName.Fault(name) is null ? PresenceOf(name) : Presence.Absent)
                {
                    LinkName = link.Name,
                    IsOurs = mark is { Adopted: false },
                    Link = new ObservedLink(link.Name, link.Index)
                    {
                        Mark = mark,
                        Host = addresses.TryGetValue(link.Index, out Cidr address) ? address : null,
                        Up = link.IsUp,
                    },
                }
            );
            if (mark is null && spaces[^1].Presence == Presence.Standing)
                spaces[^1] = LookInside(spaces[^1]);
        }
        foreach (string name in NamespaceNames.List())
        {
            if (seen.Contains(name) || NamespaceName.Fault(name) is not null)
                continue;
            var space = new ObservedNamespace(name, PresenceOf(name)) { LinkName = NamespaceName.LinkName(name) };
            spaces.Add(space.Presence == Presence.Standing ? LookInside(space) : space);
        }
        return spaces;
    }

    private static Presence PresenceOf(string name) =>
        NamespaceNames.StateOf(name) switch
        {
            NameState.Absent => Presence.Absent,
            NameState.Namespace => Presence.Standing,
            _ => Presence.HalfMade,
        };

    private Link? FindLink(int index)
    {
        _batch.Clear();
        _batch.GetLink(index);
        List<Link> found = session.Route.Get(_batch, Link.Parse, Errno.NoDevice);
        return found.Count == 0 ? null : found[0];
    }

    private Link? FindLink(string name)
    {
        _batch.Clear();
        _batch.GetLink(name);
        List<Link> found = session.Route.Get(_batch, Link.Parse, Errno.NoDevice);
        return found.Count == 0 ? null : found[0];
    }

    private List<Link> AllLinks() =>
        [
            .. Dump(batch => batch.DumpLinks(), Link.Parse)
                .Where(link =>
                    link is { Kind: "veth", Group: LinkPlan.Group } && link.Name.StartsWith(NamespaceName.LinkPrefix, StringComparison.Ordinal)
                ),
        ];

    private bool AnyLink() => AllLinks().Count > 0;

    private bool OthersThan(IReadOnlyList<ObservedNamespace> spaces)
    {
        foreach (Link link in AllLinks())
        {
            if (!spaces.Any(space => space.LinkName == link.Name))
                return true;
        }
        return false;
    }

    // ---- the host -------------------------------------------------------------------------------------------------------

    private List<TakenNetwork> Taken(List<Route> routes, List<InterfaceAddress> addresses, Wish wish)
    {
        var taken = new List<TakenNetwork>(routes.Count + addresses.Count);
        foreach (Route route in routes)
        {
            if (route.Destination is not { } destination)
                continue;
            var network = new Cidr(destination, route.PrefixLength);
            bool told = false;
            foreach (NamespaceWish each in wish.Ensure)
                told |= (each.Subnet ?? each.Address) is { } wanted && wanted.Overlaps(network);
            taken.Add(new TakenNetwork(network, told ? Reason(route, network) : "a route"));
        }
        foreach (InterfaceAddress address in addresses)
            taken.Add(new TakenNetwork(new Cidr(address.Address, address.PrefixLength), "address"));
        return taken;
    }

    // Only what a subnet of the user's own choice collides with is ever told; the link's name is not looked up for all the others.
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

    // The links of default routes; on a host without any, every link with an address.
    private List<Uplink> Uplinks(List<Route> routes, List<InterfaceAddress> addresses)
    {
        var indices = new HashSet<int>();
        foreach (Route route in routes)
        {
            if (route.IsDefault)
                indices.UnionWith(route.Links);
        }
        if (indices.Count == 0)
        {
            const byte HostScope = 254;
            foreach (InterfaceAddress address in addresses)
            {
                if (address.Scope < HostScope && !address.Label.StartsWith(NamespaceName.LinkPrefix, StringComparison.Ordinal))
                    indices.Add(address.Index);
            }
        }
        var uplinks = new List<Uplink>();
        // in the order of their indices, so that the same host gives the same plan
        int[] ordered = [.. indices];
        Array.Sort(ordered);
        foreach (int index in ordered)
        {
            if (FindLink(index) is not { IsUp: true } link || link.Group == LinkPlan.Group || link.Flags.HasFlag(LinkFlags.Loopback))
                continue;
            bool forwarding = SmallFile.Read(ForwardingFile(link.Name)) == "1";
            uplinks.Add(new Uplink(link.Name, link.Mtu, forwarding));
        }
        return uplinks;
    }

    public static string ForwardingFile(string link) => $"/proc/sys/net/ipv4/conf/{link}/forwarding";

    private Dictionary<HostPort, Target> FindForwards(IEnumerable<HostPort> hosts, HashSet<HostPort>? overlapping = null)
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
        }
        if (keys.Count > MostQuestions)
        {
            // so many questions take longer than the whole list
            var asked = new HashSet<HostPort>();
            foreach (HostPort port in hosts)
                asked.Add(port with { HostAddress = null });
            AddForwards(Ruleset.Forwards, session.Nft.Elements(Ruleset.Forwards), forwards, asked);
        }
        else if (keys.Count > 0)
        {
            AddForwards(Ruleset.Forwards, session.Nft.Find(Ruleset.Forwards, keys), forwards);
        }
        if (overlapping is not null)
        {
            foreach (NftElement element in session.Nft.Elements(Ruleset.ForwardsAt))
            {
                if (Ruleset.Read(Ruleset.ForwardsAt, element) is { } read && overlapping.Contains(read.Host with { HostAddress = null }))
                    forwards.TryAdd(read.Host, read.Target);
            }
        }
        if (addressKeys.Count > 0)
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
            AddForwards(Ruleset.Forwards, session.Nft.Elements(Ruleset.Forwards), forwards);
            AddForwards(Ruleset.ForwardsAt, session.Nft.Elements(Ruleset.ForwardsAt), forwards);
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
        foreach (NftElement element in elements)
        {
            if (Ruleset.Read(map, element) is { } read && asked?.Contains(read.Host) != false)
                forwards[read.Host] = read.Target;
        }
    }

    // Which of the wanted ports a process of the host has. To be sure of one that is free takes four system calls; only about one
    // that cannot be bound is the kernel asked who has it.
    private static List<Listener> Listeners(HashSet<HostPort> wanted)
    {
        var listeners = new List<Listener>();
        DiagnosisSocket? diagnosis = null;
        foreach (HostPort port in wanted)
        {
            if (PortProbe.IsFree(port))
                continue;
            diagnosis ??= DiagnosisSocket.Open();
            foreach (ListeningSocket socket in diagnosis.Listening((TransportProtocol)port.Protocol, port.Port))
            {
                IPAddress address = socket.Address.IsIPv4MappedToIPv6 ? socket.Address.MapToIPv4() : socket.Address;
                bool v6 = address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;
                if (v6 && (socket.V6Only || !address.Equals(IPAddress.IPv6Any)))
                    continue;
                var host = new HostPort(v6 || address.Equals(IPAddress.Any) ? null : address, socket.Port, port.Protocol);
                if (port.Overlaps(host))
                    listeners.Add(new Listener(host, SocketOwner.Name(socket.Inode)));
            }
        }
        diagnosis?.Dispose();
        return listeners;
    }

    private List<T> Dump<T>(Action<NetlinkBatch> request, MessageParser<T> parse)
        where T : class => Dump(session.Route, request, parse);

    private List<T> Dump<T>(NetlinkSocket socket, Action<NetlinkBatch> request, MessageParser<T> parse)
        where T : class
    {
        _batch.Clear();
        request(_batch);
        return socket.Dump(_batch, parse);
    }
}
