using Warren.Netlink.Wire;

namespace Warren.Netlink.Nftables;

/// <summary>NFT_MSG_*: the lower byte of nlmsg_type. linux/netfilter/nf_tables.h.</summary>
internal static class NftMessage
{
    public const ushort BatchBegin = 0x10;
    public const ushort BatchEnd = 0x11;

    private const ushort Subsystem = 10 << 8;

    public const ushort NewTable = Subsystem | 0;
    public const ushort GetTable = Subsystem | 1;
    public const ushort DeleteTable = Subsystem | 2;
    public const ushort NewChain = Subsystem | 3;
    public const ushort GetChain = Subsystem | 4;
    public const ushort DeleteChain = Subsystem | 5;
    public const ushort NewRule = Subsystem | 6;
    public const ushort GetRule = Subsystem | 7;
    public const ushort DeleteRule = Subsystem | 8;
    public const ushort NewSet = Subsystem | 9;
    public const ushort GetSet = Subsystem | 10;
    public const ushort DeleteSet = Subsystem | 11;
    public const ushort NewElement = Subsystem | 12;
    public const ushort GetElement = Subsystem | 13;
    public const ushort DeleteElement = Subsystem | 14;
    public const ushort Trace = Subsystem | 17;
}

/// <summary>NFTA_TABLE_*.</summary>
internal static class NftaTable
{
    public static TextKey Name => new(1);
    public static Be32Key Flags => new(2);
    public static Be64Key Handle => new(4);
    public static BytesKey UserData => new(6);
}

/// <summary>NFTA_CHAIN_* and NFTA_HOOK_*.</summary>
internal static class NftaChain
{
    public static TextKey Table => new(1);
    public static Be64Key Handle => new(2);
    public static TextKey Name => new(3);
    public static NestKey Hook => new(4);
    public static Be32Key Policy => new(5);
    public static Be32Key Use => new(6);
    public static TextKey Type => new(7);
    public static Be32Key HookNumber => new(1);
    public static Be32Key HookPriority => new(2);
}

/// <summary>NFTA_RULE_* and NFTA_EXPR_*.</summary>
internal static class NftaRule
{
    public static TextKey Table => new(1);
    public static TextKey Chain => new(2);
    public static Be64Key Handle => new(3);
    public static NestKey Expressions => new(4);
    public static Be64Key Position => new(6);
    public static BytesKey UserData => new(7);

    /// <summary>NFTA_LIST_ELEM.</summary>
    public static NestKey ListElement => new(1);
    public static TextKey ExpressionName => new(1);
    public static NestKey ExpressionData => new(2);
}

/// <summary>NFTA_SET_*.</summary>
internal static class NftaSet
{
    public static TextKey Table => new(1);
    public static TextKey Name => new(2);
    public static Be32Key Flags => new(3);
    public static Be32Key KeyType => new(4);
    public static Be32Key KeyLength => new(5);
    public static Be32Key DataType => new(6);
    public static Be32Key DataLength => new(7);
    public static NestKey Description => new(9);
    public static Be32Key DescribedSize => new(1);
    public static Be32Key Id => new(10);
    public static Be64Key Timeout => new(11);
    public static BytesKey UserData => new(13);
}

/// <summary>NFTA_SET_ELEM_LIST_* and NFTA_SET_ELEM_*.</summary>
internal static class NftaElement
{
    public static TextKey Table => new(1);
    public static TextKey Set => new(2);
    public static NestKey Elements => new(3);
    public static NestKey ListElement => new(1);
    public static NestKey Key => new(1);
    public static NestKey Data => new(2);
    public static Be32Key Flags => new(3);
}

/// <summary>NFTA_DATA_* and NFTA_VERDICT_*.</summary>
internal static class NftaData
{
    public static BytesKey Value => new(1);
    public static NestKey Verdict => new(2);
    public static Be32Key VerdictCode => new(1);
    public static TextKey VerdictChain => new(2);
}
