using Warren.Netlink.Wire;

namespace Warren.Netlink.Nftables;

/// <summary>Reads and changes nf_tables in the network namespace of the thread that opened it. See nft(8).</summary>
public sealed class NftSocket : IDisposable
{
    private readonly NetlinkSocket _socket;

    private NftSocket(NetlinkSocket socket) => _socket = socket;

    /// <summary>Opens a socket in the calling thread's network namespace.</summary>
    /// <exception cref="NetlinkException">The kernel lacks nfnetlink (EPROTONOSUPPORT).</exception>
    public static NftSocket Open() => new(NetlinkSocket.Open(NetlinkProtocol.Netfilter));

    /// <inheritdoc cref="NetlinkSocket.Traffic"/>
    public NetlinkTraffic Traffic => _socket.Traffic;

    /// <summary>Carries out all changes of a transaction, or none.</summary>
    /// <exception cref="NetlinkException">The first change that the kernel refused; nothing was changed.</exception>
    public void Commit(NftTransaction transaction)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        if (!transaction.IsEmpty)
            _socket.ExecuteTransaction(transaction.End());
    }

    /// <summary>One table with its comment, or null.</summary>
    public NftTable? Table(NftFamily family, string name)
    {
        var batch = new NetlinkBatch(64);
        using (MessageWriter message = Begin(batch, NftMessage.GetTable, MessageFlags.Ack, family, "get table", name))
            message.Put(NftaTable.Name, name);
        List<NftTable> found = _socket.Get(batch, NftTable.Parse, Errno.NotFound);
        return found.Count == 0 ? null : found[0];
    }

    /// <summary>All tables.</summary>
    public List<NftTable> Tables()
    {
        var batch = new NetlinkBatch(64);
        Begin(batch, NftMessage.GetTable, MessageFlags.Dump, NftFamily.Unspecified, "list tables", "").Dispose();
        return _socket.Dump(batch, NftTable.Parse);
    }

    /// <summary>All chains of all tables.</summary>
    /// <exception cref="NetlinkException">The kernel lacks nf_tables (EINVAL), or no privilege (EPERM).</exception>
    public List<NftChain> Chains()
    {
        var batch = new NetlinkBatch(64);
        Begin(batch, NftMessage.GetChain, MessageFlags.Dump, NftFamily.Unspecified, "list chains", "").Dispose();
        return _socket.Dump(batch, NftChain.Parse);
    }

    /// <summary>The rules of a table, or of one of its chains, in their order.</summary>
    public List<NftRule> Rules(NftTable table, string? chain = null)
    {
        ArgumentNullException.ThrowIfNull(table);
        var batch = new NetlinkBatch(128);
        using (MessageWriter message = Begin(batch, NftMessage.GetRule, MessageFlags.Dump, table.Family, "list rules of", table.Name))
        {
            message.Put(NftaRule.Table, table.Name);
            if (chain is not null)
                message.Put(NftaRule.Chain, chain);
        }
        return _socket.Dump(batch, NftRule.Parse);
    }

    /// <summary>All elements of a set or map.</summary>
    /// <exception cref="NetlinkException">There is no such set (ENOENT).</exception>
    public List<NftElement> Elements(NftSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        var batch = new NetlinkBatch(128);
        using (MessageWriter message = Begin(batch, NftMessage.GetElement, MessageFlags.Dump, set.Table.Family, "list elements of", set.Name))
        {
            message.Put(NftaElement.Table, set.Table.Name);
            message.Put(NftaElement.Set, set.Name);
        }
        // While the kernel resizes the hash table of a large set, on a thread of its own, its walk over it can begin anew and then
        // skips or repeats elements, without a word. So a long list counts when the next one agrees with it.
        const int Long = 64;
        const int Attempts = 10;
        for (int i = 0; i < Attempts; i++)
        {
            List<List<NftElement>> pages = _socket.Dump(batch, ParseElements);
            var listed = new NftDigest();
            var distinct = new HashSet<NftElement>();
            foreach (List<NftElement> page in pages)
            {
                foreach (NftElement element in page)
                {
                    listed.Add(element.Key, element.Value);
                    distinct.Add(element);
                }
            }
            if (listed.Count <= Long || listed.Same(Digest(batch)))
                return [.. distinct];
        }
        throw new NetlinkException(Errno.Interrupted, "list elements of", set.Name, "the set changed at every attempt");
    }

    /// <summary>Those of the elements that are there, with the values that they have there; by their keys.</summary>
    public List<NftElement> Find(NftSet set, IEnumerable<NftElement> keys)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(keys);
        var batch = new NetlinkBatch();
        foreach (NftElement key in keys)
        {
            using MessageWriter message = Begin(batch, NftMessage.GetElement, MessageFlags.Ack, set.Table.Family, "get element of", set.Name);
            message.Put(NftaElement.Table, set.Table.Name);
            message.Put(NftaElement.Set, set.Name);
            using (message.Open(NftaElement.Elements))
                NftTransaction.PutKey(message, key.Key);
        }
        return [.. _socket.Get(batch, ParseElements, Errno.NotFound).SelectMany(list => list)];
    }

    /// <summary>Closes the socket. After elements were deleted, this waits 10 to 30 ms until no processor uses them.</summary>
    public void Dispose() => _socket.Dispose();

    // What a list has in it, without keeping it.
    private NftDigest Digest(NetlinkBatch batch)
    {
        var digest = new NftDigest();
        foreach (NftDigest page in _socket.Dump(batch, NftElement.ParseDigest))
            digest.Add(page);
        return digest;
    }

    private static List<NftElement>? ParseElements(in Message message)
    {
        var elements = new List<NftElement>();
        NftElement.ParseList(in message, elements);
        return elements.Count == 0 ? null : elements;
    }

    private static MessageWriter Begin(
        NetlinkBatch batch,
        ushort type,
        MessageFlags flags,
        NftFamily family,
        string operation,
        string subject
    )
    {
        MessageWriter message = batch.Begin(type, flags, operation, subject);
        message.Header(new NetfilterHeader { Family = family });
        return message;
    }
}
