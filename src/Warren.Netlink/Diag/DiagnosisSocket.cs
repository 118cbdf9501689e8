using System.Net;
using System.Runtime.InteropServices;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Diag;

/// <summary>
/// Lists the sockets that wait on a port, in the network namespace of the thread that opened it. No privilege is needed.
/// sock_diag(7); linux/sock_diag.h, linux/inet_diag.h.
/// </summary>
public sealed class DiagnosisSocket : IDisposable
{
    private const ushort SockDiagByFamily = 20;
    private const byte AF_INET = 2;
    private const byte AF_INET6 = 10;

    private readonly NetlinkSocket _socket;
    private readonly NetlinkBatch _batch = new(256);

    private DiagnosisSocket(NetlinkSocket socket) => _socket = socket;

    internal NetlinkTraffic Traffic => _socket.Traffic;

    /// <summary>Opens a socket in the calling thread's network namespace.</summary>
    /// <exception cref="NetlinkException">The kernel is built without CONFIG_INET_DIAG (EPROTONOSUPPORT), or no descriptors
    /// are left.</exception>
    public static DiagnosisSocket Open() => new(NetlinkSocket.Open(NetlinkProtocol.SocketDiagnosis));

    /// <summary>The sockets that wait on one port, IPv4 first. The kernel picks them out: the answer's size does not depend on
    /// how many others there are.</summary>
    /// <param name="protocol">TCP or UDP.</param>
    /// <param name="port">1 to 65,535.</param>
    /// <returns>The sockets; none also when the kernel has no module to list this protocol (tcp_diag, udp_diag).</returns>
    /// <exception cref="ArgumentOutOfRangeException">No such port.</exception>
    /// <exception cref="NetlinkException">The kernel refused for any reason but ENOENT.</exception>
    public List<ListeningSocket> Listening(TransportProtocol protocol, int port)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, ushort.MaxValue);
        return List(protocol, (ushort)port);
    }

    /// <summary>All sockets that wait on a port, IPv4 first.</summary>
    /// <param name="protocol">TCP or UDP.</param>
    /// <returns>The sockets; none also when the kernel has no module to list this protocol (tcp_diag, udp_diag).</returns>
    /// <exception cref="NetlinkException">The kernel refused for any reason but ENOENT.</exception>
    public List<ListeningSocket> Listening(TransportProtocol protocol) => List(protocol, null);

    /// <summary>Closes the socket.</summary>
    public void Dispose() => _socket.Dispose();

    private List<ListeningSocket> List(TransportProtocol protocol, ushort? port)
    {
        MessageParser<ListeningSocket> parse = (in Message message) => Parse(in message, protocol);
        List<ListeningSocket> sockets = [];
        // the kernel answers for one family at a time; AF_UNSPEC is refused
        foreach (byte family in (ReadOnlySpan<byte>)[AF_INET, AF_INET6])
        {
            _batch.Clear();
            WriteRequest(_batch, family, protocol, port);
            try
            {
                sockets.AddRange(_socket.Dump(_batch, parse));
            }
            catch (NetlinkException e) when (e.Errno == Errno.NotFound)
            {
                return [];
            }
        }
        return sockets;
    }

    // nlmsghdr              SOCK_DIAG_BY_FAMILY, NLM_F_DUMP
    // inet_diag_req_v2      family, protocol, states: 1 << TCP_LISTEN, or 1 << TCP_CLOSE for UDP
    // INET_DIAG_REQ_BYTECODE, four operations of 4 bytes, ports in the machine's order:
    //     S_GE, yes: 8, no: 20     is the port at least ... ; no: 4 past the end, left out
    //     -     -       port       ... this
    //     S_LE, yes: 8, no: 12     is it at most ...
    //     -     -       port       ... this; yes: exactly at the end, listed
    internal static void WriteRequest(NetlinkBatch batch, byte family, TransportProtocol protocol, ushort? port)
    {
        string subject = port is null ? protocol.ToString() : $"{protocol} {port}";
        using MessageWriter message = batch.Begin(SockDiagByFamily, MessageFlags.Dump, "list sockets", subject);
        int state = protocol == TransportProtocol.Tcp ? SocketState.Listen : SocketState.Close;
        var request = new InetDiagRequest
        {
            Family = family,
            Protocol = protocol,
            States = 1u << state,
        };
        message.Header(in request);
        if (port is not { } only)
            return;
        ReadOnlySpan<InetDiagOperation> program =
        [
            new() { Code = InetDiagOperation.SourcePortAtLeast, Yes = 8, No = 20 },
            new() { No = only },
            new() { Code = InetDiagOperation.SourcePortAtMost, Yes = 8, No = 12 },
            new() { No = only },
        ];
        message.Put(InetDiagReq.Bytecode, MemoryMarshal.AsBytes(program));
    }

    /// <summary>Reads a socket; null for a message of another type or family.</summary>
    internal static ListeningSocket? Parse(in Message message, TransportProtocol protocol)
    {
        if (message.Type != SockDiagByFamily)
            return null;
        var header = message.Header<InetDiagMessage>();
        if (header.Family is not (AF_INET or AF_INET6))
            return null;
        ReadOnlySpan<byte> source = header.Id.Source;
        var address = new IPAddress(header.Family == AF_INET ? source[..4] : source);
        bool v6Only = false;
        AttributeReader attributes = message.Attributes<InetDiagMessage>();
        while (attributes.Next())
        {
            if (attributes.Is(InetDiagAttr.V6Only))
                v6Only = attributes.Get(InetDiagAttr.V6Only) != 0;
        }
        return new ListeningSocket(address, header.Id.SourcePort.Value, protocol, header.Inode, header.UserId, v6Only)
        {
            Waiting = header.ReceiveQueue,
        };
    }
}
