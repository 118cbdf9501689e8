using System.Net;
using System.Text;
using CsCheck;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Tests.Wire;

/// <summary>What the writer writes, the reader reads.</summary>
public class RoundTrips
{
    private const ushort Type = 1;
    private static readonly Gen<ushort> Number = Gen.UShort[1, 0x3fff];

    [Fact]
    public void Numbers() =>
        Gen.Select(Number, Gen.ULong)
            .Sample(
                (type, value) =>
                {
                    AttributeReader reader = Written(message =>
                    {
                        message.Put(new U8Key(type), (byte)value);
                        message.Put(new U16Key(type), (ushort)value);
                        message.Put(new U32Key(type), (uint)value);
                        message.Put(new U64Key(type), value);
                        message.Put(new Be16Key(type), (ushort)value);
                        message.Put(new Be32Key(type), (uint)value);
                        message.Put(new Be64Key(type), value);
                    });
                    Next(ref reader, type, 1);
                    Equal(reader.Get(new U8Key(type)), (byte)value);
                    Next(ref reader, type, 2);
                    Equal(reader.Get(new U16Key(type)), (ushort)value);
                    Next(ref reader, type, 4);
                    Equal(reader.Get(new U32Key(type)), (uint)value);
                    Next(ref reader, type, 8);
                    Equal(reader.Get(new U64Key(type)), value);
                    Next(ref reader, type, 2);
                    Equal(reader.Get(new Be16Key(type)), (ushort)value);
                    Next(ref reader, type, 4);
                    Equal(reader.Get(new Be32Key(type)), (uint)value);
                    Next(ref reader, type, 8);
                    Equal(reader.Get(new Be64Key(type)), value);
                    Equal(reader.Next(), false);
                }
            );

    [Fact]
    public void Texts() =>
        Gen.Select(Number, Gen.String)
            .Where((_, text) => !text.Contains('\0') && Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) == text)
            .Sample(
                (type, text) =>
                {
                    AttributeReader reader = Written(message => message.Put(new TextKey(type), text));
                    Next(ref reader, type, Encoding.UTF8.GetByteCount(text) + 1);
                    Equal(reader.Get(new TextKey(type)), text);
                }
            );

    [Fact]
    public void Bytes() =>
        Gen.Select(Number, Gen.Byte.Array[0, 400])
            .Sample(
                (type, bytes) =>
                {
                    AttributeReader reader = Written(message =>
                    {
                        message.Put(new BytesKey(type), bytes);
                        message.Put(new U8Key(2), 7);
                    });
                    Next(ref reader, type, bytes.Length);
                    Equal(reader.Get(new BytesKey(type)).SequenceEqual(bytes), true);
                    Next(ref reader, 2, 1);
                }
            );

    [Fact]
    public void Addresses() =>
        Gen.Select(Number, Gen.OneOf(Gen.Byte.Array[4], Gen.Byte.Array[16]))
            .Sample(
                (type, bytes) =>
                {
                    var address = new IPAddress(bytes);
                    AttributeReader reader = Written(message => message.Put(new AddressKey(type), address));
                    Next(ref reader, type, bytes.Length);
                    Equal(reader.Get(new AddressKey(type)), address);
                }
            );

    [Fact]
    public void Nests_have_the_length_of_what_is_in_them() =>
        Gen.Select(Number, Number, Gen.Byte.Array[0, 40], Gen.UInt)
            .Sample(
                (outer, inner, bytes, number) =>
                {
                    AttributeReader reader = Written(message =>
                    {
                        using (message.Open(new NestKey(outer)))
                        {
                            using (message.Open(new NestKey(inner)))
                                message.Put(new BytesKey(Type), bytes);
                            using (message.Open(new NestKey(inner))) { }
                            message.Put(new U32Key(Type), number);
                        }
                        message.Put(new U8Key(2), 7);
                    });
                    int padded = (bytes.Length + 3) & ~3;
                    Next(ref reader, outer, 4 + 4 + padded + 4 + 8);
                    AttributeReader first = reader.Get(new NestKey(outer));
                    Next(ref first, inner, 4 + padded);
                    AttributeReader second = first.Get(new NestKey(inner));
                    Next(ref second, Type, bytes.Length);
                    Equal(second.Next(), false);
                    Next(ref first, inner, 0);
                    Next(ref first, Type, 4);
                    Equal(first.Get(new U32Key(Type)), number);
                    Equal(first.Next(), false);
                    Next(ref reader, 2, 1);
                }
            );

    [Fact]
    public void The_flag_of_a_nest_is_on_the_wire_and_not_in_the_type()
    {
        var batch = new NetlinkBatch();
        using (MessageWriter message = batch.Begin(16, MessageFlags.Ack, "test"))
        using (message.Open(new NestKey(5)))
            message.Put(new U16Key(6), 0x1234);
        Golden
            .Text(batch.Bytes)
            .Should()
            .Be(
                Golden.Text(
                    Golden.Bytes(
                        """
                        1c 00 00 00  10 00  05 00  00 00 00 00  00 00 00 00   # 28 bytes, type 16, REQUEST | ACK
                        0c 00 05 80        # 12 bytes, NLA_F_NESTED | 5
                          06 00 06 00      #   6 bytes, 6
                          34 12 00 00      #   0x1234, padding
                        """
                    )
                )
            );
    }

    [Fact]
    public void Messages_of_a_batch_follow_each_other() =>
        Gen.Byte.Array[0, 30]
            .Array[1, 20]
            .Sample(bodies =>
            {
                var batch = new NetlinkBatch(capacity: 1);
                for (int i = 0; i < bodies.Length; i++)
                {
                    using MessageWriter message = batch.Begin((ushort)(16 + i), MessageFlags.Ack, "test");
                    message.Put(new BytesKey(Type), bodies[i]);
                }
                var reader = new MessageReader(batch.Bytes);
                for (int i = 0; i < bodies.Length; i++)
                {
                    Equal(reader.TryRead(out Message message), true);
                    Equal(message.Type, (ushort)(16 + i));
                    var attributes = new AttributeReader(message.Payload);
                    Next(ref attributes, Type, bodies[i].Length);
                    Equal(attributes.Get(new BytesKey(Type)).SequenceEqual(bodies[i]), true);
                }
                Equal(reader.TryRead(out _), false);
            });

    private delegate void Write(MessageWriter message);

    private static AttributeReader Written(Write write)
    {
        // bytes of an earlier message, so that padding has to be cleared
        var batch = new NetlinkBatch();
        using (MessageWriter message = batch.Begin(16, MessageFlags.None, "test"))
            message.Put(new BytesKey(Type), Enumerable.Repeat((byte)0xff, 1000).ToArray());
        batch.Clear();
        using (MessageWriter message = batch.Begin(16, MessageFlags.None, "test"))
            write(message);
        var reader = new MessageReader(batch.Bytes);
        Equal(reader.TryRead(out Message read), true);
        Equal(read.Payload.Length % 4, 0);
        return new AttributeReader(read.Payload);
    }

    private static void Next(ref AttributeReader reader, ushort type, int length)
    {
        Equal(reader.Next(), true);
        Equal(reader.Type, type);
        Equal(reader.Value.Length, length);
    }

    private static void Equal<T>(T actual, T expected)
    {
        if (!EqualityComparer<T>.Default.Equals(actual, expected))
            throw new InvalidOperationException($"{actual} instead of {expected}");
    }
}
