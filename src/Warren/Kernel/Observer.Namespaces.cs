using Warren.Model;
using Warren.Netlink.Namespaces;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;
using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Kernel;

// The part that looks at namespaces and their links.
internal sealed partial class Observer
{
    // How closely a namespace is looked at.
    private enum Depth
    {
        // its name and its link
        Link,

        // and what of the link is inside
        Inside,

        // what Warren may have left beside it
        Traces,

        All,
    }

    private readonly List<(string Name, Link HostEnd, LinkMark Mark)> _toVisit = [];
    private Dictionary<string, Link>? _links;
    // By their numbers: the few to the world.
    private readonly List<Link> _asked = [];
    private string? _upstream;
    private Dictionary<int, Cidr>? _addresses;
    private int? _groupSize;
    private HashSet<(int, System.Net.IPAddress)>? _routed;

    // Of many names: two lists in place of two questions for each.
    private void ListLinks()
    {
        _links = [];
        _groupSize = 0;
        foreach (Link link in Dump(batch => batch.DumpLinks(), Link.Parse))
        {
            _links[link.Name] = link;
            if (link.Group == LinkPlan.Group)
                _groupSize++;
        }
        _addresses = HostAddresses();
        _routed = [];
        foreach (Route route in Dump(batch => batch.DumpMainRoutes(AddressFamily.IPv4, index: 0), Route.Parse))
            NoteRoute(route, _routed);
    }

    private static void NoteRoute(Route route, HashSet<(int, System.Net.IPAddress)> routed)
    {
        if (route is { Type: RouteType.Unicast, Destination: { } destination, Links: [int index] })
            routed.Add((index, destination));
    }

    // The kernel makes it with the address, and takes it away when the link goes down; what is gone besides somebody took.
    private bool LacksRoute(Link link, LinkMark mark)
    {
        const int OneAddress = 32;
        if (!link.IsUp || mark.Inside.PrefixLength == OneAddress)
            return false;
        HashSet<(int, System.Net.IPAddress)>? routed = _routed;
        if (routed is null)
        {
            routed = [];
            foreach (Route route in Dump(batch => batch.DumpMainRoutes(AddressFamily.IPv4, link.Index), Route.Parse))
                NoteRoute(route, routed);
        }
        return !routed.Contains((link.Index, mark.Inside.Network.Address));
    }

    private Dictionary<int, Cidr> HostAddresses()
    {
        var addresses = new Dictionary<int, Cidr>();
        foreach (InterfaceAddress each in Dump(batch => batch.DumpAddresses(AddressFamily.IPv4), InterfaceAddress.Parse))
            addresses.TryAdd(each.Index, new Cidr(each.Address, each.PrefixLength));
        return addresses;
    }

    private ObservedNamespace Namespace(string name, Depth depth)
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
        bool ours = link is { Kind: "veth" } && LinkPlan.IsOurs(link.Group) && (mark is null ? link.Alias.Length == 0 : mark.Namespace == name);
        var space = new ObservedNamespace(name, presence)
        {
            LinkName = linkName,
            LinkNameTaken = link is not null && !ours,
            Link = ours ? Observe(link!, mark) : null,
            IsOurs = ours && mark is { Adopted: false },
        };
        if (depth is Depth.Traces or Depth.All)
            space = WithTraces(space);
        else if (depth == Depth.Inside && _upstream is not null)
            space = space with { Resolver = ResolverFile.Read(name) };
        // Who made it, if its link does not say so, says lo inside.
        if (presence == Presence.Standing && mark is null)
            return LookInside(space);
        bool inside = depth is Depth.Inside or Depth.All || (depth == Depth.Traces && mark is { Adopted: true });
        if (inside && presence == Presence.Standing && ours && mark is not null)
        {
            _toVisit.Add((name, link!, mark));
            if (LacksRoute(link!, mark))
                space = space with { Link = space.Link! with { LacksRoute = true } };
        }
        return space;
    }

    // All looks inside on one way out and back.
    private void LookInside(List<ObservedNamespace> spaces)
    {
        if (_toVisit.Count == 0)
            return;
        // a second thread takes as long to start as a look into some twenty
        const int ManyEnough = 100;
        var seen = new ObservedInside[_toVisit.Count];
        NetworkNamespace.Visit(
            _toVisit.ConvertAll(each => each.Name),
            i =>
            {
                using NetlinkSocket inside = NetlinkSocket.Open(NetlinkProtocol.Route);
                seen[i] = LookInside(inside, _toVisit[i].HostEnd, _toVisit[i].Mark);
            },
            threads: _toVisit.Count >= ManyEnough && Environment.ProcessorCount > 1 ? 2 : 1
        );
        var found = new Dictionary<string, ObservedInside>(_toVisit.Count);
        for (int i = 0; i < seen.Length; i++)
            found[_toVisit[i].Name] = seen[i];
        for (int i = 0; i < spaces.Count; i++)
        {
            if (found.TryGetValue(spaces[i].Name, out ObservedInside? inside))
                spaces[i] = spaces[i] with { Inside = inside };
        }
    }

    private static ObservedNamespace WithTraces(ObservedNamespace space) =>
        space with { Resolver = ResolverFile.Read(space.Name), Hosts = HostsFile.ReadLink(space.Name) };

    private ObservedLink Observe(Link link, LinkMark? mark)
    {
        Cidr? address = null;
        if (_addresses is not null)
        {
            address = _addresses.TryGetValue(link.Index, out Cidr found) ? found : null;
        }
        else
        {
            foreach (InterfaceAddress each in Dump(batch => batch.DumpAddresses(AddressFamily.IPv4, link.Index), InterfaceAddress.Parse))
                address ??= new Cidr(each.Address, each.PrefixLength);
        }
        return Observe(link, mark, address);
    }

    private static ObservedLink Observe(Link link, LinkMark? mark, Cidr? address) =>
        new(link.Name, link.Index)
        {
            Mark = mark,
            Host = address,
            Mtu = link.Mtu,
            // one that forwards no longer, since somebody switched forwarding off for the whole host, is as good as down
            Up = link is { IsUp: true, Group: LinkPlan.Group, Forwarding: not false, RouteLocalnet: not false },
        };

    // Any address out in the world: what takes the way to it takes the default route.
    public static readonly System.Net.IPAddress World = new([1, 1, 1, 1]);

    // What of a link's work is still there inside. Where all is well one question tells: a packet to the world would leave by the link's other
    // end, with the namespace's address.
    private static ObservedInside LookInside(NetlinkSocket inside, Link hostEnd, LinkMark mark)
    {
        const int OneQuestion = 64;
        if (inside.NameOf(hostEnd.PeerIndex) is { } name && inside.IsUp(name) == true && inside.IsUp("lo") == true)
        {
            var batch = new NetlinkBatch(OneQuestion);
            batch.GetRoute(World);
            if (
                inside.Ask(batch, Route.Parse) is [{ Value: { Type: RouteType.Unicast, Links: [var by], Source: { } source } }]
                && by == hostEnd.PeerIndex
                && source.Equals(mark.Inside.Address)
            )
            {
                return new ObservedInside(name, EndUp: true, LoopbackUp: true, HasAddress: true, HasDefaultRoute: true);
            }
        }
        return LookCloselyInside(inside, hostEnd, mark);
    }

    // Four questions in one go.
    private static ObservedInside LookCloselyInside(NetlinkSocket inside, Link hostEnd, LinkMark mark)
    {
        var batch = new NetlinkBatch(256);
        batch.GetLink(1);
        batch.GetLink(hostEnd.PeerIndex);
        batch.GetRoute(mark.Inside.Address);
        batch.GetRoute(World);
        (object? Value, NetlinkException? Error)[] answers = inside.Ask<object>(batch, ParseLinkOrRoute);
        Link? end = answers[1].Value is Link { Kind: "veth" } link && link.PeerIndex == hostEnd.Index ? link : null;
        return new ObservedInside(
            end?.Name,
            end?.IsUp == true,
            LoopbackUp: answers[0].Value is Link { IsUp: true },
            HasAddress: answers[2].Value is Route { Type: RouteType.Local },
            HasDefaultRoute: answers[3].Value is Route { Type: RouteType.Unicast }
        );
    }

    private static object? ParseLinkOrRoute(in Message message) =>
        message.Type == RtnetlinkMessage.NewLink ? Link.Parse(in message) : Route.Parse(in message);

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
        Dictionary<int, Cidr> addresses = HostAddresses();
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
                    Link = Observe(link, mark, addresses.TryGetValue(link.Index, out Cidr address) ? address : null),
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
        foreach (Link known in _asked)
        {
            if (known.Index == index)
                return known;
        }
        _batch.Clear();
        _batch.GetLink(index);
        List<Link> found = session.Route.Get(_batch, Link.Parse, Errno.NoDevice);
        if (found.Count == 0)
            return null;
        _asked.Add(found[0]);
        return found[0];
    }

    private Link? FindLink(string name)
    {
        if (_links is not null)
            return _links.GetValueOrDefault(name);
        _batch.Clear();
        _batch.GetLink(name);
        List<Link> found = session.Route.Get(_batch, Link.Parse, Errno.NoDevice);
        return found.Count == 0 ? null : found[0];
    }

    private List<Link> AllLinks() =>
        [
            .. (_links?.Values.ToList() ?? Dump(batch => batch.DumpLinks(), Link.Parse))
                .Where(IsOurs),
        ];

    private static bool IsOurs(Link link) => link is { Kind: "veth" } && LinkPlan.IsOurs(link.Group) && !IsForeign(link.Name);

    private bool AnyLink() => OthersThan([]);

    // The first that has an address tells; one without, half of one, is looked for among all.
    private bool OthersThan(IReadOnlyList<ObservedNamespace> spaces)
    {
        var own = new HashSet<string>(spaces.Count);
        foreach (ObservedNamespace space in spaces)
            own.Add(space.LinkName);
        foreach (ConfiguredAddress address in ConfiguredAddress.List(_ => false))
        {
            if (!IsForeign(address.Label) && !own.Contains(address.Link) && FindLink(address.Link) is { } link && IsOurs(link))
                return true;
        }
        foreach (Link link in AllLinks())
        {
            if (!own.Contains(link.Name))
                return true;
        }
        return false;
    }
}
