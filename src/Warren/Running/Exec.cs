using System.Text;
using Warren.Model;
using Warren.Netlink.Namespaces;
using Warren.Netlink.Wire;

namespace Warren.Running;

/// <summary>Runs a command inside a namespace in place of this process, as <c>ip netns exec</c> does, but without its privileges.</summary>
internal static unsafe class Exec
{
    /// <summary>
    /// Replaces this process by the command: the process id stays, as do standard input, output and error; no other descriptor
    /// does but the sockets that it shall have. The command has the identity of the one who called sudo and no way to privilege; see <see cref="ExecRequest"/>
    /// for how to ask for more. Signals that were ignored when Warren was started stay ignored (nohup), but for SIGPIPE, which
    /// the .NET runtime ignores.
    /// </summary>
    /// <returns>Never.</returns>
    /// <exception cref="ExecException">It could not be run. This process may have lost its rights or changed its namespaces:
    /// all it can do is to report and end.</exception>
    public static int Replace(ExecRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        string name = request.Namespace;
        CheckName(name);
        if (request.Command.Count == 0)
            throw new ExecException(ExecException.Failed, $"{Terminal.Safe(name)}: no command given");
        ulong kept = Capabilities.Parse(request.Capabilities);

        // what depends on the host's files comes before its mounts are left
        List<byte[]> environment = NativeText.Environment();
        List<byte[]> command = NativeText.Command(request.Command);
        string? Variable(string key) =>
            NativeText.Find(environment, key) is byte[] value ? Encoding.UTF8.GetString(value) : null;
        Account account = Account.Resolve(request.User, Variable);
        bool isRoot = SystemCalls.geteuid() == 0;
        bool keepsAll = account.Uid == 0 && request.User is not null && request.Capabilities.Count == 0;
        if (isRoot && !account.IsCaller)
            Describe(account, environment, request.KeptVariables);
        Announce(request.Listens, environment);
        if (request.Reports)
            OwnOutput(account);

        EnterNetwork(name);
        NamespaceMounts.Enter(name);
        if (!keepsAll && kept == 0)
            NamespaceMounts.IgnoreFilePrivileges();
        CloseDescriptors(name, request.ReportDescriptor);
        ResetSignals();
        // what it is handed is not taken from its own
        if (request.OpenFiles is { } files)
            OpenFileLimit.Lower(files + (ulong)request.Listens.Count);
        if (keepsAll)
            Privileges.KeepAll(name, account);
        else
            Privileges.Reduce(name, account, kept);
        if (request.Directory is { } directory)
            EnterFolder(name, directory, account);
        throw new CommandSearch(name, account, command, environment).Become();
    }

    private static void CheckName(string name)
    {
        const int Longest = 255;
        bool isFile = name.Length > 0 && name is not "." and not ".." && !name.AsSpan().ContainsAny('/', '\0');
        if (!isFile || Encoding.UTF8.GetByteCount(name) > Longest)
            throw new ExecException(
                ExecException.Failed,
                $"'{Terminal.Safe(name)}' is no name of a namespace; ip netns list shows them"
            );
    }

    private static void Describe(Account account, List<byte[]> environment, IReadOnlyList<string> kept)
    {
        foreach ((string variable, string? value) in ((string, string?)[])[("HOME", account.Home), ("USER", account.Name), ("LOGNAME", account.Name), ("SHELL", account.Shell)])
        {
            if (!kept.Contains(variable))
                NativeText.Set(environment, variable, value);
        }
    }

    // A pipe belongs to who made it: without this, /dev/stdout and /dev/stderr could not be opened by the command.
    private static void OwnOutput(Account account) => _ = SystemCalls.fchown(1, account.Uid, account.Gid);

    // sd_listen_fds(3). This process becomes the command, so its id is the command's; variables that were for this process are for nobody.
    private static void Announce(IReadOnlyList<HostPort> listens, List<byte[]> environment)
    {
        bool any = listens.Count > 0;
        NativeText.Set(environment, "LISTEN_PID", any ? Words.Number(Environment.ProcessId) : null);
        NativeText.Set(environment, "LISTEN_FDS", any ? Words.Number(listens.Count) : null);
        var names = new StringBuilder();
        foreach (HostPort port in listens)
            names.Append(names.Length > 0 ? ":" : "").Append(Words.Number(port.Port)).Append('/').Append(port.Protocol.Word());
        NativeText.Set(environment, "LISTEN_FDNAMES", any ? names.ToString() : null);
    }

    private static void EnterNetwork(string name)
    {
        try
        {
            using NetworkNamespace network = NetworkNamespace.Open(name);
            network.Enter();
        }
        catch (NetlinkException e)
        {
            if (e.Errno == Errno.NotFound)
                throw new ExecException(ExecException.Failed, $"{Terminal.Safe(name)}: there is no such namespace; ip netns list shows those there are");
            throw ExecException.Refused(name, "enter network namespace", e.Errno);
        }
    }

    private static void EnterFolder(string name, string directory, Account account)
    {
        if (SystemCalls.chdir(directory) == 0)
            return;
        Errno errno = Errno.Last;
        throw ExecException.Refused(name, $"enter folder {Terminal.Safe(directory)} as {account}", errno, "look at it with ls -ld");
    }

    private static void CloseDescriptors(string name, int firstForeign)
    {
        nint last = unchecked((nint)uint.MaxValue);
        if (SystemCalls.syscall(SystemCalls.SYS_close_range, firstForeign, last, (nint)SystemCalls.CLOSE_RANGE_CLOEXEC, 0) == 0)
            return;
        // before Linux 5.11
        foreach (string path in Directory.GetFileSystemEntries("/proc/self/fd"))
        {
            if (!int.TryParse(Path.GetFileName(path), out int descriptor) || descriptor < firstForeign)
                continue;
            const int BadDescriptor = 9;
            if (
                SystemCalls.fcntl(descriptor, SystemCalls.F_SETFD, SystemCalls.FD_CLOEXEC) != 0
                && Errno.Last.Number != BadDescriptor
            )
                throw ExecException.Refused(name, $"close descriptor {descriptor}", Errno.Last);
        }
    }

    // Handlers go by themselves at execve(2). What is ignored stays: the runtime ignores SIGPIPE; posix_spawn(3) of glibc its own
    // two signals, 32 and 33, which signal(2) of glibc refuses to name.
    private static void ResetSignals()
    {
        _ = SystemCalls.signal(SystemCalls.SIGPIPE, SystemCalls.SIG_DFL);
        // the kernel's struct sigaction, 32 bytes, and sigset_t, 128 bytes: by default, nothing blocked
        byte* zeros = stackalloc byte[128];
        new Span<byte>(zeros, 128).Clear();
        const int KernelSetSize = 8;
        for (int own = 32; own <= 33; own++)
            _ = SystemCalls.syscall(SystemCalls.SYS_rt_sigaction, own, (nint)zeros, 0, KernelSetSize);
        _ = SystemCalls.pthread_sigmask(SystemCalls.SIG_SETMASK, zeros, null);
    }
}
