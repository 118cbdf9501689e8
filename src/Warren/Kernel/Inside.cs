using Warren.Model;
using Warren.Netlink.Namespaces;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;
using Warren.Planning;
using Warren.Running;

namespace Warren.Kernel;

/// <summary>A link inside a namespace.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Up">Whether it is up.</param>
/// <param name="Mtu">The largest packet in bytes.</param>
/// <param name="Addresses">Its addresses.</param>
internal sealed record InsideLink(string Name, bool Up, uint Mtu, IReadOnlyList<Cidr> Addresses);

/// <summary>A process in a namespace.</summary>
/// <param name="Id">Its process id.</param>
/// <param name="Name">Its name, fit for a terminal.</param>
internal sealed record InsideProcess(int Id, string Name);

/// <summary>What is inside a namespace.</summary>
/// <param name="Links">Its links.</param>
/// <param name="Gateways">Its default routes.</param>
/// <param name="Processes">The processes in it.</param>
internal sealed record Inside(IReadOnlyList<InsideLink> Links, IReadOnlyList<string> Gateways, IReadOnlyList<InsideProcess> Processes)
{
    /// <summary>Looks into a namespace; there is nothing to see in one that is absent or half-made.</summary>
    public static Inside Look(string name, Presence presence)
    {
        if (presence != Presence.Standing)
            return new Inside([], [], []);
        using NetworkNamespace space = NetworkNamespace.Open(name);
        using NetlinkSocket socket = space.Run(() => NetlinkSocket.Open(NetlinkProtocol.Route));
        var batch = new NetlinkBatch();
        batch.DumpLinks();
        List<Link> links = socket.Dump(batch, Link.Parse);
        batch.Clear();
        batch.DumpAddresses(AddressFamily.IPv4);
        List<InterfaceAddress> addresses = socket.Dump(batch, InterfaceAddress.Parse);
        batch.Clear();
        batch.DumpRoutes(AddressFamily.IPv4);
        List<Route> routes = socket.Dump(batch, Route.Parse);
        return new Inside(
            [
                .. links.Select(link => new InsideLink(
                    link.Name,
                    link.IsUp,
                    link.Mtu,
                    [.. addresses.Where(address => address.Index == link.Index).Select(address => new Cidr(address.Address, address.PrefixLength))]
                )),
            ],
            [.. routes.Where(route => route is { IsDefault: true, Gateway: not null }).Select(route => route.Gateway!.ToString())],
            [.. NamespaceProcesses.In(space.Inode).Select(id => new InsideProcess(id, NamespaceProcesses.Name(id)))]
        );
    }
}
