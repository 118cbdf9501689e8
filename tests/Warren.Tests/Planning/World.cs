using System.Net;
using System.Text;
using Warren.Model;
using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Tests.Planning;

/// <summary>
/// A host on paper, with as much of a kernel as plans are about: it can be observed, steps change it, and it refuses what the
/// kernel would refuse. Its text is all of it: two hosts are the same if their texts are.
/// </summary>
internal sealed class World
{
    public SortedDictionary<string, Space> Spaces { get; init; } = new(StringComparer.Ordinal);

    public List<TakenNetwork> Taken { get; init; } = [];

    public List<IPAddress> Addresses { get; init; } = [];

    public List<Uplink> Uplinks { get; init; } = [];

    public bool ForwardsAnyway { get; set; }

    public RulesetState Ruleset { get; set; }

    public Dictionary<HostPort, Target> Forwards { get; init; } = [];

    /// <summary>Elements of the set switched_on.</summary>
    public SortedSet<string> Closed { get; init; } = new(StringComparer.Ordinal);

    /// <summary>The record of uplinks on which forwarding was off before.</summary>
    public SortedSet<string> SwitchedOn { get; init; } = new(StringComparer.Ordinal);

    public List<Obstacle> Obstacles { get; init; } = [];

    public List<ForeignForward> ForeignForwards { get; init; } = [];

    public List<Listener> Listeners { get; init; } = [];

    /// <summary>What stands under a name.</summary>
    public sealed record Space
    {
        public Presence Presence { get; init; }

        /// <summary>Whether the alias of lo says that Warren made it.</summary>
        public bool Marked { get; init; }

        public bool LoopbackUp { get; init; }

        /// <summary>Whether a default route leads elsewhere than over the link of Warren's.</summary>
        public bool DefaultRoute { get; init; }

        /// <summary>The links inside, but for that of Warren's.</summary>
        public string[] Inside { get; init; } = [];

        public HostEnd? Link { get; init; }

        public bool LinkNameTaken { get; init; }
    }

    /// <param name="Peer">The name of the other end, inside.</param>
    /// <param name="Routes">Whether a default route leads over it.</param>
    public sealed record HostEnd(string Name, string Alias, Cidr? Address, bool Up, string Peer = "eth0", bool Routes = true)
    {
        public LinkMark? Mark => LinkMark.TryParse(Alias, out LinkMark? mark) ? mark : null;
    }

    public World Clone() =>
        new()
        {
            Spaces = new(Spaces, StringComparer.Ordinal),
            Taken = [.. Taken],
            Addresses = [.. Addresses],
            Uplinks = [.. Uplinks],
            ForwardsAnyway = ForwardsAnyway,
            Ruleset = Ruleset,
            Forwards = new(Forwards),
            Closed = new(Closed, StringComparer.Ordinal),
            SwitchedOn = new(SwitchedOn, StringComparer.Ordinal),
            Obstacles = [.. Obstacles],
            ForeignForwards = [.. ForeignForwards],
            Listeners = [.. Listeners],
        };

    // ---- as Kernel/Observer finds it --------------------------------------------------------------------------------------

    public Observed Observe(Wish wish)
    {
        bool removal = wish.IsRemoval;
        bool everything = wish.RemoveAll || (!removal && Ruleset != RulesetState.Intact && Spaces.Values.Any(space => space.Link is not null));
        List<string> names = [.. wish.Remove.Concat(wish.Prune).Concat(wish.Ensure.Select(each => each.Name)).Distinct()];
        bool others = removal && !everything && Spaces.Any(entry => entry.Value.Link is not null && !names.Contains(entry.Key));
        if (everything)
            names.AddRange(Spaces.Keys.Where(name => !names.Contains(name)));
        var observed = new Observed
        {
            Namespaces = [.. names.Select(Observe)],
            Everything = everything,
            Ruleset = Ruleset,
            ForwardsAnyway = ForwardsAnyway,
            SwitchedOn = [.. SwitchedOn],
            Forwards = new Dictionary<HostPort, Target>(Forwards),
        };
        if (removal)
        {
            return observed with
            {
                OthersRemain = others,
                Openings = others ? [] : [.. Obstacles.Where(obstacle => obstacle.Opened).Select(obstacle => obstacle.Chain)],
            };
        }
        return observed with
        {
            Taken = [.. Taken, .. Spaces.Values.Where(space => space.Link?.Address is not null).Select(space => new TakenNetwork(space.Link!.Address!.Value, "an address of the host"))],
            HostAddresses = [.. Addresses],
            Uplinks = [.. Uplinks],
            Obstacles = [.. Obstacles],
            ForeignForwards = [.. ForeignForwards],
            Listeners = [.. Listeners],
        };
    }

    private ObservedNamespace Observe(string name)
    {
        Space space = Spaces.GetValueOrDefault(name, new Space());
        LinkMark? mark = space.Link?.Mark;
        bool looksInside = space.Presence == Presence.Standing && mark is null;
        return new ObservedNamespace(name, space.Presence)
        {
            IsOurs = mark is not null ? !mark.Adopted : looksInside && space.Marked,
            LinkName = NamespaceName.LinkName(name),
            LinkNameTaken = space.LinkNameTaken,
            Link = space.Link is { } link ? new ObservedLink(link.Name, 7) { Mark = mark, Host = link.Address, Up = link.Up } : null,
            InsideLinks = looksInside ? space.Inside : [],
            LoopbackUp = looksInside && space.LoopbackUp,
            HasDefaultRoute = looksInside && space.DefaultRoute,
        };
    }

    // ---- as Kernel/Applier changes it -------------------------------------------------------------------------------------

    public void Apply(Plan plan)
    {
        foreach (Step step in plan.Steps)
            Apply(step);
    }

    public void Apply(Step step)
    {
        switch (step)
        {
            case CreateNamespace create:
                Demand(SpaceOf(create.Name).Presence != Presence.Standing, step, "EEXIST");
                Change(create.Name, space => space with { Presence = Presence.Standing, Marked = true, LoopbackUp = true, DefaultRoute = false, Inside = ["lo"] });
                break;
            case DeleteNamespace delete:
                Spaces.Remove(delete.Name);
                break;
            case CreateLink { Link: var link }:
                Space into = SpaceOf(link.Namespace);
                Demand(into.Presence == Presence.Standing, step, "ENOENT");
                Demand(into.Link is null && !into.LinkNameTaken && !into.Inside.Contains(link.InsideName), step, "EEXIST");
                Demand(!(link.DefaultRoute && into.DefaultRoute), step, "EEXIST");
                Change(
                    link.Namespace,
                    space =>
                        space with
                        {
                            Link = new HostEnd(link.Name, link.Alias, link.Host, Up: false, link.InsideName, link.DefaultRoute),
                            LoopbackUp = space.LoopbackUp || link.SwitchLoopbackOn,
                        }
                );
                break;
            case SwitchLinkOn on:
                Demand(SpaceOf(on.Namespace).Link is not null, step, "ENODEV");
                Change(on.Namespace, space => space with { Link = space.Link! with { Up = true } });
                break;
            case DeleteLink delete:
                Delete(delete);
                break;
            case MarkLink mark:
                Demand(SpaceOf(mark.Of).Link is not null, step, "ENODEV");
                Change(mark.Of, space => space with { Link = space.Link! with { Alias = mark.Alias } });
                break;
            case ChangeRules rules:
                Change(rules);
                break;
            case OpenNeighbour open:
                Set(open.Chain, opened: true);
                break;
            case CloseNeighbour close:
                Set(close.Chain, opened: false);
                break;
            case SwitchForwardingOn on:
                Set(on.Uplink, forwarding: true);
                SwitchedOn.Add(on.Uplink);
                break;
            case SwitchForwardingOff off:
                if (!off.Keep)
                    Set(off.Uplink, forwarding: false);
                SwitchedOn.Remove(off.Uplink);
                break;
            case EndFlows:
                break;
            default:
                throw new InvalidOperationException($"No way to apply {step.GetType().Name}.");
        }
    }

    private void Delete(DeleteLink delete)
    {
        Space space = SpaceOf(delete.Of);
        Change(
            delete.Of,
            _ =>
                space with
                {
                    Link = null,
                    LoopbackUp = space.LoopbackUp && !delete.SwitchLoopbackOff,
                }
        );
    }

    // one transaction, all or nothing; an element may be added again, but not with another value
    private void Change(ChangeRules rules)
    {
        if (rules.Table == TableChange.Delete)
        {
            (Ruleset, _) = (RulesetState.Absent, 0);
            Forwards.Clear();
            Closed.Clear();
            return;
        }
        Demand(rules.Table != TableChange.Create || Ruleset == RulesetState.Absent, rules, "a second copy of every rule");
        Demand(rules.Table == TableChange.Create || Ruleset != RulesetState.Absent, rules, "ENOENT");
        if (rules.Table != TableChange.None)
        {
            Forwards.Clear();
            Closed.Clear();
            Ruleset = RulesetState.Intact;
        }
        foreach (ForwardEntry entry in rules.Unpublish)
            Demand(Forwards.Remove(entry.Host), rules, $"ENOENT: {entry}");
        foreach (ForwardEntry entry in rules.Publish)
            Demand(Forwards.TryAdd(entry.Host, entry.Target) || Forwards[entry.Host] == entry.Target, rules, $"EEXIST: {entry}");
        foreach (string uplink in rules.Open)
            Demand(Closed.Remove(uplink), rules, $"ENOENT: {uplink}");
        foreach (string uplink in rules.Close)
            Closed.Add(uplink);
    }

    private void Set(ForeignChain chain, bool opened)
    {
        int index = Obstacles.FindIndex(obstacle => obstacle.Chain == chain);
        Obstacles[index] = Obstacles[index] with { Opened = opened };
    }

    private void Set(string uplink, bool forwarding)
    {
        int index = Uplinks.FindIndex(each => each.Name == uplink);
        Uplinks[index] = Uplinks[index] with { Forwarding = forwarding };
    }

    private Space SpaceOf(string name) => Spaces.GetValueOrDefault(name, new Space());

    private void Change(string name, Func<Space, Space> change)
    {
        Spaces[name] = change(SpaceOf(name));
        if (Spaces[name] is { Presence: Presence.Absent, Link: null, LinkNameTaken: false })
            Spaces.Remove(name);
    }

    private static void Demand(bool condition, Step step, string error)
    {
        if (!condition)
            throw new InvalidOperationException($"{step.Sign} {step.Words}: {error}");
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach ((string name, Space space) in Spaces)
        {
            text.Append($"{name}: {space.Presence}, marked {space.Marked}, lo {space.LoopbackUp}, route {space.DefaultRoute}, [{string.Join(' ', space.Inside)}]");
            text.Append($", {space.Link?.ToString() ?? "no link"}{(space.LinkNameTaken ? ", taken" : "")}\n");
        }
        text.Append($"table {Ruleset}, closed [{string.Join(' ', Closed)}], record [{string.Join(' ', SwitchedOn)}]\n");
        foreach ((HostPort host, Target target) in Forwards.OrderBy(entry => entry.Key.ToString(), StringComparer.Ordinal))
            text.Append($"{host} -> {target}\n");
        foreach (Uplink uplink in Uplinks)
            text.Append($"{uplink}\n");
        foreach (Obstacle obstacle in Obstacles)
            text.Append($"{obstacle}\n");
        return text.ToString();
    }
}
