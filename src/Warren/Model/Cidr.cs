using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Warren.Model;

/// <summary>An address with the length of its subnet's prefix: <c>192.168.0.2/24</c>. The host bits are kept.</summary>
/// <param name="Address">The address.</param>
/// <param name="PrefixLength">In bits.</param>
public readonly record struct Cidr(IPAddress Address, int PrefixLength)
{
    /// <summary>The bits of an address of this family: 32 or 128.</summary>
    public int Width => Address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;

    /// <summary>The subnet's first address.</summary>
    public Cidr Network => this with { Address = FromNumber(First, Address.AddressFamily) };

    /// <summary>Whether the address is the subnet's first: whether this names a subnet.</summary>
    public bool IsNetwork => Number(Address) == First;

    private UInt128 HostMask =>
        // a shift by all 128 bits is one by none
        PrefixLength >= Width ? 0 : UInt128.MaxValue >> (128 - Width + PrefixLength);

    private UInt128 First => Number(Address) & ~HostMask;

    private UInt128 Last => First | HostMask;

    /// <summary>An address of the subnet by its place: 0 is the first.</summary>
    public IPAddress At(UInt128 place) => FromNumber(First + place, Address.AddressFamily);

    /// <summary>How many addresses after another subnet's first address this one begins.</summary>
    public UInt128 Offset(Cidr other) => First - other.First;

    /// <summary>Whether the subnets have an address in common.</summary>
    public bool Overlaps(Cidr other) =>
        Address.AddressFamily == other.Address.AddressFamily && First <= other.Last && other.First <= Last;

    /// <summary>Whether an address lies in the subnet.</summary>
    public bool Contains(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.AddressFamily == Address.AddressFamily && Number(address) >= First && Number(address) <= Last;
    }

    /// <summary>The number of addresses that hosts can have: without the first and last, if there are more than two.</summary>
    public UInt128 Hosts => HostMask >= 3 ? HostMask - 1 : HostMask + 1;

    /// <summary>Reads <c>ADDRESS/LENGTH</c>.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Cidr? cidr)
    {
        cidr = null;
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !TryParseAddress(text[..slash], out IPAddress? address))
            return false;
        if (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int length))
            return false;
        var parsed = new Cidr(address, length);
        if (length > parsed.Width)
            return false;
        cidr = parsed;
        return true;
    }

    /// <summary>Reads an address as people write it: four decimal numbers, or IPv6. Not <c>10.1</c>, <c>010.0.0.1</c>, <c>0x7f.1</c>.</summary>
    public static bool TryParseAddress(string text, [NotNullWhen(true)] out IPAddress? address)
    {
        // IPAddress also takes "1", "010.0.0.1" and "0x7f.1", each as something that was hardly meant, and of "[::1]:80" only
        // the address
        if (text.AsSpan().ContainsAny('[', '%') || !IPAddress.TryParse(text, out address))
        {
            address = null;
            return false;
        }
        return address.AddressFamily == AddressFamily.InterNetworkV6 || address.ToString() == text;
    }

    /// <summary>As <c>ip</c> writes it.</summary>
    public override string ToString() => Address + "/" + Words.Number(PrefixLength);

    private static UInt128 Number(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int length);
        UInt128 number = 0;
        foreach (byte part in bytes[..length])
            number = (number << 8) | part;
        return number;
    }

    private static IPAddress FromNumber(UInt128 number, AddressFamily family)
    {
        Span<byte> bytes = stackalloc byte[family == AddressFamily.InterNetwork ? 4 : 16];
        for (int i = bytes.Length - 1; i >= 0; i--)
        {
            bytes[i] = (byte)number;
            number >>= 8;
        }
        return new IPAddress(bytes);
    }
}
