using Warren.Netlink.Namespaces;
using Warren.Netlink.Wire;
using Warren.Planning;
using Warren.Planning.Steps;
using Warren.Running;
using Warren.Running.Services;

namespace Warren.Cli.Commands;

/// <summary>What comes before namespaces are removed: the programs in them end.</summary>
internal static class Departure
{
    /// <summary>Stops the services that a plan stops, and ends every process in the namespaces that it removes.</summary>
    public static void Prepare(string project, Plan plan)
    {
        var going = new List<string>();
        bool stops = false;
        foreach (Step step in plan.Steps)
        {
            if (step is DeleteNamespace delete)
                going.Add(delete.Name);
            stops |= step is StopService;
        }
        if (stops)
            Services.StopIn(project, [.. plan.Steps.OfType<StopService>().Select(step => step.Namespace).Distinct()], TimeSpan.Zero);
        EndProcesses(going);
    }

    /// <summary>Ends every process in some namespaces; those that are not there have none.</summary>
    public static void EndProcesses(IReadOnlyList<string> names)
    {
        var inodes = new List<ulong>(names.Count);
        foreach (string name in names)
        {
            // in a half-made one is nobody
            if (NamespaceNames.InodeOf(name) is { } inode)
                inodes.Add(inode);
        }
        if (inodes.Count > 0)
            NamespaceProcesses.End(inodes, Up.Grace);
    }
}
