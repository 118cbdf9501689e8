using System.Globalization;
using System.Net;
using Warren.Model;
using Warren.Netlink;
using Warren.Netlink.Diag;
using Warren.Netlink.Namespaces;
using Warren.Netlink.Wire;
using Warren.Planning;
using Warren.Running;
using Warren.Running.Services;

namespace Warren.Kernel;

/// <summary>A port of the host on which a program in a namespace listens itself.</summary>
/// <param name="Host">The port.</param>
/// <param name="Namespace">The program's namespace.</param>
/// <param name="Program"><c>service web1</c>, <c>python3 (pid 812)</c>.</param>
internal sealed record HandedSocket(HostPort Host, string Namespace, string Program);

/// <summary>Finds the sockets of the host that programs in namespaces were handed: those that supervisors hold for services, and those that the
/// kernel knows in the hands of processes there.</summary>
internal static class HandedSockets
{
    /// <summary>Those in some namespaces, in the order of their ports.</summary>
    public static IReadOnlyList<HandedSocket> Find(IEnumerable<ObservedNamespace> spaces)
    {
        var inodes = new Dictionary<ulong, string>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (ObservedNamespace space in spaces)
        {
            if (space.Presence == Presence.Standing && names.Add(space.Name) && NamespaceNames.InodeOf(space.Name) is { } inode)
                inodes.TryAdd(inode, space.Name);
        }
        var found = new List<HandedSocket>();
        if (inodes.Count == 0)
            return found;
        AddServices(names, found);
        AddProcesses(inodes, found);
        found.Sort((a, b) => (a.Host.Port, a.Host.Protocol, a.Namespace).CompareTo((b.Host.Port, b.Host.Protocol, b.Namespace)));
        return found;
    }

    // Also while one is being started again, and nobody but its supervisor has the socket.
    private static void AddServices(HashSet<string> names, List<HandedSocket> found)
    {
        foreach (string project in Services.Projects())
        {
            List<Service> listening = [.. Services.Saved(project).Where(service => service.Listens.Count > 0 && names.Contains(service.Namespace))];
            if (listening.Count == 0)
                continue;
            Dictionary<string, ServiceState> states = (Services.Look(project) ?? []).ToDictionary(state => state.Name, StringComparer.Ordinal);
            foreach (Service service in listening)
            {
                if (states.GetValueOrDefault(service.FullName) is not { Status: not (ServiceStatus.Exited or ServiceStatus.Failed or ServiceStatus.Stopped) })
                    continue;
                foreach (HostPort host in service.Listens)
                    found.Add(new HandedSocket(host, service.Namespace, "service " + service.FullName));
            }
        }
    }

    private static void AddProcesses(Dictionary<ulong, string> inodes, List<HandedSocket> found)
    {
        var known = new HashSet<(HostPort, string)>(found.Select(each => (each.Host, each.Namespace)));
        List<(int Id, ulong Inode)> processes = NamespaceProcesses.In(inodes.Keys);
        if (processes.Count == 0)
            return;
        processes.Sort();
        var sockets = new Dictionary<uint, HostPort>();
        using (DiagnosisSocket diagnosis = DiagnosisSocket.Open())
        {
            foreach (TransportProtocol protocol in (ReadOnlySpan<TransportProtocol>)[TransportProtocol.Tcp, TransportProtocol.Udp])
            {
                foreach (ListeningSocket socket in diagnosis.Listening(protocol))
                {
                    bool every = socket.Address.Equals(IPAddress.Any) || socket.Address.Equals(IPAddress.IPv6Any);
                    sockets[socket.Inode] = new HostPort(every ? null : socket.Address, socket.Port, (Protocol)protocol);
                }
            }
        }
        foreach ((int process, ulong inode) in processes)
        {
            foreach (uint socket in SocketOwner.SocketsOf(process))
            {
                if (sockets.TryGetValue(socket, out HostPort host) && known.Add((host, inodes[inode])))
                    found.Add(new HandedSocket(host, inodes[inode], SocketOwner.Words(process)));
            }
        }
    }
}
