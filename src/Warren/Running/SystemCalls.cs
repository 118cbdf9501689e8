using System.Runtime.InteropServices;
using System.Text;

namespace Warren.Running;

/// <summary>The system calls and C library functions that running a command takes, by their names in the manual.</summary>
internal static partial class SystemCalls
{
    public const int SIGHUP = 1;
    public const int SIGINT = 2;
    public const int SIGQUIT = 3;
    public const int SIGKILL = 9;
    public const int SIGUSR1 = 10;
    public const int SIGUSR2 = 12;
    public const int SIGPIPE = 13;
    public const int SIGTERM = 15;
    public const int SIGCHLD = 17;
    public const int SIGCONT = 18;
    public const nint SIG_DFL = 0;
    public const int SIG_SETMASK = 2;

    public const int CLONE_NEWNS = 0x20000;
    public const ulong MS_RDONLY = 1;
    public const ulong MS_BIND = 0x1000;
    public const ulong MS_MOVE = 0x2000;
    public const ulong MS_REC = 0x4000;
    public const ulong MS_SLAVE = 1 << 19;
    public const int MNT_DETACH = 2;

    public const int O_RDONLY = 0;
    public const int O_RDWR = 2;
    public const int O_NOCTTY = 0x100;
    public const int O_CLOEXEC = 0x80000;
    public const int F_SETFD = 2;
    public const int F_SETFL = 4;
    public const int F_DUPFD_CLOEXEC = 1030;
    public const int FD_CLOEXEC = 1;
    public const uint CLOSE_RANGE_CLOEXEC = 4;

    public const int PR_SET_KEEPCAPS = 8;
    public const int PR_SET_NAME = 15;
    public const int PR_CAPBSET_READ = 23;
    public const int PR_CAPBSET_DROP = 24;
    public const int PR_SET_NO_NEW_PRIVS = 38;
    public const int PR_CAP_AMBIENT = 47;
    public const int PR_CAP_AMBIENT_RAISE = 2;
    public const int PR_CAP_AMBIENT_CLEAR_ALL = 4;

    public const int P_PID = 1;
    public const int WEXITED = 4;
    public const int WNOWAIT = 0x1000000;
    public const short POLLIN = 1;

    public const int AF_INET = 2;
    public const int AF_INET6 = 10;
    public const int SOCK_STREAM = 1;
    public const int SOCK_DGRAM = 2;
    public const int SOCK_CLOEXEC = 0x80000;
    public const int SOL_SOCKET = 1;
    public const int SO_REUSEADDR = 2;
    public const int IPPROTO_IP = 0;
    public const int IP_FREEBIND = 15;
    public const int IPPROTO_IPV6 = 41;
    public const int IPV6_V6ONLY = 26;

    public const int RLIMIT_NOFILE = 7;

    public const short POSIX_SPAWN_SETSIGDEF = 0x4;
    public const short POSIX_SPAWN_SETSID = 0x80;

    // asm/unistd_64.h, and asm-generic/unistd.h for all later architectures; those from 400 on are the same everywhere
    public static nint SYS_rt_sigaction => IsX64 ? 13 : 134;
    public static nint SYS_setgroups => IsX64 ? 116 : 159;
    public static nint SYS_setresuid => IsX64 ? 117 : 147;
    public static nint SYS_setresgid => IsX64 ? 119 : 149;
    public const nint SYS_pidfd_send_signal = 424;
    public const nint SYS_pidfd_open = 434;
    public const nint SYS_close_range = 436;

    private static bool IsX64 => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    public const int AT_RECURSIVE = 0x8000;
    public const int AT_SYMLINK_NOFOLLOW = 0x100;
    public const int OPEN_TREE_CLONE = 1;

    /// <summary>mount_setattr(2), which the C library of Debian 12 has no function of its own for on every architecture.</summary>
    public static unsafe int mount_setattr(string path, int flags, ulong* attributes)
    {
        const nint Number = 442; // the same on x86-64 and arm64
        const nint Size = 32;
        byte* text = stackalloc byte[Encoding.UTF8.GetMaxByteCount(path.Length) + 1];
        int length = Encoding.UTF8.GetBytes(path, new Span<byte>(text, Encoding.UTF8.GetMaxByteCount(path.Length)));
        text[length] = 0;
        return (int)syscall5(Number, CurrentFolder, (nint)text, flags, (nint)attributes, Size);
    }

    /// <summary>open_tree(2) of a path, with <see cref="OPEN_TREE_CLONE"/> a mount of it that is nowhere yet.</summary>
    public static unsafe int open_tree(string path, int flags)
    {
        const nint Number = 428; // the same on x86-64 and arm64
        fixed (byte* text = Terminated(path))
            return (int)syscall5(Number, CurrentFolder, (nint)text, flags, 0, 0);
    }

    /// <summary>move_mount(2) of an open mount onto a path, and onto a symbolic link itself if it is one.</summary>
    public static unsafe int move_mount(int tree, string path)
    {
        const nint Number = 429; // the same on x86-64 and arm64
        const nint FromIsOpen = 4;
        fixed (byte* text = Terminated(path))
        fixed (byte* empty = "\0"u8)
            return (int)syscall5(Number, tree, (nint)empty, CurrentFolder, (nint)text, FromIsOpen);
    }

    private const nint CurrentFolder = -100;

    private static byte[] Terminated(string text) => Encoding.UTF8.GetBytes(text + "\0");

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint syscall5(nint number, nint a, nint b, nint c, nint d, nint e);

    /// <summary>syscall(2): unlike the C library's functions, it changes the ids of the calling thread alone.</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial nint syscall(nint number, nint a, nint b, nint c, nint d);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int prctl(int option, nuint a, nuint b, nuint c, nuint d);

    /// <summary>capset(2), of the calling thread.</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static unsafe partial int capset(void* header, void* sets);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchown(int fd, uint uid, uint gid);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int chdir(string path);

    /// <summary>getrlimit(2): the soft limit, then the hard one.</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static unsafe partial int getrlimit(int resource, ulong* limits);

    /// <summary>setrlimit(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static unsafe partial int setrlimit(int resource, ulong* limits);

    [LibraryImport("libc")]
    public static partial uint geteuid();

    [LibraryImport("libc")]
    public static partial uint getegid();

    [LibraryImport("libc", SetLastError = true)]
    public static partial int unshare(int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int mount(string? source, string target, string? type, ulong flags, string? options);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int umount2(string target, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static unsafe partial int statfs(string path, void* buffer);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int open(string path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fcntl(int fd, int command, nint argument);

    [LibraryImport("libc", SetLastError = true)]
    public static unsafe partial int pipe2(int* ends, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static unsafe partial nint read(int fd, byte* bytes, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    public static unsafe partial nint write(int fd, byte* bytes, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    public static unsafe partial int execve(byte* path, byte** arguments, byte** environment);

    [LibraryImport("libc")]
    public static unsafe partial int posix_spawn(
        out int pid,
        byte* path,
        void* actions,
        void* attributes,
        byte** arguments,
        byte** environment
    );

    [LibraryImport("libc")]
    public static unsafe partial int posix_spawn_file_actions_init(void* actions);

    [LibraryImport("libc")]
    public static unsafe partial int posix_spawn_file_actions_adddup2(void* actions, int fd, int target);

    [LibraryImport("libc")]
    public static unsafe partial int posix_spawn_file_actions_addchdir_np(void* actions, byte* path);

    [LibraryImport("libc")]
    public static unsafe partial int posix_spawn_file_actions_destroy(void* actions);

    [LibraryImport("libc")]
    public static unsafe partial int posix_spawnattr_init(void* attributes);

    [LibraryImport("libc")]
    public static unsafe partial int posix_spawnattr_setflags(void* attributes, short flags);

    [LibraryImport("libc")]
    public static unsafe partial int posix_spawnattr_setsigdefault(void* attributes, void* signals);

    [LibraryImport("libc")]
    public static unsafe partial int posix_spawnattr_destroy(void* attributes);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    public static unsafe partial int setsockopt(int fd, int level, int option, void* value, uint length);

    [LibraryImport("libc", SetLastError = true)]
    public static unsafe partial int bind(int fd, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int listen(int fd, int backlog);

    [LibraryImport("libc", SetLastError = true)]
    public static unsafe partial int waitid(int kind, int id, void* result, int options);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int waitpid(int pid, out int status, int options);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int kill(int pid, int signal);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint signal(int signal, nint handler);

    [LibraryImport("libc")]
    public static unsafe partial int pthread_sigmask(int how, void* set, void* old);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int tcgetpgrp(int fd);

    [LibraryImport("libc")]
    public static partial int getpgrp();

    [LibraryImport("libc", SetLastError = true)]
    public static unsafe partial int poll(PollDescriptor* descriptors, nuint count, int milliseconds);

    /// <summary>struct pollfd, poll.h.</summary>
    public struct PollDescriptor
    {
        public int Descriptor;
        public short Asked;
        public short Happened;
    }
}
