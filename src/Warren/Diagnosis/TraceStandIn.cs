using System.Diagnostics;
using System.Globalization;
using System.Net;
using Warren.Kernel;
using Warren.Model;
using Warren.Netlink.Namespaces;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;
using Warren.Planning.Steps;
using AddressFamily = Warren.Netlink.Rtnetlink.AddressFamily;

namespace Warren.Diagnosis;

/// <summary>
/// A stand-in for another machine: a namespace without a name, with a link to the host that has the uplink's settings. It has
/// addresses that are nobody's (RFC 5737). Namespace and link go with this process, however it ends.
/// </summary>
internal sealed class TraceStandIn : IDisposable
{
    private const string NamePrefix = "wrntrace";
    private const int SubnetPrefix = 30;

    // RTNLGRP_LINK, linux/rtnetlink.h
    private const int LinkChanges = 1;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_pace = TimeSpan.FromMilliseconds(10);

    // 15 bytes at most; process ids have 7 digits at most
    private static readonly string s_name = NamePrefix + Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
    private static readonly string[] s_networks = ["198.51.100.0", "203.0.113.0", "192.0.2.0"];

    private readonly NetlinkSocket _route;

    private TraceStandIn(NetlinkSocket route, NetworkNamespace space)
    {
        _route = route;
        Space = space;
    }

    /// <summary>The host's end of its link.</summary>
    public static string Link => s_name;

    /// <summary>Where it is.</summary>
    public NetworkNamespace Space { get; }

    /// <summary>Makes it.</summary>
    /// <param name="route">The host's socket.</param>
    /// <param name="uplink">The link whose settings its link has.</param>
    /// <exception cref="RefusedException">All addresses that it could have are in use on the host.</exception>
    public static TraceStandIn Make(NetlinkSocket route, string uplink)
    {
        (IPAddress host, IPAddress own) = FreeSubnet(route);
        var standIn = new TraceStandIn(route, NetworkNamespace.CreateUnnamed());
        try
        {
            standIn.Furnish(host, own, uplink);
            return standIn;
        }
        catch
        {
            standIn.Dispose();
            throw;
        }
    }

    /// <summary>Takes it away.</summary>
    public void Dispose()
    {
        var batch = new NetlinkBatch(64);
        batch.DeleteLink(s_name);
        try
        {
            _route.Execute(batch);
        }
        catch (NetlinkException e) when (e.Errno == Errno.NoDevice)
        {
            // gone already
        }
        Space.Dispose();
    }

    private void Furnish(IPAddress host, IPAddress own, string uplink)
    {
        const string Inside = "eth0";
        var batch = new NetlinkBatch();
        batch.AddVeth(new VethEnd(s_name) { Group = LinkPlan.Group }, new VethEnd(Inside) { Namespace = Space });
        batch.GetLink(s_name);
        int index = _route.Execute(batch, Netlink.Rtnetlink.Link.Parse)[0].Index;
        string settings = "/proc/sys/net/ipv4/conf/";
        SmallFile.Write($"{settings}{s_name}/rp_filter", SmallFile.Read($"{settings}{uplink}/rp_filter") ?? "0");
        batch.Clear();
        batch.AddAddress(index, s_name, host, SubnetPrefix);
        batch.SetLink(
            index,
            s_name,
            new LinkChange
            {
                Up = true,
                Alias = "warren: stands in for another machine while warren trace runs",
                Forwarding = SmallFile.Read($"{settings}{uplink}/forwarding") != "0",
            }
        );
        _route.Execute(batch);
        using NetlinkSocket inside = Space.Run(() => NetlinkSocket.Open(NetlinkProtocol.Route));
        using NetlinkSocket changes = Space.Run(() => NetlinkSocket.Open(NetlinkProtocol.Route));
        changes.Subscribe(LinkChanges);
        batch.Clear();
        batch.GetLink(Inside);
        int end = inside.Get(batch, Netlink.Rtnetlink.Link.Parse)[0].Index;
        batch.Clear();
        batch.AddAddress(end, Inside, own, SubnetPrefix);
        batch.SetLink(end, Inside, new LinkChange { Up = true });
        batch.AddDefaultRoute(end, host);
        inside.Execute(batch);
        WaitUntilItRuns(inside, end, changes);
        WaitUntilItRuns(_route, index, changes);
    }

    // A link that is up drops what is sent until the kernel, on a thread of its own, has seen that its other end is up too.
    private static void WaitUntilItRuns(NetlinkSocket socket, int index, NetlinkSocket changes)
    {
        long start = Stopwatch.GetTimestamp();
        var batch = new NetlinkBatch(64);
        while (Stopwatch.GetElapsedTime(start) < s_patience)
        {
            batch.Clear();
            batch.GetLink(index);
            if (socket.Get(batch, Netlink.Rtnetlink.Link.Parse) is [{ } link] && link.Flags.HasFlag(LinkFlags.Running))
                return;
            _ = changes.Listen(Netlink.Rtnetlink.Link.Parse, s_pace);
        }
    }

    // Two that trace at once begin to look at different places.
    private static (IPAddress Host, IPAddress Own) FreeSubnet(NetlinkSocket route)
    {
        var batch = new NetlinkBatch(64);
        batch.DumpRoutes(AddressFamily.IPv4);
        List<Route> routes = route.Dump(batch, Route.Parse);
        const int PerNetwork = 64;
        foreach (string network in s_networks)
        {
            for (int i = 0; i < PerNetwork; i++)
            {
                byte[] bytes = IPAddress.Parse(network).GetAddressBytes();
                bytes[3] = (byte)(4 * ((i + Environment.ProcessId) % PerNetwork));
                var subnet = new Cidr(new IPAddress(bytes), SubnetPrefix);
                if (routes.Exists(each => each is { Destination: { } destination, PrefixLength: > 0 } && new Cidr(destination, each.PrefixLength).Overlaps(subnet)))
                    continue;
                bytes[3]++;
                var host = new IPAddress(bytes);
                bytes[3]++;
                return (host, new IPAddress(bytes));
            }
        }
        throw new Planning.RefusedException(
            Planning.RefusalKind.Conflict,
            new Planning.Refusal("all addresses for documentation (198.51.100.0/24 …) are in use on this host", "warren trace --from host, or --live")
        );
    }
}
