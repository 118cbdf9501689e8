using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;

namespace Warren.Netlink.Nftables;

/// <summary>
/// Statements in the words of nft, for <c>using static</c>: a rule is
/// <c>table.Rule("forward", IifName("wrn-*"), CtState(NftState.Established), Accept)</c>.
/// </summary>
public static class NftStatements
{
    private const uint SecondPart = 9;
    private const uint ThirdPart = 10;

    /// <summary>A rule of a table.</summary>
    public static NftRule Rule(this NftTable table, string chain, params ReadOnlySpan<NftExpression[]> statements)
    {
        var expressions = new List<NftExpression>();
        foreach (NftExpression[] statement in statements)
            expressions.AddRange(statement);
        return new NftRule(table, chain, expressions);
    }

    /// <summary><c>accept</c></summary>
    public static NftExpression[] Accept { get; } = [new NftImmediate(NftVerdict.Accept)];

    /// <summary><c>drop</c></summary>
    public static NftExpression[] Drop { get; } = [new NftImmediate(NftVerdict.Drop)];

    /// <summary><c>counter</c></summary>
    public static NftExpression[] Counter { get; } = [new NftCounter()];

    /// <summary><c>masquerade</c></summary>
    public static NftExpression[] Masquerade { get; } = [new NftMasquerade()];

    /// <summary><c>ct status dnat</c></summary>
    public static NftExpression[] CtStatusDnat { get; } = Bits(NftConntrackKey.Status, NftConntrack.TranslatedDestination);

    /// <summary><c>ct direction original</c>: from the side that started the flow.</summary>
    public static NftExpression[] CtDirectionOriginal { get; } =
        [new NftConntrack(NftConntrackKey.Direction), new NftCompare(NftOperator.Equal, new NftValue([0]))];

    /// <summary><c>reject with icmpx admin-prohibited</c></summary>
    public static NftExpression[] RejectProhibited { get; } = [new NftReject(NftReject.AnyFamily, NftReject.Prohibited)];

    /// <summary><c>fib daddr type local</c></summary>
    public static NftExpression[] FibDaddrLocal { get; } =
        [new NftFib(NftFib.AddressType, NftFib.Destination), new NftCompare(NftOperator.Equal, Machine(2))];

    /// <summary><c>fib saddr . iif oif missing</c>: the answer would not go back by the link that the packet came in by.</summary>
    public static NftExpression[] FibSaddrIifMissing { get; } =
        [
            new NftFib(NftFib.OutputLink, NftFib.Source | NftFib.OfInputLink | NftFib.Presence),
            new NftCompare(NftOperator.Equal, Machine(0)),
        ];

    /// <summary><c>tcp flags syn / syn,rst</c>: the first packet of a connection, and the first of the answer.</summary>
    public static NftExpression[] TcpFlagsSyn { get; } =
        [
            new NftMeta(NftMetaKey.TransportProtocol),
            new NftCompare(NftOperator.Equal, new NftValue([6])),
            new NftPayload(NftBase.Transport, 13, 1),
            new NftBitwise(new NftValue([0x06]), new NftValue([0])),
            new NftCompare(NftOperator.Equal, new NftValue([0x02])),
        ];

    /// <summary><c>tcp option maxseg size set rt mtu</c>: no segment larger than the route takes, either way.</summary>
    public static NftExpression[] ClampSegmentSize { get; } =
        [new NftRouteLoad(NftRouteLoad.SegmentSize), new NftByteOrder(true, 2), new NftTcpOptionWrite(2, 2, 2)];

    /// <summary><c>meta nfproto ipv4</c></summary>
    public static NftExpression[] IPv4 { get; } =
        [new NftMeta(NftMetaKey.Family), new NftCompare(NftOperator.Equal, new NftValue([(byte)NftFamily.Ip]))];

    /// <summary><c>jump CHAIN</c></summary>
    public static NftExpression[] Jump(string chain) => [new NftImmediate(NftVerdict.Jump(chain))];

    /// <summary><c>goto CHAIN</c></summary>
    public static NftExpression[] Goto(string chain) => [new NftImmediate(NftVerdict.Goto(chain))];

    /// <summary><c>iifname "NAME"</c>; a name that ends with * stands for all that begin so.</summary>
    public static NftExpression[] IifName(string name) => LinkName(NftMetaKey.InputLinkName, NftOperator.Equal, name);

    /// <summary><c>iifname != "NAME"</c></summary>
    public static NftExpression[] IifNameNot(string name) => LinkName(NftMetaKey.InputLinkName, NftOperator.NotEqual, name);

    /// <summary><c>oifname "NAME"</c></summary>
    public static NftExpression[] OifName(string name) => LinkName(NftMetaKey.OutputLinkName, NftOperator.Equal, name);

    /// <summary><c>oifname != "NAME"</c></summary>
    public static NftExpression[] OifNameNot(string name) => LinkName(NftMetaKey.OutputLinkName, NftOperator.NotEqual, name);

    /// <summary><c>iifname @SET</c></summary>
    public static NftExpression[] IifNameIn(NftSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        return [new NftMeta(NftMetaKey.InputLinkName), new NftLookup(set.Name)];
    }

    /// <summary><c>iifname . oifname != @SET</c></summary>
    public static NftExpression[] LinkNamesNotIn(NftSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        return [new NftMeta(NftMetaKey.InputLinkName), new NftMeta(NftMetaKey.OutputLinkName, 2), new NftLookup(set.Name, Inverted: true)];
    }

    /// <summary><c>add @SET { iifname }</c></summary>
    public static NftExpression[] AddIifName(NftSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        return [new NftMeta(NftMetaKey.InputLinkName), new NftSetAdd(set.Name)];
    }

    /// <summary><c>add @SET { iifname ct count over COUNT }</c>: more flows than that are alive which came in by the packet's link. In a chain
    /// that a flow's first packet alone passes, as one of type nat; any other would count for every packet.</summary>
    public static NftExpression[] AddIifNameCtCountOver(NftSet set, uint count)
    {
        ArgumentNullException.ThrowIfNull(set);
        return [new NftMeta(NftMetaKey.InputLinkName), new NftSetAdd(set.Name, Condition: new NftFlowCount(count, Over: true))];
    }

    /// <summary><c>ct state STATE,…</c></summary>
    public static NftExpression[] CtState(NftState states) => Bits(NftConntrackKey.State, (uint)states);

    /// <summary><c>ip saddr NETWORK</c>, with a prefix of 8, 16, 24 or 32 bits.</summary>
    public static NftExpression[] IpSaddr(IPAddress network, int prefixLength) => Prefix(12, network, prefixLength);

    /// <summary><c>ip daddr NETWORK</c>, with a prefix of 8, 16, 24 or 32 bits.</summary>
    public static NftExpression[] IpDaddr(IPAddress network, int prefixLength) => Prefix(16, network, prefixLength);

    /// <summary><c>ip daddr . meta l4proto . th dport @SET</c></summary>
    public static NftExpression[] IpDaddrAndPortIn(NftSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        return
        [
            .. IPv4,
            new NftPayload(NftBase.Network, 16, 4),
            new NftMeta(NftMetaKey.TransportProtocol, SecondPart),
            new NftPayload(NftBase.Transport, 2, 2, ThirdPart),
            new NftLookup(set.Name),
        ];
    }

    /// <summary><c>dnat ip to meta l4proto . th dport map @MAP</c></summary>
    public static NftExpression[] DnatByPort(NftSet map)
    {
        ArgumentNullException.ThrowIfNull(map);
        return
        [
            new NftMeta(NftMetaKey.TransportProtocol),
            new NftPayload(NftBase.Transport, 2, 2, SecondPart),
            new NftLookup(map.Name, 1, 1),
            new NftNat(true, NftFamily.Ip, 1, SecondPart),
        ];
    }

    /// <summary><c>dnat ip to ip daddr . meta l4proto . th dport map @MAP</c></summary>
    public static NftExpression[] DnatByAddressAndPort(NftSet map)
    {
        ArgumentNullException.ThrowIfNull(map);
        return
        [
            .. IPv4,
            new NftPayload(NftBase.Network, 16, 4),
            new NftMeta(NftMetaKey.TransportProtocol, SecondPart),
            new NftPayload(NftBase.Transport, 2, 2, ThirdPart),
            new NftLookup(map.Name, 1, 1),
            new NftNat(true, NftFamily.Ip, 1, SecondPart),
        ];
    }

    // a name without its ending NUL is compared as far as it goes
    private static NftExpression[] LinkName(NftMetaKey key, NftOperator comparison, string name)
    {
        byte[] value;
        if (name.EndsWith('*'))
            value = Encoding.UTF8.GetBytes(name[..^1]);
        else
            Encoding.UTF8.GetBytes(name, value = new byte[16]);
        return [new NftMeta(key), new NftCompare(comparison, new NftValue(value))];
    }

    private static NftExpression[] Bits(NftConntrackKey key, uint bits) =>
        [new NftConntrack(key), new NftBitwise(Machine(bits), Machine(0)), new NftCompare(NftOperator.NotEqual, Machine(0))];

    private static NftExpression[] Prefix(uint offset, IPAddress network, int prefixLength)
    {
        if (prefixLength is not (8 or 16 or 24 or 32))
            throw new ArgumentOutOfRangeException(nameof(prefixLength), prefixLength, "Only whole bytes are compared.");
        ReadOnlySpan<byte> bytes = network.GetAddressBytes().AsSpan(0, prefixLength / 8);
        return [.. IPv4, new NftPayload(NftBase.Network, offset, (uint)bytes.Length), new NftCompare(NftOperator.Equal, new NftValue(bytes))];
    }

    private static NftValue Machine(uint value) => new(MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in value)));
}
