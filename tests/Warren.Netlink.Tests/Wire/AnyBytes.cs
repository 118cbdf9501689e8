using CsCheck;
using Warren.Netlink.Conntrack;
using Warren.Netlink.Diag;
using Warren.Netlink.Route.Neighbours;
using Warren.Netlink.Tests.Conntrack;
using Warren.Netlink.Tests.Diag;
using Warren.Netlink.Tests.Route.Neighbours;
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
    ];

    /// <summary>Real datagrams with a few bytes changed, cut off at a random place.</summary>
    private static readonly Gen<byte[]> Damaged = Gen.Select(
        Gen.OneOf<byte[]>(Goldens),
        Gen.Select(Gen.Int[0, 300], Gen.OneOf(Gen.Byte, Gen.Byte[0, 28])).Array[0, 6],
        Gen.Frequency((3, Gen.Const(int.MaxValue)), (1, Gen.Int[0, 300])),
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
    public Task Neighbours_of_any_payload() => Parser<Neighbour>(NeighbourTable.Parse, 28);

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
