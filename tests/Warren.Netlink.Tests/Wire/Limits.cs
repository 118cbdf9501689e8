using System.Runtime.InteropServices;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Tests.Wire;

public class Limits
{
    [Fact]
    public void An_attribute_of_65535_bytes_is_the_longest()
    {
        var batch = new NetlinkBatch();
        using (MessageWriter message = batch.Begin(16, MessageFlags.None, "test"))
            message.Put(new BytesKey(1), new byte[65531]);
        batch.Length.Should().Be(16 + 65536);
        var reader = new AttributeReader(batch.Bytes[16..]);
        reader.Next().Should().BeTrue();
        reader.Value.Length.Should().Be(65531);

        Refused<InvalidOperationException>(message => message.Put(new BytesKey(1), new byte[65532]), "65536 bytes|65532");
        Refused<InvalidOperationException>(message => message.Put(new TextKey(1), new string('x', 65531)), "65532");
    }

    [Fact]
    public void A_nest_of_more_than_65535_bytes_is_refused() =>
        Refused<InvalidOperationException>(
            message =>
            {
                using (message.Open(new NestKey(1)))
                {
                    message.Put(new BytesKey(1), new byte[40_000]);
                    message.Put(new BytesKey(2), new byte[40_000]);
                }
            },
            "80012"
        );

    [Theory]
    [InlineData("\0")]
    [InlineData("eth0\0")]
    [InlineData("a\0b")]
    public void A_text_with_a_NUL_is_refused(string text) =>
        Refused<ArgumentException>(message => message.Put(new TextKey(1), text), "NUL");

    [Fact]
    public void Padding_is_cleared_when_a_batch_is_used_again()
    {
        var batch = new NetlinkBatch();
        using (MessageWriter message = batch.Begin(16, MessageFlags.None, "test"))
            message.Put(new U32Key(1), uint.MaxValue);
        batch.Clear();
        using (MessageWriter message = batch.Begin(16, MessageFlags.None, "test"))
            message.Put(new U8Key(1), 1);
        batch.Bytes[20..].ToArray().Should().Equal(1, 0, 0, 0);
    }

    [Fact]
    public void Up_to_three_bytes_after_the_last_attribute_are_padding()
    {
        var reader = new AttributeReader([5, 0, 1, 0, 9]);
        reader.Next().Should().BeTrue();
        reader.Get(new U8Key(1)).Should().Be(9);
        reader.Next().Should().BeFalse();
        new AttributeReader([0, 0, 0]).Next().Should().BeFalse();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(9)]
    [InlineData(0xffff)]
    public void An_attribute_that_lies_about_its_length_is_malformed(int length)
    {
        byte[] bytes = [(byte)length, (byte)(length >> 8), 1, 0, 1, 2, 3, 4];
        Action read = () => new AttributeReader(bytes).Next();
        read.Should().Throw<MalformedMessageException>();
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(15u)]
    [InlineData(17u)]
    [InlineData(0x80000000u)]
    [InlineData(uint.MaxValue)]
    public void A_message_that_lies_about_its_length_is_malformed(uint length)
    {
        byte[] bytes = new byte[16];
        MemoryMarshal.Write(bytes, in length);
        Action read = () => new MessageReader(bytes).TryRead(out _);
        read.Should().Throw<MalformedMessageException>();
    }

    [Fact]
    public void Values_shorter_than_their_key_are_malformed()
    {
        // one attribute of three bytes, number 1
        byte[] bytes = [7, 0, 1, 0, 1, 2, 3, 0];
        Malformed(reader => _ = reader.Get(new U32Key(1)));
        Malformed(reader => _ = reader.Get(new U64Key(1)));
        Malformed(reader => _ = reader.Get(new Be32Key(1)));
        Malformed(reader => _ = reader.Get(new Be64Key(1)));
        Malformed(reader => _ = reader.Get(new AddressKey(1)));
        Action other = () => Read(reader => _ = reader.Get(new U8Key(2)));
        other.Should().Throw<InvalidOperationException>("a program that asks for the wrong attribute is wrong");

        void Malformed(Look look)
        {
            Action read = () => Read(look);
            read.Should().Throw<MalformedMessageException>();
        }
        void Read(Look look)
        {
            var reader = new AttributeReader(bytes);
            reader.Next();
            look(reader);
        }
    }

    private delegate void Look(AttributeReader reader);

    private delegate void Write(MessageWriter message);

    private static void Refused<T>(Write write, string words)
        where T : Exception
    {
        Action begin = () =>
        {
            using MessageWriter message = new NetlinkBatch().Begin(16, MessageFlags.None, "test");
            write(message);
        };
        begin.Should().Throw<T>().Which.Message.Should().MatchRegex(words);
    }
}
