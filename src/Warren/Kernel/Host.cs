using Warren.Firewall.Neighbours;
using Warren.Model;
using Warren.Netlink.Namespaces;
using Warren.Netlink.Wire;
using Warren.Planning;
using Warren.Planning.Steps;
using Warren.Running;
using Warren.Running.Services;

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

/// <summary>How a change is carried out.</summary>
internal sealed record Manner
{
    /// <summary>Looks at the plan before the first step; what it throws ends the change, and nothing was changed.</summary>
    public Action<Plan>? Review { get; init; }

    /// <summary>Told after each step: how many are done, of how many.</summary>
    public Action<int, int>? Progress { get; init; }

    /// <summary>Called under the lock before the first step of a plan that is not empty.</summary>
    public Action<Plan>? Begin { get; init; }

    /// <summary>Called under the lock after a step failed and those before it were undone.</summary>
    public Action? Failed { get; init; }

    /// <summary>Called under the lock after the last step, whether there were any or not.</summary>
    public Action<Plan>? End { get; init; }
}

/// <summary>The host that this program runs on: observe, plan, apply, under one lock.</summary>
internal static partial class Host
{
    /// <summary>Fulfils a wish, whole or not at all.</summary>
    /// <exception cref="RefusedException">It cannot be fulfilled; nothing was changed.</exception>
    /// <exception cref="ApplyException">A step failed; what was done was undone.</exception>
    /// <exception cref="UnverifiedException">All steps were done, and the host is not as wished for.</exception>
    public static Outcome Change(Wish wish, Manner? manner = null)
    {
        // before the lock is taken: a supervisor may be waiting for it
        if (wish.RemoveAll)
            Services.Forget();
        using FreshNamespaces? begun = FreshNamespaces.Begin(wish);
        using var session = new HostSession();
        using HostLock host = HostLock.Take();
        bool empty = true;
        try
        {
            IReadOnlyList<string> recorded = wish.Project is { } project ? ProjectRecord.Names(project) : [];
            wish = WithPrune(wish, recorded);
            var observer = new Observer(session);
            Observed observed = WithServices(observer.Observe(wish), wish);
            empty = observed is { Ruleset: RulesetState.Absent, SwitchedOn.Count: 0, OthersRemain: false };
            Plan plan = MakePlan(observer, ref observed, wish);
            manner?.Review?.Invoke(plan);
            Dictionary<ulong, string> going = Going(plan);
            DemandSettings(plan);
            if (!plan.IsEmpty)
                Begin(wish, observed, plan, manner);
            try
            {
                Carry(session, host, begun, wish, recorded, observed, plan, manner?.Progress);
            }
            catch (ApplyException)
            {
                manner?.Failed?.Invoke();
                throw;
            }
            empty = wish.IsRemoval ? !observed.OthersRemain : empty && plan.IsEmpty;
            manner?.End?.Invoke(plan);
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
        wish = WithPrune(wish, wish.Project is { } project ? ProjectRecord.Names(project) : []);
        var observer = new Observer(session);
        Observed observed = WithServices(observer.Observe(wish), wish);
        Plan plan = MakePlan(observer, ref observed, wish);
        return new Outcome(observed, plan);
    }

    // Not every route of the host is listed: when the plan has chosen its subnets, the kernel is asked who else has them.
    private static Plan MakePlan(Observer observer, ref Observed observed, Wish wish)
    {
        const int Attempts = 4;
        bool closely = false;
        for (int attempt = 1; ; attempt++)
        {
            Plan plan = Planner.Make(observed, wish);
            // "nothing to do" shall be true
            if (plan.IsEmpty && wish is { Project: not null, IsRemoval: false } && !closely)
            {
                closely = true;
                Observed closer = observer.WithStrays(observed);
                if (ReferenceEquals(closer, observed))
                    return plan;
                observed = closer;
                continue;
            }
            if (attempt > Attempts)
                return plan;
            List<TakenNetwork> collisions = observer.Collisions(observed, plan);
            if (collisions.Count == 0)
                return plan;
            // a routing daemon has filled whole ranges
            if (attempt == Attempts)
                collisions.AddRange(observer.AllRoutes());
            observed = observed with { Taken = [.. observed.Taken, .. collisions] };
        }
    }

    /// <summary>Carries out a plan that is made under the lock, out of all that is Warren's then.</summary>
    /// <exception cref="ApplyException">A step failed; what was done was undone.</exception>
    public static void Carry(Func<Observed, Plan> make)
    {
        using var session = new HostSession();
        using HostLock host = HostLock.Take();
        Observed seen = new Observer(session).ObserveAll();
        try
        {
            using var applier = new Applier(session, host);
            applier.Apply(make(seen));
        }
        finally
        {
            // namespaces of others need nothing of it
            if (seen.Ruleset == RulesetState.Absent && !seen.Namespaces.Any(space => space.Link is not null || space.IsOurs || space.Presence == Presence.HalfMade))
                Leave(host);
        }
    }

    /// <summary>Takes back what a plan did, newest step first: for one who was asked whether it shall stay.</summary>
    /// <param name="plan">A plan that was carried out.</param>
    /// <param name="project">Whose plan.</param>
    /// <param name="names">The names that the project had before.</param>
    /// <param name="saved">What was saved of the project's wish before.</param>
    /// <returns>What could not be taken back, and why.</returns>
    public static IReadOnlyList<(Step Step, Exception Error)> TakeBack(Plan plan, string project, IReadOnlyList<string> names, SavedWish? saved)
    {
        using var session = new HostSession();
        using HostLock host = HostLock.Take();
        List<(Step Step, Exception Error)> stuck;
        using (var applier = new Applier(session, host))
            stuck = applier.TakeBack(plan.Steps, plan.Steps.Count);
        if (stuck.Count > 0)
            return stuck;
        if (names.Count == 0)
            ProjectRecord.Remove(project);
        else
            ProjectRecord.WriteNames(project, names);
        if (names.Count > 0)
            (saved ?? new SavedWish([], false)).Write(project);
        if (plan.Steps.Any(step => step is ChangeRules { Table: TableChange.Create }))
            Leave(host);
        return stuck;
    }

    /// <summary>All that is Warren's on this host.</summary>
    public static Observed Look()
    {
        using var session = new HostSession();
        return new Observer(session).ObserveAll();
    }

    /// <summary>What a wish depends on.</summary>
    public static Observed Look(Wish wish)
    {
        using var session = new HostSession();
        return new Observer(session).Observe(wish);
    }

    private static Observed WithServices(Observed observed, Wish wish)
    {
        if (observed.Listeners.Count > 0)
            observed = observed with { Listeners = SocketHolders.Named(observed.Listeners, wish.Project) };
        return wish.Project is { } project ? observed with { Services = Services.Observe(project) } : observed;
    }

    /// <summary>The wish, with the names that its project has on record and its file does not name any more.</summary>
    internal static Wish WithPrune(Wish wish, IReadOnlyList<string> recorded)
    {
        if (!wish.Whole || recorded.Count == 0)
            return wish with { Recorded = recorded };
        var ensured = new HashSet<string>();
        foreach (NamespaceWish each in wish.Ensure)
            ensured.Add(each.Name);
        return wish with { Recorded = recorded, Prune = [.. wish.Prune.Union(recorded).Where(name => !ensured.Contains(name))] };
    }

    // The project's names are on record before the first of its namespaces is made, and after the last is gone.
    private static void Carry(
        HostSession session,
        HostLock host,
        FreshNamespaces? begun,
        Wish wish,
        IReadOnlyList<string> recorded,
        Observed observed,
        Plan plan,
        Action<int, int>? progress
    )
    {
        using var applier = new Applier(session, host) { Begun = begun, Progress = progress };
        if (wish.RemoveAll)
        {
            applier.Apply(plan);
            foreach (string each in ProjectRecord.All())
                ProjectRecord.Remove(each);
            ProjectRecord.Leave();
            return;
        }
        if (wish.Project is not { } project)
        {
            if (wish.Remove.Count == 0)
            {
                applier.Apply(plan);
                SaveByHand(wish, observed, plan);
                return;
            }
            IReadOnlyCollection<string> projects = ProjectsOf(observed);
            ApplyUnwished(applier, plan, projects, wish.Remove);
            Forget(projects, wish.Remove);
            return;
        }
        if (wish.IsRemoval)
        {
            ApplyUnwished(applier, plan, [project], wish.Whole ? null : wish.Prune);
            string[] left = wish.Whole ? [] : [.. recorded.Except(wish.Prune)];
            if (left.Length == 0)
            {
                // of an `up` that came between
                Services.Stop(project);
                ProjectRecord.Remove(project);
            }
            else if (left.Length != recorded.Count)
                ProjectRecord.WriteNames(project, left);
            return;
        }
        var wanted = new HashSet<string>(wish.Ensure.Select(each => each.Name));
        string[] after = wish.Whole ? [.. wanted] : [.. wanted.Union(recorded)];
        string[] meanwhile = [.. wanted.Union(recorded)];
        if (!meanwhile.ToHashSet().SetEquals(recorded))
            ProjectRecord.WriteNames(project, meanwhile);
        try
        {
            applier.Apply(plan);
            if (!plan.IsEmpty)
                observed = Verify(session, wish, observed, plan, applier);
        }
        catch (ApplyException e) when (e.Stuck.Count == 0)
        {
            if (recorded.Count == 0)
                ProjectRecord.Remove(project);
            else
                ProjectRecord.WriteNames(project, recorded);
            throw;
        }
        if (after.Length != meanwhile.Length)
            ProjectRecord.WriteNames(project, after);
        Save(project, wish, observed);
    }

    // what would fail in the middle fails before the first step
    private static void DemandSettings(Plan plan)
    {
        bool writes = false;
        foreach (Step step in plan.Steps)
            writes |= step is SwitchLinkOn or SwitchForwardingOn or SwitchForwardingOff { Keep: false };
        if (!writes || SmallFile.WriteFault(Observer.ForwardingFile("all")) is not { } fault)
            return;
        throw new RefusedException(
            RefusalKind.Unable,
            new Refusal(
                $"/proc/sys/net cannot be written, and forwarding has to be switched: {fault}",
                "mount -o remount,rw /proc/sys; in a container: start it with --privileged"
            )
        );
    }

    private static void Begin(Wish wish, Observed observed, Plan plan, Manner? manner)
    {
        if (wish.Remove.Count > 0)
            Services.Forget(ProjectsOf(observed), wish.Remove);
        manner?.Begin?.Invoke(plan);
    }

    // Whose the namespaces are that were looked at. One without a link, which would say it, may be anybody's.
    private static IReadOnlyCollection<string> ProjectsOf(Observed observed)
    {
        var projects = new SortedSet<string>(StringComparer.Ordinal);
        foreach (ObservedNamespace space in observed.Namespaces)
        {
            if (space.Link?.Mark is not { } mark)
                return ProjectRecord.All();
            if (mark.Project is not null)
                projects.Add(mark.Project);
        }
        return projects;
    }

    // A project without namespaces is none.
    private static void Forget(IReadOnlyCollection<string> projects, IReadOnlyList<string> removed)
    {
        foreach (string project in projects)
        {
            IReadOnlyList<string> names = ProjectRecord.Names(project);
            string[] left = [.. names.Except(removed)];
            if (left.Length == names.Count)
                continue;
            if (left.Length == 0)
                ProjectRecord.Remove(project);
            else
                ProjectRecord.WriteNames(project, left);
        }
    }

    // Whoever cannot look whether all is done has not done it.
    private static Observed Verify(HostSession session, Wish wish, Observed before, Plan plan, Applier applier)
    {
        Observed after;
        Plan rest;
        wish = Touched(wish, plan);
        try
        {
            after = new Observer(session) { Before = before }.Observe(wish);
            rest = Planner.Make(after, wish);
        }
        catch (Exception e) when (e is NetlinkException or NeighbourException or MalformedMessageException)
        {
            throw new ApplyException(plan.Steps[^1], e, applier.TakeBack(plan.Steps, plan.Steps.Count));
        }
        rest = new Plan([.. rest.Steps.Where(step => step is not ServiceStep)]);
        if (!rest.IsEmpty)
            throw new UnverifiedException(rest);
        var looked = new HashSet<string>(after.Namespaces.Select(space => space.Name));
        return after with
        {
            Namespaces = [.. after.Namespaces, .. before.Namespaces.Where(space => !looked.Contains(space.Name))],
            Services = before.Services,
        };
    }

    // What of a wish a plan was about: one of a thousand namespaces that changed is looked at again, not all.
    private static Wish Touched(Wish wish, Plan plan)
    {
        var names = new HashSet<string>();
        foreach (Step step in plan.Steps)
        {
            names.Add(step.Namespace);
            if (step is ChangeRules rules)
                names.UnionWith(rules.Publish.Concat(rules.Unpublish).Select(entry => entry.Namespace));
        }
        NamespaceWish[] ensure = [.. wish.Ensure.Where(each => names.Contains(each.Name))];
        // a plan about the host alone is held against all
        return ensure.Length == 0 ? wish : wish with { Ensure = ensure, Prune = [.. wish.Prune.Where(names.Contains)], Recorded = [], Services = [] };
    }

    private static Dictionary<ulong, string> Going(Plan plan)
    {
        var going = new Dictionary<ulong, string>();
        foreach (Step step in plan.Steps)
        {
            if (step is DeleteNamespace { Name: var name } && NamespaceNames.InodeOf(name) is { } inode)
                going[inode] = name;
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
        ProjectRecord.Leave();
        if (NamespaceNames.RemoveFolder(host.NamespaceFolder))
            host.NamespaceFolder = FolderMade.Nothing;
        host.RemoveFolder();
    }
}

/// <summary>Every step of a plan was done, and yet there is something left to do: somebody else changed the host at the same time, or the
/// kernel did something other than what it was told.</summary>
/// <param name="rest">What is left to do.</param>
internal sealed class UnverifiedException(Plan rest) : Exception($"still to do: {string.Join("; ", rest.Steps.Select(step => step.Words))}")
{
    public Plan Rest { get; } = rest;
}
