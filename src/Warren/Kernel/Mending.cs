using Warren.Diagnosis;
using Warren.Diagnosis.Checks;
using Warren.Model;
using Warren.Planning;
using Warren.Planning.Steps;
using Warren.Specs;

namespace Warren.Kernel;

/// <summary>What `doctor --fix` does: only about what is Warren's, and nothing that `add`, `up` or `rm` would not do.</summary>
internal static class Mending
{
    /// <summary>What would be done about findings, in order.</summary>
    /// <param name="condition">What was found.</param>
    /// <param name="findings">The findings of it.</param>
    public static Plan Preview(Condition condition, IReadOnlyList<Finding> findings)
    {
        List<Step> steps = [.. Sweep(condition.Seen, condition, findings).Steps];
        foreach (Wish wish in Wishes(condition, findings))
            steps.AddRange(Host.Preview(wish).Plan.Steps);
        return new Plan(steps);
    }

    /// <summary>Does it.</summary>
    public static void Do(Condition condition, IReadOnlyList<Finding> findings)
    {
        // Before a new link gets an address that a dead element leads to. What led nowhere may have been published anew meanwhile.
        if (!Sweep(condition.Seen, condition, findings).IsEmpty)
            Host.Carry(seen => Sweep(seen, condition, findings));
        foreach (Wish wish in Wishes(condition, findings))
            Host.Change(wish);
    }

    private static IEnumerable<Wish> Wishes(Condition condition, IReadOnlyList<Finding> findings)
    {
        Finding[] fixable = [.. findings.Where(finding => finding.Fixable)];
        if (Array.Exists(fixable, finding => finding.Trouble == Troubles.TableLeftover))
        {
            yield return new Wish { RemoveAll = true };
            yield break;
        }
        List<string> go = [];
        List<NamespaceWish> come = [];
        foreach (ObservedNamespace space in condition.Seen.Namespaces)
        {
            if (space.Link?.Mark is not null || !Array.Exists(fixable, finding => finding.Namespace == space.Name && IsHalf(finding.Trouble)))
                continue;
            if (space.Presence == Presence.Standing)
                come.Add(new NamespaceWish(space.Name));
            else
                go.Add(space.Name);
        }
        if (go.Count > 0)
            yield return new Wish { Remove = go };
        if (come.Count > 0)
            yield return new Wish { Ensure = come, Thorough = true };
        // what is of the host is mended with whatever is asked of a namespace
        bool host = Array.Exists(fixable, finding => finding.Namespace.Length == 0 && finding.Trouble.Reach == Reach.Everything);
        HashSet<string> names = [.. fixable.Where(finding => !IsHalf(finding.Trouble) || Marked(condition, finding.Namespace)).Select(finding => finding.Namespace)];
        Wish all = ProjectWish.OfMarks(condition.Seen);
        NamespaceWish[] ensure =
        [
            .. all.Ensure.Where(each => !IsHeld(findings, each.Name) && !IsRefused(condition, each.Name) && (host || names.Contains(each.Name))),
        ];
        if (ensure.Length > 0)
            yield return all with { Ensure = ensure };
    }

    private static bool IsHalf(Trouble trouble) => trouble == Troubles.HalfMadeLink || trouble == Troubles.HalfMadeName || trouble == Troubles.LinkMissing;

    private static bool Marked(Condition condition, string name) => condition.Marked.Any(each => each.Space.Name == name);

    private static bool IsRefused(Condition condition, string name) => condition.Refusals.Any(each => each.Namespace == name);

    // its name is gone and programs run in it: to make it anew would part them from their link
    private static bool IsHeld(IReadOnlyList<Finding> findings, string name) =>
        findings.Any(finding => finding.Trouble == Troubles.NamespaceGone && finding.Namespace == name && !finding.Fixable);

    private static Plan Sweep(Observed seen, Condition condition, IReadOnlyList<Finding> findings)
    {
        var steps = new List<Step>();
        ForwardEntry[] dead =
        [
            .. Told(DeadForwards.Own(seen), findings, Troubles.DeadForward),
            .. Told(StrayForwards.Own(seen), findings, Troubles.StrayForward),
        ];
        if (dead.Length > 0 && condition.Table is OwnTable.Own or OwnTable.Dormant)
            steps.Add(new ChangeRules { Unpublish = dead });
        ForwardEntry[] stale = [.. StaleFlows.Entries(condition).Where(entry => findings.Any(finding => finding.Trouble == Troubles.StaleFlow && finding.Ports.Contains(entry.Host)))];
        if (stale.Length > 0)
            steps.Add(new EndFlows(stale, []));
        return new Plan(steps);
    }

    private static IEnumerable<ForwardEntry> Told(IReadOnlyList<ForwardEntry> entries, IReadOnlyList<Finding> findings, Trouble trouble) =>
        entries.Where(entry => findings.Any(finding => finding.Fixable && finding.Trouble == trouble && finding.Ports.Contains(entry.Host)));
}
