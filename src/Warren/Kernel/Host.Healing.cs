using Warren.Model;
using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Kernel;

// The part that keeps a project as its last change left it.
internal static partial class Host
{
    /// <summary>Makes good what others changed of what a project's last change left: see <see cref="SavedWish"/>. What is gone, name and all,
    /// does not come back, and services are left alone. Where nothing of Warren's stands, nothing is made.</summary>
    /// <returns>What was done, the names of the project's namespaces that are gone, and what was undone again by somebody at once.</returns>
    /// <inheritdoc cref="Change"/>
    public static (Plan Plan, IReadOnlyList<string> Gone, Plan Left) Heal(string project)
    {
        var nothing = new Plan([]);
        using HostLock? host = HostLock.TakeIfThere();
        if (host is null || SavedWish.Find(project) is not { Namespaces.Count: > 0 } saved)
            return (nothing, [], nothing);
        using var session = new HostSession();
        Wish wish = saved.ToWish(project, SavedWish.Inode);
        string[] gone = [.. saved.Namespaces.Select(space => space.Name).Except(wish.Ensure.Select(each => each.Name))];
        if (wish.Ensure.Count == 0)
            return (nothing, gone, nothing);
        // what changes in the meantime is mended too, but not for ever
        const int Rounds = 3;
        var done = new List<Step>();
        for (int i = 0; ; i++)
        {
            var observer = new Observer(session);
            Observed observed = observer.Observe(wish);
            Plan plan = MakePlan(observer, ref observed, wish);
            if (plan.IsEmpty || i == Rounds)
                return (new Plan(done), gone, plan);
            using var applier = new Applier(session, host);
            applier.Apply(plan);
            done.AddRange(plan.Steps);
        }
    }

    // Only a project with services has a supervisor.
    private static void Save(string project, Wish wish, Observed after)
    {
        bool supervised = wish.Services.Count > 0 || (!wish.Whole && after.Services.Count > 0);
        (supervised ? SavedWish.Of(wish, after, SavedWish.Find(project)) : new SavedWish([], false)).Write(project);
    }

    // What was typed about a project's namespace is wished from now on.
    private static void SaveByHand(Wish wish, Observed observed, Plan plan)
    {
        foreach (NamespaceWish each in wish.Ensure)
        {
            foreach (ObservedNamespace space in observed.Namespaces)
            {
                if (space.Name == each.Name && space.Link?.Mark?.Project is { } project && SavedWish.Find(project) is { } saved)
                    saved.With(each, plan, SavedWish.Inode(each.Name)).Write(project);
            }
        }
    }

    // What goes is wished for no more before it goes: whoever is cut off between is not undone by a supervisor.
    private static void ApplyUnwished(Applier applier, Plan plan, IReadOnlyCollection<string> projects, IReadOnlyList<string>? names)
    {
        var before = new List<(string Project, SavedWish Saved)>();
        foreach (string project in projects)
        {
            if (SavedWish.Find(project) is not { } saved)
                continue;
            before.Add((project, saved));
            (names is null ? saved with { Namespaces = [] } : saved.Without(names)).Write(project);
        }
        try
        {
            applier.Apply(plan);
        }
        catch (ApplyException)
        {
            foreach ((string project, SavedWish saved) in before)
                saved.Write(project);
            throw;
        }
    }
}
