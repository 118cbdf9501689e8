using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Xtables;

/// <summary>Reads a kernel structure's fields at their offsets, never past its end. Numbers are in the machine's order.</summary>
internal readonly ref struct Bounded(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public int Length => _bytes.Length;

    public byte U8(int offset) => Slice(offset, 1)[0];

    public ushort U16(int offset) => MemoryMarshal.Read<ushort>(Slice(offset, 2));

    public ushort Port(int offset) => System.Buffers.Binary.BinaryPrimitives.ReadUInt16BigEndian(Slice(offset, 2));

    public uint U32(int offset) => MemoryMarshal.Read<uint>(Slice(offset, 4));

    public ulong U64(int offset) => MemoryMarshal.Read<ulong>(Slice(offset, 8));

    public int S32(int offset) => MemoryMarshal.Read<int>(Slice(offset, 4));

    public IPAddress Address(int offset) => new(Slice(offset, 4));

    /// <summary>A text up to its first NUL byte, or as long as its field.</summary>
    public string Text(int offset, int length)
    {
        ReadOnlySpan<byte> field = Slice(offset, length);
        int end = field.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? field : field[..end]);
    }

    /// <exception cref="MalformedMessageException">There are not so many bytes.</exception>
    public ReadOnlySpan<byte> Slice(int offset, int length) =>
        (uint)offset <= (uint)_bytes.Length && (uint)length <= (uint)(_bytes.Length - offset)
            ? _bytes.Slice(offset, length)
            : throw new MalformedMessageException($"iptables: {length} bytes at {offset} of {_bytes.Length}");
}
