using System.Net;
using Warren.Model;
using Warren.Planning.Steps;

namespace Warren.Planning;

/// <summary>The plan by which namespaces come or change; and with those of a project, others go.</summary>
internal sealed partial class Additions
{
    private readonly Observed _observed;
    private readonly Wish _wish;
    private readonly SubnetPool _pool;
    private readonly PortBook _ports;
    private readonly Dictionary<string, ObservedNamespace> _spaces = [];
    private readonly Dictionary<string, List<Forward>> _leaving = [];
    private readonly List<Refusal> _refusals = [];
    private readonly List<Step> _first = [];
    private readonly List<Step> _before = [];
    private readonly List<Step> _after = [];
    private readonly List<Step> _last = [];
    private readonly List<Step> _names = [];
    private readonly HashSet<string> _goingFirst = [];
    private readonly List<ForwardEntry> _publish = [];
    private readonly List<ForwardEntry> _unpublish = [];
    private readonly List<IPAddress> _goneAddresses = [];
    private readonly HashSet<string> _wished = [];
    private readonly List<PinEntry> _pin = [];
    private readonly List<PinEntry> _unpin = [];
    private readonly List<KeyValuePair<string, string>> _cutOff = [];
    private bool _linksStand;

    public Additions(Observed observed, Wish wish)
    {
        _observed = observed;
        _wish = wish;
        _pool = new SubnetPool(observed.Taken);
        _ports = new PortBook(wish.LeaveNeighbours ? observed with { Blocks = [] } : observed);
        foreach (ObservedNamespace space in observed.Namespaces)
            _spaces.TryAdd(space.Name, space);
    }

    private bool TableStands => _observed.Ruleset == RulesetState.Intact;

    public Plan Make()
    {
        foreach (NamespaceWish wish in _wish.Ensure)
            _wished.Add(wish.Name);
        foreach (ForwardEntry stray in Removal.Strays(_observed))
        {
            _unpublish.Add(stray);
            _ports.Release(stray.Host);
        }
        foreach (string name in _wish.Prune)
            Prune(Find(name));
        foreach (NamespaceWish wish in _wish.Ensure)
            MakeRoom(wish, Find(wish.Name));
        foreach (NamespaceWish wish in _wish.Ensure)
            Foresee(wish, Find(wish.Name));
        GiveSockets();
        foreach (NamespaceWish wish in _wish.Ensure)
            Ensure(wish, Find(wish.Name));
        WriteNames();
        ChooseTargets();
        if (_refusals.Count > 0)
            throw new RefusedException(RefusalKind.Conflict, [.. _refusals]);

        // The rules of a namespace that stands are mended with whatever is asked of it, but for `publish` and `unpublish`: those look at
        // the ports that they name, and at no others.
        // Where a link goes first, so do the ways to it: whenever it is cut off, no rule leads to an address that is nobody's.
        List<ForwardEntry> early = TableStands ? _unpublish.FindAll(entry => _goingFirst.Contains(entry.Namespace)) : [];
        var steps = new List<Step>();
        List<TargetEntry> earlyShut = _shut.FindAll(entry => _goingFirst.Contains(entry.Namespace));
        if (early.Count + earlyShut.Count > 0)
            steps.Add(new ChangeRules { Unpublish = early, Shut = earlyShut });
        _shut.RemoveAll(entry => _goingFirst.Contains(entry.Namespace));
        steps.AddRange(_first);
        steps.AddRange(_before);
        if (_linksStand || _unpublish.Count + _shut.Count > 0)
            AddHostSteps(steps, early.Count == 0 ? _unpublish : _unpublish.FindAll(entry => !_goingFirst.Contains(entry.Namespace)));
        steps.AddRange(_after);
        if (_unpublish.Count > 0 || _goneAddresses.Count > 0 || _shut.Count > 0)
            steps.Add(new EndFlows([.. _unpublish, .. ShutFlows()], [.. _goneAddresses]));
        steps.AddRange(_last);
        steps.AddRange(_names);
        return new Plan(ServiceChanges.Around(_observed, _wish, steps))
        {
            LeftDropping = _wish.LeaveNeighbours ? [.. Closed().Concat(_observed.Blocks.Select(block => block.Obstacle)).Distinct()] : [],
            CutOff = _cutOff,
            Remarks = [.. _remarks, .. Losing()],
        };
    }

    private ObservedNamespace Find(string name) =>
        _spaces.TryGetValue(name, out ObservedNamespace? space)
            ? space
            : throw new ArgumentException($"'{name}' was not observed.", nameof(name));

    private void Ensure(NamespaceWish wish, ObservedNamespace space)
    {
        // The host end's alias and address are set when all inside is done: a link with both is whole.
        bool whole = space.Link is { Mark: not null } && GatewayOf(wish, space.Link) is not null;
        if (wish.MustExist && !(whole && space.Presence == Presence.Standing))
        {
            throw new RefusedException(
                RefusalKind.NotFound,
                space.Presence == Presence.Standing
                    ? new Refusal($"{wish.Name}: the namespace has no link of Warren's{(space.Link is null ? "" : ", only half of one")}", $"warren add {wish.Name}")
                    : new Refusal($"{wish.Name}: there is no such namespace", $"warren add {wish.Name}, or warren ls to see those there are")
            );
        }
        if (space.LinkNameTaken)
        {
            _refusals.Add(
                new Refusal(
                    $"{wish.Name}: the host has a link {Terminal.Safe(space.LinkName)} that is not Warren's",
                    $"ip link del {space.LinkName}, or another name"
                )
            );
            return;
        }
        if (!whole)
            MakeAnew(wish, space);
        else if (IsOfAnother(wish, space.Link!.Mark!))
            return;
        else if (!Differs(wish, space.Link.Mark!, space.Link))
            Change(wish, space, space.Link, space.Link.Mark!);
        else if (wish.Exact)
            Readdress(wish, space, space.Link, space.Link.Mark!);
        else
            RefuseOtherAddress(wish, space.Link, space.Link.Mark!);
        SetResolver(wish, space);
        SetHosts(space);
    }

    private bool IsOfAnother(NamespaceWish wish, LinkMark mark)
    {
        if (_wish.Project is null || mark.Project is null || mark.Project == _wish.Project)
            return false;
        _refusals.Add(
            new Refusal($"{wish.Name}: belongs to another file, project {mark.Project}", $"warren down with that file, or another name than {wish.Name}")
        );
        return true;
    }

    // The host end's address; of one that lost it, what it was.
    private static Cidr? GatewayOf(NamespaceWish wish, ObservedLink link)
    {
        if (link.Host is not null || link.Mark is not { } mark)
            return link.Host;
        if (Addresses(wish) is { Host: { } host, Inside: { } inside } && inside == mark.Inside)
            return host;
        return mark.Inside.Address.Equals(mark.Inside.At(2)) ? mark.Inside with { Address = mark.Inside.At(1) } : null;
    }

    private static bool Differs(NamespaceWish wish, LinkMark mark, ObservedLink link)
    {
        (Cidr? host, Cidr? inside) = Addresses(wish);
        return inside is not null && !(inside == mark.Inside && (host is null || host == GatewayOf(wish, link)));
    }

    private void RefuseOtherAddress(NamespaceWish wish, ObservedLink link, LinkMark mark) =>
        _refusals.Add(
            new Refusal(
                $"{wish.Name}: stands already, with {mark.Inside} behind {link.Host}",
                $"warren rm {wish.Name} first, or leave the address out"
            )
        );

    private void Change(NamespaceWish wish, ObservedNamespace space, ObservedLink link, LinkMark mark)
    {
        _linksStand = true;
        LinkMark before = mark;
        mark = mark with { Forwards = NewForwards(wish, mark), Project = _wish.Project ?? mark.Project, Uplink = UplinkOf(wish, mark.Uplink) };
        _marks[space.Name] = mark;
        foreach (Forward forward in LookedAt(mark))
            Publish(forward, mark);
        Pin(space, mark);
        Cidr host = GatewayOf(wish, link)!.Value;
        if (space.Presence != Presence.Standing || space.Inside is { End: null })
        {
            // Somebody took the name or the link's other end away. The namespace gets the addresses again that it had.
            _first.Add(Delete(space, link));
            bool standing = space.Presence == Presence.Standing;
            Create(space, host, mark with { Adopted = mark.Adopted && standing, SwitchedLoopbackOn = mark.SwitchedLoopbackOn && standing });
            return;
        }
        Mend(space, link, mark, host);
        if (mark != before && mark.Write() is var alias && before.Write() is var was && alias != was)
        {
            // The alias always names at least what is in the maps.
            var step = new MarkLink(space.Name, link.Name, alias, was);
            if (wish.Unpublish.Count > 0 || _leaving.ContainsKey(wish.Name))
                _after.Add(step);
            else
                _before.Add(step);
        }
        if (!link.Up)
            _after.Add(new SwitchLinkOn(space.Name, link.Name));
    }

    private void Mend(ObservedNamespace space, ObservedLink link, LinkMark mark, Cidr host)
    {
        if (space.Inside is { End: { } end } inside)
        {
            if (!inside.LoopbackUp && (!mark.Adopted || mark.SwitchedLoopbackOn))
                _before.Add(new SwitchInsideOn(space.Name, "lo"));
            if (!inside.EndUp)
                _before.Add(new SwitchInsideOn(space.Name, end));
            if (!inside.HasAddress)
                _before.Add(new AddAddress(space.Name, end, mark.Inside) { Inside = true });
            if (!inside.HasDefaultRoute)
                _before.Add(new AddDefaultRoute(space.Name, end, host.Address, mark.Inside));
        }
        if (link.Host is null)
            _before.Add(new AddAddress(space.Name, link.Name, host));
        else if (link.LacksRoute)
            _before.Add(new SetHostRoute(space.Name, link.Name, host));
    }

    // The link is made again; the namespace and the programs in it stay.
    private void Readdress(NamespaceWish wish, ObservedNamespace space, ObservedLink link, LinkMark mark)
    {
        (Cidr? host, Cidr? inside) = Addresses(wish);
        if (!TakeSubnet(wish, host!.Value))
            return;
        bool standing = space.Presence == Presence.Standing;
        mark = mark with
        {
            Inside = inside!.Value,
            Project = _wish.Project ?? mark.Project,
            Uplink = UplinkOf(wish, mark.Uplink),
            Adopted = mark.Adopted && standing,
            SwitchedLoopbackOn = mark.SwitchedLoopbackOn && standing,
        };
        mark = mark with { Forwards = NewForwards(wish, mark) };
        _first.Add(Delete(space, link));
        _goingFirst.Add(wish.Name);
        _goneAddresses.Add(link.Mark!.Inside.Address);
        Create(space, host.Value, mark);
        foreach (Forward forward in mark.Forwards)
            Publish(forward, mark);
    }

    private void MakeAnew(NamespaceWish wish, ObservedNamespace space)
    {
        (Cidr? host, Cidr? inside) = Addresses(wish);
        if (host is null || inside is null)
        {
            if (_pool.Take() is not { } subnet)
            {
                _refusals.Add(new Refusal($"{wish.Name}: no private subnet is free on this host", $"warren add {wish.Name} --subnet CIDR"));
                return;
            }
            (host, inside) = (new Cidr(subnet.At(1), subnet.PrefixLength), new Cidr(subnet.At(2), subnet.PrefixLength));
        }
        else if (!TakeSubnet(wish, host.Value, space.Link?.Host))
        {
            return;
        }

        foreach (Block block in _wish.LeaveNeighbours ? [] : _observed.Blocks)
        {
            if (block.Forward is null && block.Namespace == wish.Name)
                _refusals.Add(block.Refusal);
        }
        bool adopted = space is { Presence: Presence.Standing, IsOurs: false };
        var mark = new LinkMark(wish.Name, inside.Value, [])
        {
            Project = _wish.Project,
            Uplink = wish.Uplink,
            Adopted = adopted,
            SwitchedLoopbackOn = adopted && !space.LoopbackUp,
        };
        mark = mark with { Forwards = NewForwards(wish, mark) };

        // Half of a link tells nothing worth keeping.
        if (space.Link is { } half)
            _first.Add(new DeleteLink(wish.Name, half.Name));
        Create(space, host.Value, mark);
        foreach (Forward forward in mark.Forwards)
            Publish(forward, mark);
    }

    private bool TakeSubnet(NamespaceWish wish, Cidr host, Cidr? except = null)
    {
        if (_pool.Overlap(host, except) is { } overlap)
        {
            _refusals.Add(
                new Refusal(
                    $"{wish.Name}: {host.Network} is in use on this host: {overlap.Reason}",
                    wish.Exact ? "another subnet, or none: Warren chooses a free one" : "another --subnet, or none: Warren chooses a free one"
                )
            );
            return false;
        }
        _pool.Add(host.Network, $"subnet of {wish.Name}");
        return true;
    }

    private void Create(ObservedNamespace space, Cidr host, LinkMark mark)
    {
        if (space.Presence != Presence.Standing)
            _before.Add(new CreateNamespace(space.Name));
        else if (!mark.Adopted && !(space.Inside?.LoopbackUp ?? space.LoopbackUp))
            _before.Add(new SwitchInsideOn(space.Name, "lo"));
        LinkPlan link = new(space.Name, space.LinkName, InsideName(space), host, mark.Inside, LinkMtu())
        {
            HostMac = LinkAddress.OfHostEnd(space.Name),
            InsideMac = LinkAddress.OfInsideEnd(space.Name),
            // a route over the link that goes, goes with it
            DefaultRoute = space.Link?.Mark is not null || !space.HasDefaultRoute,
            SwitchLoopbackOn = mark.SwitchedLoopbackOn,
            Alias = mark.Write(),
        };
        _linksStand = true;
        _marks[space.Name] = mark;
        Pin(space, mark);
        _before.Add(new CreateLink(link));
        _after.Add(new SwitchLinkOn(space.Name, link.Name));
    }

    internal static DeleteLink Delete(ObservedNamespace space, ObservedLink link) =>
        new(space.Name, link.Name)
        {
            SwitchLoopbackOff = link.Mark is { Adopted: true, SwitchedLoopbackOn: true },
            Was =
                link is { Mark: { } mark, Host: { } host } && space.Presence == Presence.Standing
                    ? new LinkPlan(space.Name, link.Name, space.Inside?.End ?? "eth0", host, mark.Inside, link.Mtu)
                    {
                        HostMac = LinkAddress.OfHostEnd(space.Name),
                        InsideMac = LinkAddress.OfInsideEnd(space.Name),
                        DefaultRoute = space.Inside?.HasDefaultRoute ?? true,
                        SwitchLoopbackOn = mark.SwitchedLoopbackOn,
                        Alias = mark.Write(),
                    }
                    : null,
        };

    private void SetResolver(NamespaceWish wish, ObservedNamespace space)
    {
        if (wish.MustExist)
            return;
        bool free = space.Resolver is null || Resolver.IsOurs(space.Resolver);
        string? wanted =
            wish.Dns is { } dns ? Resolver.Text(wish.Name, dns)
            : _observed.UpstreamResolver is { } upstream && (wish.ExactDns || space.Resolver is null || Resolver.TargetOf(space.Resolver) is not null)
                ? Resolver.LinkTo(upstream)
            : null;
        if (wanted is not null && free)
        {
            if (space.Resolver != wanted)
                _before.Add(new WriteResolver(wish.Name, wanted, space.Resolver));
        }
        else if (wish.Dns is not null)
        {
            _refusals.Add(
                new Refusal($"{wish.Name}: {Resolver.PathOf(wish.Name)} is there, and Warren did not write it", "remove it, or leave dns: out")
            );
        }
        else if (wish.ExactDns && wanted is null && Resolver.IsOurs(space.Resolver))
        {
            _last.Add(new RemoveResolver(wish.Name, space.Resolver!));
        }
    }

    // What the host as a whole needs while a link of ours stands: the table, openings in others' firewalls, forwarding of uplinks.
    private void AddHostSteps(List<Step> steps, IReadOnlyList<ForwardEntry> unpublish)
    {
        var off = new List<string>();
        foreach (Uplink uplink in _observed.Uplinks)
        {
            if (!_observed.ForwardsAnyway && !uplink.Forwarding)
                off.Add(uplink.Name);
        }
        // On since the boot, by a drop-in of Warren's. What it names and is not there yet may come later, forwarding: the table is made for it too.
        List<PersistedUplink> held = [];
        List<string> later = [];
        foreach (PersistedUplink each in _observed.ForwardsAnyway ? [] : _observed.Persisted)
        {
            if (each is { Forwarding: true, Noted: false })
                held.Add(each);
            if (each.Forwarding || !TableStands)
                later.Add(each.Name);
        }
        IEnumerable<string> closed = _observed.SwitchedOn.Union(off).Union(later);
        var rules = new ChangeRules
        {
            Table = _observed.Ruleset switch
            {
                RulesetState.Absent => TableChange.Create,
                RulesetState.Damaged => TableChange.Repair,
                _ => TableChange.None,
            },
            Publish = TableStands ? _publish : AllForwards(),
            Unpublish = TableStands ? unpublish : [],
            Admit = _admit,
            Shut = _shut,
            Close = TableStands ? [.. closed.Except(_observed.Closed)] : [.. closed],
            Open = TableStands ? [.. _observed.FormerNames.Intersect(_observed.Closed)] : [],
            Pin = TableStands ? _pin : AllPins(),
            Unpin = TableStands ? _unpin : [],
        };
        rules = WithPolicies(rules);
        if (!rules.IsEmpty)
            steps.Add(rules);
        if (!_wish.LeaveNeighbours)
        {
            foreach (Obstacle obstacle in Closed())
                steps.Add(new OpenNeighbour(obstacle.Chain, obstacle.Cause));
        }
        foreach (string uplink in off)
            steps.Add(new SwitchForwardingOn(uplink));
        foreach (PersistedUplink each in held)
            steps.Add(new SwitchForwardingOn(each.Name) { DropIn = DropIn.PathOf(each.Project) });
    }

    private List<Obstacle> Closed()
    {
        var closed = new List<Obstacle>();
        foreach (Obstacle obstacle in _observed.Obstacles)
        {
            if (!obstacle.Opened)
                closed.Add(obstacle);
        }
        return closed;
    }

    // The path's smallest: a packet that fits the link fits every uplink.
    private uint LinkMtu()
    {
        uint mtu = 1500;
        foreach (Uplink uplink in _observed.Uplinks)
            mtu = uplink.Mtu >= 576 ? Math.Min(mtu, uplink.Mtu) : mtu;
        return mtu;
    }

    private static string InsideName(ObservedNamespace space)
    {
        // the one that goes makes room for the one that comes
        if (space.Inside?.End is { } end)
            return end;
        for (int i = 0; ; i++)
        {
            string name = "eth" + Words.Number(i);
            if (!space.InsideLinks.Contains(name))
                return name;
        }
    }

    private static Target TargetOf(Cidr inside, Forward forward) => new(inside.Address, forward.Port);

    internal static (Cidr? Host, Cidr? Inside) Addresses(NamespaceWish wish)
    {
        if (wish.Subnet is { } subnet)
            return (new Cidr(subnet.At(1), subnet.PrefixLength), new Cidr(subnet.At(2), subnet.PrefixLength));
        return wish is { Address: { } address, Gateway: { } gateway }
            ? (new Cidr(gateway, address.PrefixLength), address)
            : (null, null);
    }
}
