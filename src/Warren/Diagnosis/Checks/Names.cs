using Warren.Model;
using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Diagnosis.Checks;

/// <summary>Names, namespaces and links that do not belong together, or not any more.</summary>
internal static class Names
{
    public static IEnumerable<Finding> Check(Condition condition)
    {
        foreach (ObservedNamespace space in condition.Seen.Namespaces)
        {
            if (OfSpace(condition, space) is { } finding)
                yield return finding with { Namespace = space.Name };
        }
        foreach (SpaceFacts space in condition.Spaces)
        {
            if (space.Below == 0)
                continue;
            string held = space.Holders.Count > 0 ? $"; {string.Join(", ", space.Holders)} still in there" : "";
            yield return new Finding(Troubles.StackedMounts, $"under /run/netns/{space.Name} {Count(space.Below)} below the one that the name leads to{held}")
            {
                Namespace = space.Name,
                Consequence = $"ip netns del {space.Name} takes only the upper one away, and the name stays",
                Remedy = $"warren rm {space.Name}, which takes all of them off; before: umount /run/netns/{space.Name}, if the lower one is meant",
            };
        }
    }

    private static string Count(int below) => below == 1 ? "another namespace is mounted" : $"{below} more namespaces are mounted";

    private static Finding? OfSpace(Condition condition, ObservedNamespace space)
    {
        if (space.Link is { Mark: null } half)
        {
            // one that took another's name tells no namespace
            bool named = NamespaceName.LinkName(space.Name) == half.Name;
            return new Finding(Troubles.HalfMadeLink, $"the link {half.Name} was never completed: its alias says nothing")
            {
                Consequence = "the namespace reaches nobody; a change was cut off in the middle",
                Remedy = named ? "warren doctor --fix" : $"ip link del dev {Step.Quote(half.Name)}",
                Fixable = named,
            };
        }
        if (space.Link is { Mark: not null } && space.Presence != Presence.Standing)
            return Gone(condition, space);
        if (space.Presence == Presence.HalfMade)
        {
            return new Finding(Troubles.HalfMadeName, $"/run/netns/{space.Name} is a file without a namespace")
            {
                Consequence = $"ip netns exec {space.Name} fails; it is what a cut-off ip netns add, or umount, leaves",
                Remedy = $"warren rm {space.Name}",
                Fixable = true,
            };
        }
        if (space is { IsOurs: true, Link: null, Presence: Presence.Standing })
        {
            return new Finding(Troubles.LinkMissing, "its link is gone: ip link del takes both ends away")
            {
                Consequence = "it reaches nobody, and its published ports answer nobody",
                Remedy = $"warren add {space.Name}, with -p for its ports: what they were went with the link",
                Fixable = true,
            };
        }
        return null;
    }

    private static Finding Gone(Condition condition, ObservedNamespace space)
    {
        IReadOnlyList<Held> holders = condition.Inside(space.Name)?.Holders ?? [];
        string what = space.Presence == Presence.HalfMade ? $"/run/netns/{space.Name} is a file without a namespace" : $"/run/netns/{space.Name} is gone";
        return holders.Count > 0
            ? new Finding(Troubles.NamespaceGone, $"{what}; the namespace lives on: {string.Join(", ", holders)} in it")
            {
                Consequence = $"what runs there goes on, but neither warren exec {space.Name} nor ip netns finds it",
                Remedy = (space.Presence == Presence.HalfMade ? $"rm /run/netns/{space.Name}; " : "") + $"ip netns attach {space.Name} {holders[0].Id}",
            }
            : new Finding(Troubles.NamespaceGone, $"{what}, and its link {space.Link!.Name} stands")
            {
                Consequence = "nothing can be started in it, and its published ports answer nobody",
                Remedy = "warren doctor --fix, which makes it again with the same address and ports",
                Fixable = true,
            };
    }
}
