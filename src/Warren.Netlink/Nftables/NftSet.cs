using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Nftables;

/// <summary>A type of nft that can be part of a key or a value. nftables' include/datatype.h.</summary>
/// <param name="Word">As nft writes it.</param>
/// <param name="Number">As nft numbers it.</param>
/// <param name="Length">Bytes of a value, without padding.</param>
public sealed record NftType(string Word, uint Number, int Length)
{
    /// <summary>ipv4_addr.</summary>
    public static NftType IPv4Address { get; } = new("ipv4_addr", 7, 4);

    /// <summary>ipv6_addr.</summary>
    public static NftType IPv6Address { get; } = new("ipv6_addr", 8, 16);

    /// <summary>inet_proto.</summary>
    public static NftType Protocol { get; } = new("inet_proto", 12, 1);

    /// <summary>inet_service: a port.</summary>
    public static NftType Port { get; } = new("inet_service", 13, 2);

    /// <summary>ifname.</summary>
    public static NftType LinkName { get; } = new("ifname", 41, 16);
}

/// <summary>A set, or a map if it has value types. Keys and values of several types are concatenated, each padded to 4 bytes.</summary>
/// <param name="Table">Its table.</param>
/// <param name="Name">Its name.</param>
/// <param name="Key">The types of a key.</param>
/// <param name="Value">The types of a value; none for a set.</param>
public sealed record NftSet(NftTable Table, string Name, IReadOnlyList<NftType> Key, IReadOnlyList<NftType> Value)
{
    internal const uint MapFlag = 8;
    internal const uint TimeoutFlag = 0x10;
    internal const uint DynamicFlag = 0x20;

    /// <summary>Whether rules may add elements (NFT_SET_EVAL).</summary>
    public bool Dynamic { get; init; }

    /// <summary>How many elements it holds at most; 0 for as many as there is room for.</summary>
    public uint Size { get; init; }

    /// <summary>How many seconds an element stays; 0 for until it is deleted.</summary>
    public uint Seconds { get; init; }

    /// <summary>Whether keys have values.</summary>
    public bool IsMap => Value.Count > 0;

    /// <summary>As nft writes it: <c>type inet_proto . inet_service : ipv4_addr . inet_service</c>.</summary>
    public string TypeText =>
        "type "
        + Words(Key)
        + (IsMap ? " : " + Words(Value) : "")
        + (Size > 0 ? "; size " + Size.ToString(CultureInfo.InvariantCulture) : "")
        + (Dynamic ? "; flags dynamic" + (Seconds > 0 ? ",timeout" : "") : Seconds > 0 ? "; flags timeout" : "")
        + (Seconds > 0 ? "; timeout " + Seconds.ToString(CultureInfo.InvariantCulture) + "s" : "");

    internal uint Flags => (IsMap ? MapFlag : 0) | (Dynamic ? DynamicFlag : 0) | (Seconds > 0 ? TimeoutFlag : 0);

    internal static uint TypeNumber(IReadOnlyList<NftType> types)
    {
        uint number = 0;
        foreach (NftType type in types)
            number = (number << 6) | type.Number;
        return number;
    }

    internal static uint Length(IReadOnlyList<NftType> types)
    {
        if (types.Count == 1)
            return (uint)types[0].Length;
        int length = 0;
        foreach (NftType type in types)
            length += (type.Length + 3) & ~3;
        return (uint)length;
    }

    private static string Words(IReadOnlyList<NftType> types) => string.Join(" . ", types.Select(type => type.Word));
}

/// <summary>A key of a set, or a key and its value of a map, as the kernel keeps them: bytes.</summary>
public sealed class NftElement : IEquatable<NftElement>
{
    private readonly byte[] _key;
    private readonly byte[] _value;

    /// <summary>Takes the bytes as they are.</summary>
    /// <param name="key">The key: each part in network byte order, padded to 4 bytes.</param>
    /// <param name="value">The value; empty in a set.</param>
    public NftElement(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value = default)
    {
        _key = key.ToArray();
        _value = value.ToArray();
    }

    /// <summary>The key's bytes.</summary>
    public ReadOnlySpan<byte> Key => _key;

    /// <summary>The value's bytes; empty in a set.</summary>
    public ReadOnlySpan<byte> Value => _value;

    /// <summary>Whether it is the first key behind an interval (NFT_SET_ELEM_INTERVAL_END); only in answers.</summary>
    public bool EndsInterval { get; init; }

    /// <summary>The decision, in a map of verdicts; else null; only in answers.</summary>
    public NftVerdict? Verdict { get; init; }

    /// <inheritdoc/>
    public bool Equals(NftElement? other) =>
        other is not null && _key.AsSpan().SequenceEqual(other._key) && _value.AsSpan().SequenceEqual(other._value) && Verdict == other.Verdict;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as NftElement);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(_key);
        hash.AddBytes(_value);
        return hash.ToHashCode();
    }

    internal static void ParseList(in Message message, List<NftElement> elements)
    {
        if (message.Type != NftMessage.NewElement)
            return;
        AttributeReader attribute = message.Attributes<NetfilterHeader>();
        while (attribute.Next())
        {
            if (!attribute.Is(NftaElement.Elements))
                continue;
            AttributeReader list = attribute.Get(NftaElement.Elements);
            while (list.Next())
            {
                if (list.Is(NftaElement.ListElement))
                    elements.Add(ParseElement(list.Get(NftaElement.ListElement)));
            }
        }
    }

    internal static NftDigest? ParseDigest(in Message message)
    {
        if (message.Type != NftMessage.NewElement)
            return null;
        var digest = new NftDigest();
        AttributeReader attribute = message.Attributes<NetfilterHeader>();
        while (attribute.Next())
        {
            if (!attribute.Is(NftaElement.Elements))
                continue;
            AttributeReader list = attribute.Get(NftaElement.Elements);
            while (list.Next())
            {
                if (list.Is(NftaElement.ListElement))
                    AddTo(digest, list.Get(NftaElement.ListElement));
            }
        }
        return digest;
    }

    private static void AddTo(NftDigest digest, AttributeReader attribute)
    {
        ReadOnlySpan<byte> key = default;
        ReadOnlySpan<byte> value = default;
        while (attribute.Next())
        {
            if (attribute.Is(NftaElement.Key))
                key = DataValue(attribute.Get(NftaElement.Key));
            else if (attribute.Is(NftaElement.Data))
                value = DataValue(attribute.Get(NftaElement.Data));
        }
        digest.Add(key, value);
    }

    private static NftElement ParseElement(AttributeReader attribute)
    {
        ReadOnlySpan<byte> key = default;
        ReadOnlySpan<byte> value = default;
        bool ends = false;
        NftVerdict? verdict = null;
        while (attribute.Next())
        {
            if (attribute.Is(NftaElement.Key))
                key = DataValue(attribute.Get(NftaElement.Key));
            else if (attribute.Is(NftaElement.Flags))
                ends = (attribute.Get(NftaElement.Flags) & 1) != 0;
            else if (attribute.Is(NftaElement.Data))
            {
                value = DataValue(attribute.Get(NftaElement.Data));
                verdict = DataVerdict(attribute.Get(NftaElement.Data));
            }
        }
        return new NftElement(key, value) { EndsInterval = ends, Verdict = verdict };
    }

    private static NftVerdict? DataVerdict(AttributeReader attribute)
    {
        while (attribute.Next())
        {
            if (attribute.Is(NftaData.Verdict))
                return NftImmediate.ParseVerdict(attribute.Get(NftaData.Verdict));
        }
        return null;
    }

    private static ReadOnlySpan<byte> DataValue(AttributeReader attribute)
    {
        while (attribute.Next())
        {
            if (attribute.Is(NftaData.Value))
                return attribute.Get(NftaData.Value);
        }
        return default;
    }
}

/// <summary>Lays out the parts of a concatenated key or value: each in network byte order, padded to 4 bytes.</summary>
public ref struct NftData
{
    private readonly Span<byte> _buffer;

    /// <summary>Writes into a buffer, from its start.</summary>
    public NftData(Span<byte> buffer)
    {
        _buffer = buffer;
        Length = 0;
    }

    /// <summary>Bytes written so far.</summary>
    public int Length { get; private set; }

    /// <summary>What has been written.</summary>
    public readonly ReadOnlySpan<byte> Bytes => _buffer[..Length];

    /// <summary>Adds an address.</summary>
    public void Add(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        address.TryWriteBytes(_buffer[Length..], out int written);
        Length += written;
    }

    /// <summary>Adds a port.</summary>
    public void AddPort(int port)
    {
        Span<byte> space = Take(4);
        BinaryPrimitives.WriteUInt16BigEndian(space, (ushort)port);
    }

    /// <summary>Adds a protocol number.</summary>
    public void Add(TransportProtocol protocol) => Take(4)[0] = (byte)protocol;

    /// <summary>Adds a link's name, 15 bytes at most.</summary>
    public void AddLinkName(string name) => Encoding.UTF8.GetBytes(name, Take(16));

    private Span<byte> Take(int length)
    {
        Span<byte> space = _buffer.Slice(Length, length);
        space.Clear();
        Length += length;
        return space;
    }
}
