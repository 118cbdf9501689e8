using System.Net;
using Warren.Model;
using Warren.Planning.Steps;

namespace Warren.Planning;

/// <summary>
/// From what is and what is wished for to what is to be done. Pure: the same input gives the same plan; nothing is asked, nothing
/// is touched, and every reason to refuse is found before the first step.
/// </summary>
/// <remarks>
/// The order of the steps is what makes a host that lost its power at any of them one that can be mended: whatever was made can be
/// found again by the namespace's name, and nothing answers before its rules are there.
/// <code>
/// namespace (marked before it is named) -> link, down, its alias says what will be published -> rules, one transaction
///     -> openings in others' firewalls -> forwarding of uplinks -> link up
/// </code>
/// Removal goes the other way; while a link is there, so are the rules that guard it.
/// </remarks>
public static class Planner
{
    /// <summary>Makes the plan.</summary>
    /// <exception cref="RefusedException">The wish cannot be fulfilled.</exception>
    public static Plan Make(Observed observed, Wish wish)
    {
        ArgumentNullException.ThrowIfNull(observed);
        ArgumentNullException.ThrowIfNull(wish);
        return wish.RemoveAll || wish.Remove.Count > 0
            ? Removal.Make(observed, wish)
            : new Additions(observed).Make(wish.Ensure);
    }

    private sealed class Additions(Observed observed)
    {
        private readonly SubnetPool _pool = new(observed.Taken);
        private readonly PortBook _ports = new(observed);
        private readonly List<Refusal> _refusals = [];
        private readonly List<Step> _before = [];
        private readonly List<Step> _after = [];
        private readonly List<ForwardEntry> _publish = [];
        private readonly List<ForwardEntry> _unpublish = [];
        private readonly HashSet<string> _wished = [];
        private bool _linksStand;

        private bool TableStands => observed.Ruleset == RulesetState.Intact;

        public Plan Make(IReadOnlyList<NamespaceWish> wishes)
        {
            foreach (NamespaceWish wish in wishes)
            {
                _wished.Add(wish.Name);
                Ensure(wish, Find(wish.Name));
            }
            if (_refusals.Count > 0)
                throw new RefusedException(RefusalKind.Conflict, [.. _refusals]);

            // The rules of a namespace that stands are mended with whatever is asked of it.
            var steps = new List<Step>(_before);
            if (_linksStand)
                AddHostSteps(steps);
            steps.AddRange(_after);
            if (_unpublish.Count > 0)
                steps.Add(new EndFlows([.. _unpublish], []));
            return new Plan(steps);
        }

        private ObservedNamespace Find(string name)
        {
            foreach (ObservedNamespace space in observed.Namespaces)
            {
                if (space.Name == name)
                    return space;
            }
            throw new ArgumentException($"'{name}' was not observed.", nameof(name));
        }

        private void Ensure(NamespaceWish wish, ObservedNamespace space)
        {
            // The host end's alias and address are set when all inside is done: a link with both is whole.
            bool whole = space.Link is { Mark: not null, Host: not null };
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
                        $"{wish.Name}: the host has a link {space.LinkName} that is not Warren's",
                        $"ip link del {space.LinkName}, or another name"
                    )
                );
                return;
            }
            if (!whole)
                MakeAnew(wish, space);
            else if (!Differs(wish, space.Link!.Mark!, space.Link))
                Change(wish, space, space.Link, space.Link.Mark!);
        }

        private bool Differs(NamespaceWish wish, LinkMark mark, ObservedLink link)
        {
            (Cidr? host, Cidr? inside) = Addresses(wish);
            if (inside is null || (inside == mark.Inside && (host is null || host == link.Host)))
                return false;
            _refusals.Add(
                new Refusal(
                    $"{wish.Name}: stands already, with {mark.Inside} behind {link.Host}",
                    $"warren rm {wish.Name} first, or leave the address out"
                )
            );
            return true;
        }

        private void Change(NamespaceWish wish, ObservedNamespace space, ObservedLink link, LinkMark mark)
        {
            _linksStand = true;
            var published = new ForwardSet(mark.Forwards);
            var gone = new ForwardSet([]);
            foreach (PortRequest request in wish.Unpublish)
            {
                foreach (Forward forward in Meant(request, published, wish.Name))
                {
                    bool listed = published.Contains(forward) && !gone.Contains(forward);
                    gone.Add(forward);
                    if (observed.Forwards.TryGetValue(forward.Host, out Target target) && target == TargetOf(mark.Inside, forward))
                    {
                        _unpublish.Add(new ForwardEntry(forward.Host, target, wish.Name));
                    }
                    else if (!listed)
                    {
                        throw new RefusedException(
                            RefusalKind.NotFound,
                            new Refusal($"{wish.Name}: {forward} is not published", "warren ports")
                        );
                    }
                }
            }
            published.Remove(gone);
            foreach (PortRequest request in wish.Publish)
            {
                foreach (Forward forward in _ports.Choose(request, mark, _refusals))
                    published.Add(forward);
            }
            List<Forward> forwards = published.ToList();
            foreach (Forward forward in forwards)
                Publish(forward, mark);
            string before = mark.Write();
            mark = mark with { Forwards = forwards };
            if (space.Presence != Presence.Standing)
            {
                // Somebody took the name away; the link outlived it. The namespace gets the addresses again that it had.
                _before.Add(new DeleteLink(wish.Name, link.Name));
                Create(space, link.Host!.Value, mark with { Adopted = false, SwitchedLoopbackOn = false });
                return;
            }
            string alias = mark.Write();
            if (alias != before)
            {
                // The alias always names at least what is in the maps.
                var step = new MarkLink(space.Name, link.Name, alias, before);
                if (wish.Unpublish.Count > 0)
                    _after.Add(step);
                else
                    _before.Add(step);
            }
            if (!link.Up)
                _after.Add(new SwitchLinkOn(space.Name, link.Name));
        }

        // What was published on any free port is taken back without naming the port that it got.
        private static IEnumerable<Forward> Meant(PortRequest request, ForwardSet published, string name)
        {
            if (!request.TakesAny)
                return request.Forwards;
            foreach (Forward forward in published.ToList())
            {
                if (forward.Port == request.First && forward.Host.Protocol == request.Protocol && request.Forwards.Contains(forward))
                    return [forward];
            }
            throw new RefusedException(
                RefusalKind.NotFound,
                new Refusal($"{name}: port {request.First}/{request.Protocol.Word()} is not published on a port that was chosen for it", "warren ports")
            );
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
            else if (_pool.Overlap(host.Value, space.Link?.Host) is { } overlap)
            {
                _refusals.Add(
                    new Refusal(
                        $"{wish.Name}: {host.Value.Network} is in use on this host: {overlap.Reason}",
                        "another --subnet, or none: Warren chooses a free one"
                    )
                );
                return;
            }
            else
            {
                _pool.Add(host.Value.Network, $"subnet of {wish.Name}");
            }

            bool adopted = space is { Presence: Presence.Standing, IsOurs: false };
            var mark = new LinkMark(wish.Name, inside.Value, [])
            {
                Adopted = adopted,
                SwitchedLoopbackOn = adopted && !space.LoopbackUp,
            };
            var published = new ForwardSet([]);
            foreach (PortRequest request in wish.Publish)
            {
                foreach (Forward forward in _ports.Choose(request, mark, _refusals))
                    published.Add(forward);
            }
            List<Forward> forwards = published.ToList();

            // Half of a link tells nothing worth keeping.
            if (space.Link is { } half)
                _before.Add(new DeleteLink(wish.Name, half.Name));
            Create(space, host.Value, mark with { Forwards = forwards });
            foreach (Forward forward in forwards)
                Publish(forward, mark);
        }

        private void Create(ObservedNamespace space, Cidr host, LinkMark mark)
        {
            if (space.Presence != Presence.Standing)
                _before.Add(new CreateNamespace(space.Name));
            LinkPlan link = new(space.Name, space.LinkName, InsideName(space), host, mark.Inside, LinkMtu())
            {
                HostMac = LinkAddress.OfHostEnd(space.Name),
                InsideMac = LinkAddress.OfInsideEnd(space.Name),
                DefaultRoute = !space.HasDefaultRoute,
                SwitchLoopbackOn = mark.SwitchedLoopbackOn,
                Alias = mark.Write(),
            };
            _linksStand = true;
            _before.Add(new CreateLink(link));
            _after.Add(new SwitchLinkOn(space.Name, link.Name));
        }

        private void Publish(Forward forward, LinkMark mark)
        {
            Target target = TargetOf(mark.Inside, forward);
            bool stands = observed.Forwards.TryGetValue(forward.Host, out Target standing) && standing == target;
            if (!stands || !TableStands)
                _publish.Add(new ForwardEntry(forward.Host, target, mark.Namespace));
        }

        // What the host as a whole needs while a link of ours stands: the table, openings in others' firewalls, forwarding of uplinks.
        private void AddHostSteps(List<Step> steps)
        {
            var off = new List<string>();
            foreach (Uplink uplink in observed.Uplinks)
            {
                if (!observed.ForwardsAnyway && !uplink.Forwarding)
                    off.Add(uplink.Name);
            }
            var rules = new ChangeRules
            {
                Table = observed.Ruleset switch
                {
                    RulesetState.Absent => TableChange.Create,
                    RulesetState.Damaged => TableChange.Repair,
                    _ => TableChange.None,
                },
                Publish = TableStands ? _publish : AllForwards(),
                Unpublish = TableStands ? _unpublish : [],
                // those on which Warren switched it on before are closed already
                Close = TableStands ? [.. off.Except(observed.SwitchedOn)] : [.. observed.SwitchedOn.Union(off)],
            };
            if (!rules.IsEmpty)
                steps.Add(rules);
            foreach (Obstacle obstacle in observed.Obstacles)
            {
                if (!obstacle.Opened)
                    steps.Add(new OpenNeighbour(obstacle.Chain, obstacle.Cause));
            }
            foreach (string uplink in off)
                steps.Add(new SwitchForwardingOn(uplink));
        }

        // A table that is made again gets back what the aliases of all links say is published, and what their addresses had in
        // the old one: an alias does not always hold all.
        private List<ForwardEntry> AllForwards()
        {
            var all = new List<ForwardEntry>(_publish);
            var seen = new HashSet<HostPort>();
            foreach (ForwardEntry entry in _publish.Concat(_unpublish))
                seen.Add(entry.Host);
            var owners = new Dictionary<IPAddress, string>();
            foreach (ObservedNamespace space in observed.Namespaces)
            {
                if (space.Link?.Mark is not { } mark)
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
            foreach ((HostPort host, Target target) in observed.Forwards)
            {
                if (owners.TryGetValue(target.Address, out string? owner) && seen.Add(host))
                    all.Add(new ForwardEntry(host, target, owner));
            }
            return all;
        }

        // The path's smallest: a packet that fits the link fits every uplink.
        private uint LinkMtu()
        {
            uint mtu = 1500;
            foreach (Uplink uplink in observed.Uplinks)
                mtu = uplink.Mtu >= 576 ? Math.Min(mtu, uplink.Mtu) : mtu;
            return mtu;
        }

        private static string InsideName(ObservedNamespace space)
        {
            for (int i = 0; ; i++)
            {
                string name = "eth" + Words.Number(i);
                if (!space.InsideLinks.Contains(name))
                    return name;
            }
        }

        private static Target TargetOf(Cidr inside, Forward forward) => new(inside.Address, forward.Port);

        private static (Cidr? Host, Cidr? Inside) Addresses(NamespaceWish wish)
        {
            if (wish.Subnet is { } subnet)
                return (new Cidr(subnet.At(1), subnet.PrefixLength), new Cidr(subnet.At(2), subnet.PrefixLength));
            return wish is { Address: { } address, Gateway: { } gateway }
                ? (new Cidr(gateway, address.PrefixLength), address)
                : (null, null);
        }
    }
}
