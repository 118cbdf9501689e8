using System.Net;
using CsCheck;
using Warren.Netlink.Conntrack;
using Warren.Netlink.Diag;
using Warren.Netlink.Nftables;
using Warren.Netlink.Nftables.Trace;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Tests.Conntrack;
using Warren.Netlink.Tests.Diag;
using Warren.Netlink.Tests.Nftables;
using Warren.Netlink.Tests.Rtnetlink;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Tests.Wire;

/// <summary>Whatever bytes come, a reader or parser gives values or a <see cref="MalformedMessageException"/>, and ends.</summary>
public class AnyBytes
{
    private const int Times = 20_000;
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    // numbers that occur in attribute headers, far more often than by chance
    private static readonly Gen<byte[]> Noise = Gen.OneOf(
        Gen.Byte.Array[0, 200],
        Gen.Frequency((3, Gen.Byte[0, 28]), (2, Gen.Const((byte)0)), (1, Gen.Byte)).Array[0, 200]
    );

    private static readonly byte[][] Goldens =
    [
        .. DiagnosisGoldens.Answers,
        .. ConntrackGoldens.Answers,
        .. NeighbourGoldens.Answers,
        .. NftGoldens.Answers,
        .. TraceGoldens.Answers,
        Requests(),
    ];

    /// <summary>Real datagrams with a few bytes changed, cut off at a random place.</summary>
    private static readonly Gen<byte[]> Damaged = Gen.Select(
        Gen.OneOf<byte[]>(Goldens),
        Gen.Select(Gen.Int[0, 4000], Gen.OneOf(Gen.Byte, Gen.Byte[0, 28])).Array[0, 6],
        Gen.Frequency((3, Gen.Const(int.MaxValue)), (1, Gen.Int[0, 2000])),
        (golden, changes, cut) =>
        {
            byte[] bytes = golden[..Math.Min(cut, golden.Length)];
            foreach ((int place, byte value) in changes)
            {
                if (bytes.Length > 0)
                    bytes[place % bytes.Length] = value;
            }
            return bytes;
        }
    );

    [Fact]
    public Task Attributes_of_any_bytes() =>
        Holds(
            Noise,
            bytes =>
            {
                var reader = new AttributeReader(bytes);
                int count = 0;
                int read = 0;
                while (reader.Next())
                {
                    count++;
                    read += reader.Value.Length;
                    GetAs(reader, bytes.Length % 11);
                }
                return count <= bytes.Length / 4 && read <= bytes.Length && !reader.Next();
            }
        );

    [Fact]
    public Task Messages_of_any_bytes() =>
        Holds(
            Gen.OneOf(Noise, Damaged),
            bytes =>
            {
                var reader = new MessageReader(bytes);
                int count = 0;
                while (reader.TryRead(out Message message))
                {
                    count++;
                    AttributeReader attributes = message.Attributes<InetDiagMessage>();
                    while (attributes.Next()) { }
                    _ = message.Header<InetDiagMessage>();
                }
                return count <= bytes.Length / 16 && !reader.TryRead(out _);
            }
        );

    [Fact]
    public Task Sockets_of_any_payload() =>
        Parser((in Message message) => DiagnosisSocket.Parse(in message, TransportProtocol.Tcp), 20);

    [Fact]
    public Task Flows_of_any_payload() => Parser<FoundFlow>(ConntrackEncoding.Parse, 0x100);

    [Fact]
    public Task Neighbours_of_any_payload() => Parser<Neighbour>(Neighbour.Parse, 28);

    [Fact]
    public Task Links_of_any_payload() => Parser<Link>(Link.Parse, RtnetlinkMessage.NewLink);

    [Fact]
    public Task Addresses_of_any_payload() => Parser<InterfaceAddress>(InterfaceAddress.Parse, RtnetlinkMessage.NewAddress);

    [Fact]
    public Task Routes_of_any_payload() => Parser<Route>(Route.Parse, RtnetlinkMessage.NewRoute);

    [Fact]
    public Task Tables_of_any_payload() => Parser<NftTable>(NftTable.Parse, NftMessage.NewTable);

    [Fact]
    public Task Chains_of_any_payload() => Parser<NftChain>(NftChain.Parse, NftMessage.NewChain);

    [Fact]
    public Task Rules_of_any_payload() =>
        Parser(
            (in Message message) =>
            {
                NftRule? rule = NftRule.Parse(in message);
                _ = rule?.ToString();
                return rule;
            },
            NftMessage.NewRule
        );

    [Fact]
    public Task Elements_of_any_payload() =>
        Parser(
            (in Message message) =>
            {
                var elements = new List<NftElement>();
                NftElement.ParseList(in message, elements);
                return elements;
            },
            NftMessage.NewElement
        );

    [Fact]
    public Task Trace_steps_of_any_payload() => Parser<NftTraceEvent>(NftTraceEvent.Parse, NftMessage.Trace);

    [Fact]
    public Task Traced_packets_of_any_headers() =>
        Holds(
            Gen.Select(Gen.OneOf<byte>(0x45, 0x60, 0), Noise, (version, rest) => (byte[])[version, .. rest]),
            bytes =>
            {
                NftTracePacket? packet = NftTracePacket.Read(bytes, bytes.AsSpan(bytes.Length / 2));
                return packet is null || packet.SourcePort is >= 0 and <= ushort.MaxValue;
            }
        );

    /// <summary>Messages that make an object have the type and the attributes of those that describe it.</summary>
    private static byte[] Requests()
    {
        var route = new NetlinkBatch();
        route.AddVeth(new VethEnd("a") { Up = true, Group = 7 }, new VethEnd("b") { Address = MacAddress.Local(1) });
        route.SetLink(3, "a", new LinkChange { Alias = "warren:test", Mtu = 1400 });
        route.AddAddress(3, "a", IPAddress.Parse("10.0.0.1"), 30);
        route.AddAddress(3, "a", IPAddress.IPv6Loopback, 64);
        route.AddDefaultRoute(3, IPAddress.Parse("10.0.0.2"));

        var table = new NftTable(NftFamily.Inet, "warren", "a comment");
        var map = new NftSet(table, "forwards4", [NftType.Protocol, NftType.Port], [NftType.IPv4Address, NftType.Port]);
        var rules = new NftTransaction();
        rules.Add(table);
        rules.Add(new NftChain(table, "forward") { Hook = NftHook.Forward, Type = "filter", Priority = -10 });
        rules.Add(map);
        rules.Add(map, [new NftElement([6, 0, 0, 0, 23, 112, 0, 0], [10, 0, 0, 2, 31, 144, 0, 0])]);
        rules.Append(
            table.Rule(
                "forward",
                NftStatements.IifName("wrn-*"),
                NftStatements.CtState(NftState.Established | NftState.Related),
                NftStatements.IpSaddr(IPAddress.Loopback, 8),
                NftStatements.CtStatusDnat,
                NftStatements.FibDaddrLocal,
                NftStatements.Counter,
                NftStatements.Goto("egress")
            )
        );
        rules.Append(table.Rule("forward", NftStatements.DnatByPort(map)));
        rules.Append(table.Rule("forward", NftStatements.OifNameNot("lo"), NftStatements.Masquerade));
        return [.. route.Bytes, .. rules.End().Bytes];
    }

    private static async Task Parser<T>(MessageParser<T> parse, ushort type)
        where T : class
    {
        // a family that the parser does not pass over, then anything
        Gen<byte[]> payloads = Gen.Select(
            Gen.OneOf<byte>(2, 10),
            Noise,
            (family, rest) => (byte[])[family, .. rest]
        );
        await Holds(
            payloads,
            payload =>
            {
                parse(new Message(new MessageHeader { Type = type }, payload));
                return true;
            }
        );
        await Holds(
            Damaged,
            bytes =>
            {
                Golden.Parse(bytes, parse);
                return true;
            }
        );
    }

    private static Task Holds(Gen<byte[]> bytes, Func<byte[], bool> property) =>
        Task.Run(() =>
                bytes.Sample(
                    b =>
                    {
                        try
                        {
                            return property(b);
                        }
                        catch (MalformedMessageException)
                        {
                            return true;
                        }
                    },
                    iter: Times,
                    print: b => Convert.ToHexString(b)
                )
            )
            .WaitAsync(Bound, TestContext.Current.CancellationToken);

    private static void GetAs(AttributeReader reader, int kind)
    {
        ushort type = reader.Type;
        switch (kind)
        {
            case 0:
                _ = reader.Get(new U8Key(type));
                break;
            case 1:
                _ = reader.Get(new U16Key(type));
                break;
            case 2:
                _ = reader.Get(new U32Key(type));
                break;
            case 3:
                _ = reader.Get(new U64Key(type));
                break;
            case 4:
                _ = reader.Get(new Be16Key(type));
                break;
            case 5:
                _ = reader.Get(new Be32Key(type));
                break;
            case 6:
                _ = reader.Get(new Be64Key(type));
                break;
            case 7:
                _ = reader.Get(new TextKey(type));
                break;
            case 8:
                _ = reader.Get(new BytesKey(type));
                break;
            case 9:
                _ = reader.Get(new AddressKey(type));
                break;
            default:
                AttributeReader nested = reader.Get(new NestKey(type));
                while (nested.Next()) { }
                break;
        }
    }
}
