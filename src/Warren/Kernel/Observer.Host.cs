using System.Net;
using Warren.Firewall;
using Warren.Model;
using Warren.Netlink;
using Warren.Netlink.Diag;
using Warren.Netlink.Nftables;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;
using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Kernel;

// The part that looks at the host: what a wish could collide with.
internal sealed partial class Observer
{
    private List<TakenNetwork> Taken(List<Route> routes, List<InterfaceAddress> addresses, Wish wish)
    {
        var taken = new List<TakenNetwork>(routes.Count + addresses.Count);
        foreach (Route route in routes)
        {
            if (route.Destination is not { } destination)
                continue;
            var network = new Cidr(destination, route.PrefixLength);
            bool told = false;
            foreach (NamespaceWish each in wish.Ensure)
                told |= (each.Subnet ?? each.Address) is { } wanted && wanted.Overlaps(network);
            taken.Add(new TakenNetwork(network, told ? Reason(route, network) : "a route"));
        }
        foreach (InterfaceAddress address in addresses)
            taken.Add(new TakenNetwork(new Cidr(address.Address, address.PrefixLength), "address"));
        return taken;
    }

    // Only what a subnet of the user's own choice collides with is ever told; the link's name is not looked up for all the others.
    private string Reason(Route route, Cidr network)
    {
        string link = route.Links.Count > 0 && FindLink(route.Links[0]) is { } found ? $" dev {Terminal.Safe(found.Name)}" : "";
        return route.Table switch
        {
            Route.LocalTable => $"address {network.Address}{link}",
            Route.MainTable => $"route {network}{link}",
            _ => $"route {network}{link} table {route.Table}",
        };
    }

    // The links of default routes; on a host without any, every link with an address.
    private List<Uplink> Uplinks(List<Route> routes, List<InterfaceAddress> addresses)
    {
        var indices = new HashSet<int>();
        foreach (Route route in routes)
        {
            if (route.IsDefault)
                indices.UnionWith(route.Links);
        }
        if (indices.Count == 0)
        {
            const byte HostScope = 254;
            foreach (InterfaceAddress address in addresses)
            {
                if (address.Scope < HostScope && !address.Label.StartsWith(NamespaceName.LinkPrefix, StringComparison.Ordinal))
                    indices.Add(address.Index);
            }
        }
        var uplinks = new List<Uplink>();
        // in the order of their indices, so that the same host gives the same plan
        int[] ordered = [.. indices];
        Array.Sort(ordered);
        foreach (int index in ordered)
        {
            if (FindLink(index) is not { IsUp: true } link || link.Group == LinkPlan.Group || link.Flags.HasFlag(LinkFlags.Loopback))
                continue;
            bool forwarding = SmallFile.Read(ForwardingFile(link.Name)) == "1";
            uplinks.Add(new Uplink(link.Name, link.Mtu, forwarding));
        }
        return uplinks;
    }

    public static string ForwardingFile(string link) => $"/proc/sys/net/ipv4/conf/{link}/forwarding";

    private Dictionary<HostPort, Target> FindForwards(IEnumerable<HostPort> hosts, HashSet<HostPort>? overlapping = null)
    {
        var forwards = new Dictionary<HostPort, Target>();
        var keys = new List<NftElement>();
        var addressKeys = new List<NftElement>();
        foreach (HostPort port in hosts)
        {
            (port.HostAddress is null ? keys : addressKeys).Add(Ruleset.Key(port));
            // published on one address: is it also on all?
            if (port.HostAddress is not null)
                keys.Add(Ruleset.Key(port with { HostAddress = null }));
        }
        if (keys.Count > MostQuestions)
        {
            // so many questions take longer than the whole list
            var asked = new HashSet<HostPort>();
            foreach (HostPort port in hosts)
                asked.Add(port with { HostAddress = null });
            AddForwards(Ruleset.Forwards, session.Nft.Elements(Ruleset.Forwards), forwards, asked);
        }
        else if (keys.Count > 0)
        {
            AddForwards(Ruleset.Forwards, session.Nft.Find(Ruleset.Forwards, keys), forwards);
        }
        if (overlapping is not null)
        {
            foreach (NftElement element in session.Nft.Elements(Ruleset.ForwardsAt))
            {
                if (Ruleset.Read(Ruleset.ForwardsAt, element) is { } read && overlapping.Contains(read.Host with { HostAddress = null }))
                    forwards.TryAdd(read.Host, read.Target);
            }
        }
        if (addressKeys.Count > 0)
        {
            AddForwards(Ruleset.ForwardsAt, session.Nft.Find(Ruleset.ForwardsAt, addressKeys), forwards);
        }
        return forwards;
    }

    private Dictionary<HostPort, Target> AllForwards()
    {
        var forwards = new Dictionary<HostPort, Target>();
        try
        {
            AddForwards(Ruleset.Forwards, session.Nft.Elements(Ruleset.Forwards), forwards);
            AddForwards(Ruleset.ForwardsAt, session.Nft.Elements(Ruleset.ForwardsAt), forwards);
        }
        catch (NetlinkException e) when (e.Errno == Errno.NotFound)
        {
            // a table that lost its maps has no forwards
        }
        return forwards;
    }

    private static void AddForwards(
        NftSet map,
        List<NftElement> elements,
        Dictionary<HostPort, Target> forwards,
        HashSet<HostPort>? asked = null
    )
    {
        foreach (NftElement element in elements)
        {
            if (Ruleset.Read(map, element) is { } read && asked?.Contains(read.Host) != false)
                forwards[read.Host] = read.Target;
        }
    }

    // Which of the wanted ports a process of the host has. To be sure of one that is free takes four system calls; only about one
    // that cannot be bound is the kernel asked who has it.
    private static List<Listener> Listeners(HashSet<HostPort> wanted, IReadOnlyDictionary<HostPort, Target> forwards)
    {
        var listeners = new List<Listener>();
        DiagnosisSocket? diagnosis = null;
        foreach (HostPort port in wanted)
        {
            // what is published already was free when it was
            if (forwards.ContainsKey(port) || PortProbe.IsFree(port))
                continue;
            diagnosis ??= DiagnosisSocket.Open();
            foreach (ListeningSocket socket in diagnosis.Listening((TransportProtocol)port.Protocol, port.Port))
            {
                IPAddress address = socket.Address.IsIPv4MappedToIPv6 ? socket.Address.MapToIPv4() : socket.Address;
                bool v6 = address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;
                if (v6 && (socket.V6Only || !address.Equals(IPAddress.IPv6Any)))
                    continue;
                var host = new HostPort(v6 || address.Equals(IPAddress.Any) ? null : address, socket.Port, port.Protocol);
                if (port.Overlaps(host))
                    listeners.Add(new Listener(host, SocketOwner.Name(socket.Inode)));
            }
        }
        diagnosis?.Dispose();
        return listeners;
    }
}
