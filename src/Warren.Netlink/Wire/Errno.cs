using System.Runtime.InteropServices;

namespace Warren.Netlink.Wire;

/// <summary>An error number, positive. asm-generic/errno-base.h and errno.h.</summary>
/// <param name="Number">errno(3).</param>
public readonly record struct Errno(int Number)
{
    /// <summary>Operation not permitted.</summary>
    public static Errno NotPermitted => new(1);

    /// <summary>No such file, table, chain, set or element.</summary>
    public static Errno NotFound => new(2);

    /// <summary>No such process, route or rule.</summary>
    public static Errno NoSuchProcess => new(3);

    /// <summary>Interrupted by a signal.</summary>
    public static Errno Interrupted => new(4);

    /// <summary>Try again, or a time limit was reached.</summary>
    public static Errno Again => new(11);

    /// <summary>Permission denied.</summary>
    public static Errno Denied => new(13);

    /// <summary>Busy.</summary>
    public static Errno Busy => new(16);

    /// <summary>It exists already.</summary>
    public static Errno Exists => new(17);

    /// <summary>No such device.</summary>
    public static Errno NoDevice => new(19);

    /// <summary>Not a directory.</summary>
    public static Errno NotDirectory => new(20);

    /// <summary>Invalid argument.</summary>
    public static Errno Invalid => new(22);

    /// <summary>ENFILE.</summary>
    public static Errno TooManyOpenFilesInSystem => new(23);

    /// <summary>EMFILE.</summary>
    public static Errno TooManyOpenFiles => new(24);

    /// <summary>ENOSPC.</summary>
    public static Errno NoSpace => new(28);

    /// <summary>The file system is read-only.</summary>
    public static Errno ReadOnly => new(30);

    /// <summary>The directory is not empty.</summary>
    public static Errno NotEmpty => new(39);

    /// <summary>Symbolic link where none may be.</summary>
    public static Errno Loop => new(40);

    /// <summary>The protocol is not supported by this kernel.</summary>
    public static Errno ProtocolNotSupported => new(93);

    /// <summary>The operation is not supported by this kernel.</summary>
    public static Errno NotSupported => new(95);

    /// <summary>The address family is not supported by this kernel.</summary>
    public static Errno FamilyNotSupported => new(97);

    /// <summary>The address is not available on this host.</summary>
    public static Errno AddressNotAvailable => new(99);

    /// <summary>The network is down.</summary>
    public static Errno NetworkDown => new(100);

    /// <summary>The network is unreachable.</summary>
    public static Errno NetworkUnreachable => new(101);

    /// <summary>More answers than the socket's receive buffer holds.</summary>
    public static Errno NoBufferSpace => new(105);

    /// <summary>A time limit was reached.</summary>
    public static Errno TimedOut => new(110);

    /// <summary>The host is unreachable.</summary>
    public static Errno HostUnreachable => new(113);

    /// <summary>The error of the last system call on this thread.</summary>
    public static Errno Last => new(Marshal.GetLastPInvokeError());

    /// <summary>The symbol: <c>EPERM</c>; <c>errno 200</c> for one without.</summary>
    public string Name =>
        Number switch
        {
            1 => "EPERM",
            2 => "ENOENT",
            3 => "ESRCH",
            4 => "EINTR",
            5 => "EIO",
            6 => "ENXIO",
            7 => "E2BIG",
            8 => "ENOEXEC",
            9 => "EBADF",
            11 => "EAGAIN",
            12 => "ENOMEM",
            13 => "EACCES",
            14 => "EFAULT",
            16 => "EBUSY",
            17 => "EEXIST",
            19 => "ENODEV",
            20 => "ENOTDIR",
            21 => "EISDIR",
            22 => "EINVAL",
            23 => "ENFILE",
            24 => "EMFILE",
            26 => "ETXTBSY",
            28 => "ENOSPC",
            30 => "EROFS",
            34 => "ERANGE",
            36 => "ENAMETOOLONG",
            38 => "ENOSYS",
            39 => "ENOTEMPTY",
            40 => "ELOOP",
            75 => "EOVERFLOW",
            90 => "EMSGSIZE",
            92 => "ENOPROTOOPT",
            93 => "EPROTONOSUPPORT",
            95 => "EOPNOTSUPP",
            97 => "EAFNOSUPPORT",
            98 => "EADDRINUSE",
            99 => "EADDRNOTAVAIL",
            100 => "ENETDOWN",
            101 => "ENETUNREACH",
            105 => "ENOBUFS",
            110 => "ETIMEDOUT",
            111 => "ECONNREFUSED",
            113 => "EHOSTUNREACH",
            _ => $"errno {Number}",
        };

    /// <summary>The C library's words: <c>Operation not permitted</c>.</summary>
    public string Text => Marshal.GetPInvokeErrorMessage(Number);
}
