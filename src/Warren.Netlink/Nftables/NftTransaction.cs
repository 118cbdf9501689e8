using System.Runtime.InteropServices;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Nftables;

/// <summary>Changes to nf_tables that all happen at once or not at all.</summary>
/// <remarks>
/// <code>
/// NFNL_MSG_BATCH_BEGIN { nfgenmsg, res_id = NFNL_SUBSYS_NFTABLES }
/// any number of NFT_MSG_NEW… and NFT_MSG_DEL…
/// NFNL_MSG_BATCH_END   { nfgenmsg, res_id = NFNL_SUBSYS_NFTABLES }
/// </code>
/// </remarks>
public sealed class NftTransaction
{
    private const int ElementsPerMessage = 512;

    private uint _sets;
    private bool _ended;

    /// <summary>Starts an empty transaction.</summary>
    public NftTransaction() => Frame(NftMessage.BatchBegin);

    internal NetlinkBatch Batch { get; } = new(4096);

    /// <summary>Whether nothing was asked for yet.</summary>
    public bool IsEmpty => Batch.Count == 1;

    /// <summary>Adds a table; one that exists stays as it is.</summary>
    public void Add(NftTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        using MessageWriter message = Begin(NftMessage.NewTable, MessageFlags.Create, table, "add table", table.Name);
        message.Put(NftaTable.Name, table.Name);
        message.Put(NftaTable.Flags, table.Owned ? NftTable.OwnedFlag : 0);
        if (table.Comment.Length > 0)
            message.Put(NftaTable.UserData, UserData.OfComment(table.Comment, UserData.TableComment));
    }

    /// <summary>Deletes a table with all that is in it.</summary>
    public void Delete(NftTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        using MessageWriter message = Begin(NftMessage.DeleteTable, MessageFlags.None, table, "delete table", table.Name);
        message.Put(NftaTable.Name, table.Name);
    }

    /// <summary>Adds a chain; one that exists stays as it is.</summary>
    public void Add(NftChain chain)
    {
        ArgumentNullException.ThrowIfNull(chain);
        using MessageWriter message = Begin(NftMessage.NewChain, MessageFlags.Create, chain.Table, "add chain", chain.Name);
        message.Put(NftaChain.Table, chain.Table.Name);
        message.Put(NftaChain.Name, chain.Name);
        if (chain.Hook is not { } hook)
            return;
        message.Put(NftaChain.Type, chain.Type);
        message.Put(NftaChain.Policy, chain.PolicyDrop ? NftVerdict.DropCode : NftVerdict.AcceptCode);
        using (message.Open(NftaChain.Hook))
        {
            message.Put(NftaChain.HookNumber, (uint)hook);
            message.Put(NftaChain.HookPriority, unchecked((uint)chain.Priority));
        }
    }

    /// <summary>Deletes a chain with all its rules. The whole transaction fails (EBUSY) if a rule of another chain leads to it.</summary>
    public void Delete(NftChain chain)
    {
        Flush(chain);
        using MessageWriter message = Begin(NftMessage.DeleteChain, MessageFlags.None, chain.Table, "delete chain", chain.Name);
        message.Put(NftaChain.Table, chain.Table.Name);
        message.Put(NftaChain.Name, chain.Name);
    }

    /// <summary>Adds a set or map.</summary>
    public void Add(NftSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        using MessageWriter message = Begin(NftMessage.NewSet, MessageFlags.Create, set.Table, "add set", set.Name);
        message.Put(NftaSet.Table, set.Table.Name);
        message.Put(NftaSet.Name, set.Name);
        message.Put(NftaSet.Flags, set.Flags);
        message.Put(NftaSet.KeyType, NftSet.TypeNumber(set.Key));
        message.Put(NftaSet.KeyLength, NftSet.Length(set.Key));
        if (set.IsMap)
        {
            message.Put(NftaSet.DataType, NftSet.TypeNumber(set.Value));
            message.Put(NftaSet.DataLength, NftSet.Length(set.Value));
        }
        if (set.Size > 0)
        {
            using (message.Open(NftaSet.Description))
                message.Put(NftaSet.DescribedSize, set.Size);
        }
        message.Put(NftaSet.Id, ++_sets);
        if (set.Seconds > 0)
            message.Put(NftaSet.Timeout, set.Seconds * 1000UL);
        // without this nft cannot list a set: the byte order of keys and of values (0 mixed, 1 machine, 2 network)
        const byte Machine = 1;
        byte order = set.Key is [{ } only] && only == NftType.LinkName ? Machine : (byte)0;
        message.Put(
            NftaSet.UserData,
            [UserData.SetKeyByteOrder, 4, order, 0, 0, 0, UserData.SetDataByteOrder, 4, 0, 0, 0, 0]
        );
    }

    /// <summary>Adds a rule at the end of its chain.</summary>
    public void Append(NftRule rule) => AddRule(rule, MessageFlags.Create | MessageFlags.Append);

    /// <summary>Adds a rule at the head of its chain.</summary>
    public void Insert(NftRule rule) => AddRule(rule, MessageFlags.Create);

    /// <summary>Deletes the rule with a handle.</summary>
    public void Delete(NftRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        using MessageWriter message = Begin(NftMessage.DeleteRule, MessageFlags.None, rule.Table, "delete rule of", rule.Chain);
        message.Put(NftaRule.Table, rule.Table.Name);
        message.Put(NftaRule.Chain, rule.Chain);
        message.Put(NftaRule.Handle, rule.Handle);
    }

    /// <summary>Deletes all rules of a chain.</summary>
    public void Flush(NftChain chain)
    {
        ArgumentNullException.ThrowIfNull(chain);
        using MessageWriter message = Begin(NftMessage.DeleteRule, MessageFlags.None, chain.Table, "flush chain", chain.Name);
        message.Put(NftaRule.Table, chain.Table.Name);
        message.Put(NftaRule.Chain, chain.Name);
    }

    /// <summary>Adds elements to a set or map. The whole transaction fails (EEXIST) if a key exists with another value.</summary>
    public void Add(NftSet set, IReadOnlyList<NftElement> elements) =>
        Elements(NftMessage.NewElement, MessageFlags.Create, set, elements, "add elements to");

    /// <summary>Deletes elements by their keys. The whole transaction fails (ENOENT) if one is not there.</summary>
    public void Delete(NftSet set, IReadOnlyList<NftElement> elements) =>
        Elements(NftMessage.DeleteElement, MessageFlags.None, set, elements, "delete elements of");

    /// <summary>Ends the transaction and gives the batch to send.</summary>
    internal NetlinkBatch End()
    {
        if (!_ended)
        {
            AcknowledgeLast();
            Frame(NftMessage.BatchEnd);
        }
        _ended = true;
        return Batch;
    }

    internal static void PutKey(MessageWriter message, ReadOnlySpan<byte> key)
    {
        using (message.Open(NftaElement.ListElement))
        using (message.Open(NftaElement.Key))
            message.Put(NftaData.Value, key);
    }

    private void AddRule(NftRule rule, MessageFlags flags)
    {
        ArgumentNullException.ThrowIfNull(rule);
        using MessageWriter message = Begin(NftMessage.NewRule, flags, rule.Table, "add rule to", rule.Chain);
        message.Put(NftaRule.Table, rule.Table.Name);
        message.Put(NftaRule.Chain, rule.Chain);
        using (message.Open(NftaRule.Expressions))
        {
            foreach (NftExpression expression in rule.Expressions)
            {
                using (message.Open(NftaRule.ListElement))
                    expression.Write(message);
            }
        }
        if (rule.Comment.Length > 0)
            message.Put(NftaRule.UserData, UserData.OfComment(rule.Comment, UserData.RuleComment));
    }

    // NFTA_SET_ELEM_LIST_ELEMENTS { LIST_ELEM { KEY { VALUE }, DATA { VALUE } }, … }: 64 KiB at most, so many go in several messages
    private void Elements(ushort type, MessageFlags flags, NftSet set, IReadOnlyList<NftElement> elements, string operation)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(elements);
        for (int i = 0; i < elements.Count; i += ElementsPerMessage)
        {
            using MessageWriter message = Begin(type, flags, set.Table, operation, set.Name);
            message.Put(NftaElement.Table, set.Table.Name);
            message.Put(NftaElement.Set, set.Name);
            using (message.Open(NftaElement.Elements))
            {
                for (int k = i; k < Math.Min(i + ElementsPerMessage, elements.Count); k++)
                {
                    NftElement element = elements[k];
                    if (type == NftMessage.DeleteElement || element.Value.Length == 0)
                    {
                        PutKey(message, element.Key);
                        continue;
                    }
                    using (message.Open(NftaElement.ListElement))
                    {
                        using (message.Open(NftaElement.Key))
                            message.Put(NftaData.Value, element.Key);
                        using (message.Open(NftaElement.Data))
                            message.Put(NftaData.Value, element.Value);
                    }
                }
            }
        }
    }

    private MessageWriter Begin(ushort type, MessageFlags flags, NftTable table, string operation, string subject)
    {
        if (_ended)
            throw new InvalidOperationException("The transaction was sent.");
        MessageWriter message = Batch.Begin(type, flags, operation, subject);
        message.Header(new NetfilterHeader { Family = table.Family });
        return message;
    }

    // What is refused is told unasked, before that.
    private void AcknowledgeLast()
    {
        if (IsEmpty)
            return;
        Span<byte> bytes = Batch.Writable(Batch.Requests[^1].Start, MessageHeader.Size);
        MessageHeader header = MemoryMarshal.Read<MessageHeader>(bytes);
        header.Flags |= MessageFlags.Ack;
        MemoryMarshal.Write(bytes, in header);
    }

    private void Frame(ushort type)
    {
        using MessageWriter message = Batch.Begin(type, MessageFlags.None, "change", "nf_tables");
        message.Header(new NetfilterHeader { ResourceBigEndian = BitConverter.IsLittleEndian ? (ushort)0x0a00 : (ushort)10 });
    }
}
