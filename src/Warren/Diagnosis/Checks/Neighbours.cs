using Warren.Firewall.Neighbours;
using Warren.Planning;

namespace Warren.Diagnosis.Checks;

/// <summary>Other firewalls that drop what Warren forwards.</summary>
internal static class Neighbours
{
    public static IEnumerable<Finding> Check(Condition condition)
    {
        if (!condition.Marked.Any())
            yield break;
        foreach (Obstacle obstacle in condition.Asked?.Obstacles ?? [])
        {
            string owner = obstacle.Owner.Length > 0 ? $", kept by {obstacle.Owner}" : "";
            if (obstacle.Opened)
            {
                yield return new Finding(Troubles.NeighbourOpened, $"{obstacle.Chain}{owner} would drop what Warren forwards ({obstacle.Cause}); Warren's accept rules are there");
                continue;
            }
            bool hidden = obstacle.Chain.Backend == FirewallBackend.IptablesLegacy && condition.Iptables.Command is not (null or "iptables-legacy");
            yield return new Finding(Troubles.ForwardDropped, $"{obstacle.Chain}{owner} drops what Warren forwards: {obstacle.Cause}")
            {
                Evidence = hidden ? [$"iptables is {condition.Iptables.Command} here, and does not show it; iptables-legacy -S does"] : [],
                Consequence = "published ports answer nobody elsewhere, and namespaces do not reach the world",
                Remedy = string.Join(" && ", Openings.OpenCommands(obstacle.Chain)),
                Fixable = true,
            };
        }
    }
}
