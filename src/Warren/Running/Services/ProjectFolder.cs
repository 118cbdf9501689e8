using System.Text;
using Warren.Kernel;
using Warren.Model;
using Warren.Netlink.Wire;
using Warren.Planning;
using Files = Warren.Kernel.Libc;

namespace Warren.Running.Services;

/// <summary>
/// The folder of a project, /run/warren/projects/PROJECT, and the files in it that are about services: <c>services</c>, <c>control</c>,
/// <c>supervisor.lock</c>, <c>supervisor.log</c> and the folder <c>log</c>. Opened step by step, never through a link.
/// </summary>
internal sealed class ProjectFolder : IDisposable
{
    public const string Root = HostLock.Folder + "/projects";

    public const string ServicesFile = "services";
    public const string ControlFile = "control";
    public const string LockFile = "supervisor.lock";
    public const string SupervisorLog = "supervisor.log";
    public const string LogFolder = "log";

    private const string DraftPrefix = ServicesFile + ".new-";
    private const string Proposal = ServicesFile + ".next";
    private const string Retired = ServicesFile + ".gone";
    private const uint FolderMode = 0b111_000_000;
    private const uint FileMode = 0b110_000_000;

    private int _folder;
    private int _log = -1;

    private ProjectFolder(string project, int folder)
    {
        Project = project;
        _folder = folder;
    }

    /// <summary>The project's name.</summary>
    public string Project { get; }

    /// <summary>Where the control socket is.</summary>
    public string ControlPath => PathOf(Project, ControlFile);

    /// <summary>The path of something in a project's folder.</summary>
    public static string PathOf(string project, string file) => $"{Root}/{project}/{file}";

    /// <summary>The folder of a project; null if it is not there.</summary>
    /// <exception cref="NetlinkException">It is not ours, or no privilege.</exception>
    public static ProjectFolder? Find(string project) => Open(project, create: false);

    /// <summary>The folder of a project, made if it is not there.</summary>
    /// <exception cref="NetlinkException">It cannot be made.</exception>
    public static ProjectFolder Make(string project)
    {
        // the end of the last namespace removes /run/warren, if nothing is in it: whoever meets that starts again
        const int Attempts = 1000;
        for (int i = 0; i < Attempts; i++)
        {
            if (Open(project, create: true) is { } folder)
                return folder;
        }
        throw new NetlinkException(Errno.Again, "create", $"{Root}/{project}");
    }

    /// <summary>Whether the folder still has a name.</summary>
    public bool IsLinked => HostLock.IsLinked(_folder);

    /// <summary>A file's content; null if there is none.</summary>
    public byte[]? Read(string file)
    {
        int fd = Files.openat(_folder, file, Files.O_RDONLY | Files.O_NOFOLLOW | Files.O_CLOEXEC, 0);
        if (fd < 0)
            return Errno.Last == Errno.NotFound ? null : throw new NetlinkException(Errno.Last, "read", PathOf(Project, file));
        using var handle = new Microsoft.Win32.SafeHandles.SafeFileHandle(fd, ownsHandle: true);
        byte[] bytes = new byte[RandomAccess.GetLength(handle)];
        int length = 0;
        for (int read = 1; read > 0 && length < bytes.Length; length += read)
            read = RandomAccess.Read(handle, bytes.AsSpan(length), length);
        return bytes.AsSpan(0, length).ToArray();
    }

    /// <summary>What is wished; nothing if nothing can be read.</summary>
    public SavedServices ReadServices() => ReadSaved(ServicesFile) ?? SavedServices.None;

    /// <summary>What a supervisor that starts now finds: what was proposed, else what is wished.</summary>
    public SavedServices ReadProposed() => ReadSaved(Proposal) ?? ReadServices();

    /// <summary>Notes what is wished: whole, or not at all. Its caller holds the supervisor's lock.</summary>
    public void WriteServices(SavedServices saved)
    {
        _ = Files.unlinkat(_folder, Proposal, 0);
        Write(saved, ServicesFile);
    }

    /// <summary>What to say when the wish is gone that was just written.</summary>
    public RefusedException TakenDown() =>
        new(RefusalKind.Conflict, new Refusal($"project {Project} was taken down by another warren at the same time", "warren up, again"));

    /// <summary>Takes the wish away: a supervisor that starts from now on finds none, and ends. One that found it holds the lock.</summary>
    /// <returns>What was wished, or is left of a stop that was cut off.</returns>
    public SavedServices RetireServices()
    {
        _ = Files.unlinkat(_folder, Proposal, 0);
        _ = Files.renameat(_folder, ServicesFile, _folder, Retired);
        return ReadSaved(Retired) ?? SavedServices.None;
    }

    private SavedServices? ReadSaved(string file) => Read(file) is { } bytes ? SavedServices.Read(bytes) : null;

    /// <summary>Notes what is wished from now on, for the supervisor that lives or is about to begin: until it takes that over, what it has, or
    /// what the one before left behind, is what stands in the other file. So whoever is cut off between leaves nothing that looks done.</summary>
    public void ProposeServices(SavedServices saved) => Write(saved, Proposal);

    /// <summary>Whether anything is proposed that no supervisor has taken over.</summary>
    public bool IsProposed => Read(Proposal) is not null;

    /// <summary>Takes over what was proposed, if anything was.</summary>
    public void TakeProposal() => _ = Files.renameat(_folder, Proposal, _folder, ServicesFile);

    private void Write(SavedServices saved, string file)
    {
        // two may wish at once
        string draft = DraftPrefix + Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture);
        int fd = Files.openat(_folder, draft, Files.O_WRONLY | Files.O_CREAT | Files.O_TRUNC | Files.O_NOFOLLOW | Files.O_CLOEXEC, FileMode);
        if (fd < 0)
        {
            throw Errno.Last == Errno.NotFound
                ? TakenDown()
                : new NetlinkException(Errno.Last, "write", PathOf(Project, draft));
        }
        bool whole = Libc.WriteAll(fd, saved.ToBytes());
        Errno errno = Errno.Last;
        _ = SystemCalls.close(fd);
        if (!whole)
            throw new NetlinkException(errno, "write", PathOf(Project, draft));
        if (Files.renameat(_folder, draft, _folder, file) != 0)
            throw new NetlinkException(Errno.Last, "write", PathOf(Project, file));
    }

    /// <summary>Opens the file for the supervisor's own last words.</summary>
    public int OpenSupervisorLog() =>
        Files.openat(_folder, SupervisorLog, Files.O_WRONLY | Files.O_CREAT | Libc.O_APPEND | Files.O_NOFOLLOW | Files.O_CLOEXEC, FileMode);

    /// <summary>Opens a service's log for appending; negative if it cannot be.</summary>
    public int OpenLog(string name) =>
        Files.openat(Log, name, Files.O_RDWR | Files.O_CREAT | Libc.O_APPEND | Files.O_NOFOLLOW | Files.O_CLOEXEC, FileMode);

    /// <summary>Puts a log in the place of the old one.</summary>
    public void RotateLog(string name, string old) => _ = Files.renameat(Log, name, Log, old);

    /// <summary>Takes the lock of the living supervisor, until the descriptor is closed or the process ends; negative if another has it.</summary>
    /// <exception cref="NetlinkException">The file cannot be made.</exception>
    public int TakeLock()
    {
        const int Attempts = 100;
        for (int i = 0; i < Attempts; i++)
        {
            int fd = Files.openat(_folder, LockFile, Files.O_RDWR | Files.O_CREAT | Files.O_NOFOLLOW | Files.O_CLOEXEC, FileMode);
            if (fd < 0)
                throw new NetlinkException(Errno.Last, "open", PathOf(Project, LockFile));
            if (!Lock(fd, Libc.F_OFD_SETLK, out _))
            {
                _ = SystemCalls.close(fd);
                return -1;
            }
            // somebody may have removed the project meanwhile
            if (HostLock.IsLinked(fd))
            {
                NoteHolder(fd);
                return fd;
            }
            _ = SystemCalls.close(fd);
        }
        throw new NetlinkException(Errno.Again, "lock", PathOf(Project, LockFile));
    }

    /// <summary>Whether a supervisor lives. The lock is looked at, not taken.</summary>
    public bool IsSupervised()
    {
        int fd = Files.openat(_folder, LockFile, Files.O_RDWR | Files.O_NOFOLLOW | Files.O_CLOEXEC, 0);
        if (fd < 0)
            return false;
        bool held = Lock(fd, Libc.F_OFD_GETLK, out short kind) && kind != Libc.F_UNLCK;
        _ = SystemCalls.close(fd);
        return held;
    }

    /// <summary>The process of the supervisor that lives, as it noted itself; null if none does.</summary>
    public int? Supervisor() =>
        IsSupervised() && Read(LockFile) is { } text && int.TryParse(text, System.Globalization.NumberStyles.AllowTrailingWhite, null, out int process) ? process : null;

    /// <summary>Makes the folder for logs: those who wait for lines watch it.</summary>
    public void MakeLogFolder() => _ = Log;

    /// <summary>Removes the control socket.</summary>
    public void RemoveControl() => _ = Files.unlinkat(_folder, ControlFile, 0);

    /// <summary>Removes everything that is about services or for their supervisor, and the folders if nothing else is in them.</summary>
    public void RemoveFiles()
    {
        foreach (string file in (string[])[ServicesFile, Proposal, Retired, ControlFile, SupervisorLog, SavedWish.File])
            _ = Files.unlinkat(_folder, file, 0);
        foreach (string path in Directory.EnumerateFiles($"/proc/self/fd/{_folder}", DraftPrefix + "*"))
            _ = Files.unlinkat(_folder, Path.GetFileName(path), 0);
        int log = Files.openat(_folder, LogFolder, Files.O_RDONLY | Files.O_DIRECTORY | Files.O_NOFOLLOW | Files.O_CLOEXEC, 0);
        if (log >= 0)
        {
            foreach (string path in Directory.EnumerateFileSystemEntries($"/proc/self/fd/{log}"))
                _ = Files.unlinkat(log, Path.GetFileName(path), 0);
            _ = SystemCalls.close(log);
            _ = Files.unlinkat(_folder, LogFolder, Files.AT_REMOVEDIR);
        }
        _ = Files.unlinkat(_folder, LockFile, 0);
        _ = Files.rmdir($"{Root}/{Project}");
        _ = Files.rmdir(Root);
    }

    /// <summary>The name of a service's log file: no two services share one.</summary>
    public static string LogName(string fullName)
    {
        var name = new StringBuilder(fullName.Length);
        foreach (byte b in Encoding.UTF8.GetBytes(fullName))
        {
            char c = (char)b;
            if (char.IsAsciiLetterOrDigit(c) || c is '-' or '_' || c == '.' && name.Length > 0)
                name.Append(c);
            else if (c == '/')
                name.Append('~');
            else
                name.Append('%').Append(b.ToString("X2"));
        }
        return name.ToString();
    }

    /// <summary>The name of the log file before the present one. A name that ends so is no service's: the part after / is never empty.</summary>
    public static string OldLogName(string fullName) => LogName(fullName) + "~";

    public void Dispose()
    {
        Libc.Close(ref _log);
        Libc.Close(ref _folder);
    }

    private int Log
    {
        get
        {
            if (_log < 0)
            {
                _ = Libc.mkdirat(_folder, LogFolder, FolderMode);
                _log = Files.openat(_folder, LogFolder, Files.O_RDONLY | Files.O_DIRECTORY | Files.O_NOFOLLOW | Files.O_CLOEXEC, 0);
            }
            return _log;
        }
    }

    private static ProjectFolder? Open(string project, bool create)
    {
        if (!ProjectName.IsValid(project))
            throw new ArgumentException($"'{project}' can be no project's name.", nameof(project));
        const int Here = -100; // AT_FDCWD
        int folder = Here;
        foreach (string step in (string[])[HostLock.Folder, "projects", project])
        {
            if (create && Libc.mkdirat(folder, step, FolderMode) != 0 && Errno.Last != Errno.Exists && Errno.Last != Errno.NotFound)
                throw new NetlinkException(Errno.Last, "create", $"{Root}/{project}");
            int next = Files.openat(folder, step, Files.O_RDONLY | Files.O_DIRECTORY | Files.O_NOFOLLOW | Files.O_CLOEXEC, 0);
            Errno errno = Errno.Last;
            if (folder >= 0)
                _ = SystemCalls.close(folder);
            if (next < 0)
                return errno == Errno.NotFound ? null : throw new NetlinkException(errno, "open", $"{Root}/{project}");
            folder = next;
        }
        return new ProjectFolder(project, folder);
    }

    // For people alone: who holds the lock, the kernel knows.
    private static void NoteHolder(int fd)
    {
        _ = Libc.ftruncate(fd, 0);
        _ = Libc.WriteAll(fd, Encoding.UTF8.GetBytes(Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture) + "\n"));
    }

    // A lock of the open file, not of the process (fcntl(2), F_OFD_SETLK): the kernel gives it back however the process ends,
    // and it can be looked at without being taken.
    private static unsafe bool Lock(int fd, int command, out short kind)
    {
        // struct flock { short type, whence; off_t start, length; pid_t pid; }: the whole file
        byte* flock = stackalloc byte[32];
        new Span<byte>(flock, 32).Clear();
        *(short*)flock = Libc.F_WRLCK;
        bool done = Libc.fcntl(fd, command, flock) == 0;
        kind = *(short*)flock;
        return done;
    }
}
