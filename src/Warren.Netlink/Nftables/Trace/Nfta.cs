using Warren.Netlink.Wire;

namespace Warren.Netlink.Nftables.Trace;

/// <summary>NFTA_TRACE_*. linux/netfilter/nf_tables.h.</summary>
internal static class NftaTrace
{
    public static TextKey Table => new(1);
    public static TextKey Chain => new(2);
    public static Be64Key RuleHandle => new(3);
    public static Be32Key Type => new(4);
    public static NestKey Verdict => new(5);
    public static Be32Key Id => new(6);
    public static BytesKey LinkHeader => new(7);
    public static BytesKey NetworkHeader => new(8);
    public static BytesKey TransportHeader => new(9);
    public static Be32Key InputLink => new(10);
    public static Be32Key OutputLink => new(12);
    public static Be32Key Mark => new(14);
    public static Be32Key Family => new(15);
    public static Be32Key Policy => new(16);
}
