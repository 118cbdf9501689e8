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
        read.Untold |= rule.Source is not null || rule.Fragments is not null;
        if (rule.Destination is { } destination)
        {
            uint address = BinaryPrimitives.ReadUInt32BigEndian(destination.Address.GetAddressBytes());
            uint mask = BinaryPrimitives.ReadUInt32BigEndian(destination.Mask.GetAddressBytes());
            if (AddressCondition.OfMask(address, mask, destination.Inverted) is { } test)
                read.Destinations.Add(test);
            else
                read.Untold = true;
        }
        if (rule.Protocol != 0)
            read.Protocols.Add(new ProtocolCondition(rule.Protocol, rule.ProtocolInverted));
        foreach (XtMatch match in rule.Matches)
            read.Require(match);
        read.Take(rule.Target);
        return read;
    }
}
