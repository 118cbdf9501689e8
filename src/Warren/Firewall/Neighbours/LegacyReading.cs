using System.Buffers.Binary;
using Warren.Netlink.Xtables;

namespace Warren.Firewall.Neighbours;

/// <summary>What is known of a rule of a legacy table.</summary>
internal static class LegacyReading
{
    public static ForeignRule Read(LegacyRule rule)
    {
        var read = new ForeignRule { Legacy = rule };
        if (rule.Input is { } input)
            read.Links.Add(new LinkCondition(true, input));
        if (rule.Output is { } output)
            read.Links.Add(new LinkCondition(false, output));
        read.Obscure |= rule.Fragments is not null;
        Require(read, read.Sources, rule.Source);
        Require(read, read.Destinations, rule.Destination);
        if (rule.Protocol != 0)
            read.Protocols.Add(new ProtocolCondition(rule.Protocol, rule.ProtocolInverted));
        foreach (XtMatch match in rule.Matches)
            read.Require(match);
        read.Take(rule.Target);
        return read;
    }

    private static void Require(ForeignRule read, List<AddressCondition> conditions, AddressPattern? pattern)
    {
        if (pattern is null)
            return;
        uint address = BinaryPrimitives.ReadUInt32BigEndian(pattern.Address.GetAddressBytes());
        uint mask = BinaryPrimitives.ReadUInt32BigEndian(pattern.Mask.GetAddressBytes());
        if (AddressCondition.OfMask(address, mask, pattern.Inverted) is { } test)
            conditions.Add(test);
        else
            read.Obscure = true;
    }
}
