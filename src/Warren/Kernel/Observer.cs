using System.Net;
using Warren.Firewall;
using Warren.Firewall.Neighbours;
using Warren.Model;
using Warren.Netlink.Nftables;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;
using Warren.Planning;

namespace Warren.Kernel;

/// <summary>Finds out what is. Asks for what a wish names, by name, and lists only what a wish could collide with.</summary>
/// <param name="session">The host's sockets.</param>
internal sealed partial class Observer(HostSession session)
{
    private const int MostQuestions = 500;

    // More than so many links are listed, not asked for one by one.
    private const int MostNames = 50;

    private readonly NetlinkBatch _batch = new();

    /// <summary>What a wish depends on.</summary>
    public Observed Observe(Wish wish)
    {
        List<NftChain> chains = Chains();
        bool removal = wish.IsRemoval;
        RulesetState ruleset = StateOf(chains, removal, wish.Thorough);
        // A table that is to be made again needs to know every link.
        bool everything = wish.RemoveAll || (!removal && ruleset != RulesetState.Intact && AnyLink());
        _upstream = removal ? null : ResolverFile.FindUpstream();
        var names = new HashSet<string>();
        var spaces = new List<ObservedNamespace>();
        if (wish.Remove.Count + wish.Prune.Count + wish.Ensure.Count > MostNames)
            ListLinks();
        foreach (string name in wish.Remove)
        {
            if (names.Add(name))
                spaces.Add(Namespace(name, Depth.Traces));
        }
        foreach (string name in wish.Prune)
        {
            if (names.Add(name))
                spaces.Add(Namespace(name, removal ? Depth.Traces : Depth.All));
        }
        // a project whose record is lost
        if (removal && wish is { Project: { } project, Whole: true, Recorded.Count: 0 } && !everything)
        {
            foreach (Link link in AllLinks())
            {
                if (LinkMark.TryParse(link.Alias, out LinkMark? mark) && mark.Project == project && names.Add(mark.Namespace))
                    spaces.Add(Namespace(mark.Namespace, Depth.Traces));
            }
        }
        foreach (NamespaceWish each in wish.Ensure)
        {
            if (names.Add(each.Name))
                spaces.Add(Namespace(each.Name, each.Exact ? Depth.All : each.MustExist ? Depth.Link : Depth.Inside));
        }
        LookInside(spaces);
        if (everything)
        {
            foreach (ObservedNamespace space in AllNamespaces())
            {
                if (!names.Contains(space.Name))
                    spaces.Add(removal ? WithTraces(space) : space);
            }
        }

        var observed = new Observed
        {
            Namespaces = spaces,
            Everything = everything,
            Ruleset = ruleset,
            UpstreamResolver = _upstream,
            GroupSize = _groupSize,
            ClosedFor = ClosedFor(chains, removal),
            Forwarding = wish.DropsForwarded ? Forwarding() : [],
        };
        // Where forwarding is on everywhere and the table stands there is no need to know who switched it on.
        IReadOnlyList<SwitchedUplink> noted = HostLock.ReadSwitchedOn(session.Cookie);
        List<PersistedUplink> persisted = BootFiles.Persisted();
        if (removal || ruleset != RulesetState.Intact || noted.Count > 0 || persisted.Count > 0)
            observed = WithForwarding(observed with { Persisted = persisted }, noted);
        observed = WithTargets(WithProjects(WithPins(observed), wish), wish);
        return removal ? WithAllForwards(ForRemoval(observed, chains), wish) : WithOwners(WithAllForwards(ForAddition(observed, wish, chains), wish));
    }

    private Observed WithForwarding(Observed observed, IReadOnlyList<SwitchedUplink> noted)
    {
        // The note, and what the table says: who followed the printed commands by hand wrote no note.
        var switchedOn = new List<string>();
        var former = new List<string>();
        foreach (SwitchedUplink each in noted)
        {
            string name = each.Index > 0 && FindLink(each.Index) is { } link ? link.Name : each.Name;
            if (name != each.Name)
                former.Add(each.Name);
            switchedOn.Add(name);
        }
        var closed = new List<string>();
        if (observed.Ruleset != RulesetState.Absent)
        {
            foreach (NftElement element in Elements(Ruleset.SwitchedOn))
            {
                string name = Ruleset.ReadLink(element);
                if (!HostLock.IsLinkName(name))
                    continue;
                closed.Add(name);
                // one that only may come has nothing to be put back
                bool comes = false;
                foreach (PersistedUplink each in observed.Persisted)
                    comes |= each.Name == name && !each.Forwarding;
                if (!comes && !switchedOn.Contains(name) && !former.Contains(name))
                    switchedOn.Add(name);
            }
        }
        return observed with
        {
            ForwardsAnyway = SmallFile.Read("/proc/sys/net/ipv4/ip_forward") == "1",
            Persisted = observed.Persisted.Count == 0
                ? []
                : [.. observed.Persisted.Select(each => each with { Noted = FindLink(each.Name) is { } link && noted.Any(note => note.Index == link.Index) })],
            SwitchedOn = switchedOn,
            Closed = closed,
            FormerNames = former,
        };
    }

    // Of a link that is pinned and has no pair, that much is told: nothing leaves.
    private Observed WithPins(Observed observed)
    {
        if (observed.Ruleset == RulesetState.Absent)
            return observed;
        // so many questions take longer than the whole list
        List<NftElement> links = observed.Everything || observed.Namespaces.Count > MostNames || observed.Ruleset != RulesetState.Intact
            ? Elements(Ruleset.Pinned)
            : session.Nft.Find(Ruleset.Pinned, [.. observed.Namespaces.Select(space => Ruleset.LinkElement(space.LinkName))]);
        bool any = links.Count > 0;
        foreach (ObservedNamespace space in observed.Namespaces)
            any |= space.Link?.Mark?.Uplink is not null;
        if (!any)
            return observed;
        var pinned = new HashSet<string>();
        foreach (NftElement element in links)
            pinned.Add(Ruleset.ReadLink(element));
        var pins = new List<Pin>();
        foreach (NftElement element in Elements(Ruleset.PinnedTo))
        {
            // a pair of a link that is not pinned has no effect
            if (Ruleset.ReadPin(element) is { } pin && pinned.Contains(pin.Link))
                pins.Add(pin);
        }
        foreach (string link in pinned)
        {
            if (!pins.Exists(pin => pin.Link == link))
                pins.Add(new Pin(link, ""));
        }
        return observed with { Pins = pins };
    }

    private List<NftElement> Elements(NftSet set)
    {
        try
        {
            return Listed(set);
        }
        catch (NetlinkException e) when (e.Errno == Errno.NotFound)
        {
            return [];
        }
    }

    private readonly Dictionary<NftSet, List<NftElement>> _listed = [];

    // Under the lock, and of one moment: who looks closer does not list again.
    private List<NftElement> Listed(NftSet set)
    {
        if (!_listed.TryGetValue(set, out List<NftElement>? elements))
            _listed[set] = elements = session.Nft.Elements(set);
        return elements;
    }

    // A table of our name that is not marked as ours is somebody's: it is neither mended nor removed.
    private RulesetState StateOf(List<NftChain> chains, bool removal, bool thorough)
    {
        RulesetState state = Ruleset.StateOf(chains);
        if (state == RulesetState.Intact && !thorough)
            return state;
        NftTable? table = session.Nft.Table(Ruleset.Table.Family, Ruleset.Table.Name);
        if (table is null)
            return RulesetState.Absent;
        if (table.Comment == Ruleset.Table.Comment)
            return table.Dormant ? RulesetState.Damaged : state == RulesetState.Absent ? RulesetState.Damaged : state;
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
            return observed with { OwnersKnown = true };
        if (observed.Forwards.Count == 0)
            return observed;
        var known = new HashSet<System.Net.IPAddress>();
        foreach (ObservedNamespace space in observed.Namespaces)
        {
            if (space.Link?.Mark is { } mark)
                known.Add(mark.Inside.Address);
        }
        foreach (Target target in observed.Forwards.Values)
        {
            if (known.Contains(target.Address))
                continue;
            var asked = new HashSet<string>(observed.Namespaces.Select(space => space.Name));
            return observed with
            {
                Namespaces = [.. observed.Namespaces, .. AllNamespaces().Where(space => !asked.Contains(space.Name))],
                OwnersKnown = true,
            };
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
                    ? FindForwards([.. observed.Namespaces.SelectMany(space => space.Link?.Mark?.Forwards ?? []).Select(forward => forward.Host)], [])
                : AllForwards(),
        };
    }

    private Observed ForAddition(Observed observed, Wish wish, List<NftChain> chains)
    {
        var asked = new HashSet<HostPort>(observed.Namespaces.Count);
        var wanted = new HashSet<HostPort>(observed.Namespaces.Count);
        var listens = new HashSet<HostPort>();
        foreach (NamespaceWish each in wish.Ensure)
        {
            listens.UnionWith(each.Listen);
            wanted.UnionWith(each.Listen);
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
        HashSet<string> partly = Partly(wish);
        var answersOn = new HashSet<IPAddress>();
        foreach (HostPort host in wanted)
        {
            if (host.HostAddress is { } address)
                answersOn.Add(address);
        }
        foreach (ObservedNamespace space in observed.Namespaces)
        {
            if (partly.Contains(space.Name))
                continue;
            foreach (Forward forward in space.Link?.Mark?.Forwards ?? [])
            {
                asked.Add(forward.Host);
                if (forward.Host.HostAddress is { } address)
                    answersOn.Add(address);
            }
        }
        asked.UnionWith(wanted);
        List<Route> routes = ForeignRoutes();
        List<ConfiguredAddress> addresses = ConfiguredAddress.List(IsForeign);
        bool neighbours = ForeignTable.Any(chains);
        HashSet<string> needed = PinnedTo(observed, wish);
        var absent = new List<string>();
        List<Uplink> uplinks = Uplinks(routes, addresses, needed, absent, answersOn);
        if (observed is { Ruleset: RulesetState.Intact, SwitchedOn.Count: 0 } && uplinks.Exists(uplink => !uplink.Forwarding))
            observed = WithForwarding(observed, []);
        Dictionary<HostPort, Target>? forwards = observed.Ruleset switch
        {
            RulesetState.Absent => null,
            // what is made again needs them all, and a map may be what is missing
            RulesetState.Damaged => AllForwards(),
            _ => FindForwards(asked, wanted.Count == 0 ? [] : Foreign(addresses)),
        };
        observed = forwards is null ? observed : observed with { Forwards = forwards };
        List<Obstacle> obstacles = neighbours ? ForwardObstacles.Find(session.Nft, chains) : [];
        return observed with
        {
            Taken = Taken(routes, addresses, wish),
            HostAddresses = addresses.ConvertAll(address => address.Address),
            Uplinks = uplinks,
            AbsentUplinks = absent,
            Obstacles = obstacles,
            Blocks = neighbours ? Blocks(observed, wish, chains, uplinks, obstacles) : [],
            ForeignForwards = neighbours && wanted.Count > 0 ? ForeignForwards.Find(session.Nft, chains, wanted) : [],
            Listeners = Listeners(wanted, listens, observed.Forwards),
        };
    }

    // Those of whose ports only the ones that are named are looked at.
    private static HashSet<string> Partly(Wish wish)
    {
        var names = new HashSet<string>();
        foreach (NamespaceWish each in wish.Ensure)
        {
            if (each.MustExist)
                names.Add(each.Name);
        }
        return names;
    }

    // Where a link is gone that said which forwards lead to it, they are looked for among all: those that lead to nobody.
    private Observed WithAllForwards(Observed observed, Wish wish) =>
        observed.Ruleset == RulesetState.Intact && (wish.Project is null ? wish.Thorough : LostForwards(observed, wish))
            ? WithStrays(observed)
            : observed;

    /// <summary>With all forwards that lead to the namespaces observed, whoever made them, and those that lead to nobody; the same as it was if
    /// there are no more than were known. Their list is as long as the host has forwards: for who would say that there is nothing to do.</summary>
    public Observed WithStrays(Observed observed)
    {
        if (observed.Ruleset != RulesetState.Intact)
            return observed;
        var own = new HashSet<System.Net.IPAddress>();
        foreach (ObservedNamespace space in observed.Namespaces)
        {
            if (space.Link?.Mark is { } mark)
                own.Add(mark.Inside.Address);
        }
        var forwards = new Dictionary<HostPort, Target>(observed.Forwards);
        var others = new List<(HostPort Host, Target Target)>();
        foreach ((HostPort host, Target target) in AllForwards())
        {
            if (own.Contains(target.Address))
                forwards[host] = target;
            else
                others.Add((host, target));
        }
        HashSet<System.Net.IPAddress> led = Led(others.Select(other => other.Target.Address));
        var strays = new Dictionary<HostPort, Target>();
        foreach ((HostPort host, Target target) in others)
        {
            if (!led.Contains(target.Address))
                strays[host] = target;
        }
        Observed closer = WithAllTargets(observed, strays: true);
        bool same = strays.Count == 0 && forwards.Count == observed.Forwards.Count && closer.StrayTargets.Count == 0 && closer.Targets.Count == observed.Targets.Count;
        return same && observed.Strays.Count + observed.StrayTargets.Count == 0 ? observed : closer with { Forwards = forwards, Strays = strays };
    }

    // Which of the addresses are those of namespaces.
    private HashSet<System.Net.IPAddress> Led(IEnumerable<System.Net.IPAddress> addresses)
    {
        var led = new HashSet<System.Net.IPAddress>();
        HashSet<System.Net.IPAddress>? ends = null;
        HashSet<System.Net.IPAddress>? marked = null;
        foreach (System.Net.IPAddress address in addresses)
        {
            ends ??= OwnEnds();
            // most links have the first two addresses of their subnet; the others are known by what they say
            if (ends.Contains(new Cidr(address, 30).At(1)) || (marked ??= MarkedAddresses()).Contains(address))
                led.Add(address);
        }
        return led;
    }

    private static HashSet<System.Net.IPAddress> OwnEnds()
    {
        var ends = new HashSet<System.Net.IPAddress>();
        foreach (ConfiguredAddress address in ConfiguredAddress.List(_ => false))
        {
            if (!IsForeign(address.Label))
                ends.Add(address.Address);
        }
        return ends;
    }

    private HashSet<System.Net.IPAddress> MarkedAddresses()
    {
        var marked = new HashSet<System.Net.IPAddress>();
        foreach (Link link in AllLinks())
        {
            if (LinkMark.TryParse(link.Alias, out LinkMark? mark))
                marked.Add(mark.Inside.Address);
        }
        return marked;
    }

    // A link names its forwards before they are there and until they are gone.
    private static bool LostForwards(Observed observed, Wish wish)
    {
        var recorded = new HashSet<string>(wish.Recorded);
        foreach (ObservedNamespace space in observed.Namespaces)
        {
            if (space.Link?.Mark is { Cut: true } || (space.Link?.Mark is null && (space.Link is not null || recorded.Contains(space.Name))))
                return true;
        }
        return false;
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
