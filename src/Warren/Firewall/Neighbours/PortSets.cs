using System.Buffers.Binary;
using Warren.Netlink.Nftables;
using Warren.Netlink.Xtables;

namespace Warren.Firewall.Neighbours;

/// <summary>Sets of ports.</summary>
internal static class PortSets
{
    /// <summary>The ports of a set's elements; null if they are not ports.</summary>
    /// <remarks>In a set with intervals an element is the first port of one, and another, marked, is the first behind it.</remarks>
    public static PortCondition? Read(List<NftElement> elements)
    {
        bool intervals = elements.Exists(element => element.EndsInterval);
        var sorted = new List<(int Port, bool Ends)>(elements.Count);
        foreach (NftElement element in elements)
        {
            if (element.Key.Length < 2)
                return null;
            sorted.Add((BinaryPrimitives.ReadUInt16BigEndian(element.Key), element.EndsInterval));
        }
        // where one interval ends, the next may start
        sorted.Sort((a, b) => a.Port != b.Port ? a.Port.CompareTo(b.Port) : b.Ends.CompareTo(a.Ends));
        var ranges = new List<PortRange>();
        for (int i = 0; i < sorted.Count; i++)
        {
            (int port, bool ends) = sorted[i];
            if (ends)
                continue;
            int last = !intervals ? port : i + 1 < sorted.Count ? sorted[i + 1].Port - 1 : 65535;
            ranges.Add(new PortRange(port, last));
        }
        return new PortCondition(ranges, false);
    }
}
