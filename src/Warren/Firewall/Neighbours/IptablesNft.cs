using Warren.Model;
using Warren.Netlink.Nftables;

namespace Warren.Firewall.Neighbours;

/// <summary>The tables that iptables-nft makes, and how it writes its rules.</summary>
internal static class IptablesNft
{
    // iptables/nft.c, xtables_ipv4: table, chain, hook, priority
    private static readonly (string Table, string Chain, NftHook Hook, int Priority)[] BuiltIn =
    [
        ("raw", "PREROUTING", NftHook.Prerouting, -300),
        ("raw", "OUTPUT", NftHook.Output, -300),
        ("mangle", "PREROUTING", NftHook.Prerouting, -150),
        ("mangle", "INPUT", NftHook.Input, -150),
        ("mangle", "FORWARD", NftHook.Forward, -150),
        ("mangle", "OUTPUT", NftHook.Output, -150),
        ("mangle", "POSTROUTING", NftHook.Postrouting, -150),
        ("filter", "INPUT", NftHook.Input, 0),
        ("filter", "FORWARD", NftHook.Forward, 0),
        ("filter", "OUTPUT", NftHook.Output, 0),
        ("security", "INPUT", NftHook.Input, 150),
        ("security", "FORWARD", NftHook.Forward, 150),
        ("security", "OUTPUT", NftHook.Output, 150),
        ("nat", "PREROUTING", NftHook.Prerouting, -100),
        ("nat", "INPUT", NftHook.Input, 100),
        ("nat", "POSTROUTING", NftHook.Postrouting, 100),
        ("nat", "OUTPUT", NftHook.Output, -100),
    ];

    /// <summary>Whether a base chain is one that iptables-nft makes and lists.</summary>
    public static bool Made(NftChain chain)
    {
        if (chain.Table.Family != NftFamily.Ip)
            return false;
        foreach ((string table, string name, NftHook hook, int priority) in BuiltIn)
        {
            if (chain.Table.Name == table && chain.Name == name)
                return chain.Hook == hook && chain.Priority == priority;
        }
        return false;
    }

    /// <summary>An opening as iptables-nft writes it, for a host where the tool is not installed.</summary>
    public static NftRule Opening(NftTable table, string chain, bool input)
    {
        // struct xt_comment_info { char comment[256]; }
        byte[] comment = new byte[256];
        System.Text.Encoding.ASCII.GetBytes(Marks.Comment, comment);
        NftExpression[] name = input
            ? NftStatements.IifName(NamespaceName.LinkPrefix + "*")
            : NftStatements.OifName(NamespaceName.LinkPrefix + "*");
        var match = new NftExtension(false, "comment", 0, new NftValue(comment));
        return new NftRule(table, chain, [.. name, match, .. NftStatements.Counter, .. NftStatements.Accept]);
    }
}
