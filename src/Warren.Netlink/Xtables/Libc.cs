using System.Runtime.InteropServices;

namespace Warren.Netlink;

// linux/netfilter_ipv4/ip_tables.h; getsockopt(2) itself stands with the other system calls.
internal static partial class Libc
{
    [LibraryImport("libc", SetLastError = true)]
    public static unsafe partial nint read(int fd, byte* buffer, nint length);

    public const int AF_INET = 2;
    public const int IPPROTO_IP = 0;
    public const int IPPROTO_RAW = 255;
    public const int IPT_SO_GET_INFO = 64;
    public const int IPT_SO_GET_ENTRIES = 65;
}
