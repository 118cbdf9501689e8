using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Numerics;
using System.Text;

namespace Warren.Netlink.Xtables;

/// <summary>A link's name in a rule: <c>-i eth0</c>, <c>! -o wrn-+</c>.</summary>
/// <param name="Name">The name, without the <c>+</c>.</param>
/// <param name="IsPrefix">Whether all names that begin so are meant (<c>+</c>).</param>
/// <param name="Inverted">Whether all others are meant.</param>
public readonly record struct LinkPattern(string Name, bool IsPrefix, bool Inverted)
{
    /// <summary>As iptables takes it after <c>-i</c>.</summary>
    public override string ToString() => IsPrefix ? Name + "+" : Name;

    // char iniface[16], unsigned char iniface_mask[16]: names are compared where the mask has bits, NUL included
    internal static LinkPattern? Parse(ReadOnlySpan<byte> name, ReadOnlySpan<byte> mask, bool inverted)
    {
        int compared = mask.IndexOf((byte)0);
        if (compared < 0)
            compared = mask.Length;
        if (compared == 0 && !inverted)
            return null;
        int end = name[..compared].IndexOf((byte)0);
        return new LinkPattern(Encoding.UTF8.GetString(name[..(end < 0 ? compared : end)]), end < 0 && compared < 16, inverted);
    }
}

/// <summary>Addresses in a rule: <c>-s 10.0.0.0/8</c>, <c>! -d 192.168.0.1/32</c>.</summary>
/// <param name="Address">The address.</param>
/// <param name="Mask">Which of its bits are compared.</param>
/// <param name="Inverted">Whether all others are meant.</param>
public sealed record AddressPattern(IPAddress Address, IPAddress Mask, bool Inverted)
{
    /// <summary>As iptables writes it after <c>-s</c>.</summary>
    public override string ToString()
    {
        uint mask = BinaryPrimitives.ReadUInt32BigEndian(Mask.GetAddressBytes());
        int bits = BitOperations.LeadingZeroCount(~mask);
        bool contiguous = bits == 32 || mask << bits == 0;
        return $"{Address}/{(contiguous ? bits.ToString(CultureInfo.InvariantCulture) : Mask.ToString())}";
    }

    internal static AddressPattern? Parse(IPAddress address, IPAddress mask, bool inverted) =>
        mask.Equals(IPAddress.Any) && !inverted ? null : new AddressPattern(address, mask, inverted);
}

/// <summary>Ports, the first and last included.</summary>
/// <param name="First">The first.</param>
/// <param name="Last">The last.</param>
public readonly record struct PortRange(int First, int Last)
{
    /// <summary>Every port.</summary>
    public static PortRange All => new(0, 65535);

    /// <summary>As iptables writes it: <c>80</c>, <c>1000:2000</c>.</summary>
    public override string ToString() => First == Last ? $"{First}" : $"{First}:{Last}";
}
