using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Warren.Model;
using Warren.Netlink.Wire;

namespace Warren.Running.Services;

/// <summary>A service's process, with the ends of its pipes that the supervisor reads; neither blocks.</summary>
/// <param name="ProcessId">Its id.</param>
/// <param name="Output">What it writes; -1 if nobody reads it.</param>
/// <param name="Report">See <see cref="ExecRequest.Reports"/>.</param>
internal sealed record Spawned(int ProcessId, int Output, int Report);

/// <summary>Starts services as <see cref="Child"/> starts commands: this program again, which becomes the command.</summary>
internal sealed unsafe class Spawning : IDisposable
{
    private readonly string _project;
    private readonly ulong? _openFiles;
    private int _null = SystemCalls.open("/dev/null", SystemCalls.O_RDWR | SystemCalls.O_CLOEXEC, 0);

    /// <summary>Prepares to start services of a project. A service needs a descriptor or two here, so this process takes as many as it may have;
    /// the services keep the limit that there was.</summary>
    public Spawning(string project)
    {
        _project = project;
        _openFiles = OpenFileLimit.Raise();
    }

    /// <summary>The environment that services have beside their own.</summary>
    public IReadOnlyList<byte[]> Environment { get; set; } = [];

    /// <summary>Starts a command of a service.</summary>
    /// <param name="service">Whose.</param>
    /// <param name="command">The service's own command, or the one that tells whether it is ready.</param>
    /// <param name="output">Whether its output is read; else it is lost.</param>
    /// <param name="sockets">Those that it is handed; null for none.</param>
    /// <exception cref="ExecException">There are not enough processes, descriptors or memory.</exception>
    public Spawned Start(Service service, IReadOnlyList<string> command, bool output, HostSockets? sockets = null)
    {
        var request = new ExecRequest
        {
            Namespace = service.Namespace,
            Command = command,
            User = service.User,
            Capabilities = service.Capabilities,
            Directory = service.Directory,
            KeptVariables = Kept(service),
            Listens = sockets is null ? [] : service.Listens,
            Reports = true,
            OpenFiles = _openFiles,
        };
        int* pipe = stackalloc int[] { -1, -1 };
        int* report = stackalloc int[] { -1, -1 };
        bool whole = false;
        try
        {
            MakePipe(report, service);
            if (output)
                MakePipe(pipe, service);
            List<byte[]> arguments = ["warren"u8.ToArray(), .. Encode([Child.Verb]), .. Encode(request.ToArguments())];
            var inherited = new Inheritance();
            inherited.Add(_null, 0);
            inherited.Add(output ? pipe[1] : _null, 1);
            inherited.Add(output ? pipe[1] : _null, 2);
            for (int i = 0; i < request.Listens.Count; i++)
                inherited.Add(sockets![request.Listens[i]], ExecRequest.FirstDescriptor + i);
            inherited.Add(report[1], request.ReportDescriptor);
            int id = Spawn(request.Namespace, arguments, EnvironmentOf(service), inherited);
            whole = true;
            return new Spawned(id, pipe[0], report[0]);
        }
        finally
        {
            Libc.Close(ref pipe[1]);
            Libc.Close(ref report[1]);
            if (!whole)
            {
                Libc.Close(ref pipe[0]);
                Libc.Close(ref report[0]);
            }
        }
    }

    /// <summary>Starts this program as something other than a service. What it writes to standard error is lost.</summary>
    /// <param name="words">Its arguments.</param>
    /// <exception cref="ExecException">There are not enough processes, descriptors or memory.</exception>
    public Spawned StartAside(params IReadOnlyList<string> words)
    {
        List<byte[]> environment = NativeText.Environment();
        foreach (string mark in (string[])[Census.ProjectVariable, Census.ServiceVariable, "NOTIFY_SOCKET"])
            NativeText.Set(environment, mark, null);
        int* pipe = stackalloc int[] { -1, -1 };
        if (Libc.pipe2(pipe, Libc.O_CLOEXEC) != 0)
            throw ExecException.Refused(_project, "make a pipe", Errno.Last, "see ulimit -Hn, and /proc/sys/fs/file-max");
        _ = Libc.fcntl(pipe[0], Libc.F_SETFL, (nint)(Libc.O_RDONLY | Libc.O_NONBLOCK));
        int id = 0;
        try
        {
            var inherited = new Inheritance();
            inherited.Add(_null, 0);
            inherited.Add(pipe[1], 1);
            inherited.Add(_null, 2);
            id = Spawn(_project, ["warren"u8.ToArray(), .. Encode(words)], environment, inherited);
            return new Spawned(id, pipe[0], -1);
        }
        finally
        {
            Libc.Close(ref pipe[1]);
            if (id == 0)
                Libc.Close(ref pipe[0]);
        }
    }

    public void Dispose() => Libc.Close(ref _null);

    private static List<string> Kept(Service service)
    {
        var kept = new List<string>();
        foreach ((string name, _) in service.Environment)
        {
            if (name is "HOME" or "USER" or "LOGNAME" or "SHELL")
                kept.Add(name);
        }
        return kept;
    }

    private List<byte[]> EnvironmentOf(Service service)
    {
        // last one wins, each is there once; the marks come first, where they are found soonest
        var own = new List<(string Name, string Value)> { (Census.ProjectVariable, _project), (Census.ServiceVariable, service.FullName), ("WARREN_NAMESPACE", service.Namespace) };
        foreach ((string name, string value) in service.Environment)
        {
            int marks = own.FindIndex(entry => entry.Name == name);
            if (marks is >= 0 and < 3)
                continue;
            if (marks >= 0)
                own.RemoveAt(marks);
            own.Add((name, value));
        }
        var environment = new List<byte[]>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string name, string value) in own)
        {
            names.Add(name);
            environment.Add(Encoding.UTF8.GetBytes($"{name}={value}"));
        }
        foreach (byte[] entry in Environment)
        {
            int end = entry.AsSpan().IndexOf((byte)'=');
            if (end < 0 || !names.Contains(Encoding.UTF8.GetString(entry, 0, end)))
                environment.Add(entry);
        }
        return environment;
    }

    private static void MakePipe(int* ends, Service service)
    {
        if (Libc.pipe2(ends, Libc.O_CLOEXEC) != 0)
            throw ExecException.Refused(service.FullName, "make a pipe", Errno.Last, "see ulimit -Hn, and /proc/sys/fs/file-max");
        _ = Libc.fcntl(ends[0], Libc.F_SETFL, (nint)(Libc.O_RDONLY | Libc.O_NONBLOCK));
    }

    private static int Spawn(string subject, List<byte[]> arguments, List<byte[]> environment, Inheritance inherited)
    {
        // posix_spawnattr_t has 336 bytes
        byte* attributes = stackalloc byte[512];
        _ = SystemCalls.posix_spawnattr_init(attributes);
        byte** vector = NativeText.Vector(arguments);
        byte** variables = NativeText.Vector(environment);
        try
        {
            // a session of its own: what is typed at the terminal does not reach it
            _ = SystemCalls.posix_spawnattr_setflags(attributes, SystemCalls.POSIX_SPAWN_SETSID);
            Errno error = inherited.Spawn(attributes, vector, variables, out int id);
            return error.Number == 0 ? id : throw ExecException.Refused(subject, "start a process", error, "see ulimit -u, and /proc/sys/kernel/pid_max");
        }
        finally
        {
            NativeText.Free(vector);
            NativeText.Free(variables);
            _ = SystemCalls.posix_spawnattr_destroy(attributes);
        }
    }

    private static IEnumerable<byte[]> Encode(IEnumerable<string> words) => words.Select(word => Encoding.UTF8.GetBytes(word));

    /// <summary>Reads what a child reported.</summary>
    /// <param name="report">The pipe's end.</param>
    /// <param name="failure">Why it could not be run; null if it runs.</param>
    /// <returns>False while it is not known.</returns>
    public static bool TryReadReport(int report, out string? failure)
    {
        Span<byte> buffer = stackalloc byte[4096];
        int length = Libc.Read(report, buffer);
        failure = null;
        if (length < 0)
            return false;
        if (length > 0)
        {
            string text = Encoding.UTF8.GetString(buffer[..length]);
            int blank = text.IndexOf(' ', StringComparison.Ordinal);
            failure = blank > 0 && int.TryParse(text.AsSpan(0, blank), NumberStyles.None, CultureInfo.InvariantCulture, out _) ? text[(blank + 1)..] : text;
        }
        return true;
    }
}
