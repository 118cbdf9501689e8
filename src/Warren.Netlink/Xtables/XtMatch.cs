using System.Text;
using Warren.Netlink.Nftables;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Xtables;

/// <summary>
/// A match of iptables (<c>-m</c>), out of a legacy table or out of an <see cref="NftExtension"/>. Matches and revisions that
/// this package does not know are kept as <see cref="XtUnknownMatch"/>. linux/netfilter/xt_NAME.h.
/// </summary>
/// <param name="Name">Its name: <c>tcp</c>.</param>
public abstract record XtMatch(string Name)
{
    /// <summary>As <c>iptables -S</c> writes it.</summary>
    public abstract override string ToString();

    /// <summary>Reads the structure of a match.</summary>
    /// <exception cref="MalformedMessageException">It is shorter than that revision of that match.</exception>
    public static XtMatch Parse(string name, int revision, ReadOnlySpan<byte> content)
    {
        var bytes = new Bounded(content);
        return (name, revision) switch
        {
            ("tcp", 0) => XtTransport.ParseTcp(bytes),
            ("udp", 0) => XtTransport.ParseUdp(bytes),
            ("multiport", 0 or 1) => XtMultiport.Parse(bytes, revision),
            ("comment", 0) => new XtComment(bytes.Text(0, Math.Min(256, bytes.Length))),
            ("conntrack", 2 or 3) => (XtMatch?)XtStates.ParseConntrack(bytes) ?? XtUnknownMatch.Of(name, revision, content),
            ("state", 0) => new XtStates(name, (NftState)bytes.U32(0), false),
            _ => XtUnknownMatch.Of(name, revision, content),
        };
    }

    private protected static string Not(bool inverted) => inverted ? "! " : "";
}

/// <summary>A match that this package does not know.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Revision">Which of its structures.</param>
/// <param name="Content">The structure, with padding.</param>
public sealed record XtUnknownMatch(string Name, int Revision, NftValue Content) : XtMatch(Name)
{
    /// <inheritdoc/>
    public override string ToString() => $"-m {Name}";

    internal static XtUnknownMatch Of(string name, int revision, ReadOnlySpan<byte> content) =>
        new(name, revision, new NftValue(content));
}

/// <summary><c>-m comment</c>: says something, matches always.</summary>
/// <param name="Text">What it says.</param>
public sealed record XtComment(string Text) : XtMatch("comment")
{
    /// <inheritdoc/>
    public override string ToString() => $"-m comment --comment {Quoted(Text)}";

    // iptables quotes what is not a plain word
    private static string Quoted(string text)
    {
        bool plain = true;
        foreach (char c in text)
            plain &= char.IsAsciiLetterOrDigit(c) || c is '_' or '-';
        if (plain && text.Length > 0)
            return text;
        var quoted = new StringBuilder("\"");
        foreach (char c in text)
        {
            if (c is '"' or '\\' or '\'')
                quoted.Append('\\');
            quoted.Append(c);
        }
        return quoted.Append('"').ToString();
    }
}

/// <summary><c>-m tcp</c> and <c>-m udp</c>: ports.</summary>
/// <param name="Name"><c>tcp</c> or <c>udp</c>.</param>
/// <param name="Source">The source ports.</param>
/// <param name="SourceInverted">Whether all other source ports are meant.</param>
/// <param name="Destination">The destination ports.</param>
/// <param name="DestinationInverted">Whether all other destination ports are meant.</param>
/// <param name="More">Other conditions (flags, options), as <c>iptables -S</c> writes them; mostly empty.</param>
public sealed record XtTransport(
    string Name,
    PortRange Source,
    bool SourceInverted,
    PortRange Destination,
    bool DestinationInverted,
    string More
) : XtMatch(Name)
{
    private static readonly string[] TcpFlags = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"];

    /// <inheritdoc/>
    public override string ToString() =>
        $"-m {Name}{Ports(" --sport", Source, SourceInverted)}{Ports(" --dport", Destination, DestinationInverted)}{More}";

    // struct xt_tcp { u16 spts[2], dpts[2]; u8 option, flg_mask, flg_cmp, invflags; }
    internal static XtTransport ParseTcp(Bounded bytes)
    {
        byte inverted = bytes.U8(11);
        var more = new StringBuilder();
        if (bytes.U8(8) is not 0 and byte option)
            more.Append(' ').Append(Not((inverted & 8) != 0)).Append("--tcp-option ").Append(option);
        (byte mask, byte flags) = (bytes.U8(9), bytes.U8(10));
        if (mask != 0 || (inverted & 4) != 0)
            more.Append(' ').Append(Not((inverted & 4) != 0)).Append($"--tcp-flags {Flags(mask)} {Flags(flags)}");
        return Of("tcp", bytes, inverted, more.ToString());
    }

    // struct xt_udp { u16 spts[2], dpts[2]; u8 invflags; }
    internal static XtTransport ParseUdp(Bounded bytes) => Of("udp", bytes, bytes.U8(8), "");

    private static XtTransport Of(string name, Bounded bytes, byte inverted, string more) =>
        new(
            name,
            new PortRange(bytes.U16(0), bytes.U16(2)),
            (inverted & 1) != 0,
            new PortRange(bytes.U16(4), bytes.U16(6)),
            (inverted & 2) != 0,
            more
        );

    private static string Ports(string option, PortRange ports, bool inverted) =>
        ports == PortRange.All && !inverted ? "" : $"{(inverted ? " !" : "")}{option} {ports}";

    private static string Flags(byte bits)
    {
        if (bits == 0)
            return "NONE";
        var text = new StringBuilder();
        for (int i = 0; i < TcpFlags.Length; i++)
        {
            if ((bits & (1 << i)) != 0)
                text.Append(text.Length > 0 ? "," : "").Append(TcpFlags[i]);
        }
        return text.ToString();
    }
}

/// <summary><c>-m multiport</c>: any of up to 15 ports and ranges.</summary>
/// <param name="Side">Whose ports.</param>
/// <param name="Ports">Which.</param>
/// <param name="Inverted">Whether all others are meant.</param>
public sealed record XtMultiport(XtMultiport.Which Side, IReadOnlyList<PortRange> Ports, bool Inverted) : XtMatch("multiport")
{
    private const int Most = 15;

    /// <summary>enum xt_multiport_flags.</summary>
    public enum Which
    {
        /// <summary><c>--sports</c></summary>
        Source = 0,

        /// <summary><c>--dports</c></summary>
        Destination = 1,

        /// <summary><c>--ports</c></summary>
        Either = 2,
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        string option = Side switch
        {
            Which.Source => "--sports",
            Which.Destination => "--dports",
            _ => "--ports",
        };
        return $"-m multiport {Not(Inverted)}{option} {string.Join(',', Ports)}";
    }

    // struct xt_multiport { u8 flags, count; u16 ports[15]; }, and in revision 1 { u8 pflags[15]; u8 invert; }:
    // a port with a pflag starts a range that the next one ends
    internal static XtMultiport Parse(Bounded bytes, int revision)
    {
        int count = bytes.U8(1);
        if (count > Most)
            throw new MalformedMessageException($"iptables: multiport with {count} ports");
        var ports = new List<PortRange>(count);
        for (int i = 0; i < count; i++)
        {
            int first = bytes.U16(2 + (2 * i));
            bool starts = revision == 1 && bytes.U8(32 + i) != 0 && i + 1 < count;
            int last = starts ? bytes.U16(2 + (2 * ++i)) : first;
            ports.Add(new PortRange(first, last));
        }
        return new XtMultiport((Which)bytes.U8(0), ports, revision == 1 && bytes.U8(47) != 0);
    }
}

/// <summary><c>-m conntrack --ctstate</c> and <c>-m state --state</c>, with no other condition.</summary>
/// <param name="Name"><c>conntrack</c> or <c>state</c>.</param>
/// <param name="States">Any of these.</param>
/// <param name="Inverted">Whether all others are meant.</param>
public sealed record XtStates(string Name, NftState States, bool Inverted) : XtMatch(Name)
{
    // XT_CONNTRACK_STATE_*: the bits of nf_tables, and two for translated flows
    private static readonly (uint Bit, string Word)[] Words =
    [
        (1, "INVALID"),
        (8, "NEW"),
        (4, "RELATED"),
        (2, "ESTABLISHED"),
        (256, "UNTRACKED"),
        (64, "SNAT"),
        (128, "DNAT"),
    ];

    /// <summary>Whether it also asks whether the flow's destination is translated.</summary>
    public bool AsksForDestination => ((uint)States & 128) != 0;

    /// <inheritdoc/>
    public override string ToString()
    {
        string option = Name == "state" ? "--state" : "--ctstate";
        var words = new StringBuilder();
        foreach ((uint bit, string word) in Words)
        {
            if (((uint)States & bit) != 0)
                words.Append(words.Length > 0 ? "," : "").Append(word);
        }
        return $"-m {Name} {Not(Inverted)}{option} {words}";
    }

    // struct xt_conntrack_mtinfo2 and 3: 8 addresses of 16 bytes, u32 expires[2], u16 l4proto, u16 ports[4],
    // u16 match_flags (146), u16 invert_flags (148), u16 state_mask (150)
    internal static XtStates? ParseConntrack(Bounded bytes)
    {
        const int State = 1;
        // how iptables keeps a rule that was written with -m state
        const int Alias = 1 << 13;
        int asked = bytes.U16(146);
        return (asked & ~Alias) == State
            ? new XtStates((asked & Alias) != 0 ? "state" : "conntrack", (NftState)bytes.U16(150), (bytes.U16(148) & State) != 0)
            : null;
    }
}
