using System.Net;
using Warren.Firewall.Neighbours;
using Warren.Model;

namespace Warren.Planning.Steps;

/// <summary>Switches forwarding on for one link of the host, and notes that it was off.</summary>
/// <param name="Uplink">The link's name.</param>
public sealed record SwitchForwardingOn(string Uplink) : Step
{
    /// <summary>The drop-in of Warren's by which it is on already, so that only the note is missing; null if it is off.</summary>
    public string? DropIn { get; init; }

    /// <inheritdoc/>
    public override char Sign => '~';

    /// <inheritdoc/>
    public override string Words =>
        DropIn is null ? $"forwarding of {Terminal.Safe(Uplink)}: 0 -> 1" : $"forwarding of {Terminal.Safe(Uplink)}: 1 already, by {DropIn}";

    /// <inheritdoc/>
    public override IEnumerable<string> Shell => DropIn is null ? [$"echo 1 > {Quote($"/proc/sys/net/ipv4/conf/{Uplink}/forwarding")}"] : [];

    /// <inheritdoc/>
    public override Step Undo => new SwitchForwardingOff(Uplink) { Keep = DropIn is not null, DropIn = DropIn };
}

/// <summary>Switches forwarding off again where Warren had switched it on.</summary>
/// <param name="Uplink">The link's name.</param>
public sealed record SwitchForwardingOff(string Uplink) : Step
{
    /// <summary>Whether the value stays 1 and only the note goes: the host forwards between all its links by now, or a drop-in wants it so.</summary>
    public bool Keep { get; init; }

    /// <summary>The drop-in of Warren's that wants it; null if there is none.</summary>
    public string? DropIn { get; init; }

    /// <inheritdoc/>
    public override char Sign => '~';

    /// <inheritdoc/>
    public override string Words =>
        Keep
            ? $"forwarding of {Terminal.Safe(Uplink)}: stays 1, {(DropIn is null ? "the host forwards now" : $"by {DropIn}")}"
            : $"forwarding of {Terminal.Safe(Uplink)}: 1 -> 0";

    /// <inheritdoc/>
    public override IEnumerable<string> Shell =>
        Keep ? [] : [$"echo 0 > {Quote($"/proc/sys/net/ipv4/conf/{Uplink}/forwarding")}"];

    /// <inheritdoc/>
    public override Step Undo => new SwitchForwardingOn(Uplink) { DropIn = DropIn };
}

/// <summary>Puts two accept rules for Warren's links into a chain of another firewall, which would drop their packets.</summary>
/// <param name="Chain">Which chain.</param>
/// <param name="Cause">Why: what of it drops them.</param>
public sealed record OpenNeighbour(ForeignChain Chain, string Cause) : Step
{
    /// <inheritdoc/>
    public override char Sign => '+';

    /// <inheritdoc/>
    public override string Words => $"two accept rules for wrn-* in {Terminal.Safe(Chain.ToString())}, because of: {Terminal.Safe(Cause)}";

    /// <inheritdoc/>
    public override IEnumerable<string> Shell => Openings.OpenCommands(Chain);

    /// <inheritdoc/>
    public override Step Undo => new CloseNeighbour(Chain);
}

/// <summary>Takes the accept rules out of a chain of another firewall.</summary>
/// <param name="Chain">Which chain.</param>
public sealed record CloseNeighbour(ForeignChain Chain) : Step
{
    /// <inheritdoc/>
    public override char Sign => '-';

    /// <inheritdoc/>
    public override string Words => $"the accept rules for wrn-* in {Terminal.Safe(Chain.ToString())}";

    /// <inheritdoc/>
    public override IEnumerable<string> Shell => Openings.CloseCommands(Chain);

    /// <inheritdoc/>
    public override Step Undo => new OpenNeighbour(Chain, "");
}

/// <summary>Ends the flows of forwards that are no more, and of addresses that are no more.</summary>
/// <param name="Forwards">Forwards that were.</param>
/// <param name="Addresses">Addresses of namespaces that were.</param>
public sealed record EndFlows(IReadOnlyList<ForwardEntry> Forwards, IReadOnlyList<IPAddress> Addresses) : Step
{
    /// <inheritdoc/>
    public override char Sign => '-';

    /// <inheritdoc/>
    public override string Words =>
        "running flows of "
        + string.Join(", ", Forwards.Select(entry => entry.Host.ToString()).Concat(Addresses.Select(address => address.ToString())));

    /// <inheritdoc/>
    public override IEnumerable<string> Shell
    {
        get
        {
            foreach (ForwardEntry entry in Forwards)
            {
                yield return $"conntrack -D -p {entry.Host.Protocol.Word()} --orig-port-dst {entry.Host.Port}"
                    + $" --reply-src {entry.Target.Address} 2>/dev/null || true";
            }
            foreach (IPAddress address in Addresses)
            {
                yield return $"conntrack -D --orig-src {address} 2>/dev/null || true";
                yield return $"conntrack -D --reply-src {address} 2>/dev/null || true";
            }
        }
    }

    /// <inheritdoc/>
    public override Step? Undo => null;

    /// <inheritdoc/>
    public bool Equals(EndFlows? other) =>
        other is not null && Forwards.SequenceEqual(other.Forwards) && Addresses.SequenceEqual(other.Addresses);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Forwards.Count, Addresses.Count);
}
