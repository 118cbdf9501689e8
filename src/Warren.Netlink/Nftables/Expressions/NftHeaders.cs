using Warren.Netlink.Wire;

namespace Warren.Netlink.Nftables;

// Instructions about the route of a packet and the options of its headers. linux/netfilter/nf_tables.h.

/// <summary>Loads something of the route that the packet takes: NFTA_RT_*.</summary>
/// <param name="Key">NFT_RT_*; <see cref="SegmentSize"/>.</param>
/// <param name="Register">Where to.</param>
public sealed record NftRouteLoad(uint Key, uint Register = 1) : NftExpression
{
    /// <summary>NFT_RT_TCPMSS: the largest TCP segment that the route takes, 16 bits in the machine's byte order.</summary>
    public const uint SegmentSize = 3;

    private static Be32Key Target => new(1);
    private static Be32Key KeyKey => new(2);

    /// <inheritdoc/>
    public override string Name => "rt";

    internal override void WriteData(MessageWriter message)
    {
        message.Put(KeyKey, Key);
        message.Put(Target, Register);
    }

    internal static NftRouteLoad Parse(AttributeReader attribute)
    {
        uint key = 0;
        uint register = 0;
        while (attribute.Next())
        {
            if (attribute.Is(KeyKey))
                key = attribute.Get(KeyKey);
            else if (attribute.Is(Target))
                register = attribute.Get(Target);
        }
        return new NftRouteLoad(key, register);
    }
}

/// <summary>Turns the bytes of a register's value around: NFTA_BYTEORDER_*.</summary>
/// <param name="ToNetwork">From the machine's order to that of the network (NFT_BYTEORDER_HTON), or back.</param>
/// <param name="Length">How many bytes the value has.</param>
/// <param name="Register">Which register, read and written.</param>
public sealed record NftByteOrder(bool ToNetwork, uint Length, uint Register = 1) : NftExpression
{
    private static Be32Key Source => new(1);
    private static Be32Key Target => new(2);
    private static Be32Key Operation => new(3);
    private static Be32Key LengthKey => new(4);
    private static Be32Key SizeKey => new(5);

    /// <inheritdoc/>
    public override string Name => "byteorder";

    internal override void WriteData(MessageWriter message)
    {
        message.Put(Source, Register);
        message.Put(Target, Register);
        message.Put(Operation, ToNetwork ? 1u : 0u);
        message.Put(LengthKey, Length);
        message.Put(SizeKey, Length);
    }

    internal static NftByteOrder Parse(AttributeReader attribute)
    {
        uint register = 0;
        uint operation = 0;
        uint length = 0;
        while (attribute.Next())
        {
            if (attribute.Is(Target))
                register = attribute.Get(Target);
            else if (attribute.Is(Operation))
                operation = attribute.Get(Operation);
            else if (attribute.Is(LengthKey))
                length = attribute.Get(LengthKey);
        }
        return new NftByteOrder(operation == 1, length, register);
    }
}

/// <summary>Writes a TCP option from a register: NFTA_EXTHDR_*. A packet without the option stays as it is.</summary>
/// <param name="Option">The option's kind; 2 is the maximum segment size (RFC 9293).</param>
/// <param name="Offset">Bytes from the option's first.</param>
/// <param name="Length">How many bytes.</param>
/// <param name="Register">Where from.</param>
public sealed record NftTcpOptionWrite(byte Option, uint Offset, uint Length, uint Register = 1) : NftExpression
{
    private const uint TcpOption = 1;

    private static U8Key Type => new(2);
    private static Be32Key OffsetKey => new(3);
    private static Be32Key LengthKey => new(4);
    private static Be32Key Operation => new(6);
    private static Be32Key Source => new(7);

    /// <inheritdoc/>
    public override string Name => "exthdr";

    internal override void WriteData(MessageWriter message)
    {
        message.Put(Source, Register);
        message.Put(Type, Option);
        message.Put(OffsetKey, Offset);
        message.Put(LengthKey, Length);
        message.Put(Operation, TcpOption);
    }

    internal static NftExpression Parse(AttributeReader attribute)
    {
        byte option = 0;
        uint offset = 0;
        uint length = 0;
        uint operation = 0;
        uint? register = null;
        while (attribute.Next())
        {
            if (attribute.Is(Type))
                option = attribute.Get(Type);
            else if (attribute.Is(OffsetKey))
                offset = attribute.Get(OffsetKey);
            else if (attribute.Is(LengthKey))
                length = attribute.Get(LengthKey);
            else if (attribute.Is(Operation))
                operation = attribute.Get(Operation);
            else if (attribute.Is(Source))
                register = attribute.Get(Source);
        }
        // one that loads, or writes into another kind of header
        return register is { } source && operation == TcpOption
            ? new NftTcpOptionWrite(option, offset, length, source)
            : new NftUnknown("exthdr", default);
    }
}
