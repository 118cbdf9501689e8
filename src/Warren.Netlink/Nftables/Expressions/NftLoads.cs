using Warren.Netlink.Wire;

namespace Warren.Netlink.Nftables;

// Instructions that put something about the packet into a register. Registers: 1 to 4 have 16 bytes; 8 to 23 are the
// same 64 bytes in parts of 4, as keys of several types need them.

/// <summary>NFT_META_*: what <see cref="NftMeta"/> can load.</summary>
public enum NftMetaKey
{
    /// <summary>The firewall mark.</summary>
    Mark = 3,

    /// <summary>The name of the link that the packet came in by, 16 bytes.</summary>
    InputLinkName = 6,

    /// <summary>The name of the link that the packet leaves by, 16 bytes.</summary>
    OutputLinkName = 7,

    /// <summary>Whether the packet's way through the rules is told, one byte.</summary>
    Trace = 12,

    /// <summary>NFPROTO_*, one byte.</summary>
    Family = 15,

    /// <summary>IPPROTO_*, one byte.</summary>
    TransportProtocol = 16,
}

/// <summary>Loads something that the kernel knows of the packet.</summary>
/// <param name="Key">What.</param>
/// <param name="Register">Where to.</param>
/// <param name="IsStore">The other way round: sets it from the register (<c>meta mark set</c>).</param>
public sealed record NftMeta(NftMetaKey Key, uint Register = 1, bool IsStore = false) : NftExpression
{
    private static Be32Key Target => new(1);
    private static Be32Key KeyKey => new(2);
    private static Be32Key Source => new(3);

    /// <inheritdoc/>
    public override string Name => "meta";

    internal override void WriteData(MessageWriter message)
    {
        message.Put(KeyKey, (uint)Key);
        message.Put(IsStore ? Source : Target, Register);
    }

    internal static NftMeta Parse(AttributeReader attribute)
    {
        uint key = 0;
        uint register = 0;
        bool store = false;
        while (attribute.Next())
        {
            if (attribute.Is(KeyKey))
                key = attribute.Get(KeyKey);
            else if (attribute.Is(Target))
                register = attribute.Get(Target);
            else if (attribute.Is(Source))
                (register, store) = (attribute.Get(Source), true);
        }
        return new NftMeta((NftMetaKey)key, register, store);
    }
}

/// <summary>NFT_PAYLOAD_*_HEADER: from where <see cref="NftPayload"/> counts.</summary>
public enum NftBase
{
    /// <summary>The Ethernet header.</summary>
    Link = 0,

    /// <summary>The IP header.</summary>
    Network = 1,

    /// <summary>The TCP or UDP header.</summary>
    Transport = 2,
}

/// <summary>Loads bytes of the packet.</summary>
/// <param name="Base">From which header on.</param>
/// <param name="Offset">Bytes from there.</param>
/// <param name="Length">How many.</param>
/// <param name="Register">Where to.</param>
public sealed record NftPayload(NftBase Base, uint Offset, uint Length, uint Register = 1) : NftExpression
{
    private static Be32Key Target => new(1);
    private static Be32Key BaseKey => new(2);
    private static Be32Key OffsetKey => new(3);
    private static Be32Key LengthKey => new(4);

    /// <inheritdoc/>
    public override string Name => "payload";

    internal override void WriteData(MessageWriter message)
    {
        message.Put(Target, Register);
        message.Put(BaseKey, (uint)Base);
        message.Put(OffsetKey, Offset);
        message.Put(LengthKey, Length);
    }

    internal static NftExpression Parse(AttributeReader attribute)
    {
        uint? register = null;
        uint from = 0;
        uint offset = 0;
        uint length = 0;
        while (attribute.Next())
        {
            if (attribute.Is(Target))
                register = attribute.Get(Target);
            else if (attribute.Is(BaseKey))
                from = attribute.Get(BaseKey);
            else if (attribute.Is(OffsetKey))
                offset = attribute.Get(OffsetKey);
            else if (attribute.Is(LengthKey))
                length = attribute.Get(LengthKey);
        }
        // without a target it writes into the packet
        return register is { } target
            ? new NftPayload((NftBase)from, offset, length, target)
            : new NftUnknown("payload", default);
    }
}

/// <summary>NFT_CT_*: what <see cref="NftConntrack"/> can load.</summary>
public enum NftConntrackKey
{
    /// <summary>One bit of <see cref="NftState"/>, four bytes in the machine's order.</summary>
    State = 0,

    /// <summary>0 from the side that started the flow, 1 from the other; one byte.</summary>
    Direction = 1,

    /// <summary>IPS_*: bits, four bytes in the machine's order.</summary>
    Status = 2,
}

/// <summary>Bits of <c>ct state</c>. linux/netfilter/nf_conntrack_common.h.</summary>
[Flags]
public enum NftState : uint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Belongs to no flow that could be.</summary>
    Invalid = 1,

    /// <summary>Of a flow that has seen packets both ways.</summary>
    Established = 2,

    /// <summary>Starts a flow that belongs to another, or is an error about one.</summary>
    Related = 4,

    /// <summary>Starts a flow.</summary>
    New = 8,

    /// <summary>Not tracked.</summary>
    Untracked = 64,
}

/// <summary>Loads something of the packet's flow.</summary>
/// <param name="Key">What.</param>
/// <param name="Register">Where to.</param>
public sealed record NftConntrack(NftConntrackKey Key, uint Register = 1) : NftExpression
{
    /// <summary>IPS_DST_NAT: the flow's destination was translated.</summary>
    public const uint TranslatedDestination = 0x20;

    private static Be32Key Target => new(1);
    private static Be32Key KeyKey => new(2);

    /// <inheritdoc/>
    public override string Name => "ct";

    internal override void WriteData(MessageWriter message)
    {
        message.Put(KeyKey, (uint)Key);
        message.Put(Target, Register);
    }

    internal static NftExpression Parse(AttributeReader attribute)
    {
        uint? register = null;
        uint key = 0;
        while (attribute.Next())
        {
            if (attribute.Is(Target))
                register = attribute.Get(Target);
            else if (attribute.Is(KeyKey))
                key = attribute.Get(KeyKey);
        }
        return register is { } target
            ? new NftConntrack((NftConntrackKey)key, target)
            : new NftUnknown("ct", default);
    }
}

/// <summary>Asks the routing tables about an address of the packet.</summary>
/// <param name="Result">NFT_FIB_RESULT_*: 1 the link's index, 2 its name, 3 the address's type.</param>
/// <param name="Flags">NFTA_FIB_F_*: 1 the source, 2 the destination, 8 as seen from the input link, 32 only whether there is a result.</param>
/// <param name="Register">Where to.</param>
public sealed record NftFib(uint Result, uint Flags, uint Register = 1) : NftExpression
{
    /// <summary>The index of the link that leads to the address is asked for.</summary>
    public const uint OutputLink = 1;

    /// <summary>The source is asked about.</summary>
    public const uint Source = 1;

    /// <summary>As seen from the link that the packet came in by.</summary>
    public const uint OfInputLink = 8;

    /// <summary>Only whether there is a result is asked for: 0 or 1, four bytes in the machine's order.</summary>
    public const uint Presence = 32;

    /// <summary>The address's type is asked for, RTN_*.</summary>
    public const uint AddressType = 3;

    /// <summary>The destination is asked about.</summary>
    public const uint Destination = 2;

    private static Be32Key Target => new(1);
    private static Be32Key ResultKey => new(2);
    private static Be32Key FlagsKey => new(3);

    /// <inheritdoc/>
    public override string Name => "fib";

    internal override void WriteData(MessageWriter message)
    {
        message.Put(FlagsKey, Flags);
        message.Put(ResultKey, Result);
        message.Put(Target, Register);
    }

    internal static NftFib Parse(AttributeReader attribute)
    {
        uint register = 0;
        uint result = 0;
        uint flags = 0;
        while (attribute.Next())
        {
            if (attribute.Is(Target))
                register = attribute.Get(Target);
            else if (attribute.Is(ResultKey))
                result = attribute.Get(ResultKey);
            else if (attribute.Is(FlagsKey))
                flags = attribute.Get(FlagsKey);
        }
        return new NftFib(result, flags, register);
    }
}
