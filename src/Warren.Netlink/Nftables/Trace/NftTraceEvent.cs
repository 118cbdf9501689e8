using System.Buffers.Binary;
using System.Net;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Nftables.Trace;

/// <summary>NFT_TRACETYPE_*: what of a packet's way is told. linux/netfilter/nf_tables.h.</summary>
public enum NftTraceKind
{
    /// <summary>Something that this package does not know.</summary>
    Unknown = 0,

    /// <summary>No rule of a base chain decided: its policy does.</summary>
    Policy = 1,

    /// <summary>The end of a chain: back to the rule that jumped there.</summary>
    Return = 2,

    /// <summary>A rule whose conditions the packet met. Rules that it does not meet are not told.</summary>
    Rule = 3,
}

/// <summary>The addresses of a packet, as far as its first bytes tell.</summary>
/// <param name="Source">Where it comes from.</param>
/// <param name="Destination">Where it goes.</param>
/// <param name="Protocol">IPPROTO_*.</param>
/// <param name="SourcePort">Host order; 0 where the protocol has no ports.</param>
/// <param name="DestinationPort">Host order; 0 where the protocol has no ports.</param>
public sealed record NftTracePacket(IPAddress Source, IPAddress Destination, int Protocol, int SourcePort, int DestinationPort)
{
    /// <summary>The flags of a TCP header (1 FIN, 2 SYN, 4 RST, 16 ACK); 0 for other protocols.</summary>
    public int TcpFlags { get; init; }

    /// <summary>The type of an ICMP message; -1 for other protocols.</summary>
    public int IcmpType { get; init; } = -1;

    /// <summary>The code of an ICMP message; -1 for other protocols.</summary>
    public int IcmpCode { get; init; } = -1;

    /// <summary>Reads headers; null if they are too short or of neither IPv4 nor IPv6.</summary>
    internal static NftTracePacket? Read(ReadOnlySpan<byte> network, ReadOnlySpan<byte> transport)
    {
        const int Icmp = 1;
        const int Tcp = 6;
        const int Udp = 17;
        const int IcmpV6 = 58;
        if (network.Length == 0)
            return null;
        int version = network[0] >> 4;
        if (network.Length < (version == 6 ? 40 : 20) || version is not (4 or 6))
            return null;
        int protocol = version == 4 ? network[9] : network[6];
        IPAddress source = version == 4 ? new IPAddress(network.Slice(12, 4)) : new IPAddress(network.Slice(8, 16));
        IPAddress destination = version == 4 ? new IPAddress(network.Slice(16, 4)) : new IPAddress(network.Slice(24, 16));
        bool ports = protocol is Tcp or Udp && transport.Length >= 4;
        bool icmp = protocol is Icmp or IcmpV6 && transport.Length >= 2;
        return new NftTracePacket(
            source,
            destination,
            protocol,
            ports ? BinaryPrimitives.ReadUInt16BigEndian(transport) : 0,
            ports ? BinaryPrimitives.ReadUInt16BigEndian(transport[2..]) : 0
        )
        {
            TcpFlags = protocol == Tcp && transport.Length >= 14 ? transport[13] : 0,
            IcmpType = icmp ? transport[0] : -1,
            IcmpCode = icmp ? transport[1] : -1,
        };
    }
}

/// <summary>One step of a packet's way through the rules, as the kernel tells it of packets with <c>meta nftrace set 1</c>.</summary>
/// <param name="Table">The table.</param>
/// <param name="Chain">The chain's name.</param>
/// <param name="Kind">What is told.</param>
/// <param name="Id">Tells packets apart; the same for all steps of a packet between one link and the next.</param>
public sealed record NftTraceEvent(NftTable Table, string Chain, NftTraceKind Kind, uint Id)
{
    /// <summary>The rule; 0 for a policy, and for the end of a chain.</summary>
    public ulong RuleHandle { get; init; }

    /// <summary>The rule's verdict, or null: NF_ACCEPT, a jump; continue is none.</summary>
    public NftVerdict? Verdict { get; init; }

    /// <summary>The policy; null unless <see cref="Kind"/> is <see cref="NftTraceKind.Policy"/>.</summary>
    public NftVerdict? Policy { get; init; }

    /// <summary>The packet as it is; told with the first step in each base chain only.</summary>
    public NftTracePacket? Packet { get; init; }

    /// <summary>The index of the link that it came in by; 0 if none or not told.</summary>
    public int InputLink { get; init; }

    /// <summary>The index of the link that it leaves by; 0 if not known yet or not told.</summary>
    public int OutputLink { get; init; }

    /// <summary>Its firewall mark; 0 if it has none.</summary>
    public uint Mark { get; init; }

    /// <summary>Reads a step; null for a message of another type.</summary>
    /// <exception cref="MalformedMessageException">An attribute is cut off.</exception>
    internal static NftTraceEvent? Parse(in Message message)
    {
        if (message.Type != NftMessage.Trace)
            return null;
        string table = "";
        string chain = "";
        uint kind = 0;
        uint id = 0;
        ulong handle = 0;
        NftVerdict? verdict = null;
        NftVerdict? policy = null;
        int input = 0;
        int output = 0;
        uint mark = 0;
        ReadOnlySpan<byte> network = default;
        ReadOnlySpan<byte> transport = default;
        AttributeReader attribute = message.Attributes<NetfilterHeader>();
        while (attribute.Next())
        {
            if (attribute.Is(NftaTrace.Table))
                table = attribute.Get(NftaTrace.Table);
            else if (attribute.Is(NftaTrace.Chain))
                chain = attribute.Get(NftaTrace.Chain);
            else if (attribute.Is(NftaTrace.RuleHandle))
                handle = attribute.Get(NftaTrace.RuleHandle);
            else if (attribute.Is(NftaTrace.Type))
                kind = attribute.Get(NftaTrace.Type);
            else if (attribute.Is(NftaTrace.Verdict))
                verdict = NftImmediate.ParseVerdict(attribute.Get(NftaTrace.Verdict));
            else if (attribute.Is(NftaTrace.Id))
                id = attribute.Get(NftaTrace.Id);
            else if (attribute.Is(NftaTrace.NetworkHeader))
                network = attribute.Get(NftaTrace.NetworkHeader);
            else if (attribute.Is(NftaTrace.TransportHeader))
                transport = attribute.Get(NftaTrace.TransportHeader);
            else if (attribute.Is(NftaTrace.InputLink))
                input = (int)attribute.Get(NftaTrace.InputLink);
            else if (attribute.Is(NftaTrace.OutputLink))
                output = (int)attribute.Get(NftaTrace.OutputLink);
            else if (attribute.Is(NftaTrace.Mark))
                mark = attribute.Get(NftaTrace.Mark);
            else if (attribute.Is(NftaTrace.Policy))
                policy = new NftVerdict(attribute.Get(NftaTrace.Policy));
        }
        const uint Continue = uint.MaxValue;
        var owner = new NftTable(message.Header<NetfilterHeader>().Family, table);
        return new NftTraceEvent(owner, chain, kind <= (uint)NftTraceKind.Rule ? (NftTraceKind)kind : NftTraceKind.Unknown, id)
        {
            RuleHandle = handle,
            Verdict = verdict is { Code: Continue } ? null : verdict,
            Policy = policy,
            Packet = NftTracePacket.Read(network, transport),
            InputLink = input,
            OutputLink = output,
            Mark = mark,
        };
    }
}
