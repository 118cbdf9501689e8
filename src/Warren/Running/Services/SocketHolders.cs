using Warren.Model;
using Warren.Planning;

namespace Warren.Running.Services;

/// <summary>Whose the sockets of services are: they are held by their supervisor, or by what a supervisor that was killed left behind.</summary>
internal static class SocketHolders
{
    /// <summary>Who listens on ports of the host: services by their names, and a project's own not at all, for it may have its ports again.</summary>
    /// <param name="listeners">Processes that were found.</param>
    /// <param name="project">The project that asks; null for none.</param>
    public static IReadOnlyList<Listener> Named(IReadOnlyList<Listener> listeners, string? project)
    {
        if (listeners.Count == 0)
            return listeners;
        var holders = new Dictionary<string, IReadOnlySet<int>>(StringComparer.Ordinal);
        var named = new List<Listener>(listeners.Count);
        foreach (Listener listener in listeners)
        {
            (string Project, string Service)? holder = HolderOf(listener, holders);
            if (holder is not { } found)
                named.Add(listener);
            else if (found.Project != project)
                named.Add(listener with { Process = $"service {found.Service} of project {found.Project}" });
        }
        return named;
    }

    /// <summary>The service that is handed a socket of a port, or null.</summary>
    public static string? ServiceOn(Protocol protocol, int port)
    {
        foreach (string project in Services.Projects())
        {
            foreach (Service service in Services.Saved(project))
            {
                if (service.Listens.Any(each => each.Port == port && each.Protocol == protocol))
                    return service.FullName;
            }
        }
        return null;
    }

    private static (string Project, string Service)? HolderOf(Listener listener, Dictionary<string, IReadOnlySet<int>> holders)
    {
        if (listener.ProcessId is not { } process)
            return null;
        foreach (string project in Services.Projects())
        {
            foreach (Service service in Services.Saved(project))
            {
                if (!service.Listens.Any(port => port.Overlaps(listener.Host)))
                    continue;
                if (!holders.TryGetValue(project, out IReadOnlySet<int>? processes))
                    holders[project] = processes = Services.ProcessesOf(project);
                if (processes.Contains(process))
                    return (project, service.FullName);
                break;
            }
        }
        return null;
    }
}
