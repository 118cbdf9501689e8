using System.Net;
using Warren.Model;
using Warren.Planning.Steps;

namespace Warren.Planning;

/// <summary>The plan that takes namespaces away; with the last one, everything that Warren did to the host.</summary>
internal static class Removal
{
    public static Plan Make(Observed observed, Wish wish)
    {
        List<ObservedNamespace> going = wish.RemoveAll
            ? [.. observed.Namespaces.Where(IsWarrens)]
            :
            [
                .. wish.Remove.Distinct().Select(name => Named(observed, name)).OfType<ObservedNamespace>(),
                .. Pruned(observed, wish),
            ];
        // one that was asked about and is another project's stays too
        bool last = wish.RemoveAll || (!observed.OthersRemain && !observed.Namespaces.Any(space => space.Link is not null && !going.Contains(space)));

        var forwards = new List<ForwardEntry>();
        var addresses = new List<IPAddress>();
        var goingAddresses = new Dictionary<IPAddress, string>();
        foreach (ObservedNamespace space in going)
        {
            if (space.Link?.Mark is not { } mark)
                continue;
            addresses.Add(mark.Inside.Address);
            goingAddresses[mark.Inside.Address] = space.Name;
        }
        foreach ((HostPort host, Target target) in observed.Forwards)
        {
            if (goingAddresses.TryGetValue(target.Address, out string? name))
                forwards.Add(new ForwardEntry(host, target, name));
        }
        forwards.AddRange(Strays(observed));
        forwards.Sort((a, b) => Order(a.Host).CompareTo(Order(b.Host)));

        var steps = new List<Step>();
        // Others stay, so does the table: first the ways in go, then what they led to.
        List<TargetEntry> targets = Targets(observed, goingAddresses);
        string[] open = Reopened(observed, wish, going);
        if (!last && forwards.Count + targets.Count + open.Length > 0)
            steps.Add(new ChangeRules { Unpublish = forwards, Shut = targets, OpenFor = open });
        if (addresses.Count > 0)
            steps.Add(new EndFlows([], addresses));
        steps.AddRange(Names(observed, wish, going));
        bool all = observed.GroupSize == going.Count(space => space.Link is not null);
        foreach (ObservedNamespace space in going)
        {
            if (space.Link is { } link)
                steps.Add(Additions.Delete(space, link) with { WithAllOfGroup = all });
        }
        if (!last && observed.Ruleset != RulesetState.Absent && PinsOf(observed, going) is { Count: > 0 } pins)
            steps.Add(new ChangeRules { Unpin = pins });
        // No link stays, so nothing needs guarding any more: the table goes after the links. The names go last: whoever was cut
        // off finds them, and what is left to do.
        if (last)
            steps.AddRange(HostSteps(observed, forwards, targets));
        foreach (ObservedNamespace space in going)
        {
            if (Resolver.IsOurs(space.Resolver))
                steps.Add(new RemoveResolver(space.Name, space.Resolver!));
        }
        foreach (ObservedNamespace space in going)
        {
            if (space.Presence == Presence.HalfMade || (space.Presence == Presence.Standing && space.IsOurs))
                steps.Add(new DeleteNamespace(space.Name) { WasWhole = space.Presence == Presence.Standing });
        }
        return new Plan(ServiceChanges.Around(observed, wish, steps));
    }

    /// <summary>Whether a namespace may be taken away because a project's file does not name it, or no longer.</summary>
    public static bool IsOfProject(ObservedNamespace space, string? project) =>
        // one without a mark was never completed: its name is all that tells whose it is
        space.Link?.Mark is { } mark
            ? mark.Project == project
            : IsWarrens(space);

    /// <summary>Forwards that lead to nobody, in the order of their ports: they would lead to whoever gets the address next.</summary>
    internal static List<ForwardEntry> Strays(Observed observed)
    {
        var strays = new List<ForwardEntry>(observed.Strays.Count);
        foreach ((HostPort host, Target target) in observed.Strays)
            strays.Add(new ForwardEntry(host, target, ""));
        strays.Sort((a, b) => Order(a.Host).CompareTo(Order(b.Host)));
        return strays;
    }

    /// <summary>The order in which ports are told.</summary>
    internal static (Protocol, int, string) Order(HostPort host) => (host.Protocol, host.Port, host.HostAddress?.ToString() ?? "");

    // Before the links: of a namespace that others made, only its link tells whose it was.
    private static IEnumerable<Step> Names(Observed observed, Wish wish, List<ObservedNamespace> going)
    {
        var names = new HashSet<string>();
        var projects = new HashSet<string>();
        if (wish.Project is not null)
            projects.Add(wish.Project);
        foreach (ObservedNamespace space in going)
        {
            if (HostNames.IsOurs(space.Hosts))
                yield return new UnlinkHosts(space.Name, Resolver.TargetOf(space.Hosts!)!);
            names.Add(space.Name);
            if (space.Link?.Mark?.Project is { } project)
                projects.Add(project);
        }
        foreach (ObservedProject project in observed.Projects)
        {
            if (project.Hosts is not { } stands || !(wish.RemoveAll || projects.Contains(project.Name)))
                continue;
            NamedAddress[] members = [.. project.Members.Where(each => !names.Contains(each.Name))];
            if (wish.RemoveAll || members.Length == 0)
                yield return new RemoveHosts(project.Name, stands);
            else if (HostNames.Ordered(members) is var left && !HostNames.Same(left, stands))
                yield return new WriteHosts(project.Name, left, stands);
        }
    }

    private static List<TargetEntry> Targets(Observed observed, Dictionary<IPAddress, string> going)
    {
        var targets = new List<TargetEntry>();
        foreach (InnerPort inside in observed.Targets)
        {
            if (going.TryGetValue(inside.Address, out string? name))
                targets.Add(new TargetEntry(inside, name));
        }
        foreach (InnerPort inside in observed.StrayTargets)
            targets.Add(new TargetEntry(inside, ""));
        targets.Sort((a, b) => Compare(a.Inside, b.Inside));
        return targets;
    }

    /// <summary>The order in which ports inside are told.</summary>
    internal static int Compare(InnerPort a, InnerPort b)
    {
        int addresses = a.Address.GetAddressBytes().AsSpan().SequenceCompareTo(b.Address.GetAddressBytes());
        return addresses != 0 ? addresses : (a.Protocol, a.Port).CompareTo((b.Protocol, b.Port));
    }

    private static IEnumerable<Step> HostSteps(Observed observed, List<ForwardEntry> forwards, List<TargetEntry> targets)
    {
        foreach (string uplink in observed.SwitchedOn)
        {
            PersistedUplink? persisted = observed.Persisted.FirstOrDefault(each => each.Name == uplink);
            yield return new SwitchForwardingOff(uplink)
            {
                Keep = observed.ForwardsAnyway || persisted is not null,
                DropIn = persisted is null || observed.ForwardsAnyway ? null : DropIn.PathOf(persisted.Project),
            };
        }
        foreach (ForeignChain chain in observed.Openings)
            yield return new CloseNeighbour(chain);
        if (observed.Ruleset != RulesetState.Absent)
        {
            yield return new ChangeRules
            {
                Table = TableChange.Delete,
                Unpublish = forwards,
                Shut = targets,
                Close = observed.SwitchedOn,
                Unpin = PinsOf(observed, observed.Namespaces),
                OpenFor = [.. observed.ClosedFor.Select(each => each.Project)],
            };
        }
    }

    /// <summary>What the table says of some namespaces' uplinks.</summary>
    internal static List<PinEntry> PinsOf(Observed observed, IEnumerable<ObservedNamespace> spaces)
    {
        var pins = new List<PinEntry>();
        if (observed.Pins.Count == 0)
            return pins;
        foreach (ObservedNamespace space in spaces)
        {
            foreach (Pin pin in observed.Pins)
            {
                if (pin.Link == space.LinkName)
                    pins.Add(new PinEntry(pin, space.Name));
            }
        }
        return pins;
    }

    // What a project's file said of the host goes with its last namespace.
    private static string[] Reopened(Observed observed, Wish wish, List<ObservedNamespace> going)
    {
        if (observed.ClosedFor.Count == 0)
            return [];
        var names = going.Select(space => space.Name).ToHashSet();
        return [.. observed.ClosedFor.Where(each => (wish.Whole && each.Project == wish.Project) || names.IsSupersetOf(each.Namespaces)).Select(each => each.Project)];
    }

    private static IEnumerable<ObservedNamespace> Pruned(Observed observed, Wish wish)
    {
        if (wish.Project is null)
            return [];
        var names = new HashSet<string>(wish.Prune);
        return observed.Namespaces.Where(space =>
            space.Link?.Mark is { } mark
                ? mark.Project == wish.Project && (wish.Whole || names.Contains(space.Name))
                : names.Contains(space.Name) && IsWarrens(space)
        );
    }

    private static ObservedNamespace? Named(Observed observed, string name)
    {
        ObservedNamespace space = observed.Namespaces.First(space => space.Name == name);
        if (space.Presence == Presence.Absent && space.Link is null)
            throw new RefusedException(RefusalKind.NotFound, new Refusal($"{name}: there is no such namespace", "warren ls"));
        if (!IsWarrens(space))
        {
            // Its link is gone; what the host had because of it is not: a removal was cut off.
            if (!observed.OthersRemain && (observed.Ruleset != RulesetState.Absent || observed.SwitchedOn.Count > 0 || observed.Openings.Count > 0))
                return null;
            throw new RefusedException(
                RefusalKind.Conflict,
                new Refusal($"{name}: the namespace is not Warren's, and has no link of Warren's", $"ip netns del {name}")
            );
        }
        return space;
    }

    private static bool IsWarrens(ObservedNamespace space) =>
        space.Link is not null || space.IsOurs || space.Presence == Presence.HalfMade;
}
