using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Rtnetlink;

/// <summary>
/// An IPv4 address of a link of the host, as the ioctls of netdevice(7) tell it: 40 bytes for each, in one system call, where rtnetlink
/// takes a list of messages. For hosts with thousands of links of which few matter.
/// </summary>
/// <param name="Label">The link's name, perhaps with a part after a colon.</param>
/// <param name="Address">The address.</param>
public readonly record struct ConfiguredAddress(string Label, IPAddress Address)
{
    private const int NameSize = 16;
    private const int AddressOffset = NameSize + 4;
    private const int RequestSize = 40;
    private const nuint GetConfiguration = 0x8912;
    private const nuint GetPeer = 0x8917;
    private const nuint GetMask = 0x891b;

    /// <summary>The name of the link.</summary>
    public string Link => Label.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon ? Label[..colon] : Label;

    /// <summary>The length of the subnet's prefix in bits; 32 of an address that was not asked about more closely.</summary>
    public int PrefixLength { get; private init; } = 32;

    /// <summary>On a point-to-point link the other side's address, in the subnet; else the address itself.</summary>
    public IPAddress Peer { get; private init; } = Address;

    /// <summary>Lists the addresses of all links, those that are down too, in the network namespace of this thread.</summary>
    /// <param name="closely">Of which labels prefix and peer are asked for: two more system calls each.</param>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public static List<ConfiguredAddress> List(Predicate<string> closely)
    {
        ArgumentNullException.ThrowIfNull(closely);
        int fd = Libc.socket(Libc.AF_INET, Libc.SOCK_DGRAM | Libc.SOCK_CLOEXEC, 0);
        if (fd < 0)
            throw new NetlinkException(Errno.Last, "open socket", "");
        try
        {
            return List(fd, closely);
        }
        finally
        {
            _ = Libc.close(fd);
        }
    }

    private static List<ConfiguredAddress> List(int fd, Predicate<string> closely)
    {
        // each attempt goes over all links: enough for 1,500 at once
        byte[] buffer = GC.AllocateUninitializedArray<byte>(RequestSize * 1500);
        int length;
        // a full buffer may be a cut list
        while ((length = Fill(fd, buffer)) > buffer.Length - RequestSize)
            buffer = GC.AllocateUninitializedArray<byte>(buffer.Length * 8);
        var addresses = new List<ConfiguredAddress>(length / RequestSize);
        for (Span<byte> rest = buffer.AsSpan(0, length); rest.Length >= RequestSize; rest = rest[RequestSize..])
        {
            Span<byte> request = rest[..RequestSize];
            if (MemoryMarshal.Read<ushort>(request[NameSize..]) != Libc.AF_INET)
                continue;
            int end = request[..NameSize].IndexOf((byte)0);
            var address = new ConfiguredAddress(Encoding.UTF8.GetString(request[..(end < 0 ? NameSize : end)]), AddressIn(request));
            addresses.Add(closely(address.Label) ? address.Closely(fd, request) : address);
        }
        return addresses;
    }

    // struct ifconf { int length; char *buffer; }
    private static unsafe int Fill(int fd, byte[] buffer)
    {
        fixed (byte* data = buffer)
        {
            var configuration = new InterfaceConfiguration { Length = buffer.Length, Buffer = data };
            if (Libc.ioctl(fd, GetConfiguration, &configuration) != 0)
                throw new NetlinkException(Errno.Last, "list addresses", "");
            return configuration.Length;
        }
    }

    // By label and address: a label may have several.
    private unsafe ConfiguredAddress Closely(int fd, ReadOnlySpan<byte> request)
    {
        byte* asked = stackalloc byte[RequestSize];
        var copy = new Span<byte>(asked, RequestSize);
        request.CopyTo(copy);
        // an address that is gone by now has no subnet any more
        if (Libc.ioctl(fd, GetMask, asked) != 0)
            return this;
        int prefix = 32 - System.Numerics.BitOperations.TrailingZeroCount(BinaryPrimitives.ReadUInt32BigEndian(copy[AddressOffset..]));
        request.CopyTo(copy);
        return this with { PrefixLength = Math.Max(prefix, 0), Peer = Libc.ioctl(fd, GetPeer, asked) == 0 ? AddressIn(copy) : Address };
    }

    private static IPAddress AddressIn(ReadOnlySpan<byte> request) => new(request.Slice(AddressOffset, 4));

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct InterfaceConfiguration
    {
        public int Length;
        public byte* Buffer;
    }
}
