using System.Runtime.InteropServices;

namespace Warren.Netlink.Wire;

/// <summary>What a socket speaks: the third argument of socket(2). linux/netlink.h.</summary>
public enum NetlinkProtocol
{
    /// <summary>NETLINK_ROUTE: links, addresses, routes, rules, neighbours.</summary>
    Route = 0,

    /// <summary>NETLINK_SOCK_DIAG: sockets of this network namespace.</summary>
    SocketDiagnosis = 4,

    /// <summary>NETLINK_NETFILTER: nf_tables, conntrack.</summary>
    Netfilter = 12,
}

/// <summary>nlmsg_flags. linux/netlink.h.</summary>
[Flags]
public enum MessageFlags : ushort
{
    /// <summary>No flag.</summary>
    None = 0,

    /// <summary>NLM_F_REQUEST: a request; the writer sets it on every message.</summary>
    Request = 0x1,

    /// <summary>NLM_F_MULTI: one of several messages, ended by NLMSG_DONE.</summary>
    Multi = 0x2,

    /// <summary>NLM_F_ACK: answer with an error message also when all went well.</summary>
    Ack = 0x4,

    /// <summary>NLM_F_ECHO: send the result of the request back.</summary>
    Echo = 0x8,

    /// <summary>NLM_F_DUMP_INTR: what is listed changed while it was listed.</summary>
    DumpInterrupted = 0x10,

    /// <summary>NLM_F_DUMP_FILTERED: the kernel applied the filter of the request.</summary>
    DumpFiltered = 0x20,

    /// <summary>NLM_F_ROOT | NLM_F_MATCH: list all.</summary>
    Dump = 0x300,

    /// <summary>NLM_F_REPLACE: replace what exists.</summary>
    Replace = 0x100,

    /// <summary>NLM_F_EXCL: fail if it exists.</summary>
    Exclusive = 0x200,

    /// <summary>NLM_F_CREATE: make it if it does not exist.</summary>
    Create = 0x400,

    /// <summary>NLM_F_APPEND: add at the end.</summary>
    Append = 0x800,
}

/// <summary>struct nlmsghdr, 16 bytes. linux/netlink.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MessageHeader
{
    public uint Length;
    public ushort Type;
    public MessageFlags Flags;
    public uint Sequence;
    public uint Port;

    public const int Size = 16;
}

/// <summary>The message types below NLMSG_MIN_TYPE, common to all families. linux/netlink.h.</summary>
internal static class ControlMessage
{
    public const ushort NoOperation = 1;
    public const ushort Error = 2;
    public const ushort Done = 3;
    public const ushort Overrun = 4;
}

/// <summary>enum nlmsgerr_attrs: what the kernel says beside an error number. linux/netlink.h.</summary>
internal static class NlmsgerrAttr
{
    public static TextKey Message => new(1);
    public static U32Key Offset => new(2);
}
