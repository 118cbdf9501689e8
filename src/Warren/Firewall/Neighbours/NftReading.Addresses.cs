using System.Buffers.Binary;
using System.Net;
using Warren.Netlink.Nftables;
using Warren.Netlink.Xtables;

namespace Warren.Firewall.Neighbours;

// The part that reads addresses: those that a packet must have, and those that it gets.
internal sealed partial class NftReading
{
    // nft leaves out the bytes behind a prefix, and compares neighbouring fields together
    private static uint? Address(Loaded loaded, uint field, ReadOnlySpan<byte> value)
    {
        int start = (int)field - (int)loaded.Offset;
        if (start < 0 || start >= value.Length || (start > 0 && value.Length < start + 4))
            return null;
        Span<byte> address = stackalloc byte[4];
        address.Clear();
        value[start..Math.Min(value.Length, start + 4)].CopyTo(address);
        return BinaryPrimitives.ReadUInt32BigEndian(address);
    }

    private void CompareAddress(
        List<AddressCondition> conditions,
        Loaded loaded,
        uint field,
        uint address,
        NftOperator comparison,
        int length
    )
    {
        bool alone = loaded.Offset == field && length <= 4;
        uint mask = length >= 4 || !alone ? uint.MaxValue : uint.MaxValue << (32 - (8 * length));
        if (loaded.Mask is { } bits)
        {
            if (!alone || length != 4 || bits.Bytes.Length != 4 || Number(loaded.Xor) != 0)
            {
                _rule.Obscure = true;
                return;
            }
            mask = BinaryPrimitives.ReadUInt32BigEndian(bits.Bytes);
        }
        AddressCondition? test = comparison switch
        {
            NftOperator.Equal => AddressCondition.OfMask(address, mask, false),
            NftOperator.NotEqual when alone => AddressCondition.OfMask(address, mask, true),
            NftOperator.GreaterOrEqual when alone && length == 4 && loaded.Mask is null => new AddressCondition(address, uint.MaxValue, false),
            NftOperator.LessOrEqual when alone && length == 4 && loaded.Mask is null => new AddressCondition(0, address, false),
            _ => null,
        };
        if (test is { } condition)
            conditions.Add(condition);
        _rule.Obscure |= test is null || !alone;
    }

    private NewDestination? NewDestination(NftNat nat)
    {
        if (nat.Address is not { } register)
            return null;
        Loaded address = Of(register);
        Loaded port = nat.Port is { } second ? Of(second) : default;
        bool mapsPort = address.From == Source.Map && nat.Port is { } next && Normal(next) == Normal(register) + 1;
        PortRange? ports = null;
        if (nat.Port is not null && !mapsPort && port.From != Source.Map)
        {
            int first = PortOf(port);
            int last = nat.LastPort is { } lastPort ? PortOf(Of(lastPort)) : first;
            if (first < 0 || last < 0)
                return null;
            ports = new PortRange(first, last);
        }
        if (address.From == Source.Map)
            return new NewDestination(null, null, ports, address.Map ?? "", address.ByPort, mapsPort);
        if (AddressOf(address) is not { } firstAddress)
            return null;
        IPAddress? lastAddress = nat.LastAddress is { } end ? AddressOf(Of(end)) : firstAddress;
        return lastAddress is null ? null
            : port.From == Source.Map ? new NewDestination(firstAddress, lastAddress, null, port.Map ?? "", port.ByPort, MapsPort: true)
            : new NewDestination(firstAddress, lastAddress, ports);
    }

    private static IPAddress? AddressOf(Loaded loaded) =>
        loaded is { From: Source.Given, Value.Bytes.Length: 4 } ? new IPAddress(loaded.Value.Bytes) : null;

    private static int PortOf(Loaded loaded) =>
        loaded is { From: Source.Given, Value.Bytes.Length: >= 2 } ? BinaryPrimitives.ReadUInt16BigEndian(loaded.Value.Bytes) : -1;
}
