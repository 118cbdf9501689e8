using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;

namespace Warren.Netlink.Nftables;

/// <summary>Writes a rule's expressions as nft does, as far as this package knows them. It follows the registers: a load
/// gives a register its words, a comparison consumes them.</summary>
internal static class RuleText
{
    private static readonly string[] Operators = ["", "!= ", "< ", "<= ", "> ", ">= "];

    private static readonly (uint Bit, string Word)[] States =
    [
        (1, "invalid"),
        (8, "new"),
        (2, "established"),
        (4, "related"),
        (64, "untracked"),
    ];

    private static readonly (uint Bit, string Word)[] Statuses =
    [
        (1, "expected"),
        (2, "seen-reply"),
        (4, "assured"),
        (8, "confirmed"),
        (16, "snat"),
        (32, "dnat"),
        (512, "dying"),
    ];

    private static readonly (uint Bit, string Word)[] TcpFlags =
    [
        (1, "fin"),
        (2, "syn"),
        (4, "rst"),
        (8, "psh"),
        (16, "ack"),
        (32, "urg"),
        (64, "ecn"),
        (128, "cwr"),
    ];

    private static readonly string[] AddressTypes =
        ["unspec", "unicast", "local", "broadcast", "anycast", "multicast", "blackhole", "unreachable", "prohibit", "throw"];

    private enum Kind
    {
        Other,
        LinkName,
        Family,
        Protocol,
        Port,
        Address,
        State,
        Status,
        AddressType,
        Presence,
        TcpFlags,
        Direction,
    }

    public static string Write(NftRule rule)
    {
        var text = new Writer(rule.Table.Family);
        IReadOnlyList<NftExpression> all = rule.Expressions;
        for (int i = 0; i < all.Count; i++)
        {
            // nft compiles a range into two comparisons of what was loaded once
            if (
                all[i] is NftCompare { Operator: NftOperator.GreaterOrEqual } from
                && i + 1 < all.Count
                && all[i + 1] is NftCompare { Operator: NftOperator.LessOrEqual } to
                && from.Register == to.Register
            )
            {
                text.Write(new NftRange(false, from.Value, to.Value, from.Register));
                i++;
                continue;
            }
            text.Write(all[i]);
        }
        return text.End(rule.Comment);
    }

    private sealed record Load(string Words, Kind Kind, uint Length = 0);

    private sealed class Writer(NftFamily family)
    {
        private readonly StringBuilder _text = new();
        private readonly List<(uint Register, Load Load)> _loads = [];
        private readonly Dictionary<uint, NftValue> _values = [];
        private NftValue? _mask;
        private string? _mapped;

        // "meta nfproto ipv4" before "ip daddr" and "meta l4proto tcp" before "tcp dport" are implied, and not written
        private string? _implied;
        private string _network = family switch
        {
            NftFamily.Ip => "ip",
            NftFamily.Ip6 => "ip6",
            _ => "",
        };
        private string _transport = "th";

        public void Write(NftExpression expression)
        {
            switch (expression)
            {
                case NftMeta { IsStore: false } meta:
                    Remember(meta.Register, LoadOf(meta.Key));
                    break;
                case NftMeta meta:
                    Add($"{LoadOf(meta.Key).Words} set {Stored(meta.Register)}");
                    break;
                case NftPayload payload:
                    Remember(payload.Register, LoadOf(payload));
                    break;
                case NftConntrack ct:
                    Remember(
                        ct.Register,
                        ct.Key switch
                        {
                            NftConntrackKey.State => new Load("ct state", Kind.State),
                            NftConntrackKey.Status => new Load("ct status", Kind.Status),
                            NftConntrackKey.Direction => new Load("ct direction", Kind.Direction),
                            _ => new Load($"ct key {(int)ct.Key}", Kind.Other),
                        }
                    );
                    break;
                case NftFib fib:
                    Remember(
                        fib.Register,
                        new Load(
                            (fib.Flags & 2) != 0 ? FibWords("daddr", fib) : FibWords("saddr", fib),
                            (fib.Flags & NftFib.Presence) != 0 ? Kind.Presence
                            : fib.Result == NftFib.AddressType ? Kind.AddressType
                            : Kind.Other
                        )
                    );
                    break;
                case NftRouteLoad rt:
                    Remember(rt.Register, new Load(rt.Key == NftRouteLoad.SegmentSize ? "rt mtu" : $"rt key {rt.Key}", Kind.Other));
                    break;
                case NftByteOrder:
                    break;
                case NftTcpOptionWrite write:
                    if (_implied == "meta l4proto tcp")
                        _implied = null;
                    string option = write is { Option: 2, Offset: 2 } ? "maxseg size" : $"@{write.Option},{write.Offset * 8},{write.Length * 8}";
                    Add($"tcp option {option} set {Consume(write.Register).Words}");
                    break;
                case NftBitwise bitwise:
                    _mask = bitwise.Mask;
                    break;
                case NftCompare compare:
                    Compare(compare);
                    break;
                case NftRange range:
                    Load ranged = Consume(range.Register);
                    Add($"{ranged.Words} {(range.Outside ? "!= " : "")}{Value(ranged, range.From)}-{Value(ranged, range.To)}");
                    break;
                case NftLookup lookup:
                    Lookup(lookup);
                    break;
                case NftImmediate { Verdict: { } verdict }:
                    Add(verdict.ToString());
                    break;
                case NftImmediate immediate:
                    _values[Normal(immediate.Register)] = immediate.Value;
                    break;
                case NftNat nat:
                    Nat(nat);
                    break;
                case NftMasquerade:
                    Add("masquerade");
                    break;
                case NftRedirect redirect:
                    Add(redirect.Port is { } port ? "redirect to :" + PortOf(port) : "redirect");
                    break;
                case NftReject { Type: NftReject.AnyFamily, Code: NftReject.Prohibited }:
                    Add("reject with icmpx admin-prohibited");
                    break;
                case NftReject:
                    Add("reject");
                    break;
                case NftSetAdd add:
                    string key = string.Join(" . ", _loads.Select(load => load.Load.Words));
                    _loads.Clear();
                    Add($"{(add.Updates ? "update" : "add")} @{add.Set} {{ {key}{(add.Condition is { } asked ? " " + Asked(asked) : "")} }}");
                    break;
                case NftFlowCount:
                    Add(Asked(expression));
                    break;
                case NftCounter:
                    Add("counter");
                    break;
                case NftExtension extension:
                    Add($"xt {extension.Name} \"{extension.Extension}\"");
                    break;
                default:
                    Add(expression.Name);
                    break;
            }
        }

        public string End(string comment)
        {
            FlushImplied();
            if (comment.Length > 0)
                Add($"comment \"{comment}\"");
            return _text.ToString();
        }

        private static Load LoadOf(NftMetaKey key) =>
            key switch
            {
                NftMetaKey.InputLinkName => new Load("iifname", Kind.LinkName),
                NftMetaKey.OutputLinkName => new Load("oifname", Kind.LinkName),
                NftMetaKey.Family => new Load("meta nfproto", Kind.Family),
                NftMetaKey.TransportProtocol => new Load("meta l4proto", Kind.Protocol),
                NftMetaKey.Mark => new Load("meta mark", Kind.Other),
                NftMetaKey.Trace => new Load("meta nftrace", Kind.Other),
                _ => new Load($"meta key {(int)key}", Kind.Other),
            };

        private Load LoadOf(NftPayload payload)
        {
            if (payload.Base == NftBase.Network)
            {
                if (_implied?.StartsWith("meta nfproto", StringComparison.Ordinal) == true)
                    _implied = null;
                string network = _network.Length > 0 ? _network : payload.Length > 4 ? "ip6" : "ip";
                (uint source, uint destination) = network == "ip6" ? (8u, 24u) : (12u, 16u);
                if (payload.Offset == source)
                    return new Load(network + " saddr", Kind.Address, payload.Length);
                if (payload.Offset == destination)
                    return new Load(network + " daddr", Kind.Address, payload.Length);
                if (network == "ip" && payload.Offset == 9)
                    return new Load("ip protocol", Kind.Protocol);
            }
            else if (payload is { Base: NftBase.Transport, Length: 2, Offset: 0 or 2 })
            {
                if (_implied?.StartsWith("meta l4proto", StringComparison.Ordinal) == true)
                    _implied = null;
                return new Load(_transport + (payload.Offset == 0 ? " sport" : " dport"), Kind.Port);
            }
            else if (payload is { Base: NftBase.Transport, Length: 1, Offset: 13 } && _transport == "tcp")
            {
                if (_implied == "meta l4proto tcp")
                    _implied = null;
                return new Load("tcp flags", Kind.TcpFlags);
            }
            return new Load($"@{"lnt"[(int)((uint)payload.Base % 3)]}h,{payload.Offset * 8},{payload.Length * 8}", Kind.Other);
        }

        private static string Asked(NftExpression condition) =>
            condition is NftFlowCount count ? $"ct count {(count.Over ? "over " : "")}{count.Count}" : condition.Name;

        private static string FibWords(string address, NftFib fib) =>
            $"fib {address}{((fib.Flags & 8) != 0 ? " . iif" : "")} "
            + fib.Result switch
            {
                1 => "oif",
                2 => "oifname",
                _ => "type",
            };

        private void Compare(NftCompare compare)
        {
            Load load = Consume(compare.Register);
            NftValue? mask = _mask;
            _mask = null;
            if (mask is { } bits && load.Kind is Kind.State or Kind.Status && compare.Operator == NftOperator.NotEqual)
            {
                Add($"{load.Words} {Words(bits.Bytes, load.Kind == Kind.State ? States : Statuses)}");
                return;
            }
            if (load.Kind == Kind.Family && compare.Operator == NftOperator.Equal)
            {
                _network = compare.Value.Bytes is [10, ..] ? "ip6" : "ip";
                FlushImplied();
                _implied = $"meta nfproto {Value(load, compare.Value)}";
                return;
            }
            if (load is { Kind: Kind.Protocol } && compare.Operator == NftOperator.Equal)
            {
                string protocol = Value(load, compare.Value);
                _transport = protocol is "tcp" or "udp" ? protocol : "th";
                FlushImplied();
                if (load.Words == "meta l4proto")
                {
                    _implied = "meta l4proto " + protocol;
                    return;
                }
            }
            if (mask is { Bytes: [var among] } && load.Kind == Kind.TcpFlags && compare.Value.Bytes is [var flags])
            {
                string wanted = Words([flags, 0, 0, 0], TcpFlags);
                Add($"tcp flags {(compare.Operator == NftOperator.NotEqual ? "!= " : "")}{wanted} / {Words([among, 0, 0, 0], TcpFlags)}");
                return;
            }
            string masked = mask is { } other && load.Kind == Kind.Address ? "/" + PrefixOf(other.Bytes) : "";
            string shown = Value(load, compare.Value) + masked;
            string words = mask is { } rest && load.Kind != Kind.Address ? $"{load.Words} & {rest}" : load.Words;
            Add($"{words} {Operators[(uint)compare.Operator % Operators.Length]}{shown}");
        }

        private void Lookup(NftLookup lookup)
        {
            string key = string.Join(" . ", _loads.Select(load => load.Load.Words));
            _loads.Clear();
            if (lookup.Target is null)
                Add($"{key} {(lookup.Inverted ? "!= " : "")}@{lookup.Set}");
            else if (lookup.Target == 0)
                Add($"{key} vmap @{lookup.Set}");
            else
                _mapped = $"{key} map @{lookup.Set}";
        }

        private void Nat(NftNat nat)
        {
            string kind = nat.IsDestination ? "dnat" : "snat";
            string named = family == NftFamily.Inet ? (nat.Family == NftFamily.Ip6 ? " ip6" : " ip") : "";
            if (_mapped is not null)
            {
                Add($"{kind}{named} to {_mapped}");
                return;
            }
            string address = nat.Address is { } register ? AddressOf(register) : "";
            string port = nat.Port is { } second ? ":" + PortOf(second) : "";
            if (nat.LastAddress is { } lastAddress)
                address += "-" + AddressOf(lastAddress);
            if (nat.LastPort is { } lastPort)
                port += "-" + PortOf(lastPort);
            Add($"{kind}{named} to {address}{port}");
        }

        // what is stored is shorter than a register, or a number in the machine's order
        private string Stored(uint register)
        {
            if (!_values.TryGetValue(Normal(register), out NftValue value))
                return "?";
            return value.Bytes.Length switch
            {
                1 => value.Bytes[0].ToString(CultureInfo.InvariantCulture),
                4 => $"0x{MemoryMarshal.Read<uint>(value.Bytes):x8}",
                _ => value.ToString(),
            };
        }

        private string AddressOf(uint register) =>
            _values.TryGetValue(Normal(register), out NftValue value) && value.Bytes.Length is 4 or 16
                ? new IPAddress(value.Bytes).ToString()
                : "?";

        private string PortOf(uint register) =>
            _values.TryGetValue(Normal(register), out NftValue value) && value.Bytes.Length >= 2
                ? BinaryPrimitives.ReadUInt16BigEndian(value.Bytes).ToString(CultureInfo.InvariantCulture)
                : "?";

        private void Remember(uint register, Load load)
        {
            register = Normal(register);
            _loads.RemoveAll(other => other.Register == register);
            _loads.Add((register, load));
        }

        private Load Consume(uint register)
        {
            register = Normal(register);
            int index = _loads.FindIndex(load => load.Register == register);
            if (index < 0)
                return new Load($"reg {register}", Kind.Other);
            Load found = _loads[index].Load;
            _loads.RemoveAt(index);
            return found;
        }

        // registers 1 to 4 are the registers 8, 12, 16, 20 by another name
        private static uint Normal(uint register) => register is >= 1 and <= 4 ? 8 + ((register - 1) * 4) : register;

        private void FlushImplied()
        {
            if (_implied is not { } implied)
                return;
            _implied = null;
            Add(implied);
        }

        private void Add(string words)
        {
            FlushImplied();
            if (_text.Length > 0)
                _text.Append(' ');
            _text.Append(words);
        }

        private static string Value(Load load, NftValue value)
        {
            ReadOnlySpan<byte> bytes = value.Bytes;
            switch (load.Kind)
            {
                case Kind.LinkName:
                    int end = bytes.IndexOf((byte)0);
                    return end < 0
                        ? $"\"{Encoding.UTF8.GetString(bytes)}*\""
                        : $"\"{Encoding.UTF8.GetString(bytes[..end])}\"";
                case Kind.Family when bytes.Length == 1:
                    return bytes[0] == 10 ? "ipv6" : "ipv4";
                case Kind.Protocol when bytes.Length == 1:
                    return bytes[0] switch
                    {
                        1 => "icmp",
                        6 => "tcp",
                        17 => "udp",
                        58 => "ipv6-icmp",
                        _ => bytes[0].ToString(CultureInfo.InvariantCulture),
                    };
                case Kind.Direction when bytes.Length == 1:
                    return bytes[0] == 0 ? "original" : "reply";
                case Kind.Port when bytes.Length == 2:
                    return BinaryPrimitives.ReadUInt16BigEndian(bytes).ToString(CultureInfo.InvariantCulture);
                case Kind.Address when bytes.Length is 4 or 16 && load.Length == bytes.Length:
                    return new IPAddress(bytes).ToString();
                case Kind.Address when bytes.Length < 16:
                    Span<byte> whole = stackalloc byte[bytes.Length < 4 ? 4 : 16];
                    whole.Clear();
                    bytes.CopyTo(whole);
                    return $"{new IPAddress(whole)}/{bytes.Length * 8}";
                case Kind.Presence when bytes.Length == 4:
                    return MemoryMarshal.Read<uint>(bytes) == 0 ? "missing" : "exists";
                case Kind.AddressType when bytes.Length == 4 && MemoryMarshal.Read<uint>(bytes) < AddressTypes.Length:
                    return AddressTypes[MemoryMarshal.Read<uint>(bytes)];
                case Kind.State when bytes.Length == 4:
                    return Words(bytes, States);
                default:
                    return value.ToString();
            }
        }

        private static string Words(ReadOnlySpan<byte> bytes, (uint Bit, string Word)[] table)
        {
            uint bits = bytes.Length == 4 ? MemoryMarshal.Read<uint>(bytes) : 0;
            return string.Join(',', table.Where(entry => (bits & entry.Bit) != 0).Select(entry => entry.Word));
        }

        private static int PrefixOf(ReadOnlySpan<byte> mask)
        {
            int bits = 0;
            foreach (byte part in mask)
                bits += System.Numerics.BitOperations.PopCount(part);
            return bits;
        }
    }
}
