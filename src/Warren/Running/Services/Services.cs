using Warren.Kernel;
using Warren.Model;
using Warren.Netlink.Namespaces;
using Warren.Netlink.Wire;
using Warren.Planning;

namespace Warren.Running.Services;

#pragma warning disable MA0049 // what the folder is for
/// <summary>The services of projects: start, look, stop.</summary>
internal static class Services
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>Runs services in this process until all have ended, or a signal asks for their end: SIGINT, SIGTERM, SIGHUP; a second one, or
    /// SIGQUIT, kills them.</summary>
    /// <param name="project">The project's name, valid.</param>
    /// <param name="services">Its services.</param>
    /// <param name="environment">What they get beside their own variables: <c>NAME=value</c> each, of the one who wished.</param>
    /// <param name="log">Takes each line that one writes: full name, line.</param>
    /// <param name="told">Takes what happens.</param>
    /// <returns>0, or 1 if a service failed.</returns>
    /// <exception cref="RefusedException">The project's services run already.</exception>
    public static int RunHere(
        string project,
        IReadOnlyList<Service> services,
        IReadOnlyList<byte[]> environment,
        Action<string, string> log,
        Action<ServiceEvent> told
    )
    {
        using ProjectFolder folder = ProjectFolder.Make(project);
        int held = folder.TakeLock();
        if (held < 0)
            throw new RefusedException(
                RefusalKind.Conflict,
                new Refusal($"the services of project {project} run already", "warren up -d, which changes what differs; warren logs -f; or warren down")
            );
        try
        {
            folder.ProposeServices(new SavedServices(services, environment));
            using var supervisor = new Supervisor(folder, detached: false, log, told);
            supervisor.Run(() => { });
            return supervisor.HasFailures ? 1 : 0;
        }
        finally
        {
            Libc.Close(ref held);
        }
    }

    /// <summary>Lets services run in the background: starts a supervisor, or tells the living one what is wished now. Those that are the same go
    /// on running.</summary>
    /// <inheritdoc cref="RunHere"/>
    /// <returns>All services when each is ready or has failed; those that failed with what they wrote last.</returns>
    /// <exception cref="RefusedException">No supervisor could be started.</exception>
    public static IReadOnlyList<ServiceState> StartDetached(string project, IReadOnlyList<Service> services, IReadOnlyList<byte[]> environment)
    {
        using ProjectFolder folder = ProjectFolder.Make(project);
        TimeSpan patience = s_patience;
        foreach (Service service in services.Concat(folder.ReadServices().Services))
            patience += service.StopGrace + (service.Ready?.Timeout ?? TimeSpan.Zero);
        long end = EventLoop.Now + (long)patience.TotalMilliseconds;
        while (EventLoop.Now < end)
        {
            string verb = "reload";
            using ControlClient? living = ControlClient.Connect(project);
            if (living is null && folder.IsSupervised())
            {
                // it is about to begin, or to end
                Libc.Pause(20);
                continue;
            }
            // Nothing is ended here: between the look and that, another one may have started what would be taken for left behind.
            folder.ProposeServices(new SavedServices(services, environment));
            if (living is null)
            {
                Daemon.Start(folder, services);
                // else it was another one's supervisor that came first
                verb = folder.IsProposed ? "reload" : "wait";
            }
            using ControlClient? started = living is null ? ControlClient.Connect(project) : null;
            if ((living ?? started)?.Ask(verb, [], patience) is { } states)
                return WithLastLines(project, states);
        }
        throw new RefusedException(RefusalKind.Conflict, new Refusal($"the supervisor of project {project} does not stay", $"cat {ProjectFolder.PathOf(project, ProjectFolder.SupervisorLog)}"));
    }

    /// <summary>The services of a project as they are; null if no supervisor lives.</summary>
    public static IReadOnlyList<ServiceState>? Look(string project)
    {
        using ControlClient? client = ControlClient.Connect(project);
        return client?.Ask("ps", [], s_patience);
    }

    /// <summary>What was wished last; empty if nothing was.</summary>
    public static IReadOnlyList<Service> Saved(string project)
    {
        using ProjectFolder? folder = ProjectFolder.Find(project);
        return folder?.ReadServices().Services ?? [];
    }

    /// <summary>Stops services and starts them anew; returns when each is ready or has failed.</summary>
    /// <param name="project">The project.</param>
    /// <param name="names">Full names of services, or names of namespaces.</param>
    /// <exception cref="RefusedException">There is no such service, or nobody supervises the project.</exception>
    public static IReadOnlyList<ServiceState> Restart(string project, IReadOnlyCollection<string> names)
    {
        using ControlClient? client = ControlClient.Connect(project);
        IReadOnlyList<ServiceState>? states = client?.Ask("restart", names, PatienceOf(project));
        return states is not null
            ? WithLastLines(project, states)
            : throw new RefusedException(RefusalKind.NotFound, new Refusal($"no services of project {project} are running", "warren up"));
    }

    /// <summary>Stops all services of a project and their supervisor, and ends what a supervisor that was killed left behind. Nothing to do if
    /// there is nothing.</summary>
    /// <exception cref="RefusedException">The supervisor does not end.</exception>
    public static void Stop(string project)
    {
        using ProjectFolder? folder = ProjectFolder.Find(project);
        if (folder is null)
            return;
        TimeSpan patience = PatienceOf(project);
        SavedServices saved = folder.RetireServices();
        long end = EventLoop.Now + (long)patience.TotalMilliseconds;
        if (saved.Services.Count == 0 && !folder.IsSupervised())
            return;
        while (!Unsupervised(folder, () => EndLeftovers(folder, saved)))
        {
            using ControlClient? client = ControlClient.Connect(project);
            // an answer, or the end of the connection
            _ = client?.Ask("stop", [], patience);
            _ = client?.WaitForEnd(s_patience);
            if (EventLoop.Now > end)
                throw DoesNotEnd(project);
            Libc.Pause(5);
        }
    }

    /// <summary>Ends everything that runs in namespaces that are about to be removed: services there stop and are forgotten, then all other
    /// processes end.</summary>
    /// <param name="project">The project.</param>
    /// <param name="namespaces">Names of namespaces; those that are not there are left out.</param>
    /// <param name="grace">How long processes that are no services have.</param>
    public static void StopIn(string project, IReadOnlyCollection<string> namespaces, TimeSpan grace)
    {
        using (ProjectFolder? folder = ProjectFolder.Find(project))
        {
            if (folder is not null)
                ForgetIn(folder, namespaces);
        }
        foreach (string name in namespaces)
        {
            if (NamespaceNames.InodeOf(name) is { } inode)
                NamespaceProcesses.End(inode, grace);
        }
    }

    /// <summary>Stops the services of all projects.</summary>
    public static void Forget()
    {
        foreach (string project in Projects())
            Stop(project);
    }

    /// <summary>Stops and forgets the services of some namespaces.</summary>
    /// <param name="projects">The projects that they can be of.</param>
    /// <param name="namespaces">The names of the namespaces.</param>
    public static void Forget(IReadOnlyCollection<string> projects, IReadOnlyCollection<string> namespaces)
    {
        foreach (string project in projects)
        {
            using ProjectFolder? folder = ProjectFolder.Find(project);
            if (folder is not null)
                ForgetIn(folder, namespaces);
        }
    }

    /// <summary>Notes which services of a project run in the background.</summary>
    /// <returns>What lets them run again, if a change for which they were stopped has failed.</returns>
    public static Action Remember(string project)
    {
        SavedServices saved;
        using (ProjectFolder? folder = ProjectFolder.Find(project))
        {
            if (folder is null || !folder.IsSupervised())
                return () => { };
            saved = folder.ReadServices();
        }
        return () =>
        {
            if (saved.Services.Count > 0)
                _ = StartDetached(project, saved.Services, saved.Environment);
        };
    }

    /// <summary>The services of a project as a plan looks at them.</summary>
    public static IReadOnlyList<ObservedService> Observe(string project)
    {
        IReadOnlyList<Service> saved = Saved(project);
        if (saved.Count == 0)
            return [];
        var states = new Dictionary<string, ServiceState>();
        foreach (ServiceState state in Look(project) ?? [])
            states[state.Name] = state;
        return [.. saved.Select(service => new ObservedService(service, states.TryGetValue(service.FullName, out ServiceState? state) && state.IsAsWished))];
    }

    /// <summary>The projects of this host.</summary>
    public static IReadOnlyList<string> Projects()
    {
        return ProjectRecord.All();
    }

    /// <summary>The processes of a project's services, and their supervisor.</summary>
    public static IReadOnlySet<int> ProcessesOf(string project)
    {
        var processes = new HashSet<int>();
        using ProjectFolder? folder = ProjectFolder.Find(project);
        if (folder is null)
            return processes;
        foreach (LivingProcess process in Census.Take(project, 0, Ending.NamespaceInodes(folder.ReadServices().Services)).Marked())
            processes.Add(process.Id);
        if (folder.Supervisor() is { } supervisor)
            processes.Add(supervisor);
        return processes;
    }

    /// <summary>Removes the files that are about services, and the project's folder if nothing else is in it. Not while a supervisor lives.</summary>
    public static void RemoveFiles(string project)
    {
        using ProjectFolder? folder = ProjectFolder.Find(project);
        folder?.RemoveFiles();
    }

    private static void ForgetIn(ProjectFolder folder, IReadOnlyCollection<string> namespaces)
    {
        SavedServices saved = folder.ReadServices();
        var others = new List<Service>();
        foreach (Service service in saved.Services)
        {
            if (!namespaces.Contains(service.Namespace))
                others.Add(service);
        }
        if (others.Count == saved.Services.Count)
            return;
        SavedServices left = saved with { Services = others };
        // a supervisor without services would stay for nothing
        if (others.Count == 0)
        {
            Stop(folder.Project);
            folder.WriteServices(left);
            return;
        }
        TimeSpan patience = PatienceOf(folder.Project);
        long end = EventLoop.Now + (long)patience.TotalMilliseconds;
        while (EventLoop.Now < end)
        {
            using ControlClient? client = ControlClient.Connect(folder.Project);
            if (client is not null)
                folder.ProposeServices(left);
            if (client?.Ask("forget", [], patience) is not null)
                return;
            bool done = Unsupervised(
                folder,
                () =>
                {
                    EndLeftovers(folder, saved);
                    folder.WriteServices(left);
                }
            );
            if (done)
                return;
            Libc.Pause(5);
        }
        throw DoesNotEnd(folder.Project);
    }

    private static void EndLeftovers(ProjectFolder folder, SavedServices saved)
    {
        folder.RemoveControl();
        _ = Ending.OfLeftovers(folder.Project, saved);
    }

    // Does something while no supervisor lives, and none can begin; false if one does.
    private static bool Unsupervised(ProjectFolder folder, Action action)
    {
        int held;
        try
        {
            held = folder.TakeLock();
            if (held < 0)
                return false;
        }
        catch (NetlinkException e) when (e.Errno == Errno.NotFound)
        {
            // the folder has lost its name: no supervisor begins in it
            held = -1;
        }
        try
        {
            action();
            return true;
        }
        finally
        {
            Libc.Close(ref held);
        }
    }

    private static RefusedException DoesNotEnd(string project) =>
        new(
            RefusalKind.Conflict,
            new Refusal($"the supervisor of project {project} does not end", $"cat {ProjectFolder.PathOf(project, ProjectFolder.LockFile)}, which names the process")
        );

    private static TimeSpan PatienceOf(string project)
    {
        TimeSpan patience = s_patience;
        foreach (Service service in Saved(project))
            patience += service.StopGrace + (service.Ready?.Timeout ?? TimeSpan.Zero);
        return patience;
    }

    private static List<ServiceState> WithLastLines(string project, IReadOnlyList<ServiceState> states)
    {
        const int Lines = 5;
        var all = new List<ServiceState>();
        foreach (ServiceState state in states)
            all.Add(state.IsFailure ? state with { LastLines = LogReading.Last(project, state.Name, Lines) } : state);
        return all;
    }
}
