using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
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
            using var own = new Socket(
                AddressFamily.InterNetwork,
                protocol == Protocol.Tcp ? SocketType.Stream : SocketType.Dgram,
                protocol == Protocol.Tcp ? ProtocolType.Tcp : ProtocolType.Udp
            );
            own.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            if (protocol == Protocol.Tcp)
                own.Listen();
            int port = ((IPEndPoint)own.LocalEndPoint!).Port;
            bool listed = false;
            foreach (ListeningSocket socket in diagnosis.Listening((TransportProtocol)protocol))
            {
                // its own port may be shared with nobody: it was any that is free
                if (socket.Port == port && socket.Address.Equals(IPAddress.Loopback))
                    listed = true;
                else
                    busy.Add(new HostPort(null, socket.Port, protocol));
            }
            if (!listed)
                return null;
        }
        return busy;
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
        // struct sockaddr_in { u16 family; be16 port; be32 address; u8 zero[8]; }
        Span<byte> address = stackalloc byte[16];
        address.Clear();
        address[0] = Libc.AF_INET;
        BinaryPrimitives.WriteUInt16BigEndian(address[2..], (ushort)port.Port);
        port.HostAddress?.TryWriteBytes(address[4..], out _);
        int result;
        fixed (byte* bytes = address)
            result = Libc.bind(fd, bytes, 16);
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
