using System.Buffers.Binary;
using System.Net;
using Warren.Model;
using Warren.Netlink;
using Warren.Netlink.Diag;

namespace Warren.Kernel;

/// <summary>Tries whether a port of the host can be bound.</summary>
internal static class PortProbe
{
    /// <summary>The ports on which something waits, whatever the address; null if this kernel does not list sockets.</summary>
    public static HashSet<HostPort>? Busy()
    {
        var busy = new HashSet<HostPort>();
        using DiagnosisSocket diagnosis = DiagnosisSocket.Open();
        foreach (Protocol protocol in (ReadOnlySpan<Protocol>)[Protocol.Tcp, Protocol.Udp])
        {
            // a kernel without tcp_diag or udp_diag lists none: then this one is missing too
            int own = WaitAnywhere(protocol, out int port);
            if (own < 0)
                return null;
            bool listed = false;
            try
            {
                foreach (ListeningSocket socket in diagnosis.Listening((TransportProtocol)protocol))
                {
                    // its own port may be shared with nobody: it was any that is free
                    if (socket.Port == port && socket.Address.Equals(IPAddress.Loopback))
                        listed = true;
                    else
                        busy.Add(new HostPort(null, socket.Port, protocol));
                }
            }
            finally
            {
                _ = Libc.close(own);
            }
            if (!listed)
                return null;
        }
        return busy;
    }

    // A socket that waits on 127.0.0.1, at a port that the kernel chose.
    private static unsafe int WaitAnywhere(Protocol protocol, out int port)
    {
        bool tcp = protocol == Protocol.Tcp;
        port = 0;
        int fd = Libc.socket(Libc.AF_INET, (tcp ? Libc.SOCK_STREAM : Libc.SOCK_DGRAM) | Libc.SOCK_CLOEXEC, 0);
        if (fd < 0)
            return fd;
        byte* address = stackalloc byte[AddressSize];
        Write(new Span<byte>(address, AddressSize), IPAddress.Loopback, 0);
        uint length = AddressSize;
        if (
            Libc.bind(fd, address, AddressSize) == 0
            && (!tcp || Libc.listen(fd, 1) == 0)
            && Libc.getsockname(fd, address, ref length) == 0
        )
        {
            port = BinaryPrimitives.ReadUInt16BigEndian(new ReadOnlySpan<byte>(address + 2, 2));
            return fd;
        }
        _ = Libc.close(fd);
        return -1;
    }

    // struct sockaddr_in { u16 family; be16 port; be32 address; u8 zero[8]; }
    private const int AddressSize = 16;

    private static void Write(Span<byte> bytes, IPAddress? address, int port)
    {
        bytes.Clear();
        bytes[0] = Libc.AF_INET;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], (ushort)port);
        address?.TryWriteBytes(bytes[4..], out _);
    }

    /// <summary>
    /// Whether nobody waits on the port. False may also mean a connection that has the port as its own: ask who it is.
    /// </summary>
    /// <remarks>The socket lives for some microseconds. A TCP server that starts just then is not in its way if it sets SO_REUSEADDR,
    /// as servers do; this one sets it too. For UDP it would hide a server that shares its port.</remarks>
    public static unsafe bool IsFree(HostPort port)
    {
        bool tcp = port.Protocol == Protocol.Tcp;
        int fd = Libc.socket(Libc.AF_INET, (tcp ? Libc.SOCK_STREAM : Libc.SOCK_DGRAM) | Libc.SOCK_CLOEXEC, 0);
        if (fd < 0)
            return false;
        int one = 1;
        if (tcp)
            _ = Libc.setsockopt(fd, Libc.SOL_SOCKET, Libc.SO_REUSEADDR, &one, sizeof(int));
        byte* address = stackalloc byte[AddressSize];
        Write(new Span<byte>(address, AddressSize), port.HostAddress, port.Port);
        int result = Libc.bind(fd, address, AddressSize);
        _ = Libc.close(fd);
        return result == 0;
    }

    /// <summary>Whether a socket that listens on the port can be opened for a program.</summary>
    public static bool CanListen(HostPort port)
    {
        int fd = Running.HostSockets.Bind(port, out _);
        if (fd >= 0)
            _ = Libc.close(fd);
        return fd >= 0;
    }
}
