using System.Net;
using Warren.Firewall.Neighbours;
using Warren.Model;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Xtables;
using Warren.Planning;

namespace Warren.Kernel;

/// <summary>The published ports of surveyed namespaces: Warren's own, and rules of others that come to the same.</summary>
/// <remarks>A rule is taken over as what it is or as less, never as more: what it kept closed stays closed.</remarks>
internal sealed class SurveyedForwards
{
    private readonly HostNetwork _host;
    private readonly Action<string> _remark;
    private readonly Dictionary<IPAddress, SurveyedNamespace> _targets = [];
    private readonly Dictionary<string, List<Forward>> _forwards = [];
    private readonly Dictionary<(int Port, Protocol Protocol), List<Claim>> _claims = [];
    // rules for some of the uplinks: all of them together may be for every one
    private readonly List<(SurveyedNamespace Space, Forward Forward, IReadOnlyList<Link> Links, string Place)> _partial = [];
    private readonly HashSet<int> _apart;
    private readonly List<Link> _uplinks;
    private readonly List<IPAddress> _addresses;

    /// <summary>Starts without any.</summary>
    public SurveyedForwards(HostNetwork host, IReadOnlyList<SurveyedNamespace> spaces, Action<string> remark)
    {
        _host = host;
        _remark = remark;
        foreach (SurveyedNamespace space in spaces)
        {
            _forwards[space.Name] = [];
            foreach (IPAddress address in space.Addresses)
            {
                if (!_targets.TryAdd(address, space) && _targets[address] != space)
                    remark($"{space.Name} and {_targets[address].Name} both have the address {address}: rules that lead there are taken for {_targets[address].Name}'s");
            }
        }
        _apart = [.. spaces.SelectMany(space => space.HostLinks).Select(link => link.Index)];
        _uplinks = host.Uplinks(_apart);
        _addresses = host.OutwardAddresses(_apart);
    }

    /// <summary>The addresses of all namespaces.</summary>
    public IReadOnlySet<IPAddress> Targets => field ??= _targets.Keys.ToHashSet();

    /// <summary>The ports of a namespace, in the words of <c>-p</c>.</summary>
    public IReadOnlyList<PortRequest> Of(string name)
    {
        var requests = new List<PortRequest>();
        foreach (string range in LinkMark.Ranges(_forwards[name]))
        {
            if (PortRequest.TryParse(range, out PortRequest? request, out _))
                requests.Add(request);
        }
        return requests;
    }

    /// <summary>Adds what Warren published: what the marks of the links say first, in their order, then what only the maps know.</summary>
    public void AddOwn(Observed observed)
    {
        foreach (ObservedNamespace space in observed.Namespaces)
        {
            if (space.Link?.Mark is not { } mark || !_targets.TryGetValue(mark.Inside.Address, out SurveyedNamespace? own) || own.Name != space.Name)
                continue;
            foreach (Forward forward in mark.Forwards)
                Add(own, forward, "warren");
            foreach ((HostPort host, Target target) in observed.Forwards
                .OrderBy(entry => entry.Key.Protocol)
                .ThenBy(entry => entry.Key.HostAddress?.ToString() ?? "", StringComparer.Ordinal)
                .ThenBy(entry => entry.Key.Port))
            {
                if (target.Address.Equals(mark.Inside.Address))
                    Add(own, new Forward(host, target.Port), "warren");
            }
        }
    }

    /// <summary>Adds what rules of others publish, in the order in which packets meet them.</summary>
    public void AddForeign(IReadOnlyList<ForeignTranslation> translations)
    {
        foreach (ForeignTranslation translation in translations.Where(each => !each.OfHost))
            Take(translation);
        foreach (var group in _partial.GroupBy(entry => (entry.Space, entry.Forward)))
        {
            List<Link> links = [.. group.SelectMany(entry => entry.Links).Distinct()];
            if (_uplinks.TrueForAll(links.Contains))
                Add(group.Key.Space, group.Key.Forward, group.First().Place);
            else
                AddAtLinks(group.Key.Space, group.Key.Forward, links, group.First().Place);
        }
        // what the host sends to itself is published with what arrives, or on 127.0.0.1 alone
        foreach (ForeignTranslation translation in translations.Where(each => each.OfHost))
            Take(translation);
    }

    private void Take(ForeignTranslation translation)
    {
        SurveyedNamespace space = _targets[translation.Address];
        if (!translation.Address.Equals(space.Addresses[0]))
            Leave(space, translation, $"it leads to {translation.Address}, Warren's to {space.Addresses[0]}");
        else if (WhyNot(translation) is { } why)
            Leave(space, translation, why);
        else if (ForwardsOf(translation) is not { } forwards)
            Leave(space, translation, "it gives any of several ports, and a published port leads to one");
        else if (translation.OfHost)
            TakeOfHost(space, translation, forwards);
        else
            TakeArriving(space, translation, forwards);
    }

    private static string? WhyNot(ForeignTranslation translation)
    {
        ForeignWay way = translation.Way;
        if (translation.Spreads)
            return "it leads to several addresses";
        if (way.Sources.Count > 0)
            return "it is only for some who call, and a published port answers all";
        if (way.Untold)
            return "it has conditions that a published port cannot have";
        if (Protocols(way).Count == 0)
            return "it is neither for TCP nor for UDP";
        const int All = 60_000;
        return Ranges(way).Sum(range => range.Last - range.First + 1) >= All ? "it leads every port there; say which with ports:" : null;
    }

    private static List<Protocol> Protocols(ForeignWay way) =>
        new List<Protocol> { Protocol.Tcp, Protocol.Udp }.FindAll(protocol =>
            way.Protocols.All(test => test.Protocol == (int)protocol != test.Inverted)
        );

    private static List<PortRange> Ranges(ForeignWay way)
    {
        var ranges = new List<PortRange>();
        for (int port = 1; port <= 65535; port++)
        {
            int first = port;
            while (port <= 65535 && way.Ports.All(test => test.Ask(port)))
                port++;
            if (port > first)
                ranges.Add(new PortRange(first, port - 1));
        }
        return ranges;
    }

    // null if one of the host's ports leads to any of several
    private static List<Forward>? ForwardsOf(ForeignTranslation translation)
    {
        var forwards = new List<Forward>();
        foreach (Protocol protocol in Protocols(translation.Way))
        {
            foreach (PortRange range in Ranges(translation.Way))
            {
                for (int port = range.First; port <= range.Last; port++)
                {
                    // a port that is one of those that may be given is kept
                    int? inside = translation.Ports is not { } ports || (port >= ports.First && port <= ports.Last) ? port
                        : ports.First == ports.Last ? ports.First
                        : null;
                    if (inside is not { } target)
                        return null;
                    forwards.Add(new Forward(new HostPort(null, port, protocol), target));
                }
            }
        }
        return forwards;
    }

    private void TakeArriving(SurveyedNamespace space, ForeignTranslation translation, List<Forward> forwards)
    {
        List<IPAddress>? addresses = null;
        if (translation.Way.Destinations.Count > 0)
        {
            addresses = _addresses.FindAll(address => translation.Way.Destinations.All(test => test.Ask(address)));
            if (addresses.Count == 0)
            {
                Leave(space, translation, "it is for an address that this host does not have");
                return;
            }
            // "not 127.0.0.0/8": every address, also one that comes later
            if (addresses.Count == _addresses.Count && translation.Way.Destinations.All(test => test.Inverted))
                addresses = null;
        }
        List<Link> links = _host.Links.Where(link => HostNetwork.IsOutward(link, _apart) && translation.Way.Links.All(test => Met(test, link.Name, input: true))).ToList();
        if (links.Count == 0 && translation.Way.Links.Count > 0)
        {
            Leave(space, translation, "it is for a link that does not lead out of this host");
            return;
        }
        bool everywhere = translation.Way.Links.Count == 0 || _uplinks.TrueForAll(links.Contains);
        if (!everywhere && addresses is not null)
        {
            // of the addresses, those of the links
            List<IPAddress> own = [.. links.SelectMany(_host.Addresses).Select(address => address.Address)];
            addresses = addresses.FindAll(own.Contains);
            if (addresses.Count == 0)
            {
                Leave(space, translation, "it is for an address of one link and for packets that come in by another");
                return;
            }
        }
        bool taken = false;
        foreach (Forward forward in forwards)
        {
            if (addresses is null && !everywhere)
                _partial.Add((space, forward, links, translation.Place));
            taken |= addresses is null && (!everywhere || Add(space, forward, translation.Place));
            foreach (IPAddress address in addresses ?? [])
                taken |= Add(space, At(forward, address), translation.Place);
        }
        if (taken)
            TellRemoval(space, translation);
    }

    private void TakeOfHost(SurveyedNamespace space, ForeignTranslation translation, List<Forward> forwards)
    {
        bool toItself =
            translation.Way.Links.All(test => Met(test, "lo", input: false))
            && translation.Way.Destinations.All(test => test.Ask(IPAddress.Loopback));
        bool taken = false;
        foreach (Forward forward in forwards)
        {
            if (Claims(forward.Host).Exists(claim => claim.Space == space && claim.Forward.Port == forward.Port))
            {
                taken = true;
                continue;
            }
            if (!toItself)
            {
                Leave(space, translation, "it is only for what this host itself sends to other addresses than 127.0.0.1");
                return;
            }
            taken |= Add(space, At(forward, IPAddress.Loopback), translation.Place);
        }
        if (taken)
            TellRemoval(space, translation);
    }

    private void AddAtLinks(SurveyedNamespace space, Forward forward, List<Link> links, string place)
    {
        List<IPAddress> addresses = [.. links.SelectMany(_host.Addresses).Select(address => address.Address)];
        string names = string.Join(", ", links.Select(link => link.Name));
        if (addresses.Count == 0)
            _remark($"{space.Name}: {place} is left out: it is only for what comes in by {names}, which has no IPv4 address to publish on");
        else
            _remark($"{space.Name}: {place} is only for what comes in by {names}; the file publishes on the address there");
        foreach (IPAddress address in addresses)
            Add(space, At(forward, address), place);
    }

    // False if the port leads elsewhere already.
    private bool Add(SurveyedNamespace space, Forward forward, string place)
    {
        List<Claim> claims = Claims(forward.Host);
        foreach (Claim claim in claims)
        {
            if (!claim.Forward.Host.Overlaps(forward.Host))
                continue;
            if (claim.Space != space || claim.Forward.Port != forward.Port)
            {
                _remark($"{space.Name}: {place} is left out: {claim.Forward} leads to {claim.Space.Name} already");
                return false;
            }
            // the same on all addresses says it too
            if (claim.Forward.Host.HostAddress is null || claim.Forward == forward)
                return true;
        }
        claims.Add(new Claim(space, forward));
        _forwards[space.Name].Add(forward);
        return true;
    }

    private List<Claim> Claims(HostPort host)
    {
        (int, Protocol) key = (host.Port, host.Protocol);
        if (!_claims.TryGetValue(key, out List<Claim>? claims))
            _claims[key] = claims = [];
        return claims;
    }

    private void Leave(SurveyedNamespace space, ForeignTranslation translation, string why) =>
        _remark($"{space.Name}: {translation.Place} is left out: {why}");

    private void TellRemoval(SurveyedNamespace space, ForeignTranslation translation) =>
        _remark(
            $"{space.Name}: {translation.Place} has the port that the file publishes; before warren up take it away"
                + (translation.Removal.Length > 0 ? ": " + translation.Removal : "")
        );

    private static Forward At(Forward forward, IPAddress address) => forward with { Host = forward.Host with { HostAddress = address } };

    private static bool Met(LinkCondition test, string name, bool input)
    {
        if (test.IsInput != input)
            return false;
        bool same = test.Pattern.IsPrefix ? name.StartsWith(test.Pattern.Name, StringComparison.Ordinal) : name == test.Pattern.Name;
        return same != test.Pattern.Inverted;
    }

    private sealed record Claim(SurveyedNamespace Space, Forward Forward);
}
