using System.Net;
using Warren.Model;
using Warren.Planning.Steps;

namespace Warren.Planning;

// The part about published ports, and about what goes in favour of what comes.
internal sealed partial class Additions
{
    // A namespace of the project that its file does not name any more.
    private void Prune(ObservedNamespace space)
    {
        if (!Removal.IsOfProject(space, _wish.Project))
            return;
        if (space.Link?.Mark is { } mark)
        {
            foreach (ForwardEntry entry in Standing(space.Name, mark))
            {
                _unpublish.Add(entry);
                _ports.Release(entry.Host);
            }
            // without the table, its mark alone says what it had
            foreach (Forward forward in mark.Forwards)
                _ports.Release(forward.Host);
            _goneAddresses.Add(mark.Inside.Address);
        }
        // before the link: of a namespace that others made, only that tells whose it was
        if (HostNames.IsOurs(space.Hosts))
            _last.Add(new UnlinkHosts(space.Name, Resolver.TargetOf(space.Hosts!)!));
        if (space.Link is { } link)
        {
            if (link.Host is { } host)
                _ports.Lose(host.Address);
            if (IsWanted(link))
            {
                _first.Add(Delete(space, link));
                _goingFirst.Add(space.Name);
            }
            else
            {
                _last.Add(Delete(space, link));
            }
        }
        // not before its link: until then it leaves as it did
        if (TableStands && Removal.PinsOf(_observed, [space]) is { Count: > 0 } pins)
            _last.Add(new ChangeRules { Unpin = pins });
        if (Resolver.IsOurs(space.Resolver))
            _last.Add(new RemoveResolver(space.Name, space.Resolver!));
        _goneNames.Add(space.Name);
        if (space.Presence == Presence.HalfMade || (space.Presence == Presence.Standing && space.IsOurs))
            _names.Add(new DeleteNamespace(space.Name) { WasWhole = space.Presence == Presence.Standing });
    }

    // Whether a namespace that comes shall have the subnet of a link that goes.
    private bool IsWanted(ObservedLink link)
    {
        if (link.Host is not { } host)
            return false;
        foreach (NamespaceWish wish in _wish.Ensure)
        {
            if (Addresses(wish).Host is { } wanted && wanted.Overlaps(host))
            {
                _pool.Release(host.Network);
                return true;
            }
        }
        return false;
    }

    // What a namespace of a file has and shall not have any more: others may have it.
    private void MakeRoom(NamespaceWish wish, ObservedNamespace space)
    {
        if (!wish.Exact || space.Link?.Mark is not { } mark || (mark.Project is not null && mark.Project != _wish.Project))
            return;
        bool moves = Differs(wish, mark, space.Link);
        if (moves && space.Link.Host is { } host)
        {
            _pool.Release(host.Network);
            _ports.Lose(host.Address);
        }
        // the host lost its address there, and gets it again: nobody else may have it
        if (!moves && space.Link.Host is null)
            KeepSubnet(space, mark);
        var kept = new ForwardSet([]);
        if (!moves)
        {
            ForwardSet standing = mark.Forwards as ForwardSet ?? new ForwardSet(mark.Forwards);
            foreach (PortRequest request in wish.Publish)
            {
                foreach (Forward forward in request.Forwards)
                {
                    if (!standing.Contains(forward))
                        continue;
                    kept.Add(forward);
                    _ports.Keep(forward, wish.Name);
                    if (request.TakesAny)
                        break;
                }
            }
        }
        foreach (ForwardEntry entry in Standing(space.Name, mark))
        {
            if (kept.Contains(new Forward(entry.Host, entry.Target.Port)))
                continue;
            _unpublish.Add(entry);
            _ports.Release(entry.Host);
        }
        foreach (Forward forward in mark.Forwards)
        {
            if (kept.Contains(forward))
                continue;
            if (!_leaving.TryGetValue(wish.Name, out List<Forward>? leaving))
                _leaving[wish.Name] = leaving = [];
            leaving.Add(forward);
            _ports.Release(forward.Host);
        }
    }

    private void KeepSubnet(ObservedNamespace space, LinkMark mark)
    {
        if (_pool.Overlap(mark.Inside, null) is { } taken)
        {
            _refusals.Add(
                new Refusal(
                    $"{space.Name}: the host has lost its address towards it, and {mark.Inside.Network} is in use by now: {taken.Reason}",
                    $"warren rm {space.Name}, then warren up: Warren chooses a free subnet"
                )
            );
            return;
        }
        _pool.Add(mark.Inside.Network, $"subnet of {space.Name}");
    }

    // What the host will have by all wishes together, before the first of them is planned.
    private void Foresee(NamespaceWish wish, ObservedNamespace space)
    {
        Cidr? asked = Addresses(wish).Host;
        // half of a link goes with the address that it has
        if (space.Link is { Mark: null, Host: { } lost })
            _ports.Lose(lost.Address);
        if (asked is { } host)
            _pool.Reserve(host.Network);
        // A port may be published on it: one namespace's way to another.
        if ((asked ?? (space.Link is { Mark: not null } link ? GatewayOf(wish, link) : null)) is { } gained)
            _ports.Gain(gained.Address);
    }

    // Before any port is given to a forward: on these, programs listen themselves.
    private void GiveSockets()
    {
        foreach (ObservedService each in _observed.Services)
        {
            // those of others of the project go on
            if (_wish.Whole || _wished.Contains(each.Service.Namespace))
                continue;
            foreach (HostPort host in each.Service.Listens)
                _ports.KeepListening(host, each.Service.FullName);
        }
        foreach (NamespaceWish wish in _wish.Ensure)
        {
            foreach (HostPort host in wish.Listen)
                _ports.Listen(host, wish.Name, _refusals);
        }
    }

    // The forwards in force that lead to a namespace, in the order of their ports.
    private List<ForwardEntry> Standing(string name, LinkMark mark)
    {
        _byAddress ??= ByAddress();
        if (!_byAddress.TryGetValue(mark.Inside.Address, out List<ForwardEntry>? found))
            return [];
        List<ForwardEntry> entries = found.ConvertAll(entry => entry with { Namespace = name });
        entries.Sort((a, b) => Removal.Order(a.Host).CompareTo(Removal.Order(b.Host)));
        return entries;
    }

    private Dictionary<IPAddress, List<ForwardEntry>>? _byAddress;

    private Dictionary<IPAddress, List<ForwardEntry>> ByAddress()
    {
        var index = new Dictionary<IPAddress, List<ForwardEntry>>();
        foreach ((HostPort host, Target target) in _observed.Forwards)
        {
            if (!index.TryGetValue(target.Address, out List<ForwardEntry>? entries))
                index[target.Address] = entries = new(1);
            entries.Add(new ForwardEntry(host, target, ""));
        }
        return index;
    }

    // What shall be published in the end: what was, less what goes, and what comes.
    private IReadOnlyList<Forward> NewForwards(NamespaceWish wish, LinkMark mark)
    {
        ForwardSet published = mark.Forwards as ForwardSet ?? new ForwardSet(mark.Forwards);
        var gone = new ForwardSet(_leaving.GetValueOrDefault(wish.Name, []));
        foreach (PortRequest request in wish.Unpublish)
        {
            foreach (Forward forward in Meant(request, published, wish.Name))
            {
                bool listed = published.Contains(forward) && !gone.Contains(forward);
                gone.Add(forward);
                if (_observed.Forwards.TryGetValue(forward.Host, out Target target) && target == TargetOf(mark.Inside, forward))
                    _unpublish.Add(new ForwardEntry(forward.Host, target, wish.Name));
                else if (!listed)
                    throw new RefusedException(RefusalKind.NotFound, new Refusal($"{wish.Name}: {forward} is not published", Published(wish.Name, forward.Host.Port, published)));
            }
        }
        LinkMark staying = mark;
        if (gone.Count > 0)
        {
            published = new ForwardSet(published);
            published.Remove(gone);
            staying = mark with { Forwards = published };
        }
        ForwardSet? chosen = wish.MustExist && TableStands ? new ForwardSet([]) : null;
        foreach (PortRequest request in wish.Publish)
        {
            foreach (Forward forward in _ports.Choose(request, staying, _refusals))
            {
                chosen?.Add(forward);
                if (published.Contains(forward))
                    continue;
                // what stays is what it was
                if (ReferenceEquals(published, staying.Forwards))
                    published = new ForwardSet(published);
                published.Add(forward);
            }
        }
        if (chosen is not null)
            _named[wish.Name] = chosen;
        return published;
    }

    // By name of a namespace that only ports are asked for: those. Its others were not looked at, and are neither mended nor missed.
    private readonly Dictionary<string, ForwardSet> _named = [];

    private IReadOnlyList<Forward> LookedAt(LinkMark mark) => _named.TryGetValue(mark.Namespace, out ForwardSet? named) ? named : mark.Forwards;

    // What was published on any free port is taken back without naming the port that it got.
    private static IEnumerable<Forward> Meant(PortRequest request, ForwardSet published, string name)
    {
        if (!request.TakesAny)
            return request.Forwards;
        foreach (Forward forward in published)
        {
            if (request.Includes(forward))
                return [forward];
        }
        throw new RefusedException(
            RefusalKind.NotFound,
            new Refusal($"{name}: port {request.First}/{request.Protocol.Word()} is not published on a port that was chosen for it", Published(name, request.First, published))
        );
    }

    // what was meant, if the host's port is the namespace's
    private static string Published(string name, int hostPort, ForwardSet published)
    {
        foreach (Forward forward in published.ToList())
        {
            if (forward.Host.Port == hostPort)
                return $"warren unpublish {name} {forward}, which is";
        }
        return "warren ports";
    }

    private void Publish(Forward forward, LinkMark mark)
    {
        Target target = TargetOf(mark.Inside, forward);
        bool stands = _observed.Forwards.TryGetValue(forward.Host, out Target standing);
        // what was another's, or of a link that is made again, goes and comes in the one transaction
        if (stands && standing == target && TableStands && !_ports.IsReleased(forward.Host))
            return;
        // it leads where nobody is
        if (stands && standing != target && TableStands && !_ports.IsReleased(forward.Host))
        {
            _unpublish.Add(new ForwardEntry(forward.Host, standing, mark.Namespace));
            _ports.Release(forward.Host);
        }
        _publish.Add(new ForwardEntry(forward.Host, target, mark.Namespace));
    }

    // A table that is made again gets back what the aliases of all links say is published, and what their addresses had in
    // the old one: an alias does not always hold all.
    private List<ForwardEntry> AllForwards()
    {
        var all = new List<ForwardEntry>(_publish);
        var seen = new HashSet<HostPort>();
        foreach (ForwardEntry entry in _publish)
            seen.Add(entry.Host);
        foreach (ForwardEntry entry in _unpublish)
            seen.Add(entry.Host);
        var owners = new Dictionary<IPAddress, string>();
        foreach (ObservedNamespace space in _observed.Namespaces)
        {
            if (space.Link?.Mark is not { } mark || _goneAddresses.Contains(mark.Inside.Address))
                continue;
            owners[mark.Inside.Address] = space.Name;
            if (_wished.Contains(space.Name))
                continue;
            foreach (Forward forward in mark.Forwards)
            {
                if (seen.Add(forward.Host))
                    all.Add(new ForwardEntry(forward.Host, TargetOf(mark.Inside, forward), space.Name));
            }
        }
        foreach ((HostPort host, Target target) in _observed.Forwards)
        {
            if (owners.TryGetValue(target.Address, out string? owner) && seen.Add(host))
                all.Add(new ForwardEntry(host, target, owner));
        }
        return all;
    }
}
