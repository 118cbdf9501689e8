using System.Runtime.InteropServices;
using System.Text;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Nftables;

/// <summary>NFPROTO_*: which packets a table sees. linux/netfilter.h.</summary>
public enum NftFamily : byte
{
    /// <summary>Any, in a request.</summary>
    Unspecified = 0,

    /// <summary>IPv4 and IPv6.</summary>
    Inet = 1,

    /// <summary>IPv4.</summary>
    Ip = 2,

    /// <summary>ARP.</summary>
    Arp = 3,

    /// <summary>One device.</summary>
    Netdev = 5,

    /// <summary>Bridged frames.</summary>
    Bridge = 7,

    /// <summary>IPv6.</summary>
    Ip6 = 10,
}

/// <summary>NF_INET_*: where a base chain is called. linux/netfilter.h.</summary>
public enum NftHook
{
    /// <summary>Every packet that comes in, before it is routed.</summary>
    Prerouting = 0,

    /// <summary>Packets for this host.</summary>
    Input = 1,

    /// <summary>Packets that pass through.</summary>
    Forward = 2,

    /// <summary>Packets from this host.</summary>
    Output = 3,

    /// <summary>Every packet that goes out, after it was routed.</summary>
    Postrouting = 4,

    /// <summary>Every packet of a device, before anything else.</summary>
    Ingress = 5,
}

/// <summary>struct nfgenmsg, 4 bytes. linux/netfilter/nfnetlink.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NetfilterHeader
{
    public NftFamily Family;
    public byte Version;
    public ushort ResourceBigEndian;
}

/// <summary>A table.</summary>
/// <param name="Family">Which packets it sees.</param>
/// <param name="Name">Its name.</param>
/// <param name="Comment">Its comment; may be empty.</param>
public sealed record NftTable(NftFamily Family, string Name, string Comment = "")
{
    private const uint DormantFlag = 1;
    internal const uint OwnedFlag = 2;

    /// <summary>NFT_TABLE_F_DORMANT: its chains are not called.</summary>
    public bool Dormant { get; init; }

    /// <summary>NFT_TABLE_F_OWNER: it belongs to the socket that made it, can be changed by that one alone, and goes with it, however
    /// its program ends. Linux 5.12; an older kernel refuses such a table (EINVAL or EOPNOTSUPP).</summary>
    public bool Owned { get; init; }

    /// <summary>As nft writes it: <c>inet warren</c>.</summary>
    public override string ToString() => $"{Family.Word} {Name}";

    internal static NftTable? Parse(in Message message)
    {
        if (message.Type != NftMessage.NewTable)
            return null;
        string name = "";
        string comment = "";
        uint flags = 0;
        AttributeReader attribute = message.Attributes<NetfilterHeader>();
        while (attribute.Next())
        {
            if (attribute.Is(NftaTable.Name))
                name = attribute.Get(NftaTable.Name);
            else if (attribute.Is(NftaTable.Flags))
                flags = attribute.Get(NftaTable.Flags);
            else if (attribute.Is(NftaTable.UserData))
                comment = UserData.Comment(attribute.Get(NftaTable.UserData), UserData.TableComment);
        }
        return new NftTable(message.Header<NetfilterHeader>().Family, name, comment)
        {
            Dormant = (flags & DormantFlag) != 0,
            Owned = (flags & OwnedFlag) != 0,
        };
    }
}

/// <summary>A chain. One without a hook is called by rules of others only.</summary>
/// <param name="Table">Its table.</param>
/// <param name="Name">Its name.</param>
public sealed record NftChain(NftTable Table, string Name)
{
    /// <summary><c>filter</c>, <c>nat</c> or <c>route</c>; empty without a hook.</summary>
    public string Type { get; init; } = "";

    /// <summary>Where it is called, or null.</summary>
    public NftHook? Hook { get; init; }

    /// <summary>The order among the chains of a hook; the lowest is first.</summary>
    public int Priority { get; init; }

    /// <summary>Whether a packet that no rule decided about is dropped.</summary>
    public bool PolicyDrop { get; init; }

    /// <summary>How many rules it has and how many jumps lead to it, together; only in answers.</summary>
    public int Uses { get; init; }

    internal static NftChain? Parse(in Message message)
    {
        if (message.Type != NftMessage.NewChain)
            return null;
        string table = "";
        string name = "";
        string type = "";
        NftHook? hook = null;
        int priority = 0;
        bool drop = false;
        int uses = 0;
        AttributeReader attribute = message.Attributes<NetfilterHeader>();
        while (attribute.Next())
        {
            if (attribute.Is(NftaChain.Table))
                table = attribute.Get(NftaChain.Table);
            else if (attribute.Is(NftaChain.Name))
                name = attribute.Get(NftaChain.Name);
            else if (attribute.Is(NftaChain.Type))
                type = attribute.Get(NftaChain.Type);
            else if (attribute.Is(NftaChain.Policy))
                drop = attribute.Get(NftaChain.Policy) == NftVerdict.DropCode;
            else if (attribute.Is(NftaChain.Use))
                uses = (int)attribute.Get(NftaChain.Use);
            else if (attribute.Is(NftaChain.Hook))
            {
                AttributeReader inner = attribute.Get(NftaChain.Hook);
                while (inner.Next())
                {
                    if (inner.Is(NftaChain.HookNumber))
                        hook = (NftHook)inner.Get(NftaChain.HookNumber);
                    else if (inner.Is(NftaChain.HookPriority))
                        priority = (int)inner.Get(NftaChain.HookPriority);
                }
            }
        }
        return new NftChain(new NftTable(message.Header<NetfilterHeader>().Family, table), name)
        {
            Type = type,
            Hook = hook,
            Priority = priority,
            PolicyDrop = drop,
            Uses = uses,
        };
    }

    /// <summary>As nft writes its head: <c>type filter hook forward priority 0; policy accept;</c>; empty without a hook.</summary>
    public string HookText =>
        Hook is { } hook
            ? $"type {Type} hook {hook.ToString().ToLowerInvariant()} priority {Priority}; policy {(PolicyDrop ? "drop" : "accept")};"
            : "";
}

/// <summary>A rule.</summary>
/// <param name="Table">Its table.</param>
/// <param name="Chain">The name of its chain.</param>
/// <param name="Expressions">What it does, in order.</param>
/// <param name="Comment">Its comment; may be empty.</param>
public sealed record NftRule(NftTable Table, string Chain, IReadOnlyList<NftExpression> Expressions, string Comment = "")
{
    /// <summary>The number by which it is deleted; 0 in a rule that is not in the kernel.</summary>
    public ulong Handle { get; init; }

    /// <summary>As <c>nft list ruleset</c> writes it, without counters' values.</summary>
    public override string ToString() => RuleText.Write(this);

    internal static NftRule? Parse(in Message message)
    {
        if (message.Type != NftMessage.NewRule)
            return null;
        string table = "";
        string chain = "";
        string comment = "";
        ulong handle = 0;
        List<NftExpression> expressions = [];
        AttributeReader attribute = message.Attributes<NetfilterHeader>();
        while (attribute.Next())
        {
            if (attribute.Is(NftaRule.Table))
                table = attribute.Get(NftaRule.Table);
            else if (attribute.Is(NftaRule.Chain))
                chain = attribute.Get(NftaRule.Chain);
            else if (attribute.Is(NftaRule.Handle))
                handle = attribute.Get(NftaRule.Handle);
            else if (attribute.Is(NftaRule.Expressions))
                expressions = NftExpression.ParseList(attribute.Get(NftaRule.Expressions));
            else if (attribute.Is(NftaRule.UserData))
                comment = UserData.Comment(attribute.Get(NftaRule.UserData), UserData.RuleComment);
        }
        var owner = new NftTable(message.Header<NetfilterHeader>().Family, table);
        return new NftRule(owner, chain, expressions, comment) { Handle = handle };
    }
}

/// <summary>What nft keeps beside an object, opaque to the kernel: type, length, value; a byte each. libnftnl/udata.h.</summary>
internal static class UserData
{
    public const byte RuleComment = 0;
    public const byte TableComment = 0;
    public const byte SetKeyByteOrder = 0;
    public const byte SetDataByteOrder = 1;

    /// <summary>The longest comment in bytes.</summary>
    public const int LongestComment = 128;

    public static string Comment(ReadOnlySpan<byte> bytes, byte type)
    {
        while (bytes.Length >= 2 && bytes.Length - 2 >= bytes[1])
        {
            ReadOnlySpan<byte> value = bytes.Slice(2, bytes[1]);
            if (bytes[0] == type)
                return Encoding.UTF8.GetString(value.TrimEnd((byte)0));
            bytes = bytes[(2 + bytes[1])..];
        }
        return "";
    }

    public static byte[] OfComment(string comment, byte type)
    {
        int length = Encoding.UTF8.GetByteCount(comment);
        if (length > LongestComment)
            throw new ArgumentException($"The comment is longer than {LongestComment} bytes.", nameof(comment));
        byte[] bytes = new byte[length + 3];
        bytes[0] = type;
        bytes[1] = (byte)(length + 1);
        Encoding.UTF8.GetBytes(comment, bytes.AsSpan(2));
        return bytes;
    }
}

/// <summary>The words that nft uses.</summary>
public static class NftWords
{
    extension(NftFamily family)
    {
        /// <summary>As nft writes the family: <c>inet</c>, <c>ip</c>.</summary>
        public string Word => family.ToString().ToLowerInvariant();
    }
}
