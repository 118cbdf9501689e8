using Warren.Model;
using Warren.Netlink;
using Warren.Netlink.Diag;
using Warren.Netlink.Namespaces;
using Warren.Netlink.Wire;

namespace Warren.Running.Services;

/// <summary>Looks whether somebody listens on a port of a namespace, without a connection to it.</summary>
internal sealed class PortWatch(string space) : IDisposable
{
    private DiagnosisSocket? _socket;

    /// <summary>Whether somebody listens now; false also if it cannot be told.</summary>
    public bool Listens(Protocol protocol, int port)
    {
        try
        {
            if (_socket is null)
            {
                using NetworkNamespace network = NetworkNamespace.Open(space);
                _socket = network.Run(DiagnosisSocket.Open);
            }
            return _socket.Listening(protocol == Protocol.Udp ? TransportProtocol.Udp : TransportProtocol.Tcp, port).Count > 0;
        }
        catch (Exception e) when (e is NetlinkException or MalformedMessageException)
        {
            return false;
        }
    }

    public void Dispose() => _socket?.Dispose();
}
