using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Warren.Netlink.Nftables;
using Warren.Netlink.Wire;
using Warren.Netlink.Xtables;

namespace Warren.Firewall.Neighbours;

/// <summary>What is known of a rule of nf_tables: it follows the registers, as the kernel does.</summary>
internal sealed partial class NftReading
{
    private const uint NewFlow = (uint)NftState.New;
    private const byte IPv4 = (byte)NftFamily.Ip;
    private const ushort EtherTypeIPv4 = 0x0800;
    private const uint SourceOffset = 12;
    private const uint DestinationOffset = 16;
    private const uint ProtocolOffset = 9;
    private const uint DestinationTranslated = 1 << 5; // IPS_DST_NAT

    // NFT_META_*, those that NftMetaKey does not name
    private const NftMetaKey EtherType = (NftMetaKey)1;
    private const NftMetaKey InputIndex = (NftMetaKey)4;
    private const NftMetaKey OutputIndex = (NftMetaKey)5;

    private readonly ForeignRule _rule;
    private readonly Dictionary<uint, Loaded> _registers = [];

    private NftReading(ForeignRule rule) => _rule = rule;

    public static ForeignRule Read(NftRule rule)
    {
        var read = new ForeignRule { Native = rule, Comment = rule.Comment };
        var reading = new NftReading(read);
        foreach (NftExpression expression in rule.Expressions)
            reading.Follow(expression);
        return read;
    }

    /// <summary>As nft writes the rule, its parts of iptables as iptables writes them.</summary>
    public static string Text(NftRule rule)
    {
        string text = rule.ToString();
        foreach (NftExpression expression in rule.Expressions)
        {
            if (expression is NftExtension extension && Words(extension) is { } words)
                text = text.Replace($"xt {extension.Name} \"{extension.Extension}\"", words, StringComparison.Ordinal);
        }
        return text.Replace("counter ", "", StringComparison.Ordinal);
    }

    private static string? Words(NftExtension extension)
    {
        try
        {
            if (!extension.IsTarget)
                return XtMatch.Parse(extension.Extension, (int)extension.Revision, extension.Content.Bytes).ToString();
            return XtTarget.Parse(extension.Extension, (int)extension.Revision, extension.Content.Bytes) switch
            {
                XtTranslation { IsDestination: true } translation when translation.Range.Length > 0 =>
                    $"{(translation.Name == "DNAT" ? "dnat" : "redirect")} to {translation.Range}",
                XtTarget other => other.ToString(),
            };
        }
        catch (MalformedMessageException)
        {
            return null;
        }
    }

    private void Follow(NftExpression expression)
    {
        switch (expression)
        {
            case NftMeta { IsStore: true } or NftCounter:
                break;
            case NftMasquerade or NftNat { IsDestination: false }:
                _rule.TranslatesSource = true;
                break;
            case NftMeta meta:
                Load(meta.Register, new Loaded(Source.Meta, (uint)meta.Key, 0));
                break;
            case NftPayload { Base: NftBase.Network } payload:
                Load(payload.Register, new Loaded(Source.Network, payload.Offset, payload.Length));
                break;
            case NftPayload { Base: NftBase.Transport } payload:
                Load(payload.Register, new Loaded(Source.Transport, payload.Offset, payload.Length));
                break;
            case NftPayload payload:
                Load(payload.Register, default);
                break;
            case NftConntrack { Key: NftConntrackKey.State } ct:
                Load(ct.Register, new Loaded(Source.State, 0, 4));
                break;
            case NftConntrack { Key: NftConntrackKey.Status } ct:
                Load(ct.Register, new Loaded(Source.Status, 0, 4));
                break;
            case NftConntrack ct:
                Load(ct.Register, default);
                break;
            case NftFib fib:
                bool ofDestination = fib is { Result: NftFib.AddressType, Flags: NftFib.Destination };
                Load(fib.Register, ofDestination ? new Loaded(Source.DestinationType, 0, 4) : default);
                break;
            case NftBitwise bitwise:
                Loaded before = Of(bitwise.Register);
                bool plain = before.Mask is null && bitwise.Mask.Bytes.Length > 0;
                Load(bitwise.Register, plain ? before with { Mask = bitwise.Mask, Xor = bitwise.Xor } : default);
                break;
            case NftCompare compare:
                Compare(Of(compare.Register), compare);
                break;
            case NftRange range:
                Range(Of(range.Register), range);
                break;
            case NftLookup lookup:
                Lookup(lookup);
                break;
            case NftImmediate { Verdict: { } verdict }:
                _rule.Take(verdict);
                break;
            case NftImmediate immediate:
                Load(immediate.Register, new Loaded(Source.Given, 0, 0) { Value = immediate.Value });
                break;
            case NftReject:
                _rule.Verdict = ForeignVerdict.Drop;
                break;
            case NftNat nat:
                _rule.Never |= nat.Family == NftFamily.Ip6;
                _rule.Verdict = ForeignVerdict.Translate;
                _rule.Destination = NewDestination(nat);
                break;
            case NftRedirect:
                _rule.Verdict = ForeignVerdict.Translate;
                break;
            case NftExtension extension:
                Extend(extension);
                break;
            case NftUnknown unknown:
                Unknown(unknown);
                break;
            default:
                _rule.Obscure = true;
                break;
        }
    }

    private void Compare(Loaded loaded, NftCompare compare)
    {
        ReadOnlySpan<byte> value = compare.Value.Bytes;
        bool inverted = compare.Operator == NftOperator.NotEqual;
        bool exact = inverted || compare.Operator == NftOperator.Equal;
        bool masked = loaded.Mask is not null;
        switch (loaded)
        {
            case { From: Source.State, Mask: var mask, Xor: var xor } when exact && value.Length == 4:
                uint state = (NewFlow & (mask is { } bits ? Number(bits) : uint.MaxValue)) ^ Number(xor);
                _rule.Never |= (state == Number(compare.Value)) == inverted;
                break;
            // ct status dnat
            case { From: Source.Status, Mask: { } only, Xor: var flipped }
                when exact && Number(only) == DestinationTranslated && Number(flipped) == 0 && value.Length == 4
                    && Number(compare.Value) is 0 or DestinationTranslated:
                _rule.Require(translated: (Number(compare.Value) == 0) == inverted);
                break;
            case { From: Source.Meta } when exact && !masked:
                CompareMeta((NftMetaKey)loaded.Offset, value, inverted);
                break;
            case { From: Source.Network, Offset: ProtocolOffset } when exact && !masked && value.Length == 1:
                _rule.Protocols.Add(new ProtocolCondition(value[0], inverted));
                break;
            case { From: Source.Network } when Address(loaded, DestinationOffset, value) is { } destination:
                CompareAddress(_rule.Destinations, loaded, DestinationOffset, destination, compare.Operator, value.Length);
                break;
            case { From: Source.Network } when Address(loaded, SourceOffset, value) is { } source:
                CompareAddress(_rule.Sources, loaded, SourceOffset, source, compare.Operator, value.Length);
                break;
            case { From: Source.DestinationType } when exact && !inverted && !masked && value.Length == 4:
                const uint Local = 2; // RTN_LOCAL
                _rule.ForHost |= Number(compare.Value) == Local;
                _rule.Obscure |= Number(compare.Value) != Local;
                break;
            case { From: Source.Transport, Offset: 2 } when !masked && value.Length == 2:
                Port(compare.Operator, BinaryPrimitives.ReadUInt16BigEndian(value));
                break;
            // source and destination port compared together
            case { From: Source.Transport, Offset: 0 } when !masked && value.Length == 4 && exact && !inverted:
                Port(NftOperator.Equal, BinaryPrimitives.ReadUInt16BigEndian(value[2..]));
                _rule.Obscure = true;
                break;
            default:
                _rule.Obscure = true;
                break;
        }
    }

    private void CompareMeta(NftMetaKey key, ReadOnlySpan<byte> value, bool inverted)
    {
        const uint Loopback = 1;
        switch (key)
        {
            case NftMetaKey.InputLinkName or NftMetaKey.OutputLinkName:
                int end = value.IndexOf((byte)0);
                string name = Encoding.UTF8.GetString(end < 0 ? value : value[..end]);
                _rule.Links.Add(new LinkCondition(key == NftMetaKey.InputLinkName, new LinkPattern(name, end < 0, inverted)));
                break;
            case InputIndex or OutputIndex when value.Length == 4 && MemoryMarshal.Read<uint>(value) == Loopback:
                _rule.Links.Add(new LinkCondition(key == InputIndex, new LinkPattern("lo", false, inverted)));
                break;
            case NftMetaKey.Family when value.Length == 1:
                _rule.Never |= (value[0] == IPv4) == inverted;
                break;
            case EtherType when value.Length == 2:
                _rule.Never |= (BinaryPrimitives.ReadUInt16BigEndian(value) == EtherTypeIPv4) == inverted;
                break;
            case NftMetaKey.TransportProtocol when value.Length == 1:
                _rule.Protocols.Add(new ProtocolCondition(value[0], inverted));
                break;
            default:
                _rule.Obscure = true;
                break;
        }
    }

    private void Port(NftOperator comparison, int port)
    {
        PortRange ports = comparison switch
        {
            NftOperator.Less => new PortRange(0, port - 1),
            NftOperator.LessOrEqual => new PortRange(0, port),
            NftOperator.Greater => new PortRange(port + 1, 65535),
            NftOperator.GreaterOrEqual => new PortRange(port, 65535),
            _ => new PortRange(port, port),
        };
        _rule.Ports.Add(new PortCondition([ports], comparison == NftOperator.NotEqual));
    }

    private void Range(Loaded loaded, NftRange range)
    {
        ReadOnlySpan<byte> from = range.From.Bytes;
        ReadOnlySpan<byte> to = range.To.Bytes;
        if (loaded is { From: Source.Transport, Offset: 2, Mask: null } && from.Length == 2 && to.Length == 2)
        {
            var ports = new PortRange(BinaryPrimitives.ReadUInt16BigEndian(from), BinaryPrimitives.ReadUInt16BigEndian(to));
            _rule.Ports.Add(new PortCondition([ports], range.Outside));
        }
        else if (loaded is { From: Source.Network, Offset: SourceOffset or DestinationOffset, Mask: null } && from.Length == 4 && to.Length == 4)
        {
            List<AddressCondition> conditions = loaded.Offset == SourceOffset ? _rule.Sources : _rule.Destinations;
            uint first = BinaryPrimitives.ReadUInt32BigEndian(from);
            conditions.Add(new AddressCondition(first, BinaryPrimitives.ReadUInt32BigEndian(to), range.Outside));
        }
        else
        {
            _rule.Obscure = true;
        }
    }

    private void Lookup(NftLookup lookup)
    {
        SetKey? key = KeyOf(Of(lookup.Register));
        if (lookup.Target == 0)
            _rule.Verdicts = Keys(lookup, key);
        else if (key == SetKey.Port && !lookup.Inverted)
            _rule.PortSets.Add(lookup.Set);
        else if (key is { } known && lookup.Target is null)
            _rule.Sets.Add(new SetCondition(known, lookup.Set, lookup.Inverted));
        else
            _rule.Obscure = true;
        if (lookup.Target is { } target and not 0)
            Load(target, new Loaded(Source.Map, 0, 0) { Map = lookup.Set, ByPort = key == SetKey.Port });
    }

    private static SetKey? KeyOf(Loaded loaded) =>
        loaded switch
        {
            { Mask: not null } => null,
            { From: Source.Transport, Offset: 2, Length: 2 } => SetKey.Port,
            { From: Source.Network, Offset: ProtocolOffset, Length: 1 } => SetKey.Protocol,
            { From: Source.Meta, Offset: (uint)NftMetaKey.TransportProtocol } => SetKey.Protocol,
            { From: Source.Meta, Offset: (uint)NftMetaKey.InputLinkName } => SetKey.InputLink,
            { From: Source.Meta, Offset: (uint)NftMetaKey.OutputLinkName } => SetKey.OutputLink,
            { From: Source.State } => SetKey.State,
            _ => null,
        };

    // the parts of a concatenated key stand in registers one behind the other
    private VerdictMap Keys(NftLookup lookup, SetKey? key)
    {
        const int PartLength = 4;
        int? port = null;
        int? protocol = null;
        uint register = Normal(lookup.Register);
        for (int at = 0; _registers.TryGetValue(register, out Loaded part); at += PartLength, register++)
        {
            if (part is { From: Source.Transport, Offset: 2, Length: 2, Mask: null })
                port ??= at;
            else if (part is { From: Source.Meta, Offset: (uint)NftMetaKey.TransportProtocol, Mask: null })
                protocol ??= at;
        }
        return new VerdictMap(lookup.Set, port, protocol, key);
    }

    private void Extend(NftExtension extension)
    {
        try
        {
            if (extension.IsTarget)
                _rule.Take(XtTarget.Parse(extension.Extension, (int)extension.Revision, extension.Content.Bytes));
            else
                _rule.Require(XtMatch.Parse(extension.Extension, (int)extension.Revision, extension.Content.Bytes));
        }
        catch (MalformedMessageException)
        {
            _rule.Obscure = true;
        }
    }

    private void Unknown(NftUnknown unknown)
    {
        switch (unknown.Name)
        {
            // they do something and go on; "ct" and "payload" are here only when they set
            case "log" or "notrack" or "last" or "dup" or "ct" or "payload":
                break;
            case "objref" when IsCounter(unknown.Content.Bytes):
                break;
            // they fill a register that is not known; the comparison that follows is the condition
            case "exthdr" or "rt" or "socket" or "osf" or "numgen" or "hash" or "tunnel" or "xfrm" or "byteorder":
                _registers.Clear();
                break;
            default:
                _registers.Clear();
                _rule.Obscure = true;
                break;
        }
    }

    // NFTA_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER
    private static bool IsCounter(ReadOnlySpan<byte> attributes)
    {
        var type = new Be32Key(1);
        var attribute = new AttributeReader(attributes);
        while (attribute.Next())
        {
            if (attribute.Is(type))
                return attribute.Get(type) == 1;
        }
        return false;
    }

    private void Load(uint register, Loaded loaded) => _registers[Normal(register)] = loaded;

    private Loaded Of(uint register) => _registers.GetValueOrDefault(Normal(register));

    // registers 1 to 4 are the registers 8, 12, 16, 20 by another name
    private static uint Normal(uint register) => register is >= 1 and <= 4 ? 8 + ((register - 1) * 4) : register;

    private static uint Number(NftValue value) =>
        value.Bytes.Length >= 4 ? MemoryMarshal.Read<uint>(value.Bytes) : 0;

    private enum Source
    {
        Other,
        Meta,
        Network,
        Transport,
        State,
        Status,
        DestinationType,
        Given,
        Map,
    }

    /// <summary>What a register holds.</summary>
    /// <param name="From">Where it comes from.</param>
    /// <param name="Offset">The offset in the header; of Meta, the key.</param>
    /// <param name="Length">How many bytes.</param>
    /// <param name="Mask">What it was masked with.</param>
    /// <param name="Xor">What was flipped after.</param>
    private readonly record struct Loaded(Source From, uint Offset, uint Length, NftValue? Mask = null, NftValue Xor = default)
    {
        /// <summary>Of Given, the bytes.</summary>
        public NftValue Value { get; init; }

        /// <summary>Of Map, its name.</summary>
        public string? Map { get; init; }

        /// <summary>Of Map, whether a destination port was looked up in it.</summary>
        public bool ByPort { get; init; }
    }
}
