using Warren.Model;
using Warren.Netlink.Namespaces;
using Warren.Planning;
using Warren.Planning.Steps;
using Warren.Running;

namespace Warren.Kernel;

/// <summary>What came of a wish.</summary>
/// <param name="Before">What was observed.</param>
/// <param name="Plan">What was done, or would be.</param>
internal sealed record Outcome(Observed Before, Plan Plan)
{
    /// <summary>Processes in namespaces whose name was taken away: each is gone when its processes have ended.</summary>
    public IReadOnlyList<Holder> Holders { get; init; } = [];
}

/// <summary>A process that holds a namespace.</summary>
/// <param name="Namespace">The name that the namespace had.</param>
/// <param name="ProcessId">The process.</param>
/// <param name="Name">Its name, fit for a terminal.</param>
internal sealed record Holder(string Namespace, int ProcessId, string Name);

/// <summary>The host that this program runs on: observe, plan, apply, under one lock.</summary>
internal static class Host
{
    /// <summary>Fulfils a wish, whole or not at all.</summary>
    /// <exception cref="RefusedException">It cannot be fulfilled; nothing was changed.</exception>
    /// <exception cref="ApplyException">A step failed; what was done was undone.</exception>
    public static Outcome Change(Wish wish)
    {
        using var session = new HostSession();
        using HostLock host = HostLock.Take();
        bool empty = true;
        try
        {
            Observed observed = new Observer(session).Observe(wish);
            empty = observed is { Ruleset: RulesetState.Absent, SwitchedOn.Count: 0, OthersRemain: false };
            Plan plan = Planner.Make(observed, wish);
            Dictionary<ulong, string> going = Going(plan);
            using (var applier = new Applier(session, host))
                applier.Apply(plan);
            empty = wish.IsRemoval ? !observed.OthersRemain : empty && plan.IsEmpty;
            return new Outcome(observed, plan) { Holders = Holders(going) };
        }
        finally
        {
            // Nothing of Warren's stands: neither shall what only it needed.
            if (empty)
                Leave(host);
        }
    }

    /// <summary>What would be done, without doing it.</summary>
    /// <exception cref="RefusedException">The wish cannot be fulfilled.</exception>
    public static Outcome Preview(Wish wish)
    {
        using var session = new HostSession();
        Observed observed = new Observer(session).Observe(wish);
        return new Outcome(observed, Planner.Make(observed, wish));
    }

    /// <summary>All that is Warren's on this host.</summary>
    public static Observed Look()
    {
        using var session = new HostSession();
        return new Observer(session).ObserveAll();
    }

    private static Dictionary<ulong, string> Going(Plan plan)
    {
        var going = new Dictionary<ulong, string>();
        foreach (Step step in plan.Steps)
        {
            if (step is not DeleteNamespace { Name: var name } || NamespaceNames.StateOf(name) != NameState.Namespace)
                continue;
            using NetworkNamespace space = NetworkNamespace.Open(name);
            going[space.Inode] = name;
        }
        return going;
    }

    private static List<Holder> Holders(Dictionary<ulong, string> going) =>
        going.Count == 0
            ? []
            : NamespaceProcesses
                .In(going.Keys)
                .ConvertAll(process => new Holder(going[process.Inode], process.Id, NamespaceProcesses.Name(process.Id)));

    private static void Leave(HostLock host)
    {
        ResolverFile.Leave(host);
        if (NamespaceNames.RemoveFolder(host.NamespaceFolder))
            host.NamespaceFolder = FolderMade.Nothing;
        host.RemoveFolder();
    }
}
