using System.Buffers.Binary;
using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Warren.Netlink.Wire;

/// <summary>Writes one message of a <see cref="NetlinkBatch"/>; disposing it writes the message's length.</summary>
public readonly ref struct MessageWriter
{
    private const ushort NestedFlag = 0x8000;
    private const int AttributeHeader = 4;

    private readonly NetlinkBatch _batch;
    private readonly int _start;

    internal MessageWriter(NetlinkBatch batch, int start)
    {
        _batch = batch;
        _start = start;
    }

    /// <summary>Writes the family's fixed header, or any other structure, padded to 4 bytes.</summary>
    public void Header<T>(in T header)
        where T : unmanaged => MemoryMarshal.Write(_batch.Reserve(Unsafe.SizeOf<T>()), in header);

    /// <summary>Writes an attribute of one byte.</summary>
    public void Put(U8Key key, byte value) => Attribute(key.Type, 1)[0] = value;

    /// <summary>Writes an attribute of 16 bits, machine order.</summary>
    public void Put(U16Key key, ushort value) => MemoryMarshal.Write(Attribute(key.Type, 2), in value);

    /// <summary>Writes an attribute of 32 bits, machine order.</summary>
    public void Put(U32Key key, uint value) => MemoryMarshal.Write(Attribute(key.Type, 4), in value);

    /// <summary>Writes an attribute of 64 bits, machine order.</summary>
    public void Put(U64Key key, ulong value) => MemoryMarshal.Write(Attribute(key.Type, 8), in value);

    /// <summary>Writes an attribute of 16 bits, network order.</summary>
    public void Put(Be16Key key, ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Attribute(key.Type, 2), value);

    /// <summary>Writes an attribute of 32 bits, network order.</summary>
    public void Put(Be32Key key, uint value) => BinaryPrimitives.WriteUInt32BigEndian(Attribute(key.Type, 4), value);

    /// <summary>Writes an attribute of 64 bits, network order.</summary>
    public void Put(Be64Key key, ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Attribute(key.Type, 8), value);

    /// <summary>Writes a text and the NUL byte that ends it.</summary>
    /// <exception cref="ArgumentException">The text holds a NUL character.</exception>
    public void Put(TextKey key, string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.Contains('\0'))
            throw new ArgumentException("The text holds a NUL character.", nameof(value));
        int length = Encoding.UTF8.GetByteCount(value);
        Span<byte> space = Attribute(key.Type, length + 1);
        Encoding.UTF8.GetBytes(value, space);
        space[length] = 0;
    }

    /// <summary>Writes bytes as they are.</summary>
    public void Put(BytesKey key, ReadOnlySpan<byte> value) => value.CopyTo(Attribute(key.Type, value.Length));

    /// <summary>Writes an address, 4 or 16 bytes.</summary>
    public void Put(AddressKey key, IPAddress value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes, out int length);
        bytes[..length].CopyTo(Attribute(key.Type, length));
    }

    /// <summary>Opens an attribute that holds attributes; it closes when disposed.</summary>
    public Nest Open(NestKey key)
    {
        int start = _batch.Length;
        Attribute((ushort)(key.Type | NestedFlag), 0);
        return new Nest(_batch, start);
    }

    /// <summary>Ends the message.</summary>
    public void Dispose() => _batch.EndMessage(_start);

    private Span<byte> Attribute(ushort type, int length)
    {
        if (length > ushort.MaxValue - AttributeHeader)
            throw new InvalidOperationException($"A netlink attribute of {length} bytes does not fit 65,535.");
        Span<byte> header = _batch.Reserve(AttributeHeader);
        ushort total = (ushort)(AttributeHeader + length);
        MemoryMarshal.Write(header, in total);
        MemoryMarshal.Write(header[2..], in type);
        return _batch.Reserve(length);
    }

    /// <summary>An open nested attribute.</summary>
    public readonly ref struct Nest
    {
        private readonly NetlinkBatch _batch;
        private readonly int _start;

        internal Nest(NetlinkBatch batch, int start)
        {
            _batch = batch;
            _start = start;
        }

        /// <summary>Closes the attribute: its length is written.</summary>
        public void Dispose() => _batch.EndAttribute(_start);
    }
}
