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
        private bool _linksStand;

        public Plan Make(IReadOnlyList<NamespaceWish> wishes)
        {
            foreach (NamespaceWish wish in wishes)
                Ensure(wish, Find(wish.Name));
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
            if (wish.MustExist && space.Link is null)
            {
                throw new RefusedException(
                    RefusalKind.NotFound,
                    space.Presence == Presence.Standing
                        ? new Refusal($"{wish.Name}: the namespace has no link of Warren's", $"warren add {wish.Name}")
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
            if (space is { Presence: Presence.Standing, Link: { Mark: { } mark, Up: true } link })
            {
                if (Differs(wish, mark, link))
                    return;
                Change(wish, space, link, mark);
                return;
            }
            MakeAnew(wish, space);
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
            var forwards = new List<Forward>(mark.Forwards);
            foreach (PortRequest request in wish.Unpublish)
            {
                foreach (Forward forward in request.Forwards)
                {
                    bool listed = forwards.Remove(forward);
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
            foreach (PortRequest request in wish.Publish)
            {
                foreach (Forward forward in _ports.Choose(request, mark, _refusals))
                {
                    if (!forwards.Contains(forward))
                        forwards.Add(forward);
                }
            }
            foreach (Forward forward in forwards)
            {
                Target target = TargetOf(mark.Inside, forward);
                if (!observed.Forwards.TryGetValue(forward.Host, out Target standing) || standing != target)
                    _publish.Add(new ForwardEntry(forward.Host, target, wish.Name));
            }
            string alias = (mark with { Forwards = forwards }).Write();
            string before = mark.Write();
            if (alias == before)
                return;
            // The alias always names at least what is in the maps.
            var step = new MarkLink(space.Name, link.Name, alias, before);
            if (_unpublish.Count > 0)
                _after.Add(step);
            else
                _before.Add(step);
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
            var forwards = new List<Forward>();
            foreach (PortRequest request in wish.Publish)
            {
                foreach (Forward forward in _ports.Choose(request, mark, _refusals))
                {
                    if (!forwards.Contains(forward))
                        forwards.Add(forward);
                }
            }
            mark = mark with { Forwards = forwards };

            // Half of a link tells nothing worth keeping.
            if (space.Link is { } half)
                _before.Add(new DeleteLink(wish.Name, half.Name));
            if (space.Presence != Presence.Standing)
                _before.Add(new CreateNamespace(wish.Name));
            LinkPlan link = new(wish.Name, space.LinkName, InsideName(space), host.Value, inside.Value, LinkMtu())
            {
                HostMac = LinkAddress.OfHostEnd(wish.Name),
                InsideMac = LinkAddress.OfInsideEnd(wish.Name),
                DefaultRoute = !space.HasDefaultRoute,
                SwitchLoopbackOn = mark.SwitchedLoopbackOn,
                Alias = mark.Write(),
            };
            _linksStand = true;
            _before.Add(new CreateLink(link));
            _after.Add(new SwitchLinkOn(link));
            foreach (Forward forward in forwards)
            {
                Target target = TargetOf(inside.Value, forward);
                if (observed.Ruleset != RulesetState.Intact || !observed.Forwards.TryGetValue(forward.Host, out Target standing) || standing != target)
                    _publish.Add(new ForwardEntry(forward.Host, target, wish.Name));
            }
        }

        // What the host as a whole needs while a link of ours stands: the table, openings in others' firewalls, forwarding of uplinks.
        private void AddHostSteps(List<Step> steps)
        {
            var close = new List<string>();
            foreach (Uplink uplink in observed.Uplinks)
            {
                if (!observed.ForwardsAnyway && !uplink.Forwarding)
                    close.Add(uplink.Name);
            }
            bool whole = observed.Ruleset == RulesetState.Intact;
            var rules = new ChangeRules
            {
                Table = observed.Ruleset switch
                {
                    RulesetState.Absent => TableChange.Create,
                    RulesetState.Damaged => TableChange.Repair,
                    _ => TableChange.None,
                },
                Publish = whole ? _publish : [.. _publish.Concat(OthersForwards())],
                Unpublish = whole ? _unpublish : [],
                Close = whole ? close : [.. observed.SwitchedOn.Union(close)],
            };
            if (!rules.IsEmpty)
                steps.Add(rules);
            foreach (Obstacle obstacle in observed.Obstacles)
            {
                if (!obstacle.Opened)
                    steps.Add(new OpenNeighbour(obstacle.Chain, obstacle.Cause));
            }
            foreach (string uplink in close)
                steps.Add(new SwitchForwardingOn(uplink));
        }

        // A table that is made again gets back what the aliases of all links say is published.
        private IEnumerable<ForwardEntry> OthersForwards()
        {
            foreach (ObservedNamespace space in observed.Namespaces)
            {
                if (space.Link?.Mark is not { } mark)
                    continue;
                foreach (Forward forward in mark.Forwards)
                {
                    var entry = new ForwardEntry(forward.Host, TargetOf(mark.Inside, forward), space.Name);
                    if (!_publish.Contains(entry) && !_unpublish.Contains(entry))
                        yield return entry;
                }
            }
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
