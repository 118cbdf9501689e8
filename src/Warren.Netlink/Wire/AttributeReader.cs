using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;

namespace Warren.Netlink.Wire;

/// <summary>
/// Walks over attributes: <c>while (reader.Next()) if (reader.Is(Ifla.Mtu)) mtu = reader.Get(Ifla.Mtu);</c>
/// Never reads past the end; the flag bits (NLA_F_NESTED, NLA_F_NET_BYTEORDER) are masked out of the type.
/// </summary>
public ref struct AttributeReader
{
    private const ushort TypeMask = 0x3fff;
    private const int AttributeHeader = 4;

    private ReadOnlySpan<byte> _rest;

    /// <summary>Starts before the first attribute.</summary>
    public AttributeReader(ReadOnlySpan<byte> attributes)
    {
        _rest = attributes;
        Value = default;
        Type = 0;
    }

    /// <summary>The number of the attribute that the reader stands on.</summary>
    public ushort Type { get; private set; }

    /// <summary>The bytes of the attribute that the reader stands on.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Goes to the next attribute.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="MalformedMessageException">An attribute claims fewer bytes than its header or more than there are.</exception>
    public bool Next()
    {
        if (_rest.Length < AttributeHeader)
        {
            // up to three bytes of padding may follow the last attribute
            _rest = default;
            return false;
        }
        int length = MemoryMarshal.Read<ushort>(_rest);
        if (length < AttributeHeader || length > _rest.Length)
            throw new MalformedMessageException($"an attribute of {length} bytes in {_rest.Length}");
        Type = (ushort)(MemoryMarshal.Read<ushort>(_rest[2..]) & TypeMask);
        Value = _rest[AttributeHeader..length];
        _rest = _rest[Math.Min((length + 3) & ~3, _rest.Length)..];
        return true;
    }

    /// <summary>Whether the reader stands on this attribute.</summary>
    public readonly bool Is(U8Key key) => Type == key.Type;

    /// <inheritdoc cref="Is(U8Key)"/>
    public readonly bool Is(U16Key key) => Type == key.Type;

    /// <inheritdoc cref="Is(U8Key)"/>
    public readonly bool Is(U32Key key) => Type == key.Type;

    /// <inheritdoc cref="Is(U8Key)"/>
    public readonly bool Is(U64Key key) => Type == key.Type;

    /// <inheritdoc cref="Is(U8Key)"/>
    public readonly bool Is(Be16Key key) => Type == key.Type;

    /// <inheritdoc cref="Is(U8Key)"/>
    public readonly bool Is(Be32Key key) => Type == key.Type;

    /// <inheritdoc cref="Is(U8Key)"/>
    public readonly bool Is(Be64Key key) => Type == key.Type;

    /// <inheritdoc cref="Is(U8Key)"/>
    public readonly bool Is(TextKey key) => Type == key.Type;

    /// <inheritdoc cref="Is(U8Key)"/>
    public readonly bool Is(BytesKey key) => Type == key.Type;

    /// <inheritdoc cref="Is(U8Key)"/>
    public readonly bool Is(AddressKey key) => Type == key.Type;

    /// <inheritdoc cref="Is(U8Key)"/>
    public readonly bool Is(NestKey key) => Type == key.Type;

    /// <summary>The value of the attribute that the reader stands on.</summary>
    /// <exception cref="MalformedMessageException">The attribute is shorter than its type.</exception>
    public readonly byte Get(U8Key key) => Bytes(key.Type, 1)[0];

    /// <inheritdoc cref="Get(U8Key)"/>
    public readonly ushort Get(U16Key key) => MemoryMarshal.Read<ushort>(Bytes(key.Type, 2));

    /// <inheritdoc cref="Get(U8Key)"/>
    public readonly uint Get(U32Key key) => MemoryMarshal.Read<uint>(Bytes(key.Type, 4));

    /// <inheritdoc cref="Get(U8Key)"/>
    public readonly ulong Get(U64Key key) => MemoryMarshal.Read<ulong>(Bytes(key.Type, 8));

    /// <inheritdoc cref="Get(U8Key)"/>
    public readonly ushort Get(Be16Key key) => BinaryPrimitives.ReadUInt16BigEndian(Bytes(key.Type, 2));

    /// <inheritdoc cref="Get(U8Key)"/>
    public readonly uint Get(Be32Key key) => BinaryPrimitives.ReadUInt32BigEndian(Bytes(key.Type, 4));

    /// <inheritdoc cref="Get(U8Key)"/>
    public readonly ulong Get(Be64Key key) => BinaryPrimitives.ReadUInt64BigEndian(Bytes(key.Type, 8));

    /// <summary>The text of the attribute that the reader stands on, up to its first NUL byte.</summary>
    public readonly string Get(TextKey key)
    {
        ReadOnlySpan<byte> bytes = Bytes(key.Type, 0);
        int end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }

    /// <summary>The bytes of the attribute that the reader stands on.</summary>
    public readonly ReadOnlySpan<byte> Get(BytesKey key) => Bytes(key.Type, 0);

    /// <summary>The address that the reader stands on.</summary>
    /// <exception cref="MalformedMessageException">It is neither 4 nor 16 bytes long.</exception>
    public readonly IPAddress Get(AddressKey key) =>
        Value.Length is 4 or 16
            ? new IPAddress(Bytes(key.Type, 4))
            : throw new MalformedMessageException($"attribute {Type}: an address of {Value.Length} bytes");

    /// <summary>The attributes inside the one that the reader stands on.</summary>
    public readonly AttributeReader Get(NestKey key) => new(Bytes(key.Type, 0));

    private readonly ReadOnlySpan<byte> Bytes(ushort type, int atLeast)
    {
        if (Type != type)
            throw new InvalidOperationException($"The reader stands on attribute {Type}, not {type}.");
        if (Value.Length < atLeast)
            throw new MalformedMessageException($"attribute {Type}: {Value.Length} bytes where {atLeast} are due");
        return Value;
    }
}
