using System.Globalization;
using System.Text;

namespace Warren.Running.Services;

/// <summary>A process that lives.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Parent">Its parent's.</param>
/// <param name="Session">Its session's: the id of the process that began it.</param>
/// <param name="StartTime">When it was started, in ticks since boot: with the id, it is this process and no other.</param>
internal sealed record LivingProcess(int Id, int Parent, int Session, ulong StartTime)
{
    /// <summary>To whom it belongs, as its environment says, if this was read.</summary>
    public string? Mark { get; set; }

    /// <summary>Whether its network namespace is one of those asked for.</summary>
    public bool IsInside { get; set; }

    /// <summary>Its network namespace, if it is one of those asked for.</summary>
    public ulong Namespace { get; set; }
}

/// <summary>
/// All processes of the host at one moment, and which of them belong to a project's services. Who belongs to a service: its own
/// process, whoever carries its name in the environment, whoever is in a session or descends from one who does. The environment
/// alone is not enough: programs write over it to change how ps shows them.
/// </summary>
internal sealed class Census
{
    /// <summary>The variable with a service's full name.</summary>
    public const string ServiceVariable = "WARREN_SERVICE";

    /// <summary>The variable with a project's name.</summary>
    public const string ProjectVariable = "WARREN_PROJECT";

    [ThreadStatic]
    private static byte[]? t_buffer;

    private readonly Dictionary<int, LivingProcess> _processes = [];

    private Census() { }

    /// <summary>Looks at all processes but this one.</summary>
    /// <param name="project">Whose services.</param>
    /// <param name="supervisor">Whose descendants are looked at wherever they are; 0 for nobody's.</param>
    /// <param name="namespaces">The inodes of the services' network namespaces.</param>
    public static Census Take(string project, int supervisor, IReadOnlySet<ulong> namespaces)
    {
        var census = new Census();
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out int id) && id != Environment.ProcessId && ReadStat(id) is { } process)
                census._processes[id] = process;
        }
        byte[] projectEntry = Encoding.UTF8.GetBytes($"{ProjectVariable}={project}");
        foreach (LivingProcess process in census._processes.Values)
        {
            process.Namespace = NamespaceOf(process.Id);
            process.IsInside = namespaces.Contains(process.Namespace);
            if (process.IsInside || supervisor != 0 && census.Descends(process, supervisor) || supervisor == 0 && IsBeginning(process.Id))
                process.Mark = ReadMark(process.Id, projectEntry);
        }
        return census;
    }

    /// <summary>Who belongs to which service.</summary>
    /// <param name="roots">The processes that services were started as, and the names of these.</param>
    /// <param name="alone">For a namespace with one service only: its name.</param>
    /// <param name="supervisor">The process to which orphans fall.</param>
    public Dictionary<string, List<LivingProcess>> ByService(
        IReadOnlyDictionary<int, string> roots,
        IReadOnlyDictionary<ulong, string> alone,
        int supervisor
    )
    {
        var owners = new Dictionary<int, string?>();
        var members = new Dictionary<string, List<LivingProcess>>();
        foreach (LivingProcess process in _processes.Values)
        {
            if (Owner(process, 0) is not { } owner)
                continue;
            if (!members.TryGetValue(owner, out List<LivingProcess>? list))
                members[owner] = list = [];
            list.Add(process);
        }
        return members;

        string? Owner(LivingProcess process, int depth)
        {
            const int Deepest = 1000;
            if (owners.TryGetValue(process.Id, out string? known) || depth > Deepest)
                return known;
            string? owner =
                roots.GetValueOrDefault(process.Id)
                ?? process.Mark
                ?? (roots.GetValueOrDefault(process.Session) is { } session && (process.IsInside || Descends(process, supervisor)) ? session : null);
            if (owner is null && _processes.TryGetValue(process.Parent, out LivingProcess? parent))
                owner = Owner(parent, depth + 1);
            if (owner is null && process.Parent == supervisor && process.IsInside)
                owner = alone.GetValueOrDefault(process.Namespace);
            owners[process.Id] = owner;
            return owner;
        }
    }

    /// <summary>All who belong to the project, told by their environment, by descent and by session alone: whose supervisor is dead.</summary>
    public List<LivingProcess> Marked()
    {
        var sessions = new HashSet<int>();
        foreach (LivingProcess process in _processes.Values)
        {
            if (process.Mark is not null)
                sessions.Add(process.Session);
        }
        var found = new List<LivingProcess>();
        foreach (LivingProcess process in _processes.Values)
        {
            if (process.Mark is not null || process.IsInside && (sessions.Contains(process.Session) || HasMarkedAncestor(process)))
                found.Add(process);
        }
        return found;
    }

    /// <summary>Whether a process is still the one that was seen.</summary>
    public static bool IsStill(LivingProcess process) => ReadStat(process.Id) is { } now && now.StartTime == process.StartTime;

    private bool HasMarkedAncestor(LivingProcess process)
    {
        LivingProcess? at = process;
        for (int i = 0; i < _processes.Count && _processes.TryGetValue(at.Parent, out at); i++)
        {
            if (at.Mark is not null)
                return true;
        }
        return false;
    }

    private bool Descends(LivingProcess process, int ancestor)
    {
        LivingProcess? at = process;
        for (int i = 0; i <= _processes.Count; i++)
        {
            if (at.Parent == ancestor)
                return true;
            if (!_processes.TryGetValue(at.Parent, out at))
                return false;
        }
        return false;
    }

    // A service that its supervisor has just begun to start: not in its namespace yet.
    private static bool IsBeginning(int id)
    {
        int length = ReadFile($"/proc/{id}/cmdline", 64);
        ReadOnlySpan<byte> words = t_buffer.AsSpan(0, Math.Min(length, 64));
        int end = words.IndexOf((byte)0);
        return end >= 0 && words[(end + 1)..].StartsWith("__exec\0"u8);
    }

    // proc_pid_stat(5). Null for one that is gone, dead, or a thread of the kernel.
    private static LivingProcess? ReadStat(int id)
    {
        int length = ReadFile($"/proc/{id}/stat", 2048);
        ReadOnlySpan<byte> stat = t_buffer.AsSpan(0, length);
        int end = stat.LastIndexOf((byte)')');
        if (end < 0)
            return null;
        // from the third field on; a name may hold anything, so it is cut off from behind
        Span<long> fields = stackalloc long[20];
        fields.Clear();
        byte state = 0;
        int at = 0;
        foreach (Range range in stat[(end + 2)..].Split((byte)' '))
        {
            ReadOnlySpan<byte> field = stat[(end + 2)..][range];
            if (at == 0)
                state = field[0];
            else if (at < fields.Length)
                _ = System.Buffers.Text.Utf8Parser.TryParse(field, out fields[at], out _);
            if (++at >= fields.Length)
                break;
        }
        const long KernelThread = 0x00200000;
        // a process whose first thread has ended lives on with the others
        bool dead = state is (byte)'Z' or (byte)'X' && fields[17] <= 1;
        return dead || (fields[6] & KernelThread) != 0 ? null : new LivingProcess(id, (int)fields[1], (int)fields[3], (ulong)fields[19]);
    }

    private static ulong NamespaceOf(int id)
    {
        try
        {
            // net:[4026531840]
            string? target = new FileInfo($"/proc/{id}/ns/net").LinkTarget;
            return target is { Length: > 6 } && ulong.TryParse(target.AsSpan(5, target.Length - 6), NumberStyles.None, null, out ulong inode) ? inode : 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private static string? ReadMark(int id, byte[] projectEntry)
    {
        const int Longest = 4 << 20;
        int length = ReadFile($"/proc/{id}/environ", Longest);
        ReadOnlySpan<byte> all = t_buffer.AsSpan(0, length);
        bool ours = false;
        string? service = null;
        ReadOnlySpan<byte> prefix = "WARREN_SERVICE="u8;
        foreach (Range range in all.Split((byte)0))
        {
            ReadOnlySpan<byte> entry = all[range];
            ours |= entry.SequenceEqual(projectEntry);
            if (entry.StartsWith(prefix))
                service = Encoding.UTF8.GetString(entry[prefix.Length..]);
        }
        return ours ? service ?? "" : null;
    }

    // Into the one buffer; 0 for what is gone or may not be read.
    private static int ReadFile(string path, int longest)
    {
        int fd = SystemCalls.open(path, SystemCalls.O_RDONLY | SystemCalls.O_CLOEXEC, 0);
        if (fd < 0)
            return 0;
        t_buffer ??= new byte[16 * 1024];
        int length = 0;
        while (length < longest)
        {
            if (length == t_buffer.Length)
                Array.Resize(ref t_buffer, 2 * t_buffer.Length);
            int read = Libc.Read(fd, t_buffer.AsSpan(length));
            if (read <= 0)
                break;
            length += read;
        }
        _ = SystemCalls.close(fd);
        return length;
    }
}
