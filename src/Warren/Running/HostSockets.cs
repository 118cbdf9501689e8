using System.Buffers.Binary;
using System.Net.Sockets;
using Warren.Model;
using Warren.Netlink.Wire;

namespace Warren.Running;

/// <summary>
/// Sockets that listen on the host, held open for the programs that they are handed to: see sd_listen_fds(3). As long as one is held, a
/// client is not refused: it waits until a program takes it.
/// </summary>
internal sealed unsafe class HostSockets : IDisposable
{
    // The kernel takes at most net.core.somaxconn of it.
    private const int Backlog = 65535;

    private readonly Dictionary<HostPort, int> _open = [];

    /// <summary>The ports that are held.</summary>
    public IReadOnlyCollection<HostPort> Ports => _open.Keys;

    /// <summary>The descriptor of a port that is held.</summary>
    public int this[HostPort port] => _open[port];

    /// <summary>Opens those of some ports that are not open yet, in the network namespace of the calling thread.</summary>
    /// <param name="name">For whom.</param>
    /// <param name="ports">The ports.</param>
    /// <exception cref="ExecException">One cannot be opened: somebody else has it. Those before it stay open.</exception>
    public void Open(string name, IReadOnlyList<HostPort> ports)
    {
        foreach (HostPort port in ports)
        {
            if (_open.ContainsKey(port))
                continue;
            int fd = Bind(port, out Errno errno);
            if (fd >= 0 && port.Protocol == Protocol.Tcp && SystemCalls.listen(fd, Backlog) != 0)
            {
                errno = Errno.Last;
                _ = SystemCalls.close(fd);
                fd = -1;
            }
            if (fd < 0)
                throw ExecException.Refused(name, $"listen on the host's port {port}", errno, $"ss -lnp 'sport = :{port.Port}' shows who has it");
            _open.Add(port, fd);
        }
    }

    /// <summary>Closes those that are not wanted any more.</summary>
    public void CloseAllBut(IReadOnlySet<HostPort> wanted)
    {
        List<HostPort>? gone = null;
        foreach (HostPort port in _open.Keys)
        {
            if (!wanted.Contains(port))
                (gone ??= []).Add(port);
        }
        foreach (HostPort port in gone ?? [])
        {
            _ = SystemCalls.close(_open[port]);
            _open.Remove(port);
        }
    }

    /// <summary>Lets a socket listen, whatever was done with it: a program that shuts its socket down does so for all who have it.</summary>
    public void ListenAgain(HostPort port)
    {
        if (port.Protocol == Protocol.Tcp && _open.TryGetValue(port, out int fd))
            _ = SystemCalls.listen(fd, Backlog);
    }

    /// <summary>Makes a socket as a program expects it: one that blocks. Whoever had it before may have changed that, and it holds for all who
    /// have it.</summary>
    public void MakeBlocking(HostPort port) => _ = SystemCalls.fcntl(_open[port], SystemCalls.F_SETFL, SystemCalls.O_RDWR);

    public void Dispose()
    {
        foreach (int fd in _open.Values)
            _ = SystemCalls.close(fd);
        _open.Clear();
    }

    /// <summary>A socket that is bound to a port of the host, as <see cref="Open"/> makes it, and does not listen yet. One for every address
    /// takes IPv6 and IPv4, where the host has IPv6.</summary>
    /// <returns>The descriptor; negative if it cannot be bound.</returns>
    public static int Bind(HostPort port, out Errno errno)
    {
        if (port.HostAddress is { } address)
            return Bind(port, address.AddressFamily == AddressFamily.InterNetworkV6 ? SystemCalls.AF_INET6 : SystemCalls.AF_INET, out errno);
        int fd = Bind(port, SystemCalls.AF_INET6, out errno);
        return fd < 0 && (errno == Errno.FamilyNotSupported || errno == Errno.AddressNotAvailable) ? Bind(port, SystemCalls.AF_INET, out errno) : fd;
    }

    private static int Bind(HostPort port, int family, out Errno errno)
    {
        bool tcp = port.Protocol == Protocol.Tcp;
        errno = default;
        int fd = SystemCalls.socket(family, (tcp ? SystemCalls.SOCK_STREAM : SystemCalls.SOCK_DGRAM) | SystemCalls.SOCK_CLOEXEC, 0);
        if (fd < 0)
        {
            errno = Errno.Last;
            return fd;
        }
        // past connections that are not over yet are in nobody's way; for UDP this would share the port with others
        if (tcp)
            Set(fd, SystemCalls.SOL_SOCKET, SystemCalls.SO_REUSEADDR, 1);
        // an address of a link that is about to be made, or that comes and goes
        if (port.HostAddress is not null)
            Set(fd, SystemCalls.IPPROTO_IP, SystemCalls.IP_FREEBIND, 1);
        if (family == SystemCalls.AF_INET6)
            Set(fd, SystemCalls.IPPROTO_IPV6, SystemCalls.IPV6_V6ONLY, port.HostAddress is null ? 0 : 1);
        // struct sockaddr_in  { u16 family; be16 port; be32 address; u8 zero[8]; }
        // struct sockaddr_in6 { u16 family; be16 port; be32 flow; u8 address[16]; u32 scope; }
        Span<byte> address = stackalloc byte[28];
        address.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(address, (ushort)family);
        BinaryPrimitives.WriteUInt16BigEndian(address[2..], (ushort)port.Port);
        port.HostAddress?.TryWriteBytes(address[(family == SystemCalls.AF_INET6 ? 8 : 4)..], out _);
        fixed (byte* bytes = address)
        {
            if (SystemCalls.bind(fd, bytes, family == SystemCalls.AF_INET6 ? 28u : 16u) == 0)
                return fd;
        }
        errno = Errno.Last;
        _ = SystemCalls.close(fd);
        return -1;
    }

    private static void Set(int fd, int level, int option, int value) => _ = SystemCalls.setsockopt(fd, level, option, &value, sizeof(int));
}
