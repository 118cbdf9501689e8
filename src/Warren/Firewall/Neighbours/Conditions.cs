using System.Buffers.Binary;
using System.Net;
using System.Numerics;
using Warren.Model;
using Warren.Netlink.Xtables;

namespace Warren.Firewall.Neighbours;

/// <summary>What is known of one end of a packet's way: by which link it came in, or leaves.</summary>
internal enum LinkSide
{
    /// <summary>Nothing.</summary>
    Unknown,

    /// <summary>Some link of Warren's.</summary>
    Warren,

    /// <summary>Some link that leads out of the host, whatever its name.</summary>
    Uplink,
}

/// <summary>A new IPv4 packet with any addresses, protocol and ports.</summary>
/// <param name="Input">Where it came in.</param>
/// <param name="Output">Where it leaves.</param>
internal readonly record struct PassingPacket(LinkSide Input, LinkSide Output)
{
    /// <summary>The name of the link that is <see cref="LinkSide.Uplink"/>; null for any.</summary>
    public string? Uplink { get; init; }

    /// <summary>IPPROTO_*; null for any.</summary>
    public int? Protocol { get; init; }

    /// <summary>The destination port; null for any.</summary>
    public int? Port { get; init; }

    /// <summary>Where its source is; null if that is not known.</summary>
    public Cidr? Source { get; init; }

    /// <summary>Where its destination is; null if that is not known.</summary>
    public Cidr? Destination { get; init; }

    /// <summary>Whether its destination was translated: to a Warren link, Warren lets pass nothing else; null if it is not known.</summary>
    public bool? Translated =>
        Output == LinkSide.Warren ? (Input == LinkSide.Unknown ? null : true)
        : Output == LinkSide.Uplink ? false
        : null;
}

/// <summary>A condition on a link's name.</summary>
/// <param name="IsInput">The link that the packet came in by, not the one that it leaves by.</param>
/// <param name="Pattern">The name.</param>
internal readonly record struct LinkCondition(bool IsInput, LinkPattern Pattern)
{
    /// <summary>Whether a packet meets it; null if that depends on what is not known of the packet.</summary>
    public bool? Ask(PassingPacket packet)
    {
        bool? met = Ask(IsInput ? packet.Input : packet.Output, packet.Uplink);
        return Pattern.Inverted ? !met : met;
    }

    private bool? Ask(LinkSide side, string? uplink)
    {
        string name = Pattern.Name;
        if (side == LinkSide.Uplink && uplink is not null)
            return Pattern.IsPrefix ? uplink.StartsWith(name, StringComparison.Ordinal) : uplink == name;
        if (Pattern.IsPrefix && name.Length == 0)
            return true;
        bool oneOfOurs = name.StartsWith(NamespaceName.LinkPrefix, StringComparison.Ordinal);
        return side switch
        {
            LinkSide.Warren when Pattern.IsPrefix && NamespaceName.LinkPrefix.StartsWith(name, StringComparison.Ordinal) => true,
            LinkSide.Warren when !oneOfOurs => false,
            LinkSide.Uplink when oneOfOurs || (!Pattern.IsPrefix && name == "lo") => false,
            _ => null,
        };
    }
}

/// <summary>A condition on the destination port.</summary>
/// <param name="Ports">Any of these.</param>
/// <param name="Inverted">Whether all others are meant.</param>
internal sealed record PortCondition(IReadOnlyList<PortRange> Ports, bool Inverted)
{
    /// <summary>Whether a port meets it.</summary>
    public bool Ask(int port)
    {
        foreach (PortRange range in Ports)
        {
            if (port >= range.First && port <= range.Last)
                return !Inverted;
        }
        return Inverted;
    }
}

/// <summary>A condition on the destination's IPv4 address.</summary>
/// <param name="First">The first address, as a number.</param>
/// <param name="Last">The last address.</param>
/// <param name="Inverted">Whether all others are meant.</param>
internal readonly record struct AddressCondition(uint First, uint Last, bool Inverted)
{
    /// <summary>Whether every address of a subnet meets it; null if only some do.</summary>
    public bool? Ask(Cidr subnet)
    {
        uint first = BinaryPrimitives.ReadUInt32BigEndian(subnet.At(0).GetAddressBytes());
        uint last = first | (uint)(uint.MaxValue >> subnet.PrefixLength);
        if (first >= First && last <= Last)
            return !Inverted;
        return last < First || first > Last ? Inverted : null;
    }

    /// <summary>Whether an address meets it.</summary>
    public bool Ask(IPAddress address)
    {
        uint number = BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());
        return (number >= First && number <= Last) != Inverted;
    }

    /// <summary>The addresses of a subnet; null if the mask is not one of a subnet.</summary>
    public static AddressCondition? OfMask(uint address, uint mask, bool inverted)
    {
        int bits = BitOperations.LeadingZeroCount(~mask);
        return BitOperations.PopCount(mask) == bits ? new AddressCondition(address & mask, address | ~mask, inverted) : null;
    }
}

/// <summary>A condition on the protocol.</summary>
/// <param name="Protocol">IPPROTO_*.</param>
/// <param name="Inverted">Whether all others are meant.</param>
internal readonly record struct ProtocolCondition(int Protocol, bool Inverted);

/// <summary>What of a packet is looked up in a set or a map of nf_tables.</summary>
internal enum SetKey
{
    /// <summary>The name of the link that it came in by.</summary>
    InputLink,

    /// <summary>The name of the link that it leaves by.</summary>
    OutputLink,

    /// <summary>The protocol.</summary>
    Protocol,

    /// <summary>The destination port.</summary>
    Port,

    /// <summary>The state of its flow.</summary>
    State,
}

/// <summary>A condition on what is in a set of nf_tables.</summary>
/// <param name="Key">What is looked up.</param>
/// <param name="Set">The set's name.</param>
/// <param name="Inverted">Whether all that is not in it is meant.</param>
internal readonly record struct SetCondition(SetKey Key, string Set, bool Inverted);
