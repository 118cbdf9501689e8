using Warren.Model;
using Warren.Planning.Steps;

namespace Warren.Planning;

/// <summary>How something stands.</summary>
public enum HealthState
{
    /// <summary>As it was wished for.</summary>
    Healthy,

    /// <summary>There, and something of it is not as it was wished for.</summary>
    Drifted,

    /// <summary>Not there.</summary>
    Missing,
}

/// <summary>How a namespace stands, or with an empty name the host as far as Warren needs it.</summary>
/// <param name="Name">The namespace's name.</param>
/// <param name="State">How it stands.</param>
/// <param name="Drift">What <c>up</c> would do about it.</param>
public sealed record Health(string Name, HealthState State, IReadOnlyList<Step> Drift)
{
    /// <summary>
    /// How each wished namespace and the host stand: what differs is what a plan would change, so `status` and `up` never disagree.
    /// </summary>
    /// <param name="observed">What was found.</param>
    /// <param name="wish">What shall be.</param>
    /// <param name="plan">The plan from one to the other.</param>
    public static IReadOnlyList<Health> Of(Observed observed, Wish wish, Plan plan)
    {
        ArgumentNullException.ThrowIfNull(observed);
        ArgumentNullException.ThrowIfNull(wish);
        ArgumentNullException.ThrowIfNull(plan);
        var drift = new Dictionary<string, List<Step>> { [""] = [] };
        foreach (NamespaceWish each in wish.Ensure)
            drift.TryAdd(each.Name, []);
        foreach (Step step in plan.Steps)
        {
            if (step is ChangeRules rules && rules.Table == TableChange.None)
            {
                AddPorts(drift, rules);
                continue;
            }
            if (!drift.TryGetValue(step.Namespace, out List<Step>? steps))
                drift[step.Namespace] = steps = [];
            steps.Add(step);
        }
        var standing = new HashSet<string>();
        foreach (ObservedNamespace space in observed.Namespaces)
        {
            if (space is { Presence: Presence.Standing, Link.Mark: not null })
                standing.Add(space.Name);
        }
        var all = new List<Health>();
        foreach ((string name, List<Step> steps) in drift)
        {
            if (name.Length == 0)
                continue;
            bool missing = !standing.Contains(name) && steps.Exists(step => step is CreateNamespace or CreateLink);
            if (missing)
                steps.RemoveAll(step => step is SwitchLinkOn);
            all.Add(new Health(name, missing ? HealthState.Missing : steps.Count > 0 ? HealthState.Drifted : HealthState.Healthy, steps));
        }
        List<Step> host = drift[""];
        all.Add(new Health("", host.Count > 0 ? HealthState.Drifted : HealthState.Healthy, host));
        return all;
    }

    // Whose ports they are, not that the table is the host's.
    private static void AddPorts(Dictionary<string, List<Step>> drift, ChangeRules rules)
    {
        foreach (string name in rules.Pin.Concat(rules.Unpin).Select(entry => entry.Namespace).Distinct())
        {
            if (!drift.TryGetValue(name, out List<Step>? steps))
                drift[name] = steps = [];
            steps.Add(
                new ChangeRules
                {
                    Pin = [.. rules.Pin.Where(entry => entry.Namespace == name)],
                    Unpin = [.. rules.Unpin.Where(entry => entry.Namespace == name)],
                }
            );
        }
        foreach (string name in rules.Publish.Concat(rules.Unpublish).Select(entry => entry.Namespace)
            .Concat(rules.Admit.Concat(rules.Shut).Select(entry => entry.Namespace)).Distinct())
        {
            if (!drift.TryGetValue(name, out List<Step>? steps))
                drift[name] = steps = [];
            ForwardEntry[] more = [.. rules.Publish.Where(entry => entry.Namespace == name)];
            ForwardEntry[] less = [.. rules.Unpublish.Where(entry => entry.Namespace == name)];
            TargetEntry[] admitted = [.. rules.Admit.Where(entry => entry.Namespace == name)];
            TargetEntry[] shut = [.. rules.Shut.Where(entry => entry.Namespace == name)];
            if (less.Length + shut.Length > 0)
                steps.Add(new ChangeRules { Unpublish = less, Shut = shut });
            if (more.Length + admitted.Length > 0)
                steps.Add(new ChangeRules { Publish = more, Admit = admitted });
        }
        if (rules.Close.Count > 0 || rules.Open.Count > 0 || rules.CloseFor.Count > 0 || rules.OpenFor.Count > 0)
            drift[""].Add(rules with { Publish = [], Unpublish = [], Admit = [], Shut = [], Pin = [], Unpin = [] });
    }
}
