using System.Net;
using Warren.Netlink.Nftables;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Xtables;

/// <summary>
/// What a rule of iptables does (<c>-j</c>), out of a legacy table or out of an <see cref="NftExtension"/>. Targets that this
/// package does not know are kept as <see cref="XtUnknownTarget"/>. linux/netfilter/xt_NAME.h.
/// </summary>
public abstract record XtTarget
{
    /// <summary>As <c>iptables -S</c> writes it; empty for a rule that only counts.</summary>
    public abstract override string ToString();

    /// <summary>Reads the structure of an extension.</summary>
    /// <exception cref="MalformedMessageException">It is shorter than that revision of that target.</exception>
    public static XtTarget Parse(string name, int revision, ReadOnlySpan<byte> content)
    {
        var bytes = new Bounded(content);
        return (name, revision) switch
        {
            ("DNAT" or "SNAT" or "REDIRECT" or "MASQUERADE", 0) => XtTranslation.ParseV4(name, bytes),
            ("DNAT" or "SNAT", 1 or 2) => XtTranslation.Parse(name, bytes),
            ("REJECT", 0) => new XtReject(bytes.U32(0)),
            _ => new XtUnknownTarget(name, revision, new NftValue(content)),
        };
    }
}

/// <summary>A decision.</summary>
/// <param name="Verdict">Which, or null for a rule that only counts.</param>
public sealed record XtVerdict(NftVerdict? Verdict) : XtTarget
{
    /// <inheritdoc/>
    public override string ToString() =>
        Verdict switch
        {
            null => "",
            { Leads: true } leads => $"{(leads == NftVerdict.Goto(leads.Chain) ? "-g" : "-j")} {leads.Chain}",
            { } verdict => "-j " + verdict.ToString().ToUpperInvariant(),
        };
}

/// <summary><c>-j DNAT</c>, <c>SNAT</c>, <c>REDIRECT</c>, <c>MASQUERADE</c>: translates an address.</summary>
/// <param name="Name">Which of them.</param>
/// <param name="First">The first address; null if the address is not given.</param>
/// <param name="Last">The last address.</param>
/// <param name="Ports">The ports; null if they are kept.</param>
/// <param name="More">Other options, as <c>iptables -S</c> writes them; mostly empty.</param>
public sealed record XtTranslation(string Name, IPAddress? First, IPAddress? Last, PortRange? Ports, string More) : XtTarget
{
    // NF_NAT_RANGE_*
    private const uint MapsAddress = 1;
    private const uint MapsPort = 2;

    /// <summary>Whether the destination is translated.</summary>
    public bool IsDestination => Name is "DNAT" or "REDIRECT";

    /// <summary>The new address and port: <c>172.17.0.2:80</c>.</summary>
    public string Range
    {
        get
        {
            string addresses = First is null ? "" : First.Equals(Last) ? $"{First}" : $"{First}-{Last}";
            string ports =
                Ports is not { } range ? ""
                : range.First == range.Last ? $"{range.First}"
                : $"{range.First}-{range.Last}";
            return ports.Length > 0 && Name is "DNAT" or "SNAT" ? $"{addresses}:{ports}" : addresses + ports;
        }
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        string option = Name switch
        {
            "DNAT" => " --to-destination ",
            "SNAT" => " --to-source ",
            _ => " --to-ports ",
        };
        string range = Range;
        return $"-j {Name}{(range.Length > 0 ? option + range : "")}{More}";
    }

    // struct nf_nat_ipv4_multi_range_compat { u32 rangesize; struct { u32 flags; be32 min, max; be16 min, max; } range[1]; }
    internal static XtTranslation ParseV4(string name, Bounded bytes) =>
        Of(name, bytes.U32(4), bytes.Address(8), bytes.Address(12), bytes.Port(16), bytes.Port(18));

    // struct nf_nat_range and nf_nat_range2 { u32 flags; 16 bytes min, max; be16 min, max; … }
    internal static XtTranslation Parse(string name, Bounded bytes) =>
        Of(name, bytes.U32(0), bytes.Address(4), bytes.Address(20), bytes.Port(36), bytes.Port(38));

    private static XtTranslation Of(string name, uint flags, IPAddress first, IPAddress last, int firstPort, int lastPort)
    {
        bool address = (flags & MapsAddress) != 0;
        string more =
            ((flags & 4) != 0 ? " --random" : "")
            + ((flags & 16) != 0 ? " --random-fully" : "")
            + ((flags & 8) != 0 ? " --persistent" : "");
        return new XtTranslation(
            name,
            address ? first : null,
            address ? last : null,
            (flags & MapsPort) != 0 ? new PortRange(firstPort, lastPort) : null,
            more
        );
    }
}

/// <summary><c>-j REJECT</c>: refuses the packet with an answer to its sender.</summary>
/// <param name="With">enum ipt_reject_with.</param>
public sealed record XtReject(uint With) : XtTarget
{
    private static readonly string[] Answers =
    [
        "icmp-net-unreachable",
        "icmp-host-unreachable",
        "icmp-proto-unreachable",
        "icmp-port-unreachable",
        "echo-reply",
        "icmp-net-prohibited",
        "icmp-host-prohibited",
        "tcp-reset",
        "icmp-admin-prohibited",
    ];

    /// <inheritdoc/>
    public override string ToString() => With < Answers.Length ? "-j REJECT --reject-with " + Answers[With] : "-j REJECT";
}

/// <summary>A target that this package does not know.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Revision">Which of its structures.</param>
/// <param name="Content">The structure, with padding.</param>
public sealed record XtUnknownTarget(string Name, int Revision, NftValue Content) : XtTarget
{
    /// <inheritdoc/>
    public override string ToString() => "-j " + Name;
}
