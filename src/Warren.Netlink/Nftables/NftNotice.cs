using Warren.Netlink.Wire;

namespace Warren.Netlink.Nftables;

/// <summary>What a message of the group <see cref="NftNotice.Group"/> is about.</summary>
public enum NftNoticeKind
{
    /// <summary>Something else, such as the end of a transaction.</summary>
    Other,

    /// <summary>A table came or went.</summary>
    Table,

    /// <summary>A chain came, went, or has another policy.</summary>
    Chain,

    /// <summary>A rule came or went.</summary>
    Rule,

    /// <summary>A set or map came or went.</summary>
    Set,

    /// <summary>Elements of a set or map came or went.</summary>
    Element,
}

/// <summary>What the kernel tells, unasked, about every change to nf_tables.</summary>
public static class NftNotice
{
    /// <summary>NFNLGRP_NFTABLES. linux/netfilter/nfnetlink.h.</summary>
    public const int Group = 7;

    /// <summary>What a message is about.</summary>
    public static NftNoticeKind KindOf(in Message message) =>
        message.Type switch
        {
            NftMessage.NewTable or NftMessage.DeleteTable => NftNoticeKind.Table,
            NftMessage.NewChain or NftMessage.DeleteChain => NftNoticeKind.Chain,
            NftMessage.NewRule or NftMessage.DeleteRule => NftNoticeKind.Rule,
            NftMessage.NewSet or NftMessage.DeleteSet => NftNoticeKind.Set,
            NftMessage.NewElement or NftMessage.DeleteElement => NftNoticeKind.Element,
            _ => NftNoticeKind.Other,
        };
}
