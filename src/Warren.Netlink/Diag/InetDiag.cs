using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Diag;

/// <summary>The 16 bytes of __be32[4]; an IPv4 address is in the first four.</summary>
[InlineArray(16)]
internal struct DiagAddress
{
    private byte _first;
}

/// <summary>A 16-bit number in network order.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NetworkPort
{
    private ushort _bytes;

    public readonly ushort Value => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(_bytes) : _bytes;
}

/// <summary>struct inet_diag_sockid, 48 bytes. linux/inet_diag.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct InetDiagSocketId
{
    public NetworkPort SourcePort;
    public NetworkPort DestinationPort;
    public DiagAddress Source;
    public DiagAddress Destination;
    public uint Interface;
    public uint Cookie0;
    public uint Cookie1;
}

/// <summary>struct inet_diag_req_v2, 56 bytes. linux/inet_diag.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct InetDiagRequest
{
    public byte Family;
    public TransportProtocol Protocol;
    public byte Extensions;
    public byte Pad;

    /// <summary>A bit for each socket state that is asked for.</summary>
    public uint States;
    public InetDiagSocketId Id;
}

/// <summary>struct inet_diag_msg, 72 bytes. linux/inet_diag.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct InetDiagMessage
{
    public byte Family;
    public byte State;
    public byte Timer;
    public byte Retransmits;
    public InetDiagSocketId Id;
    public uint Expires;
    public uint ReceiveQueue;
    public uint SendQueue;
    public uint UserId;
    public uint Inode;
}

/// <summary>struct inet_diag_bc_op, 4 bytes: a conditional jump forward. linux/inet_diag.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct InetDiagOperation
{
    public byte Code;

    /// <summary>Bytes to go on when the condition holds: the length of this operation with its arguments.</summary>
    public byte Yes;

    /// <summary>Bytes to go on when it does not; past the end means that the socket is left out.</summary>
    public ushort No;

    /// <summary>INET_DIAG_BC_S_GE: the local port is at least the number in the next operation's <see cref="No"/>.</summary>
    public const byte SourcePortAtLeast = 2;

    /// <summary>INET_DIAG_BC_S_LE: the local port is at most the number in the next operation's <see cref="No"/>.</summary>
    public const byte SourcePortAtMost = 3;
}

/// <summary>The attributes of a request. linux/inet_diag.h: INET_DIAG_REQ_*.</summary>
internal static class InetDiagReq
{
    /// <summary>The filter program.</summary>
    public static BytesKey Bytecode => new(1);
}

/// <summary>The attributes of an answer. linux/inet_diag.h: INET_DIAG_*.</summary>
internal static class InetDiagAttr
{
    /// <summary>1 if IPV6_V6ONLY is set; told, unasked, of AF_INET6 sockets in state LISTEN or CLOSE.</summary>
    public static U8Key V6Only => new(11);
}

/// <summary>Socket states. linux/tcp.h and net/tcp_states.h: TCP_*.</summary>
internal static class SocketState
{
    /// <summary>TCP_CLOSE; of a UDP socket: without a peer.</summary>
    public const int Close = 7;

    /// <summary>TCP_LISTEN.</summary>
    public const int Listen = 10;
}
