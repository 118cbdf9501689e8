using Warren.Model;

namespace Warren.Planning.Steps;

/// <summary>A link between the host and a namespace, as it shall be made.</summary>
/// <param name="Namespace">The namespace's name.</param>
/// <param name="Name">The host end's name.</param>
/// <param name="InsideName">The other end's name.</param>
/// <param name="Host">The host end's address: the namespace's gateway.</param>
/// <param name="Inside">The other end's address.</param>
/// <param name="Mtu">The largest packet in bytes.</param>
public sealed record LinkPlan(string Namespace, string Name, string InsideName, Cidr Host, Cidr Inside, uint Mtu)
{
    /// <summary>The group that all host ends are in: they can be deleted in one go. "WR" in ASCII.</summary>
    public const uint Group = 0x5752;

    /// <summary>The group that some of them are in while they are deleted in one go.</summary>
    public const uint LeavingGroup = Group + 1;

    /// <summary>Whether links of a group are host ends of Warren's links.</summary>
    public static bool IsOurs(uint group) => group is Group or LeavingGroup;

    /// <summary>The host end's MAC address, the same every time: network managers and neighbour tables see no change.</summary>
    public required string HostMac { get; init; }

    /// <summary>The other end's MAC address.</summary>
    public required string InsideMac { get; init; }

    /// <summary>Whether the namespace gets its default route.</summary>
    public bool DefaultRoute { get; init; } = true;

    /// <summary>Whether lo is switched on: in a namespace that somebody else made.</summary>
    public bool SwitchLoopbackOn { get; init; }

    /// <summary>What the host end's alias shall say.</summary>
    public required string Alias { get; init; }
}

/// <summary>Makes a link with its addresses and the default route inside; the host end stays down until the rules are there.</summary>
/// <param name="Link">The link.</param>
public sealed record CreateLink(LinkPlan Link) : Step
{
    /// <inheritdoc/>
    public override char Sign => '+';

    /// <inheritdoc/>
    public override string Namespace => Link.Namespace;

    /// <inheritdoc/>
    public override string Words =>
        $"link {Link.Name} {Link.Host} -> {Link.InsideName} {Link.Inside}{(Link.DefaultRoute ? ", default route" : "")}";

    /// <inheritdoc/>
    public override IEnumerable<string> Shell
    {
        get
        {
            LinkPlan link = Link;
            yield return $"ip link add {link.Name} address {link.HostMac} mtu {link.Mtu} group {LinkPlan.Group} numtxqueues 1 numrxqueues 1"
                + $" type veth peer name {link.InsideName} netns {link.Namespace} address {link.InsideMac} mtu {link.Mtu} numtxqueues 1 numrxqueues 1";
            yield return $"ip link set dev {link.Name} alias {Quote(link.Alias)}";
            if (link.SwitchLoopbackOn)
                yield return $"ip -n {link.Namespace} link set dev lo up";
            yield return $"ip -n {link.Namespace} link set dev {link.InsideName} up";
            yield return $"ip -n {link.Namespace} addr add {link.Inside} dev {link.InsideName}";
            if (link.DefaultRoute)
                yield return $"ip -n {link.Namespace} route add default via {link.Host.Address} dev {link.InsideName}";
            yield return $"ip addr add {link.Host} dev {link.Name}";
        }
    }

    /// <inheritdoc/>
    public override Step Undo => new DeleteLink(Link.Namespace, Link.Name) { SwitchLoopbackOff = Link.SwitchLoopbackOn };
}

/// <summary>Switches the host end on: from now on packets pass. The last step that makes a namespace reachable.</summary>
/// <param name="Of">The namespace's name.</param>
/// <param name="Name">The host end's name.</param>
public sealed record SwitchLinkOn(string Of, string Name) : Step
{
    /// <inheritdoc/>
    public override char Sign => '~';

    /// <inheritdoc/>
    public override string Namespace => Of;

    /// <inheritdoc/>
    public override string Words => $"link {Name} up";

    /// <inheritdoc/>
    public override IEnumerable<string> Shell
    {
        get
        {
            string conf = $"/proc/sys/net/ipv4/conf/{Name}";
            yield return $"echo 1 > {conf}/forwarding";
            yield return $"echo 1 > {conf}/route_localnet";
            yield return $"[ ! -e /proc/sys/net/ipv6 ] || echo 0 > /proc/sys/net/ipv6/conf/{Name}/accept_ra";
            yield return $"ip link set dev {Name} up";
        }
    }

    /// <inheritdoc/>
    public override Step? Undo => null;
}

/// <summary>Removes a link, both ends of it.</summary>
/// <param name="Of">The namespace's name.</param>
/// <param name="Name">The host end's name.</param>
public sealed record DeleteLink(string Of, string Name) : Step
{
    /// <summary>Whether lo inside is switched off again.</summary>
    public bool SwitchLoopbackOff { get; init; }

    /// <summary>Whether every link of Warren's group goes with the plan that this is a step of: then they need not be put into another to go at once.</summary>
    public bool WithAllOfGroup { get; init; }

    /// <summary>The link as it was; null for one that was never whole.</summary>
    public LinkPlan? Was { get; init; }

    /// <inheritdoc/>
    public override char Sign => '-';

    /// <inheritdoc/>
    public override string Namespace => Of;

    /// <inheritdoc/>
    public override string Words => $"link {Name}";

    /// <inheritdoc/>
    public override IEnumerable<string> Shell =>
        SwitchLoopbackOff
            ? [$"ip link del {Name}", $"ip -n {Of} link set dev lo down", $"ip -n {Of} addr del 127.0.0.1/8 dev lo"]
            : [$"ip link del {Name}"];

    /// <inheritdoc/>
    public override Step? Undo => Was is null ? null : new RestoreLink(Was);
}

/// <summary>Writes into the link's alias what is published.</summary>
/// <param name="Of">The namespace's name.</param>
/// <param name="Name">The host end's name.</param>
/// <param name="Alias">What it shall say.</param>
/// <param name="Before">What it says.</param>
public sealed record MarkLink(string Of, string Name, string Alias, string Before) : Step
{
    /// <inheritdoc/>
    public override char Sign => '~';

    /// <inheritdoc/>
    public override string Namespace => Of;

    /// <inheritdoc/>
    public override string Words => $"link {Name} alias {Alias}";

    /// <inheritdoc/>
    public override IEnumerable<string> Shell => [$"ip link set dev {Name} alias {Quote(Alias)}"];

    /// <inheritdoc/>
    public override Step Undo => new MarkLink(Of, Name, Before, Alias);
}

/// <summary>Makes a link again that was deleted by a change which then failed; it is up at once, for its rules are there.</summary>
/// <param name="Link">The link as it was.</param>
public sealed record RestoreLink(LinkPlan Link) : Step
{
    /// <inheritdoc/>
    public override char Sign => '+';

    /// <inheritdoc/>
    public override string Namespace => Link.Namespace;

    /// <inheritdoc/>
    public override string Words => new CreateLink(Link).Words + ", up";

    /// <inheritdoc/>
    public override IEnumerable<string> Shell =>
        [.. new CreateLink(Link).Shell, .. new SwitchLinkOn(Link.Namespace, Link.Name).Shell];

    /// <inheritdoc/>
    public override Step Undo => new DeleteLink(Link.Namespace, Link.Name) { SwitchLoopbackOff = Link.SwitchLoopbackOn };
}
