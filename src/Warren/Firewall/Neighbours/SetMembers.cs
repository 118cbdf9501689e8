using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Warren.Model;
using Warren.Netlink.Nftables;

namespace Warren.Firewall.Neighbours;

/// <summary>Looks something of a packet up among the elements of a set or a map.</summary>
internal static class SetMembers
{
    private const int LinkLength = 16; // IFNAMSIZ

    /// <summary>The element that a packet meets; null if it meets none.</summary>
    /// <returns>False if that cannot be told.</returns>
    public static bool Find(IReadOnlyList<NftElement> elements, SetKey key, PassingPacket packet, out NftElement? found)
    {
        found = null;
        foreach (NftElement element in elements)
        {
            // of an interval only its ends are known
            if (element.EndsInterval || Meets(element.Key, key, packet) is not { } meets)
                return false;
            if (meets)
                found = element;
        }
        return elements.Count > 0 || Known(key, packet);
    }

    private static bool? Meets(ReadOnlySpan<byte> element, SetKey key, PassingPacket packet) =>
        key switch
        {
            SetKey.Protocol when element.Length is 1 or 4 && packet.Protocol is { } protocol => element[0] == protocol,
            SetKey.Port when element.Length is 2 or 4 && packet.Port is { } port => BinaryPrimitives.ReadUInt16BigEndian(element) == port,
            SetKey.State when element.Length == 4 => MemoryMarshal.Read<uint>(element) == (uint)NftState.New,
            SetKey.InputLink when element.Length == LinkLength => IsLink(element, packet.Input, packet.Uplink),
            SetKey.OutputLink when element.Length == LinkLength => IsLink(element, packet.Output, packet.Uplink),
            _ => null,
        };

    private static bool? IsLink(ReadOnlySpan<byte> element, LinkSide side, string? uplink)
    {
        int end = element.IndexOf((byte)0);
        string name = Encoding.UTF8.GetString(end < 0 ? element : element[..end]);
        bool oneOfOurs = name.StartsWith(NamespaceName.LinkPrefix, StringComparison.Ordinal);
        return side switch
        {
            LinkSide.Warren when !oneOfOurs => false,
            LinkSide.Uplink when uplink is not null => name == uplink,
            LinkSide.Uplink when oneOfOurs || name == "lo" => false,
            _ => null,
        };
    }

    private static bool Known(SetKey key, PassingPacket packet) =>
        key switch
        {
            SetKey.Protocol => packet.Protocol is not null,
            SetKey.Port => packet.Port is not null,
            SetKey.InputLink => packet.Input != LinkSide.Unknown,
            SetKey.OutputLink => packet.Output != LinkSide.Unknown,
            _ => true,
        };
}
