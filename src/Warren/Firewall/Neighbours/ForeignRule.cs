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

/// <summary>
/// What is known of a rule of another firewall, however it is kept: all of its conditions must be met. What is not
/// understood is <see cref="Untold"/>, never left out.
/// </summary>
internal sealed class ForeignRule
{
    /// <summary>Whether no new IPv4 packet meets its conditions.</summary>
    public bool Never { get; set; }

    /// <summary>Whether it has conditions that are not understood.</summary>
    public bool Untold { get; set; }

    /// <summary>Conditions on links.</summary>
    public List<LinkCondition> Links { get; } = [];

    /// <summary>Conditions on the destination port.</summary>
    public List<PortCondition> Ports { get; } = [];

    /// <summary>Sets of nf_tables that the destination port must be in.</summary>
    public List<string> PortSets { get; } = [];

    /// <summary>Conditions on the destination.</summary>
    public List<AddressCondition> Destinations { get; } = [];

    /// <summary>Conditions on the protocol.</summary>
    public List<ProtocolCondition> Protocols { get; } = [];

    /// <summary>What it does.</summary>
    public ForeignVerdict Verdict { get; set; }

    /// <summary>Where it leads.</summary>
    public string Target { get; set; } = "";

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
        && !Untold
        && !Never
        && Ports.Count + PortSets.Count + Destinations.Count + Protocols.Count == 0;

    /// <summary>As its owner would write it.</summary>
    public string Text => Native is { } native ? NftReading.Text(native) : Legacy?.ToString() ?? "";

    /// <summary>Whether a packet meets its conditions; null if that cannot be told.</summary>
    public bool? Ask(PassingPacket packet)
    {
        if (Never)
            return false;
        bool told = !Untold && Ports.Count + PortSets.Count + Destinations.Count + Protocols.Count == 0;
        foreach (LinkCondition link in Links)
        {
            switch (link.Ask(packet))
            {
                case false:
                    return false;
                case null:
                    told = false;
                    break;
            }
        }
        return told ? true : null;
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
                Untold |= transport.Source != PortRange.All || transport.SourceInverted || transport.More.Length > 0;
                break;
            case XtMultiport { Side: not XtMultiport.Which.Source } multiport:
                Ports.Add(new PortCondition(multiport.Ports, multiport.Inverted));
                Untold |= multiport.Side == XtMultiport.Which.Either;
                break;
            case XtStates { AsksForTranslation: false } states:
                Never |= ((states.States & NftState.New) != 0) == states.Inverted;
                break;
            default:
                Untold = true;
                break;
        }
    }

    /// <summary>Takes what a target of iptables does.</summary>
    public void Take(XtTarget target)
    {
        switch (target)
        {
            case XtVerdict { Verdict: { } verdict }:
                Take(verdict);
                break;
            case XtTranslation { IsDestination: true }:
                Verdict = ForeignVerdict.Translate;
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
        if (verdict.IsDrop)
            Verdict = ForeignVerdict.Drop;
        else if (verdict == NftVerdict.Accept)
            Verdict = ForeignVerdict.Accept;
        else if (verdict == NftVerdict.Return)
            Verdict = ForeignVerdict.Return;
        else if (verdict.Leads)
            Verdict = verdict == NftVerdict.Goto(verdict.Chain) ? ForeignVerdict.Goto : ForeignVerdict.Jump;
    }
}
