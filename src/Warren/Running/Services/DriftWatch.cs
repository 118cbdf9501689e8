using Warren.Model;
using Warren.Netlink.Nftables;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;
using Warren.Planning;

namespace Warren.Running.Services;

/// <summary>
/// Hears of changes to the host's links, addresses, routes, rules, and of those inside the project's namespaces: two sockets for all of them.
/// It only tells whether somebody should look; what there is, it does not know. It never blocks.
/// </summary>
internal sealed class DriftWatch : IDisposable
{
    // More than so many at a time would keep services waiting.
    private const int MostAtOnce = 256;

    private readonly string _project;
    private readonly NotificationSocket _network;
    private readonly NotificationSocket _rules;

    // host ends of the project's links, and the numbers of the namespaces that they lead to
    private readonly Dictionary<int, int?> _links = [];
    private readonly HashSet<int> _namespaces = [];
    private readonly HashSet<int> _uplinks = [];
    private ChangeKind _heard;
    private bool _stale;

    /// <summary>Hears from now on.</summary>
    /// <param name="project">Whose namespaces matter.</param>
    /// <exception cref="NetlinkException">No privilege, or the kernel lacks something.</exception>
    public DriftWatch(string project)
    {
        _project = project;
        _network = NotificationSocket.Open(
            NetlinkProtocol.Route,
            others: true,
            RtnetlinkGroup.Link,
            RtnetlinkGroup.IPv4Address,
            RtnetlinkGroup.IPv4Route,
            RtnetlinkGroup.IPv4Netconf,
            RtnetlinkGroup.IPv6Address,
            RtnetlinkGroup.IPv6Route
        );
        try
        {
            _rules = NotificationSocket.Open(NetlinkProtocol.Netfilter, others: false, NftNotice.Group);
            LookAround();
        }
        catch
        {
            _rules?.Dispose();
            _network.Dispose();
            throw;
        }
    }

    /// <summary>What can be waited for.</summary>
    public int NetworkDescriptor => _network.Descriptor;

    /// <inheritdoc cref="NetworkDescriptor"/>
    public int RulesDescriptor => _rules.Descriptor;

    /// <summary>Reads what has come about the network.</summary>
    /// <returns>What is the most that it says.</returns>
    public ChangeKind ReadNetwork()
    {
        ChangeKind kind = Read(_network, Take);
        if (kind != Lost && !_stale)
            return kind;
        try
        {
            // what was lost may have been a link of ours that is new
            LookAround();
            _stale = false;
        }
        catch (Exception e) when (e is NetlinkException or MalformedMessageException)
        {
            // a list that changes all the time; then with the next message
            _stale = true;
        }
        return ChangeKind.Ours;
    }

    /// <summary>Reads what has come about rules.</summary>
    /// <returns>What is the most that it says.</returns>
    public ChangeKind ReadRules()
    {
        ChangeKind kind = Read(_rules, (in Message message, int? _) => Hear(Judge(in message)));
        return kind == Lost ? ChangeKind.Ours : kind;
    }

    public void Dispose()
    {
        _network.Dispose();
        _rules.Dispose();
    }

    private const ChangeKind Lost = (ChangeKind)int.MaxValue;

    private ChangeKind Read(NotificationSocket socket, NotificationTaker take)
    {
        _heard = ChangeKind.None;
        bool lost = false;
        Received got = Received.Messages;
        for (int i = 0; i < MostAtOnce && got != Received.Nothing; i++)
        {
            got = socket.Receive(take);
            lost |= got == Received.Lost;
        }
        return lost ? Lost : _heard;
    }

    private void Hear(ChangeKind kind) => _heard = kind > _heard ? kind : _heard;

    // Which links are ours, and which lead out: what a message about another one says cannot matter.
    private void LookAround()
    {
        using var socket = NetlinkSocket.Open(NetlinkProtocol.Route);
        var batch = new NetlinkBatch();
        batch.DumpLinks();
        _links.Clear();
        foreach (Link link in socket.Dump(batch, Link.Parse))
            NoteLink(link);
        batch.Clear();
        batch.DumpRoutes(AddressFamily.IPv4);
        _uplinks.Clear();
        foreach (Route route in socket.Dump(batch, Route.Parse))
            NoteRoute(route);
    }

    private bool NoteLink(Link link)
    {
        bool ours =
            link.Name.StartsWith(NamespaceName.LinkPrefix, StringComparison.Ordinal)
            && LinkMark.TryParse(link.Alias, out LinkMark? mark)
            && mark.Project == _project;
        if (!ours)
            return false;
        _links[link.Index] = link.PeerNamespaceId;
        if (link.PeerNamespaceId is { } id)
            _namespaces.Add(id);
        return true;
    }

    private void NoteRoute(Route route)
    {
        if (route.IsDefault)
            _uplinks.UnionWith(route.Links);
    }

    private void Take(in Message message, int? namespaceId)
    {
        if (namespaceId is not { } id)
            Hear(Judge(in message, message.Type));
        else if (_namespaces.Contains(id))
            Hear(JudgeInside(in message));
    }

    // of rules: what names something of ours in whatever place; and what may be a new rule or policy that drops
    private static ChangeKind Judge(in Message message)
    {
        NftNoticeKind kind = NftNotice.KindOf(in message);
        if (kind == NftNoticeKind.Other)
            return ChangeKind.None;
        if (message.Payload.IndexOf("warren"u8) >= 0 || message.Payload.IndexOf("wrn-"u8) >= 0)
            return ChangeKind.Ours;
        return kind is NftNoticeKind.Table or NftNoticeKind.Chain or NftNoticeKind.Rule ? ChangeKind.Others : ChangeKind.None;
    }

    private ChangeKind Judge(in Message message, ushort type)
    {
        switch (type)
        {
            case RtnetlinkMessage.NewLink:
                return JudgeLink(in message);
            case RtnetlinkMessage.DeleteLink:
                int gone = message.Header<LinkHeader>().Index;
                return _links.Remove(gone) | _uplinks.Remove(gone) ? ChangeKind.Ours : ChangeKind.None;
            case RtnetlinkMessage.NewAddress or RtnetlinkMessage.DeleteAddress:
                return JudgeAddress(message.Header<AddressHeader>());
            case RtnetlinkMessage.NewRoute or RtnetlinkMessage.DeleteRoute:
                return JudgeRoute(in message);
            case RtnetlinkMessage.NewNetconf:
                return JudgeSetting(in message);
            default:
                return ChangeKind.None;
        }
    }

    private ChangeKind JudgeLink(in Message message)
    {
        LinkHeader header = message.Header<LinkHeader>();
        if (_links.ContainsKey(header.Index))
        {
            if (Link.Parse(in message) is { } link)
                NoteLink(link);
            return ChangeKind.Ours;
        }
        // one by which packets leave tells much that does not matter
        if (_uplinks.Contains(header.Index))
            return header.Change.HasFlag(LinkFlags.Up) ? ChangeKind.Ours : ChangeKind.Others;
        return message.Payload.IndexOf("warren:"u8) >= 0 && Link.Parse(in message) is { } other && NoteLink(other) ? ChangeKind.Ours : ChangeKind.None;
    }

    private ChangeKind JudgeAddress(AddressHeader header) =>
        _links.ContainsKey(header.Index) ? ChangeKind.Ours
        // without a default route every link with an address leads out
        : header.Family == AddressFamily.IPv4 && (_uplinks.Count == 0 || _uplinks.Contains(header.Index)) ? ChangeKind.Others
        : ChangeKind.None;

    private ChangeKind JudgeRoute(in Message message)
    {
        RouteHeader header = message.Header<RouteHeader>();
        if (header.Type != RouteType.Unicast)
            return ChangeKind.None;
        if (header.DestinationLength == 0)
        {
            // those that go still are links by which packets may leave again
            if (message.Type == RtnetlinkMessage.NewRoute && header.Family == AddressFamily.IPv4 && Route.Parse(in message) is { } route)
                NoteRoute(route);
            return header.Family == AddressFamily.IPv4 ? ChangeKind.Ours : ChangeKind.Others;
        }
        if (message.Type != RtnetlinkMessage.DeleteRoute || header.Family != AddressFamily.IPv4)
            return ChangeKind.None;
        AttributeReader attribute = message.Attributes<RouteHeader>();
        while (attribute.Next())
        {
            if (attribute.Is(Rta.OutputLink))
                return _links.ContainsKey((int)attribute.Get(Rta.OutputLink)) ? ChangeKind.Ours : ChangeKind.None;
        }
        return ChangeKind.None;
    }

    private ChangeKind JudgeSetting(in Message message)
    {
        AttributeReader attribute = message.Attributes<NetconfHeader>();
        while (attribute.Next())
        {
            if (!attribute.Is(Netconfa.Index))
                continue;
            int index = (int)attribute.Get(Netconfa.Index);
            return index < 0 || _links.ContainsKey(index) || _uplinks.Contains(index) ? ChangeKind.Ours : ChangeKind.None;
        }
        return ChangeKind.None;
    }

    // Inside a namespace only what goes matters; what comes is its programs' own affair.
    private static ChangeKind JudgeInside(in Message message)
    {
        bool matters = message.Type switch
        {
            RtnetlinkMessage.DeleteLink => true,
            RtnetlinkMessage.NewLink => message.Header<LinkHeader>() is { Flags: var flags, Change: var change } && change.HasFlag(LinkFlags.Up) && !flags.HasFlag(LinkFlags.Up),
            RtnetlinkMessage.DeleteAddress => message.Header<AddressHeader>().Family == AddressFamily.IPv4,
            RtnetlinkMessage.DeleteRoute => message.Header<RouteHeader>() is { Family: AddressFamily.IPv4, DestinationLength: 0 },
            _ => false,
        };
        return matters ? ChangeKind.Ours : ChangeKind.None;
    }
}
