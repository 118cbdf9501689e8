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
internal sealed partial class World
{
    public SortedDictionary<string, Space> Spaces { get; init; } = new(StringComparer.Ordinal);

    public List<TakenNetwork> Taken { get; init; } = [];

    public List<IPAddress> Addresses { get; init; } = [];

    public List<Uplink> Uplinks { get; init; } = [];

    public bool ForwardsAnyway { get; set; }

    public RulesetState Ruleset { get; set; }

    public Dictionary<HostPort, Target> Forwards { get; init; } = [];

    /// <summary>Elements of the set targets4.</summary>
    public HashSet<InnerPort> Targets { get; init; } = [];

    /// <summary>Elements of the set switched_on.</summary>
    public SortedSet<string> Closed { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Projects for which a chain drops what is forwarded.</summary>
    public SortedSet<string> ClosedFor { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Links of others for which the host forwards.</summary>
    public List<string> Forwarding { get; init; } = [];

    /// <summary>Links that drop-ins of Warren's name, and whose those are.</summary>
    public Dictionary<string, string> Persisted { get; init; } = [];

    /// <summary>The record of uplinks on which forwarding was off before.</summary>
    public SortedSet<string> SwitchedOn { get; init; } = new(StringComparer.Ordinal);

    /// <summary>What the table lets leave by one link only.</summary>
    public HashSet<Pin> Pins { get; init; } = [];

    public List<Obstacle> Obstacles { get; init; } = [];

    public List<ForeignForward> ForeignForwards { get; init; } = [];

    public List<Listener> Listeners { get; init; } = [];

    /// <summary>The services of the one project whose files the cases have.</summary>
    public List<ObservedService> Services { get; init; } = [];

    /// <summary>The hosts files of projects: the names in them. A project without is not there.</summary>
    public SortedDictionary<string, IReadOnlyList<NamedAddress>> Hosts { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Whether the host's own /etc/hosts was changed since they were written.</summary>
    public HashSet<string> OldHosts { get; init; } = [];

    /// <summary>The names that the project has on record.</summary>
    public SortedSet<string> Record { get; init; } = new(StringComparer.Ordinal);

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

        /// <summary>The text of its own resolv.conf, or null.</summary>
        public string? Resolver { get; init; }

        /// <summary>Where its own hosts file leads; empty for one that is no link, null for none.</summary>
        public string? Hosts { get; init; }
    }

    /// <param name="Peer">The name of the other end, inside; null if it is gone.</param>
    /// <param name="Routes">Whether a default route leads over it.</param>
    public sealed record HostEnd(string Name, string Alias, Cidr? Address, bool Up, string? Peer = "eth0", bool Routes = true)
    {
        /// <summary>Whether the other end is up.</summary>
        public bool PeerUp { get; init; } = true;

        /// <summary>Whether somebody took the host's route to it.</summary>
        public bool LacksRoute { get; init; }

        /// <summary>Whether the other end has the namespace's address.</summary>
        public bool PeerHasAddress { get; init; } = true;

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
            Targets = [.. Targets],
            Closed = new(Closed, StringComparer.Ordinal),
            ClosedFor = new(ClosedFor, StringComparer.Ordinal),
            Forwarding = [.. Forwarding],
            Persisted = Persisted,
            SwitchedOn = new(SwitchedOn, StringComparer.Ordinal),
            Pins = [.. Pins],
            Obstacles = [.. Obstacles],
            ForeignForwards = [.. ForeignForwards],
            Listeners = [.. Listeners],
            Services = [.. Services],
            Record = new(Record, StringComparer.Ordinal),
            Hosts = new(Hosts, StringComparer.Ordinal),
            OldHosts = [.. OldHosts],
        };

    // as Kernel/Applier changes it
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
                // what runs in the one that had the name is not where it shall be
                for (int i = 0; i < Services.Count; i++)
                    Services[i] = Services[i].Service.Namespace == create.Name ? Services[i] with { Alive = false } : Services[i];
                break;
            case DeleteNamespace delete:
                Change(delete.Name, space => new Space { Link = space.Link, LinkNameTaken = space.LinkNameTaken, Resolver = space.Resolver, Hosts = space.Hosts });
                break;
            case RestoreLink { Link: var was }:
                Apply(new CreateLink(was));
                Apply(new SwitchLinkOn(was.Namespace, was.Name));
                break;
            case CreateLink { Link: var link }:
                Space into = SpaceOf(link.Namespace);
                Demand(into.Presence == Presence.Standing, step, "ENOENT");
                Demand(into.Link is null && !into.LinkNameTaken && !into.Inside.Contains(link.InsideName), step, "EEXIST");
                DemandFree(step, link.Namespace, link.Host);
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
            case SwitchInsideOn { Link: "lo" } on:
                Change(on.Of, space => space with { LoopbackUp = true });
                break;
            case SwitchInsideOn on:
                ChangeLink(on, on.Of, on.Link, inside: true, link => link with { PeerUp = true });
                break;
            case AddAddress { Inside: true } add:
                ChangeLink(add, add.Of, add.Link, inside: true, link => link with { PeerHasAddress = true });
                break;
            case AddAddress add:
                DemandFree(add, add.Of, add.Address);
                ChangeLink(add, add.Of, add.Link, inside: false, link => link with { Address = add.Address });
                break;
            case SetHostRoute route:
                ChangeLink(route, route.Of, route.Link, inside: false, link => link with { LacksRoute = false });
                break;
            case AddDefaultRoute add:
                Demand(SpaceOf(add.Of).Link is { PeerUp: true, PeerHasAddress: true }, step, "ENETUNREACH");
                ChangeLink(add, add.Of, add.Link, inside: true, link => link with { Routes = true });
                break;
            case WriteResolver write:
                Demand(SpaceOf(write.Of).Resolver == write.Before, step, "another text");
                Change(write.Of, space => space with { Resolver = write.Text });
                break;
            case RemoveResolver remove:
                Demand(SpaceOf(remove.Of).Resolver == remove.Before, step, "another text");
                Change(remove.Of, space => space with { Resolver = null });
                break;
            case LinkHosts link:
                Demand(SpaceOf(link.Of).Hosts == link.Before, step, "another link");
                Change(link.Of, space => space with { Hosts = link.Target });
                break;
            case UnlinkHosts unlink:
                Demand(SpaceOf(unlink.Of).Hosts == unlink.Before, step, "another link");
                Change(unlink.Of, space => space with { Hosts = null });
                break;
            case WriteHosts write:
                Demand(Hosts.TryGetValue(write.Project, out IReadOnlyList<NamedAddress>? said) ? write.Before?.SequenceEqual(said) == true : write.Before is null, step, "other names");
                Hosts[write.Project] = write.Names;
                _ = OldHosts.Remove(write.Project);
                break;
            case RemoveHosts remove:
                Demand(Hosts.TryGetValue(remove.Project, out IReadOnlyList<NamedAddress>? were) && remove.Before.SequenceEqual(were), step, "other names");
                _ = Hosts.Remove(remove.Project);
                break;
            // the supervisor's own, which go with it
            case OpenSockets or CloseSockets:
                break;
            case StopService stop:
                Demand(Services.RemoveAll(each => each.Service.FullName == stop.Service.FullName) == 1, step, "no such service");
                break;
            case StartService start:
                Demand(SpaceOf(start.Service.Namespace) is { Presence: Presence.Standing, Link.Up: true }, step, "no network");
                _ = Services.RemoveAll(each => each.Service.FullName == start.Service.FullName);
                Services.Add(new ObservedService(start.Service, Alive: true));
                break;
            case RestartService restart:
                Demand(Services.RemoveAll(each => each.Service.FullName == restart.Service.FullName) == 1, step, "no such service");
                Services.Add(new ObservedService(restart.Service, Alive: true));
                break;
            default:
                throw new InvalidOperationException($"No way to apply {step.GetType().Name}.");
        }
    }

    /// <summary>What is written down before a plan's first step, as Kernel/Host does it.</summary>
    public void Begin(Wish wish)
    {
        if (wish is { Project: not null, IsRemoval: false })
            Record.UnionWith(wish.Ensure.Select(each => each.Name));
    }

    /// <summary>What is written down after a plan's last step.</summary>
    public void End(Wish wish)
    {
        if (wish.RemoveAll || (wish is { Project: not null, Whole: true }))
            Record.Clear();
        if (wish.Project is null)
            return;
        if (wish.IsRemoval)
            Record.ExceptWith(wish.Prune);
        Record.UnionWith(wish.Ensure.Select(each => each.Name));
    }

    // two links with one subnet: the kernel would take it, and one of them would not work
    private void DemandFree(Step step, string name, Cidr address)
    {
        foreach ((string other, Space space) in Spaces)
            Demand(other == name || space.Link?.Address is not { } taken || !taken.Overlaps(address), step, $"overlaps that of {other}");
    }

    private void ChangeLink(Step step, string name, string end, bool inside, Func<HostEnd, HostEnd> change)
    {
        HostEnd? link = SpaceOf(name).Link;
        Demand(link is not null && (inside ? link.Peer : link.Name) == end, step, "ENODEV");
        Change(name, space => space with { Link = change(link!) });
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
            Targets.Clear();
            Closed.Clear();
            Pins.Clear();
            ClosedFor.Clear();
            return;
        }
        Demand(rules.Table != TableChange.Create || Ruleset == RulesetState.Absent, rules, "a second copy of every rule");
        Demand(rules.Table == TableChange.Create || Ruleset != RulesetState.Absent, rules, "ENOENT");
        if (rules.Table != TableChange.None)
        {
            Forwards.Clear();
            Targets.Clear();
            Closed.Clear();
            Pins.Clear();
            ClosedFor.Clear();
            Ruleset = RulesetState.Intact;
        }
        foreach (string project in rules.OpenFor)
            Demand(ClosedFor.Remove(project), rules, $"ENOENT: {project}");
        foreach (string project in rules.CloseFor)
            Demand(ClosedFor.Add(project), rules, $"a second copy of every rule: {project}");
        foreach (ForwardEntry entry in rules.Unpublish)
            Demand(Forwards.Remove(entry.Host), rules, $"ENOENT: {entry}");
        foreach (ForwardEntry entry in rules.Publish)
            Demand(Forwards.TryAdd(entry.Host, entry.Target) || Forwards[entry.Host] == entry.Target, rules, $"EEXIST: {entry}");
        foreach (TargetEntry entry in rules.Shut)
            Demand(Targets.Remove(entry.Inside), rules, $"ENOENT: {entry}");
        foreach (TargetEntry entry in rules.Admit)
            Targets.Add(entry.Inside);
        foreach (string uplink in rules.Open)
            Demand(Closed.Remove(uplink), rules, $"ENOENT: {uplink}");
        foreach (string uplink in rules.Close)
            Closed.Add(uplink);
        foreach (PinEntry entry in rules.Unpin)
            Pins.Remove(entry.Pin);
        foreach (PinEntry entry in rules.Pin)
            Pins.Add(entry.Pin);
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
        if (Spaces[name] is { Presence: Presence.Absent, Link: null, LinkNameTaken: false, Resolver: null, Hosts: null })
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
            text.Append($", {space.Link?.ToString() ?? "no link"}{(space.LinkNameTaken ? ", taken" : "")}, {space.Resolver?.ReplaceLineEndings(" ") ?? "no resolver"}, {space.Hosts ?? "no hosts"}\n");
        }
        text.Append($"table {Ruleset}, closed [{string.Join(' ', Closed)}], record [{string.Join(' ', SwitchedOn)}], for [{string.Join(' ', ClosedFor)}]\n");
        foreach ((HostPort host, Target target) in Forwards.OrderBy(entry => entry.Key.ToString(), StringComparer.Ordinal))
            text.Append($"{host} -> {target}\n");
        text.Append($"targets [{string.Join(' ', Targets.Select(inside => inside.ToString()).Order(StringComparer.Ordinal))}]\n");
        foreach ((string project, IReadOnlyList<NamedAddress> names) in Hosts)
            text.Append($"hosts of {project}: {string.Join(", ", names)}\n");
        foreach (Pin pin in Pins.OrderBy(pin => pin.ToString(), StringComparer.Ordinal))
            text.Append($"{pin}\n");
        foreach (Uplink uplink in Uplinks)
            text.Append($"{uplink}\n");
        foreach (Obstacle obstacle in Obstacles)
            text.Append($"{obstacle}\n");
        foreach (ObservedService each in Services.OrderBy(each => each.Service.FullName, StringComparer.Ordinal))
            text.Append($"{each.Service.FullName}: {string.Join(' ', each.Service.Command)}, alive {each.Alive}\n");
        return text.ToString();
    }
}
