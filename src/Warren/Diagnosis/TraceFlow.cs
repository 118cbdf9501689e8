using Warren.Model;
using Warren.Netlink.Nftables.Trace;

namespace Warren.Diagnosis;

/// <summary>Which packets belong to what is followed.</summary>
/// <param name="Protocol">TCP or UDP.</param>
/// <param name="Port">The port that is asked about: that of the host, or inside a namespace the one there.</param>
/// <param name="Inner">The port that it is translated to; the same if it is not, or not known.</param>
/// <param name="Client">The client's port; 0 if it is not known yet.</param>
internal sealed record TraceFlow(Protocol Protocol, int Port, int Inner, int Client)
{
    private const int Icmp = 1;
    private const int Unreachable = 3;
    private const int Acknowledges = 0x10;
    private const int Synchronizes = 2;

    /// <summary>Whether a packet goes to the port; of an unknown client only what opens a connection.</summary>
    public bool IsPacket(NftTracePacket packet)
    {
        if (packet.Protocol != (int)Protocol)
            return false;
        if (Client != 0)
            return packet.SourcePort == Client;
        bool opens = Protocol == Protocol.Udp || (packet.TcpFlags & (Synchronizes | Acknowledges)) == Synchronizes;
        return opens && packet.DestinationPort == Port;
    }

    /// <summary>Whether a packet is an answer, or an error about one that goes to the port.</summary>
    public bool IsAnswer(NftTracePacket packet) =>
        packet is { Protocol: Icmp, IcmpType: Unreachable }
        || (
            packet.Protocol == (int)Protocol
            && (Client != 0 ? packet.DestinationPort == Client : packet.SourcePort == Port || packet.SourcePort == Inner)
        );
}
