using System.Net;
using Warren.Model;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;
using Warren.Planning.Steps;

namespace Warren.Kernel;

/// <summary>The links of a network namespace, with their IPv4 addresses and default routes.</summary>
internal sealed class HostNetwork
{
    private const byte HostScope = 254;

    private readonly Dictionary<int, List<Cidr>> _addresses = [];
    private readonly HashSet<IPAddress> _own = [];

    private HostNetwork(List<Link> links, List<InterfaceAddress> addresses, List<Route> routes)
    {
        Links = links;
        foreach (InterfaceAddress address in addresses)
        {
            _own.Add(address.Address);
            if (address.Scope >= HostScope)
                continue;
            if (!_addresses.TryGetValue(address.Index, out List<Cidr>? own))
                _addresses[address.Index] = own = [];
            own.Add(new Cidr(address.Address, address.PrefixLength));
        }
        DefaultRoutes = routes.FindAll(route => route is { IsDefault: true, Table: Route.MainTable });
    }

    /// <summary>All links.</summary>
    public IReadOnlyList<Link> Links { get; }

    /// <summary>The default routes of the main table.</summary>
    public IReadOnlyList<Route> DefaultRoutes { get; }

    /// <summary>Lists them where a socket is.</summary>
    public static HostNetwork Read(NetlinkSocket socket)
    {
        var batch = new NetlinkBatch();
        batch.DumpLinks();
        List<Link> links = socket.Dump(batch, Link.Parse);
        batch.Clear();
        batch.DumpAddresses(AddressFamily.IPv4);
        List<InterfaceAddress> addresses = socket.Dump(batch, InterfaceAddress.Parse);
        batch.Clear();
        batch.DumpRoutes(AddressFamily.IPv4);
        return new HostNetwork(links, addresses, socket.Dump(batch, Route.Parse));
    }

    /// <summary>The addresses of a link, those of the host alone (127.0.0.1) left out.</summary>
    public IReadOnlyList<Cidr> Addresses(Link link) => _addresses.GetValueOrDefault(link.Index) ?? [];

    /// <summary>Whether an address is one of this network's own, on whatever link.</summary>
    public bool Has(IPAddress address) => IPAddress.IsLoopback(address) || _own.Contains(address);

    /// <summary>The link with an index, or null.</summary>
    public Link? Find(int index)
    {
        foreach (Link link in Links)
        {
            if (link.Index == index)
                return link;
        }
        return null;
    }

    /// <summary>The links by which packets of others arrive: those of default routes; without any, all with an address.</summary>
    /// <param name="apart">Links that lead to namespaces.</param>
    public List<Link> Uplinks(IReadOnlySet<int> apart)
    {
        var uplinks = new List<Link>();
        foreach (Link link in Links)
        {
            if (IsOutward(link, apart) && DefaultRoutes.Any(route => route.Links.Contains(link.Index)))
                uplinks.Add(link);
        }
        if (uplinks.Count > 0)
            return uplinks;
        foreach (Link link in Links)
        {
            if (IsOutward(link, apart) && Addresses(link).Count > 0)
                uplinks.Add(link);
        }
        return uplinks;
    }

    /// <summary>The addresses of all links that lead out.</summary>
    /// <param name="apart">Links that lead to namespaces.</param>
    public List<IPAddress> OutwardAddresses(IReadOnlySet<int> apart)
    {
        var addresses = new List<IPAddress>();
        foreach (Link link in Links)
        {
            // one that is not of the network 127.0.0.0/8 answers from outside on lo too
            if (!apart.Contains(link.Index) && !LinkPlan.IsOurs(link.Group))
                addresses.AddRange(Addresses(link).Select(address => address.Address));
        }
        return addresses;
    }

    /// <summary>Whether a link leads out of the host.</summary>
    public static bool IsOutward(Link link, IReadOnlySet<int> apart) =>
        !apart.Contains(link.Index) && !LinkPlan.IsOurs(link.Group) && !link.Flags.HasFlag(LinkFlags.Loopback);
}
