using Warren.Model;
using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Diagnosis.Checks;

/// <summary>Ports in Warren's maps that lead to a namespace, and whose link does not say that they are published: put in by hand.</summary>
internal static class StrayForwards
{
    public static IEnumerable<Finding> Check(Condition condition)
    {
        foreach (IGrouping<string, ForwardEntry> stray in Own(condition.Seen).GroupBy(entry => entry.Namespace))
        {
            Forward[] forwards = [.. stray.Select(entry => new Forward(entry.Host, entry.Target.Port))];
            yield return new Finding(Troubles.StrayForward, $"the table inet warren leads {string.Join(' ', LinkMark.Ranges(forwards))} here, and its link does not say that this is published")
            {
                Namespace = stray.Key,
                Ports = [.. stray.Select(entry => entry.Host)],
                Consequence = "a port is open that the next warren rm or table repair may or may not close: nobody published it with warren",
                Remedy = $"warren doctor --fix, which closes it; to keep it: nft delete element it, then warren publish {stray.Key} {forwards[0]}",
                Fixable = true,
            };
        }
    }

    /// <summary>The elements.</summary>
    public static IReadOnlyList<ForwardEntry> Own(Observed seen)
    {
        var entries = new List<ForwardEntry>();
        foreach (ObservedNamespace space in seen.Namespaces)
        {
            // of many ports the link does not say all
            if (space.Link?.Mark is not { Cut: false } mark)
                continue;
            var published = new ForwardSet(mark.Forwards);
            foreach ((HostPort host, Target target) in seen.Forwards)
            {
                if (target.Address.Equals(mark.Inside.Address) && !published.Contains(new Forward(host, target.Port)))
                    entries.Add(new ForwardEntry(host, target, space.Name));
            }
        }
        entries.Sort((a, b) => Removal.Order(a.Host).CompareTo(Removal.Order(b.Host)));
        return entries;
    }
}
