using System.Net;
using Warren.Model;
using Warren.Planning;

namespace Warren.Tests.Planning;

// The part that finds what Kernel/Observer would find.
internal sealed partial class World
{
    public Observed Observe(Wish wish)
    {
        bool removal = wish.IsRemoval;
        bool everything = wish.RemoveAll || (!removal && Ruleset != RulesetState.Intact && Spaces.Values.Any(space => space.Link is not null));
        List<string> names = [.. wish.Remove.Concat(wish.Prune).Concat(wish.Ensure.Select(each => each.Name)).Distinct()];
        if (removal && wish is { Project: not null, Whole: true } && !everything)
            names.AddRange(Spaces.Keys.Where(name => !names.Contains(name) && Spaces[name].Link?.Mark?.Project == wish.Project));
        bool others = removal && !everything && Spaces.Any(entry => entry.Value.Link is not null && !names.Contains(entry.Key));
        // how closely one is looked at, as Kernel/Observer does it
        HashSet<string> looked = [.. wish.Ensure.Where(each => !each.MustExist).Select(each => each.Name), .. removal ? [] : wish.Prune];
        var observed = new Observed
        {
            Namespaces =
            [
                .. names.Select(name => Observe(name, looked.Contains(name), traces: true)),
                .. everything ? Spaces.Keys.Where(name => !names.Contains(name)).Select(name => Observe(name, inside: false, traces: removal)) : [],
            ],
            Everything = everything,
            Ruleset = Ruleset,
            ForwardsAnyway = ForwardsAnyway,
            SwitchedOn = [.. SwitchedOn.Union(Closed).Where(name => !Persisted.ContainsKey(name) || IsForwarding(name))],
            Persisted = [.. Persisted.Select(entry => new PersistedUplink(entry.Key, entry.Value, IsForwarding(entry.Key)) { Noted = SwitchedOn.Contains(entry.Key) })],
            Closed = [.. Closed],
            Pins = [.. Pins],
            ClosedFor = [.. ClosedFor.Select(project => new ClosedFor(project, removal ? NamesOf(project) : []))],
            Forwarding = wish.DropsForwarded ? Forwarding : [],
            Services = wish.Project is null ? [] : [.. Services],
            Projects = FindProjects(wish, names),
        };
        HashSet<IPAddress> led = [.. Spaces.Values.Select(space => space.Link?.Mark?.Inside.Address).OfType<IPAddress>()];
        observed = observed with
        {
            Forwards = FindForwards(wish, observed),
            Strays = new Dictionary<HostPort, Target>(
                Forwards.Where(entry => wish.Project is not null && Ruleset == RulesetState.Intact && !led.Contains(entry.Value.Address))
            ),
        };
        observed = WithTargets(observed, wish, led);
        if (removal)
        {
            return observed with
            {
                OthersRemain = others,
                Openings = others ? [] : [.. Obstacles.Where(obstacle => obstacle.Opened).Select(obstacle => obstacle.Chain)],
            };
        }
        return WithOwners(observed) with
        {
            Taken = [.. Taken, .. Spaces.Values.Where(space => space.Link?.Address is not null).Select(space => new TakenNetwork(space.Link!.Address!.Value, "an address of the host"))],
            HostAddresses = [.. Addresses, .. Spaces.Values.Where(space => space.Link?.Address is not null).Select(space => space.Link!.Address!.Value.Address)],
            Uplinks = [.. Uplinks],
            AbsentUplinks = [.. wish.Ensure.Select(each => each.Uplink).Concat(Spaces.Values.Select(space => space.Link?.Mark?.Uplink)).OfType<string>().Where(name => Uplinks.TrueForAll(uplink => uplink.Name != name)).Distinct()],
            Obstacles = [.. Obstacles],
            ForeignForwards = [.. ForeignForwards],
            Listeners = [.. Listeners],
        };
    }

    private bool IsForwarding(string uplink) => Uplinks.Exists(each => each.Name == uplink && each.Forwarding);

    private Observed WithTargets(Observed observed, Wish wish, HashSet<IPAddress> led)
    {
        bool all = wish.Project is not null || wish.Thorough;
        HashSet<IPAddress> own = [.. observed.Namespaces.Where(space => all || space.Link?.Mark?.Project is not null).Select(space => space.Link?.Mark?.Inside.Address).OfType<IPAddress>()];
        return observed with
        {
            Targets = [.. Targets.Where(inside => own.Contains(inside.Address))],
            StrayTargets = [.. Targets.Where(inside => all && !led.Contains(inside.Address))],
        };
    }

    private List<ObservedProject> FindProjects(Wish wish, List<string> names)
    {
        var projects = new SortedSet<string>(StringComparer.Ordinal);
        if (wish.Project is { } own)
            projects.Add(own);
        if (wish.IsRemoval)
            projects.UnionWith(names.Concat(wish.RemoveAll ? Spaces.Keys : []).Select(name => SpaceOf(name).Link?.Mark?.Project).OfType<string>());
        if (wish.RemoveAll)
            projects.UnionWith(Hosts.Keys);
        return
        [
            .. projects.Select(project => new ObservedProject(project)
            {
                Members = [.. Spaces.Where(entry => entry.Value.Link?.Mark?.Project == project).Select(entry => new NamedAddress(entry.Key, entry.Value.Link!.Mark!.Inside.Address))],
                Hosts = Hosts.GetValueOrDefault(project),
                HostsAreCurrent = Hosts.ContainsKey(project) && !OldHosts.Contains(project),
            }),
        ];
    }

    private string[] NamesOf(string project) => [.. Spaces.Where(entry => entry.Value.Link?.Mark?.Project == project).Select(entry => entry.Key)];

    // those that were asked about, and what is in their way
    private Dictionary<HostPort, Target> FindForwards(Wish wish, Observed observed)
    {
        HashSet<string> partly = [.. wish.Ensure.Where(each => each.MustExist).Select(each => each.Name)];
        HashSet<HostPort> asked = [.. observed.Namespaces.Where(space => !partly.Contains(space.Name)).SelectMany(space => space.Link?.Mark?.Forwards ?? []).Select(forward => forward.Host)];
        HashSet<HostPort> wanted = [.. wish.Ensure.SelectMany(each => each.Publish).SelectMany(request => request.Forwards).Select(forward => forward.Host), .. wish.Ensure.SelectMany(each => each.Listen)];
        if (observed.Everything || Ruleset == RulesetState.Damaged || (wish.IsRemoval && observed.Namespaces.Any(space => space.Link is { Mark: null or { Cut: true } })))
            return new(Forwards);
        HashSet<IPAddress> own = wish.Project is null ? [] : [.. observed.Namespaces.Select(space => space.Link?.Mark?.Inside.Address).OfType<IPAddress>()];
        asked.UnionWith(wanted);
        asked.UnionWith(wish.Ensure.SelectMany(each => each.Unpublish).SelectMany(request => request.Forwards).Select(forward => forward.Host));
        asked.UnionWith(asked.Select(host => host with { HostAddress = null }).ToList());
        return new(Forwards.Where(entry => own.Contains(entry.Value.Address) || asked.Contains(entry.Key) || wanted.Contains(entry.Key with { HostAddress = null })));
    }

    private Observed WithOwners(Observed observed)
    {
        HashSet<IPAddress> known = [.. observed.Namespaces.Select(space => space.Link?.Mark?.Inside.Address).OfType<IPAddress>()];
        if (observed.Everything || observed.Forwards.Values.All(target => known.Contains(target.Address)))
            return observed with { OwnersKnown = observed.Everything };
        HashSet<string> asked = [.. observed.Namespaces.Select(space => space.Name)];
        return observed with
        {
            Namespaces = [.. observed.Namespaces, .. Spaces.Keys.Where(name => !asked.Contains(name)).Select(name => Observe(name, inside: false, traces: false))],
            OwnersKnown = true,
        };
    }

    private ObservedNamespace Observe(string name, bool inside, bool traces)
    {
        Space space = SpaceOf(name);
        LinkMark? mark = space.Link?.Mark;
        bool standing = space.Presence == Presence.Standing;
        bool looksInside = standing && mark is null;
        return new ObservedNamespace(name, space.Presence)
        {
            IsOurs = mark is not null ? !mark.Adopted : looksInside && space.Marked,
            LinkName = NamespaceName.LinkName(name),
            LinkNameTaken = space.LinkNameTaken,
            Link = space.Link is { } link ? new ObservedLink(link.Name, 7) { Mark = mark, Host = link.Address, Up = link.Up, LacksRoute = inside && link.LacksRoute } : null,
            InsideLinks = looksInside ? space.Inside : [],
            LoopbackUp = looksInside && space.LoopbackUp,
            HasDefaultRoute = looksInside && space.DefaultRoute,
            Inside =
                standing && mark is not null && (inside || (traces && mark.Adopted))
                    ? new ObservedInside(
                        space.Link!.Peer,
                        space.Link is { Peer: not null, PeerUp: true },
                        space.LoopbackUp,
                        space.Link is { Peer: not null, PeerHasAddress: true },
                        space.DefaultRoute || space.Link is { Peer: not null, Routes: true }
                    )
                    : null,
            Resolver = traces ? space.Resolver : null,
            Hosts = !traces || space.Hosts is null ? null : space.Hosts.Length == 0 ? "" : Resolver.LinkTo(space.Hosts),
        };
    }
}
