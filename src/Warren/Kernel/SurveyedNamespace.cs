using System.Net;
using Warren.Model;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;
using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Kernel;

/// <summary>A namespace as a survey found it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Inode">Its number in nsfs; 0 if only its link is left.</param>
/// <param name="Spec">Its name and addresses.</param>
/// <param name="Addresses">All its IPv4 addresses; the first is the one that ports are published to.</param>
/// <param name="HostLinks">The host's ends of its links.</param>
internal sealed record SurveyedNamespace(
    string Name,
    ulong Inode,
    NamespaceSpec Spec,
    IReadOnlyList<IPAddress> Addresses,
    IReadOnlyList<Link> HostLinks
)
{
    // what warren add takes, too
    private const int ShortestPrefix = 8;
    private const int LongestPrefix = 30;

    /// <summary>Whether somebody else made it; it has no link of Warren's.</summary>
    public bool ByHand { get; private init; }

    /// <summary>One with a link of Warren's: its mark says all.</summary>
    public static SurveyedNamespace OfWarren(ObservedNamespace space, HostNetwork host, HostNetwork? inside, ulong inode, Action<string> remark)
    {
        LinkMark mark = space.Link!.Mark!;
        var spec = new NamespaceSpec(space.Name) { Uplink = mark.Uplink };
        // without its address on the host it was never completed
        if (space.Link.Host is { } gateway)
            spec = WithAddresses(spec, gateway, mark.Inside);
        else
            remark($"{space.Name}: its link has no address on the host any longer; the file lets Warren choose");
        List<IPAddress> addresses = [mark.Inside.Address];
        foreach (Link link in inside?.Links ?? [])
        {
            if (link.Flags.HasFlag(LinkFlags.Loopback) || inside!.Addresses(link).Any(address => address.Address.Equals(mark.Inside.Address)))
                continue;
            remark($"{space.Name}: the link {link.Name} inside is not Warren's and is left out");
            addresses.AddRange(inside.Addresses(link).Select(address => address.Address));
        }
        return new SurveyedNamespace(space.Name, inode, spec, addresses, host.Find(space.Link.Index) is { } end ? [end] : []);
    }

    /// <summary>One that others made: what its links are like.</summary>
    public static SurveyedNamespace OfOthers(string name, HostNetwork host, HostNetwork inside, ulong inode, NamespaceLinks links, Action<string> remark)
    {
        var spec = new NamespaceSpec(name);
        IEnumerable<IPAddress> all = inside.Links.SelectMany(inside.Addresses).Select(address => address.Address);
        Choice? chosen = Choose(links.Pairs, host, inside);
        if (chosen is { } choice)
        {
            spec = WithAddresses(spec, choice.Host, choice.Inside);
            all = [choice.Inside.Address, .. all.Where(address => !address.Equals(choice.Inside.Address))];
            TellRest(name, choice, host, inside, remark);
        }
        else
        {
            remark($"{name}: {WhyNone(links.Pairs, host, inside)}; the file lets Warren choose addresses");
        }
        foreach (Link link in inside.Links)
        {
            bool told = link.Flags.HasFlag(LinkFlags.Loopback) || (chosen is { } one ? link == one.Pair.Inside : links.Pairs.Any(pair => pair.Inside == link));
            if (!told)
                remark($"{name}: the link {link.Name} inside is left out: a namespace of Warren's has one, a pair of veth links to the host");
        }
        if (chosen is not null)
        {
            // the kernel ends the links of a deleted namespace later, or never while a process is in it
            string removal = string.Concat(links.Pairs.Select(pair => $"ip link del {Step.Quote(pair.Host.Name)}; "));
            remark($"{name} was made by hand and is in the way of its own file; before warren up take it away: {removal}ip netns del {name}");
        }
        return new SurveyedNamespace(name, inode, spec, [.. all], [.. links.Pairs.Select(pair => pair.Host)]) { ByHand = true };
    }

    /// <summary>Tells the IPv6 addresses, which Warren has none of.</summary>
    public static void TellIPv6(string name, NetlinkSocket socket, HostNetwork inside, Action<string> remark)
    {
        const byte LinkScope = 253;
        var batch = new NetlinkBatch(64);
        batch.DumpAddresses(AddressFamily.IPv6);
        foreach (InterfaceAddress address in socket.Dump(batch, InterfaceAddress.Parse))
        {
            if (address.Scope < LinkScope)
                remark($"{name}: the address {address.Address}/{address.PrefixLength} of {inside.Find(address.Index)?.Name} is left out: Warren gives IPv4 addresses only");
        }
    }

    private static NamespaceSpec WithAddresses(NamespaceSpec spec, Cidr host, Cidr inside)
    {
        Cidr subnet = inside.Network;
        bool firstTwo = host == (subnet with { Address = subnet.At(1) }) && inside == (subnet with { Address = subnet.At(2) });
        return firstTwo ? spec with { Subnet = subnet } : spec with { Address = inside, Gateway = host.Address };
    }

    // The pair with the default route, else the first with addresses of one subnet at both ends.
    private static Choice? Choose(IReadOnlyList<VethPair> pairs, HostNetwork host, HostNetwork inside)
    {
        Choice? first = null;
        foreach (VethPair pair in pairs)
        {
            foreach (Cidr own in inside.Addresses(pair.Inside))
            {
                foreach (Cidr end in host.Addresses(pair.Host))
                {
                    if (own.Network != end.Network || own.Address.Equals(end.Address) || own.PrefixLength is < ShortestPrefix or > LongestPrefix)
                        continue;
                    var choice = new Choice(pair, end, own);
                    if (inside.DefaultRoutes.Any(route => end.Address.Equals(route.Gateway)))
                        return choice;
                    first ??= choice;
                }
            }
        }
        return first;
    }

    private static void TellRest(string name, Choice choice, HostNetwork host, HostNetwork inside, Action<string> remark)
    {
        foreach (Cidr other in inside.Addresses(choice.Pair.Inside))
        {
            if (other != choice.Inside)
                remark($"{name}: the further address {other} of {choice.Pair.Inside.Name} is left out: Warren gives one");
        }
        foreach (Cidr other in host.Addresses(choice.Pair.Host))
        {
            if (other != choice.Host)
                remark($"{name}: the further address {other} of the host's end {choice.Pair.Host.Name} is left out: Warren gives one");
        }
        Route? route = inside.DefaultRoutes.OrderBy(each => each.Priority).FirstOrDefault();
        if (route is null)
            remark($"{name}: it has no default route; with Warren it gets one, and with it the internet");
        else if (!choice.Host.Address.Equals(route.Gateway))
            remark($"{name}: its default route does not lead to the host's end {choice.Host.Address}, as Warren's does, but {(route.Gateway is { } gateway ? $"to {gateway}" : "by a link")}");
    }

    private static string WhyNone(IReadOnlyList<VethPair> pairs, HostNetwork host, HostNetwork inside)
    {
        if (pairs.Count == 0)
            return "no pair of veth links leads from it to the host";
        VethPair pair = pairs[0];
        if (host.Find(pair.Host.Master) is { } bridge)
            return $"its link {pair.Host.Name} is a port of {bridge.Name} on the host; Warren's links have an address of their own there and no bridge";
        if (inside.Addresses(pair.Inside).Count == 0)
            return $"its link {pair.Inside.Name} has no IPv4 address inside";
        return host.Addresses(pair.Host).Count == 0
            ? $"its link {pair.Host.Name} has no IPv4 address on the host"
            : $"the ends of its link, {host.Addresses(pair.Host)[0]} on {pair.Host.Name} and {inside.Addresses(pair.Inside)[0]} inside, are not two addresses of one subnet of 8 to 30 bits";
    }

    /// <summary>The link and the addresses that the file names.</summary>
    private readonly record struct Choice(VethPair Pair, Cidr Host, Cidr Inside);
}
