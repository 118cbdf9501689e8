using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Warren.Firewall.Neighbours;
using Warren.Model;
using Warren.Netlink.Wire;
using Warren.Planning;

namespace Warren.Running.Services;

/// <summary>A supervisor in the background: a unit of systemd where systemd runs the host, else a process of its own session.</summary>
internal static unsafe class Daemon
{
    /// <summary>The first argument by which this program knows that it is a supervisor; the project's name follows.</summary>
    public const string Verb = "__supervise";

    private const int ReadyDescriptor = 3;

    /// <summary>Starts a supervisor, and returns when it takes control.</summary>
    /// <exception cref="RefusedException">It did not start.</exception>
    public static void Start(ProjectFolder folder, IReadOnlyList<Service> services)
    {
        if (IsSystemd && Environment.ProcessPath is { } program && NeighbourTools.OfHost.Find("systemd-run") is { } tool)
        {
            NeighbourTools.OfHost.Run(tool, SystemdRun(folder.Project, program, services));
            if (folder.IsSupervised())
                return;
        }
        StartProcess(folder);
    }

    /// <summary>What a unit's name is.</summary>
    public static string UnitOf(string project) => $"warren-{project}.service";

    /// <summary>What systemd-run is given to run a project's supervisor.</summary>
    /// <param name="project">The project.</param>
    /// <param name="program">The path of this program.</param>
    /// <param name="services">What it will supervise: systemd gives them the time that they may take to stop.</param>
    public static IReadOnlyList<string> SystemdRun(string project, string program, IReadOnlyList<Service> services)
    {
        double grace = 0;
        foreach (Service service in services)
            grace += service.StopGrace.TotalSeconds;
        string stop = Math.Clamp(Math.Ceiling(grace) + 10, 90, 600).ToString(CultureInfo.InvariantCulture);
        return
        [
            "--quiet",
            "--collect",
            "--no-ask-password",
            $"--unit={UnitOf(project)}",
            $"--description=Services of the Warren project {project}",
            "--service-type=notify",
            // the supervisor stops its services itself; whoever is left after that is killed
            "--property=KillMode=mixed",
            $"--property=TimeoutStopSec={stop}",
            // a service that takes too much memory is that service's end, not the project's
            "--property=OOMPolicy=continue",
            "--property=TasksMax=infinity",
            "--",
            program,
            Verb,
            project,
        ];
    }

    private static unsafe void NameProcess()
    {
        fixed (byte* name = "warren\0"u8)
            _ = SystemCalls.prctl(SystemCalls.PR_SET_NAME, (nuint)name, 0, 0, 0);
    }

    /// <summary>The supervisor's side.</summary>
    /// <returns>The exit code.</returns>
    public static int Supervise(string project)
    {
        string? failure = null;
        // "exe" else, for it was started by /proc/self/exe
        NameProcess();
        try
        {
            // whoever started it made the folder: where there is none, or no wish in it, all was taken down meanwhile
            using ProjectFolder? folder = ProjectFolder.Find(project);
            int held = folder?.TakeLock() ?? -1;
            if (folder is null || (held >= 0 && folder.ReadProposed().Services.Count == 0))
            {
                failure = "there is nothing to supervise";
            }
            else if (held < 0)
            {
                failure = "another supervisor runs";
            }
            else
            {
                using var supervisor = new Supervisor(folder, detached: true);
                supervisor.Run(TellReady);
                // the kernel gives the lock back with the end of the process, which is when everything of it is over
                return 0;
            }
        }
        catch (Exception e) when (e is NetlinkException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            failure = e.Message;
        }
        _ = Libc.WriteAll(2, Encoding.UTF8.GetBytes($"warren: supervisor of {Terminal.Safe(project)}: {Terminal.Safe(failure)}\n"));
        return 1;
    }

    private static bool IsSystemd => Directory.Exists("/run/systemd/system");

    private static void StartProcess(ProjectFolder folder)
    {
        int* ready = stackalloc int[2];
        if (Libc.pipe2(ready, Libc.O_CLOEXEC) != 0)
            throw new NetlinkException(Errno.Last, "make", "a pipe");
        int log = folder.OpenSupervisorLog();
        int nothing = SystemCalls.open("/dev/null", SystemCalls.O_RDWR | SystemCalls.O_CLOEXEC, 0);
        byte* attributes = stackalloc byte[512];
        _ = SystemCalls.posix_spawnattr_init(attributes);
        var inherited = new Inheritance();
        inherited.Add(nothing, 0);
        inherited.Add(log < 0 ? nothing : log, 1);
        inherited.Add(log < 0 ? nothing : log, 2);
        inherited.Add(ready[1], ReadyDescriptor);
        _ = SystemCalls.posix_spawnattr_setflags(attributes, SystemCalls.POSIX_SPAWN_SETSID);
        List<byte[]> arguments = ["warren"u8.ToArray(), Encoding.UTF8.GetBytes(Verb), Encoding.UTF8.GetBytes(folder.Project)];
        List<byte[]> environment = NativeText.Environment();
        // NAME=value of the caller would end up in no service anyway; what matters is how it reports
        NativeText.Set(environment, "NOTIFY_SOCKET", null);
        NativeText.Set(environment, ReadyVariable, ReadyDescriptor.ToString(CultureInfo.InvariantCulture));
        Errno error = inherited.Spawn(attributes, NativeText.Vector(arguments), NativeText.Vector(environment), out _);
        Libc.Close(ref ready[1]);
        Libc.Close(ref log);
        Libc.Close(ref nothing);
        Span<byte> word = stackalloc byte[16];
        int length = 0;
        if (error.Number == 0 && Libc.WaitReadable(ready[0], TimeSpan.FromMinutes(2)))
            length = Libc.Read(ready[0], word);
        Libc.Close(ref ready[0]);
        if (length > 0 || folder.IsSupervised())
            return;
        if (folder.ReadProposed().Services.Count == 0)
            throw folder.TakenDown();
        throw new RefusedException(
            RefusalKind.Unable,
            new Refusal(
                $"the supervisor of project {folder.Project} did not start{(error.Number == 0 ? "" : ": " + error.Text)}",
                $"cat {ProjectFolder.PathOf(folder.Project, ProjectFolder.SupervisorLog)}"
            )
        );
    }

    private const string ReadyVariable = "WARREN_READY";

    // To whoever started it: a pipe, or systemd (sd_notify(3)).
    private static void TellReady()
    {
        ReadOnlySpan<byte> ready = "READY=1"u8;
        if (Environment.GetEnvironmentVariable(ReadyVariable) == ReadyDescriptor.ToString(CultureInfo.InvariantCulture))
        {
            _ = Libc.WriteAll(ReadyDescriptor, ready);
            _ = SystemCalls.close(ReadyDescriptor);
        }
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 1 and <= 107 } path)
            return;
        int fd = Libc.socket(Libc.AF_UNIX, Libc.SOCK_DGRAM | Libc.SOCK_CLOEXEC, 0);
        byte* address = stackalloc byte[110];
        uint length = ControlSocket.Address(path, address);
        fixed (byte* first = ready)
            _ = Libc.sendto(fd, first, (nuint)ready.Length, Libc.MSG_NOSIGNAL, address, length);
        Libc.Close(ref fd);
    }
}
