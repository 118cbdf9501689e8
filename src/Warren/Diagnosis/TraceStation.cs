using Warren.Firewall;
using Warren.Firewall.Neighbours;
using Warren.Netlink.Namespaces;
using Warren.Netlink.Nftables;
using Warren.Netlink.Nftables.Trace;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;

namespace Warren.Diagnosis;

/// <summary>A network namespace in which packets are followed.</summary>
internal sealed class TraceStation : IDisposable
{
    private readonly NftSocket _nft;
    private readonly NetlinkSocket _route;
    private readonly NftTraceSocket _trace;
    private readonly NetworkNamespace? _space;
    private readonly List<NftTraceEvent> _steps = [];
    private NftTable? _table;
    private List<NftChain> _chains = [];

    private TraceStation(string name, NetworkNamespace? space)
    {
        Name = name;
        _space = space;
        _nft = In(NftSocket.Open);
        _route = In(() => NetlinkSocket.Open(NetlinkProtocol.Route));
        _trace = In(NftTraceSocket.Open);
    }

    /// <summary>The namespace's name; empty for the host.</summary>
    public string Name { get; }

    /// <summary>What the kernel told so far.</summary>
    public IReadOnlyList<NftTraceEvent> Steps => _steps;

    /// <summary>Whether the kernel told more than could be heard.</summary>
    public bool Lost => _trace.Lost;

    /// <summary>A socket in the namespace, for questions about links and routes.</summary>
    public NetlinkSocket Route => _route;

    /// <summary>The host.</summary>
    public static TraceStation OfHost() => new("", null);

    /// <summary>A namespace by its name.</summary>
    public static TraceStation Of(string name) => new(name, NetworkNamespace.Open(name));

    /// <summary>Does something with the thread in the namespace.</summary>
    public T In<T>(Func<T> action) => _space is null ? action() : _space.Run(action);

    /// <summary>The namespace; null for the host.</summary>
    public NetworkNamespace? Space => _space;

    /// <summary>Starts to follow packets; takes away first what was left by others that were killed.</summary>
    public void Follow(TraceFlow flow)
    {
        RemoveLeftovers();
        NftTable table = TraceTable.Own;
        try
        {
            Commit(table, flow);
        }
        catch (NetlinkException e) when (e.Errno == Errno.Invalid || e.Errno == Errno.NotSupported)
        {
            // Linux before 5.12 knows no owners: the next trace removes what a killed one leaves
            Commit(table = table with { Owned = false }, flow);
        }
        _table = table;
        _chains = _nft.Chains();
    }

    /// <summary>Hears what the kernel has to tell.</summary>
    /// <param name="patience">How long to wait if there is nothing yet.</param>
    /// <returns>How many steps were heard.</returns>
    public int Hear(TimeSpan patience)
    {
        int heard = 0;
        for (TimeSpan wait = patience; ; wait = TimeSpan.Zero)
        {
            List<NftTraceEvent> more = _trace.Listen(wait);
            if (more.Count == 0)
                return heard;
            heard += more.Count;
            _steps.AddRange(more);
        }
    }

    /// <summary>Ends following.</summary>
    public void Leave()
    {
        if (_table is not { } table)
            return;
        _table = null;
        var transaction = new NftTransaction();
        transaction.Delete(table);
        _nft.Commit(transaction);
    }

    /// <summary>What the steps refer to.</summary>
    public TraceNames Names()
    {
        var rules = new List<NftRule>();
        var read = new HashSet<NftTable>();
        foreach (NftTraceEvent step in _steps)
        {
            if (!TraceTable.IsOurs(step.Table) && read.Add(step.Table))
                rules.AddRange(Rules(step.Table));
        }
        var batch = new NetlinkBatch(64);
        batch.DumpLinks();
        var links = new Dictionary<int, string>();
        foreach (Link link in _route.Dump(batch, Link.Parse))
            links[link.Index] = link.Name;
        return new TraceNames(_chains, rules, links, Owner);
    }

    public void Dispose()
    {
        try
        {
            Leave();
        }
        finally
        {
            _trace.Dispose();
            _nft.Dispose();
            _route.Dispose();
            _space?.Dispose();
        }
    }

    private void Commit(NftTable table, TraceFlow flow)
    {
        var transaction = new NftTransaction();
        TraceTable.Add(transaction, table, flow);
        _nft.Commit(transaction);
    }

    private void RemoveLeftovers()
    {
        foreach (NftTable table in _nft.Tables())
        {
            if (!TraceTable.IsLeftover(table))
                continue;
            var transaction = new NftTransaction();
            transaction.Delete(table);
            _nft.Commit(transaction);
        }
    }

    // the table may have gone meanwhile
    private List<NftRule> Rules(NftTable table)
    {
        try
        {
            return _nft.Rules(table);
        }
        catch (NetlinkException e) when (e.Errno == Errno.NotFound)
        {
            return [];
        }
    }

    private string Owner(NftTable table, string chain, string comment)
    {
        if (Ruleset.IsOurs(table) || comment == Marks.Comment)
            return "warren";
        return Owners.OfRule(chain, comment) is { Length: > 0 } known
            ? known
            : Owners.Of(table.Name, _chains.Where(each => each.Table.Family == table.Family && each.Table.Name == table.Name).Select(each => each.Name));
    }
}
