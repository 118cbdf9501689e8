using System.Buffers.Binary;

namespace Warren.Netlink.Rtnetlink;

/// <summary>An Ethernet address, 48 bits.</summary>
public readonly record struct MacAddress
{
    /// <summary>Bytes in an address.</summary>
    public const int Length = 6;

    private readonly ulong _value;

    /// <summary>Reads six bytes, first byte first.</summary>
    /// <exception cref="ArgumentException">There are not six.</exception>
    public MacAddress(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length)
            throw new ArgumentException($"A MAC address has 6 bytes, not {bytes.Length}.", nameof(bytes));
        Span<byte> all = stackalloc byte[8];
        bytes.CopyTo(all[2..]);
        _value = BinaryPrimitives.ReadUInt64BigEndian(all);
    }

    /// <summary>An address of one's own: the locally administered bit is set, the group bit is not (IEEE 802, 8.2).</summary>
    /// <param name="seed">The same seed gives the same address.</param>
    public static MacAddress Local(ulong seed)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, seed);
        bytes[2] = (byte)((bytes[2] & 0xfc) | 0x02);
        return new MacAddress(bytes[2..]);
    }

    /// <summary>Writes the six bytes, first byte first.</summary>
    public void Write(Span<byte> bytes)
    {
        Span<byte> all = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(all, _value);
        all[2..].CopyTo(bytes);
    }

    /// <summary>As <c>ip link</c> prints it: <c>02:8f:3a:00:5c:11</c>.</summary>
    public override string ToString()
    {
        Span<byte> b = stackalloc byte[Length];
        Write(b);
        Span<char> text = stackalloc char[(3 * Length) - 1];
        for (int i = 0; i < Length; i++)
        {
            text[3 * i] = Digit(b[i] >> 4);
            text[(3 * i) + 1] = Digit(b[i] & 15);
            if (i < Length - 1)
                text[(3 * i) + 2] = ':';
        }
        return new string(text);
    }

    private static char Digit(int value) => (char)(value < 10 ? '0' + value : 'a' + value - 10);
}
