using System.Net;
using System.Runtime.InteropServices;
using Warren.Model;
using Warren.Netlink.Nftables;
using Warren.Netlink.Xtables;

namespace Warren.Firewall.Neighbours;

/// <summary>What a foreign rule does with a packet that meets its conditions.</summary>
internal enum ForeignVerdict
{
    /// <summary>Nothing that ends its way: it counts, logs, marks; or what it does is not known.</summary>
    GoesOn,

    /// <summary>Lets it pass this base chain.</summary>
    Accept,

    /// <summary>Drops or rejects it.</summary>
    Drop,

    /// <summary>Ends the chain.</summary>
    Return,

    /// <summary>Calls a chain.</summary>
    Jump,

    /// <summary>Calls a chain and ends this one.</summary>
    Goto,

    /// <summary>Changes its destination.</summary>
    Translate,
}

/// <summary>The destination that a rule gives to packets.</summary>
/// <param name="First">The first address; null if a map gives it.</param>
/// <param name="Last">The last address.</param>
/// <param name="Ports">The ports; null if they are kept.</param>
/// <param name="Map">The map of nf_tables that gives address or port; empty without one.</param>
/// <param name="ByPort">Whether the map's keys are destination ports and nothing else.</param>
/// <param name="MapsPort">Whether the map gives the port too.</param>
internal sealed record NewDestination(IPAddress? First, IPAddress? Last, PortRange? Ports, string Map = "", bool ByPort = false, bool MapsPort = false);

/// <summary>A map of nf_tables from something of a packet to a verdict.</summary>
/// <param name="Name">Its name.</param>
/// <param name="PortAt">Where in a key the destination port is; null if it is not, or if that is not known.</param>
/// <param name="ProtocolAt">Where in a key the protocol is; null if it is not.</param>
/// <param name="Key">What the whole of a key is; null if it has several parts, or if that is not known.</param>
internal readonly record struct VerdictMap(string Name, int? PortAt, int? ProtocolAt, SetKey? Key);

/// <summary>
/// What is known of a rule of another firewall, however it is kept: all of its conditions must be met. What is not
/// understood is <see cref="Untold"/>, never left out.
/// </summary>
internal sealed class ForeignRule
{
    /// <summary>Whether no new IPv4 packet meets its conditions.</summary>
    public bool Never { get; set; }

    /// <summary>Whether it has conditions that are not understood.</summary>
    public bool Obscure { get; set; }

    /// <summary>Whether it has conditions that it does not tell by itself: they are not understood, or stand in a set or a map.</summary>
    public bool Untold => Obscure || Sets.Count > 0 || Verdicts.Name is not null;

    /// <summary>Conditions on what is in sets of nf_tables, beside <see cref="PortSets"/>.</summary>
    public List<SetCondition> Sets { get; } = [];

    /// <summary>Conditions on links.</summary>
    public List<LinkCondition> Links { get; } = [];

    /// <summary>Conditions on the destination port.</summary>
    public List<PortCondition> Ports { get; } = [];

    /// <summary>Sets of nf_tables that the destination port must be in.</summary>
    public List<string> PortSets { get; } = [];

    /// <summary>The map of nf_tables that decides where it leads; empty without one.</summary>
    public VerdictMap Verdicts { get; set; }

    /// <summary>Conditions on the destination.</summary>
    public List<AddressCondition> Destinations { get; } = [];

    /// <summary>Conditions on the source.</summary>
    public List<AddressCondition> Sources { get; } = [];

    /// <summary>Whether only packets for an address of the host meet its conditions.</summary>
    public bool ForHost { get; set; }

    /// <summary>Whether only packets whose destination was translated meet its conditions, or only others; null for both.</summary>
    public bool? Translated { get; set; }

    /// <summary>Conditions on the protocol.</summary>
    public List<ProtocolCondition> Protocols { get; } = [];

    /// <summary>What it does.</summary>
    public ForeignVerdict Verdict { get; set; }

    /// <summary>Where it leads.</summary>
    public string Target { get; set; } = "";

    /// <summary>The destination that it gives; null if that cannot be told, or if it gives none.</summary>
    public NewDestination? Destination { get; set; }

    /// <summary>Whether it gives packets another source.</summary>
    public bool TranslatesSource { get; set; }

    /// <summary>What its comment says.</summary>
    public string Comment { get; set; } = "";

    /// <summary>The rule, if nf_tables holds it.</summary>
    public NftRule? Native { get; init; }

    /// <summary>The rule, if a legacy table holds it.</summary>
    public LegacyRule? Legacy { get; init; }

    /// <summary>Whether it is one of Warren's openings.</summary>
    public bool IsOpening =>
        Verdict == ForeignVerdict.Accept
        && Comment == Marks.Comment
        && Links is [{ Pattern: { Name: NamespaceName.LinkPrefix, IsPrefix: true, Inverted: false } }]
        && !Never
        && Translated is null
        && !Narrows;

    // beside its conditions on links
    private bool Narrows =>
        Untold || ForHost || Ports.Count + PortSets.Count + Destinations.Count + Sources.Count + Protocols.Count > 0;

    /// <summary>Whether every packet meets its conditions.</summary>
    public bool TakesAll => !Never && Translated is null && !Narrows && Links.Count == 0;

    /// <summary>As its owner would write it.</summary>
    public string Text => Native is { } native ? NftReading.Text(native) : Legacy?.ToString() ?? "";

    /// <summary>Whether a packet meets its conditions, but for what a map of verdicts asks; null if that cannot be told.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="table">The table that the rule is in, for its sets.</param>
    public bool? Ask(PassingPacket packet, ForeignTable table)
    {
        if (Never || (Translated is { } translated && packet.Translated == !translated))
            return false;
        bool told = !Obscure && !ForHost && (Translated is null || packet.Translated is not null);
        foreach (LinkCondition link in Links)
        {
            if (Fails(link.Ask(packet), ref told))
                return false;
        }
        foreach (ProtocolCondition test in Protocols)
        {
            if (Fails(packet.Protocol is { } protocol ? (test.Protocol == protocol) != test.Inverted : null, ref told))
                return false;
        }
        foreach (PortCondition test in Ports)
        {
            if (Fails(packet.Port is { } port ? test.Ask(port) : null, ref told))
                return false;
        }
        foreach (AddressCondition test in Sources)
        {
            if (Fails(packet.Source is { } source ? test.Ask(source) : null, ref told))
                return false;
        }
        foreach (AddressCondition test in Destinations)
        {
            if (Fails(packet.Destination is { } destination ? test.Ask(destination) : null, ref told))
                return false;
        }
        foreach (string set in PortSets)
        {
            if (Fails(packet.Port is { } port ? table.PortSet(set)?.Ask(port) : null, ref told))
                return false;
        }
        foreach (SetCondition test in Sets)
        {
            if (Fails(table.Holds(test, packet), ref told))
                return false;
        }
        return told ? true : null;
    }

    private static bool Fails(bool? met, ref bool told)
    {
        told &= met is not null;
        return met == false;
    }

    /// <summary>Adds the condition of a match of iptables.</summary>
    public void Require(XtMatch match)
    {
        switch (match)
        {
            case XtComment comment:
                Comment = comment.Text;
                break;
            case XtTransport transport:
                Protocols.Add(new ProtocolCondition(transport.Name == "tcp" ? 6 : 17, false));
                if (transport.Destination != PortRange.All || transport.DestinationInverted)
                    Ports.Add(new PortCondition([transport.Destination], transport.DestinationInverted));
                Obscure |= transport.Source != PortRange.All || transport.SourceInverted || transport.More.Length > 0;
                break;
            case XtMultiport { Side: not XtMultiport.Which.Source } multiport:
                Ports.Add(new PortCondition(multiport.Ports, multiport.Inverted));
                Obscure |= multiport.Side == XtMultiport.Which.Either;
                break;
            case XtStates states when (states.States & NftState.New) != 0 || !states.AsksForDestination:
                Never |= ((states.States & NftState.New) != 0) == states.Inverted;
                break;
            case XtStates states:
                Require(translated: !states.Inverted);
                break;
            case XtUnknownMatch { Name: "addrtype", Revision: 1 } type when AsksForHost(type.Content.Bytes):
                ForHost = true;
                break;
            default:
                Obscure = true;
                break;
        }
    }

    /// <summary>Adds the condition that the destination was translated, or that it was not.</summary>
    public void Require(bool translated)
    {
        Never |= Translated == !translated;
        Translated = translated;
    }

    // struct xt_addrtype_info_v1 { u16 source, dest; u32 flags }: bits of RTN_*; no flag is inversion or a look at links
    private static bool AsksForHost(ReadOnlySpan<byte> content)
    {
        const ushort Local = 1 << 2;
        return content.Length >= 8
            && MemoryMarshal.Read<ushort>(content) == 0
            && MemoryMarshal.Read<ushort>(content[2..]) == Local
            && MemoryMarshal.Read<uint>(content[4..]) == 0;
    }

    /// <summary>Takes what a target of iptables does.</summary>
    public void Take(XtTarget target)
    {
        switch (target)
        {
            case XtVerdict { Verdict: { } verdict }:
                Take(verdict);
                break;
            case XtTranslation { IsDestination: true } translation:
                Verdict = ForeignVerdict.Translate;
                if (translation is { First: { } first, Last: { } last })
                    Destination = new NewDestination(first, last, translation.Ports);
                break;
            case XtTranslation:
            case XtUnknownTarget { Name: "MASQUERADE" or "SNAT" }:
                TranslatesSource = true;
                break;
            case XtReject:
            case XtUnknownTarget { Name: "REJECT" }:
                Verdict = ForeignVerdict.Drop;
                break;
        }
    }

    /// <summary>Takes a decision.</summary>
    public void Take(NftVerdict verdict)
    {
        Target = verdict.Chain;
        if (Read(verdict) is { } read)
            Verdict = read;
    }

    /// <summary>What a decision of nf_tables comes to; null if it ends nothing.</summary>
    public static ForeignVerdict? Read(NftVerdict verdict)
    {
        if (verdict.IsDrop)
            return ForeignVerdict.Drop;
        if (verdict == NftVerdict.Accept)
            return ForeignVerdict.Accept;
        if (verdict == NftVerdict.Return)
            return ForeignVerdict.Return;
        if (!verdict.Leads)
            return null;
        return verdict == NftVerdict.Goto(verdict.Chain) ? ForeignVerdict.Goto : ForeignVerdict.Jump;
    }
}
