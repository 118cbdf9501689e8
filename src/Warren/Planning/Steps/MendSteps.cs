using System.Net;
using Warren.Model;

namespace Warren.Planning.Steps;

/// <summary>Switches a link inside a namespace on again.</summary>
/// <param name="Of">The namespace's name.</param>
/// <param name="Link">The link's name inside.</param>
public sealed record SwitchInsideOn(string Of, string Link) : Step
{
    /// <inheritdoc/>
    public override char Sign => '~';

    /// <inheritdoc/>
    public override string Namespace => Of;

    /// <inheritdoc/>
    public override string Words => $"link {Terminal.Safe(Link)} inside up";

    /// <inheritdoc/>
    public override IEnumerable<string> Shell => [$"ip -n {Of} link set dev {Quote(Link)} up"];

    /// <inheritdoc/>
    public override Step? Undo => null;
}

/// <summary>Gives a link's end its address again.</summary>
/// <param name="Of">The namespace's name.</param>
/// <param name="Link">The end's name.</param>
/// <param name="Address">The address.</param>
public sealed record AddAddress(string Of, string Link, Cidr Address) : Step
{
    /// <summary>Whether it is the end inside the namespace, and not that on the host.</summary>
    public bool Inside { get; init; }

    /// <inheritdoc/>
    public override char Sign => '+';

    /// <inheritdoc/>
    public override string Namespace => Of;

    /// <inheritdoc/>
    public override string Words => $"address {Address} on {Terminal.Safe(Link)}{(Inside ? " inside" : "")}";

    /// <inheritdoc/>
    public override IEnumerable<string> Shell => [$"ip {(Inside ? $"-n {Of} " : "")}addr add {Address} dev {Quote(Link)}"];

    /// <inheritdoc/>
    public override Step? Undo => null;
}

/// <summary>Gives a namespace its default route again, and the one to its gateway: who empties the table takes both.</summary>
/// <param name="Of">The namespace's name.</param>
/// <param name="Link">The link's name inside.</param>
/// <param name="Gateway">The host end's address.</param>
/// <param name="Inside">The namespace's own.</param>
public sealed record AddDefaultRoute(string Of, string Link, IPAddress Gateway, Cidr Inside) : Step
{
    /// <inheritdoc/>
    public override char Sign => '+';

    /// <inheritdoc/>
    public override string Namespace => Of;

    /// <inheritdoc/>
    public override string Words => $"default route via {Gateway} inside";

    /// <inheritdoc/>
    public override IEnumerable<string> Shell =>
        [
            $"ip -n {Of} route replace {Inside.Network} dev {Quote(Link)} proto kernel scope link src {Inside.Address}",
            $"ip -n {Of} route add default via {Gateway} dev {Quote(Link)}",
        ];

    /// <inheritdoc/>
    public override Step? Undo => null;
}

/// <summary>Gives the host its route to a namespace again.</summary>
/// <param name="Of">The namespace's name.</param>
/// <param name="Link">The link's host end.</param>
/// <param name="Host">Its address.</param>
public sealed record SetHostRoute(string Of, string Link, Cidr Host) : Step
{
    /// <inheritdoc/>
    public override char Sign => '+';

    /// <inheritdoc/>
    public override string Namespace => Of;

    /// <inheritdoc/>
    public override string Words => $"route to {Host.Network} by {Link}";

    /// <inheritdoc/>
    public override IEnumerable<string> Shell => [$"ip route replace {Host.Network} dev {Quote(Link)} proto kernel scope link src {Host.Address}"];

    /// <inheritdoc/>
    public override Step? Undo => null;
}
