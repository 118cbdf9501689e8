using System.Net;
using Warren.Model;
using Warren.Netlink;
using Warren.Netlink.Conntrack;
using Warren.Netlink.Wire;
using Warren.Planning.Steps;

namespace Warren.Kernel;

/// <summary>
/// Deletes flows from the kernel's table, on a thread of its own: the kernel walks the whole table, 10 ms or more; meanwhile the
/// links go, which waits as long. One thread, not one for each walk: they would take the processors that the waiting needs.
/// </summary>
internal sealed class FlowEnding
{
    // The kernel can pick flows out by one filter a walk; a walk over its 262,144 empty buckets takes as long as 10,000 flows that are
    // picked out here.
    private const int FlowsPerWalk = 10_000;

    // A walk that lists nothing takes 0.4 ms.
    private const int MostUnlisted = 10;

    private readonly Thread? _thread;

    // To close a socket of netfilter after a transaction waits 10 ms for what the rules let go; once the links are gone, for nothing.
    private ConntrackSocket? _unlisted;

    private FlowEnding(Action<ConntrackSocket>? work)
    {
        if (work is null)
            return;
        _thread = new Thread(() => Walk(work));
        _thread.Start();
    }

    /// <summary>Starts with it.</summary>
    public static FlowEnding Start(EndFlows end)
    {
        int flows = int.TryParse(SmallFile.Read("/proc/sys/net/netfilter/nf_conntrack_count"), out int count) ? count : int.MaxValue;
        if (flows == 0)
            return new FlowEnding(work: null);
        List<FlowFilter> filters = Filters(end);
        if (filters.Count <= MostUnlisted && TryDelete(filters) is { } open)
            return new FlowEnding(work: null) { _unlisted = open };
        if (filters.Count > 1 && flows < (long)FlowsPerWalk * (filters.Count - 1))
            return new FlowEnding(conntrack => conntrack.Delete(System.Net.Sockets.AddressFamily.InterNetwork, Named(end)));
        return new FlowEnding(conntrack =>
        {
            foreach (FlowFilter filter in filters)
                conntrack.Delete(filter);
        });
    }

    /// <summary>Waits until all are gone.</summary>
    public void Wait()
    {
        _thread?.Join();
        _unlisted?.Dispose();
        _unlisted = null;
    }

    private static ConntrackSocket? TryDelete(List<FlowFilter> filters)
    {
        ConntrackSocket? conntrack = null;
        try
        {
            conntrack = ConntrackSocket.Open();
            if (filters.TrueForAll(conntrack.TryDeleteUnlisted))
                return conntrack;
        }
        catch (NetlinkException)
        {
            // told, if it has to be, by the walk that lists
        }
        conntrack?.Dispose();
        return null;
    }

    private static List<FlowFilter> Filters(EndFlows end)
    {
        var filters = new List<FlowFilter>();
        foreach (ForwardEntry entry in end.Forwards)
        {
            filters.Add(
                new FlowFilter
                {
                    Protocol = (TransportProtocol)entry.Host.Protocol,
                    OriginalDestinationPort = entry.Host.Port,
                    ReplySource = entry.Target.Address,
                    Family = entry.Target.Address.AddressFamily,
                }
            );
        }
        foreach (IPAddress address in end.Addresses)
        {
            filters.Add(new FlowFilter { OriginalSource = address });
            filters.Add(new FlowFilter { ReplySource = address });
        }
        return filters;
    }

    private static Predicate<Flow> Named(EndFlows end)
    {
        var addresses = new HashSet<IPAddress>(end.Addresses);
        var forwards = new HashSet<(Protocol Protocol, int Port, IPAddress Target)>();
        foreach (ForwardEntry entry in end.Forwards)
            forwards.Add((entry.Host.Protocol, entry.Host.Port, entry.Target.Address));
        return flow =>
            addresses.Contains(flow.Original.Source)
            || addresses.Contains(flow.Reply.Source)
            || forwards.Contains(((Protocol)flow.Protocol, flow.Original.DestinationPort ?? 0, flow.Reply.Source));
    }

    private static void Walk(Action<ConntrackSocket> work)
    {
        try
        {
            using ConntrackSocket conntrack = ConntrackSocket.Open();
            work(conntrack);
        }
        catch (Exception e) when (e is NetlinkException or MalformedMessageException)
        {
            // a kernel whose flows cannot be listed (no nf_conntrack_netlink): they end by themselves
        }
    }
}
