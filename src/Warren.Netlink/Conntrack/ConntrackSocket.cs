using System.Net.Sockets;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Conntrack;

/// <summary>
/// Lists and deletes tracked connections of the network namespace of the thread that opened it. Needs CAP_NET_ADMIN over that
/// namespace. linux/netfilter/nfnetlink_conntrack.h.
/// </summary>
public sealed class ConntrackSocket : IDisposable
{
    // one datagram's worth; also what has to be gone through one by one when a flow ended meanwhile
    private const int DeletesPerSend = 100;

    private readonly NetlinkSocket _socket;
    private readonly NetlinkBatch _batch = new();

    private ConntrackSocket(NetlinkSocket socket) => _socket = socket;

    internal NetlinkTraffic Traffic => _socket.Traffic;

    /// <summary>Opens a socket in the calling thread's network namespace.</summary>
    /// <exception cref="NetlinkException">The kernel lacks netfilter (EPROTONOSUPPORT), or no descriptors are left.</exception>
    public static ConntrackSocket Open() => new(NetlinkSocket.Open(NetlinkProtocol.Netfilter));

    /// <summary>The flows that a filter means. Linux 5.8 and later picks them out itself; an older kernel sends all, and the
    /// result is the same.</summary>
    /// <exception cref="NetlinkException">Not permitted (EPERM), or the kernel lacks ctnetlink (EINVAL).</exception>
    public List<Flow> List(FlowFilter filter) => Find(filter).ConvertAll(found => found.Flow);

    /// <summary>Deletes the flows that a filter means: their next packet is translated by the rules as they are then. A flow
    /// that ends by itself meanwhile is no failure.</summary>
    /// <returns>How many flows were found, all of them gone now.</returns>
    /// <exception cref="ArgumentException">The filter names nothing, and would delete every flow of the host.</exception>
    /// <exception cref="NetlinkException">Not permitted (EPERM), or the kernel lacks ctnetlink (EINVAL).</exception>
    public int Delete(FlowFilter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        if (filter.IsEmpty)
            throw new ArgumentException("The filter names nothing: every flow would be deleted.", nameof(filter));
        return Delete(Find(filter));
    }

    /// <summary>Deletes the flows that a filter means without listing them, which takes the kernel a thirtieth of the time: it passes over what is
    /// empty of its table. Later than Linux 5.14.</summary>
    /// <param name="filter">Of one family, and with a port only of TCP or UDP.</param>
    /// <returns>False if this kernel cannot, and nothing was deleted.</returns>
    /// <exception cref="ArgumentException">The filter names nothing, or what the kernel does not pick flows out by.</exception>
    /// <exception cref="NetlinkException">Not permitted (EPERM).</exception>
    public bool TryDeleteUnlisted(FlowFilter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        List<AddressFamily> families = filter.Families();
        if (families is not [AddressFamily.InterNetwork or AddressFamily.InterNetworkV6])
            throw new ArgumentException($"The filter is of {families.Count} families.", nameof(filter));
        if (filter is { OriginalDestinationPort: not null, Protocol: not (TransportProtocol.Tcp or TransportProtocol.Udp) })
            throw new ArgumentException("A port counts only of TCP or UDP.", nameof(filter));
        _batch.Clear();
        ConntrackEncoding.WriteDelete(_batch, families[0], filter);
        try
        {
            _socket.Execute(_batch);
            return true;
        }
        catch (NetlinkException e) when (e.Errno == Errno.NotFound || e.Errno == Errno.Invalid || e.Errno == Errno.NotSupported)
        {
            return false;
        }
    }

    /// <summary>Deletes those of all flows of a family that a predicate names: one walk over the kernel's table, however many are named.</summary>
    /// <returns>How many flows were named, all of them gone now.</returns>
    /// <exception cref="NetlinkException">Not permitted (EPERM), or the kernel lacks ctnetlink (EINVAL).</exception>
    public int Delete(AddressFamily family, Predicate<Flow> named)
    {
        ArgumentNullException.ThrowIfNull(named);
        return Delete(Find(new FlowFilter { Family = family }).FindAll(found => named(found.Flow)));
    }

    private int Delete(List<FoundFlow> flows)
    {
        for (int i = 0; i < flows.Count; i += DeletesPerSend)
            DeleteTogether(flows.GetRange(i, Math.Min(DeletesPerSend, flows.Count - i)));
        return flows.Count;
    }

    /// <summary>Closes the socket.</summary>
    public void Dispose() => _socket.Dispose();

    internal void DeleteTogether(List<FoundFlow> flows)
    {
        _batch.Clear();
        foreach (FoundFlow flow in flows)
            ConntrackEncoding.WriteDelete(_batch, flow);
        try
        {
            _socket.Execute(_batch);
        }
        catch (NetlinkException e) when (e.Errno == Errno.NotFound)
        {
            // Only the first refusal is known; another one behind it may be of a kind that matters. Deleting by tuple and id
            // can be repeated without harm.
            _socket.Get<object>(_batch, (in Message _) => null, Errno.NotFound);
        }
    }

    internal List<FoundFlow> Find(FlowFilter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        MessageParser<FoundFlow> parse = (in Message message) =>
            ConntrackEncoding.Parse(in message) is { } found && filter.Matches(found.Flow) ? found : null;
        List<FoundFlow> flows = [];
        foreach (AddressFamily family in filter.Families())
        {
            _batch.Clear();
            ConntrackEncoding.WriteList(_batch, family, filter);
            flows.AddRange(_socket.Dump(_batch, parse));
        }
        return flows;
    }
}
