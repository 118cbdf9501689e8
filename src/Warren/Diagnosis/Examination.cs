using Warren.Diagnosis.Checks;

namespace Warren.Diagnosis;

/// <summary>All checks.</summary>
internal static class Examination
{
    /// <summary>Each is a function of what was found; in the order in which their findings are told.</summary>
    public static IReadOnlyList<Func<Condition, IEnumerable<Finding>>> Checks { get; } =
    [
        Abilities.Check,
        WarrenTable.Check,
        Names.Check,
        Drift.Check,
        Uplinks.Check,
        WaysOut.Check,
        PacketSizes.Check,
        Subnets.Check,
        LinkAddresses.Check,
        Conntrack.Check,
        Neighbours.Check,
        HiddenRules.Check,
        DuplicateRules.Check,
        ShadowedPorts.Check,
        DeadForwards.Check,
        StrayForwards.Check,
        StaleFlows.Check,
        Listening.Check,
        HostPorts.Check,
        Resolvers.Check,
        Projects.Check,
    ];

    /// <summary>What is wrong, of what was asked about: errors first, each only once.</summary>
    public static IReadOnlyList<Finding> Of(Condition condition)
    {
        var findings = new List<Finding>();
        foreach (Func<Condition, IEnumerable<Finding>> check in Checks)
        {
            foreach (Finding finding in check(condition))
            {
                if (condition.Aim.IsAbout(finding) && !findings.Exists(other => other.Trouble == finding.Trouble && other.Namespace == finding.Namespace && other.What == finding.What))
                    findings.Add(finding);
            }
        }
        return [.. findings.OrderByDescending(finding => finding.Trouble.Weight)];
    }
}
