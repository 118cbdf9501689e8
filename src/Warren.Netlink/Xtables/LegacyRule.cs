using System.Text;
using Warren.Netlink.Nftables;

namespace Warren.Netlink.Xtables;

/// <summary>A chain of a legacy table.</summary>
/// <param name="Name">Its name: <c>FORWARD</c>.</param>
/// <param name="Hook">Where it is called, or null for a user's chain.</param>
/// <param name="PolicyDrop">Whether a packet that no rule decided about is dropped.</param>
/// <param name="Rules">Its rules, in order.</param>
public sealed record LegacyChain(string Name, NftHook? Hook, bool PolicyDrop, IReadOnlyList<LegacyRule> Rules)
{
    /// <summary>How many packets the policy decided about, since the table was last written.</summary>
    public ulong PolicyPackets { get; init; }

    /// <summary>As <c>iptables -S</c> writes its first line: <c>-P FORWARD DROP</c>, <c>-N DOCKER</c>.</summary>
    public override string ToString() => Hook is null ? $"-N {Name}" : $"-P {Name} {(PolicyDrop ? "DROP" : "ACCEPT")}";
}

/// <summary>A rule of a legacy table. ip_tables.h, struct ipt_entry.</summary>
/// <param name="Chain">The name of its chain.</param>
/// <param name="Matches">Its conditions beyond those that every rule can have.</param>
/// <param name="Target">What it does.</param>
public sealed record LegacyRule(string Chain, IReadOnlyList<XtMatch> Matches, XtTarget Target)
{
    /// <summary>The link that the packet came in by; null for any.</summary>
    public LinkPattern? Input { get; init; }

    /// <summary>The link that the packet leaves by; null for any.</summary>
    public LinkPattern? Output { get; init; }

    /// <summary>Where the packet comes from; null for anywhere.</summary>
    public AddressPattern? Source { get; init; }

    /// <summary>Where the packet goes; null for anywhere.</summary>
    public AddressPattern? Destination { get; init; }

    /// <summary>IPPROTO_*; 0 for any.</summary>
    public int Protocol { get; init; }

    /// <summary>Whether all other protocols are meant.</summary>
    public bool ProtocolInverted { get; init; }

    /// <summary>Whether only fragments after the first are meant (true), or all but those (false); null for any.</summary>
    public bool? Fragments { get; init; }

    /// <summary>How many packets met it, since the table was last written.</summary>
    public ulong Packets { get; init; }

    /// <summary>What <c>-m comment</c> says; empty if nothing.</summary>
    public string Comment
    {
        get
        {
            foreach (XtMatch match in Matches)
            {
                if (match is XtComment comment)
                    return comment.Text;
            }
            return "";
        }
    }

    /// <summary>As <c>iptables -S</c> writes it, as far as this package knows its matches.</summary>
    public override string ToString()
    {
        var text = new StringBuilder("-A ").Append(Chain);
        if (Source is { } source)
            text.Append(Not(source.Inverted)).Append(" -s ").Append(source);
        if (Destination is { } destination)
            text.Append(Not(destination.Inverted)).Append(" -d ").Append(destination);
        if (Input is { } input)
            text.Append(Not(input.Inverted)).Append(" -i ").Append(input);
        if (Output is { } output)
            text.Append(Not(output.Inverted)).Append(" -o ").Append(output);
        if (Protocol != 0)
            text.Append(Not(ProtocolInverted)).Append(" -p ").Append(ProtocolWord(Protocol));
        if (Fragments is { } fragments)
            text.Append(Not(!fragments)).Append(" -f");
        foreach (XtMatch match in Matches)
            text.Append(' ').Append(match);
        string target = Target.ToString();
        return target.Length > 0 ? text.Append(' ').Append(target).ToString() : text.ToString();
    }

    private static string Not(bool inverted) => inverted ? " !" : "";

    private static string ProtocolWord(int protocol) =>
        protocol switch
        {
            1 => "icmp",
            2 => "igmp",
            6 => "tcp",
            17 => "udp",
            47 => "gre",
            50 => "esp",
            51 => "ah",
            132 => "sctp",
            _ => $"{protocol}",
        };
}
