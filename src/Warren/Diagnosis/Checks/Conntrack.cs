namespace Warren.Diagnosis.Checks;

/// <summary>The kernel's table of connections.</summary>
internal static class Conntrack
{
    private const int FullPercent = 90;

    public static IEnumerable<Finding> Check(Condition condition)
    {
        ConntrackFacts facts = condition.Conntrack;
        string dropped = $"{facts.Dropped} packets were dropped since the boot because a connection could not be kept: /proc/net/stat/nf_conntrack";
        if (facts.Most > 0 && facts.Count * 100 > facts.Most * FullPercent)
        {
            yield return new Finding(Troubles.ConntrackFull, $"the kernel keeps {facts.Count} connections of {facts.Most} at most")
            {
                Evidence = facts.Dropped > 0 ? [dropped] : [],
                Consequence = "when it is full, packets of new connections are dropped, for every namespace and for the host",
                Remedy = $"sysctl -w net.netfilter.nf_conntrack_max={facts.Most * 2}",
            };
        }
        else if (facts.Dropped > 0)
        {
            yield return new Finding(Troubles.ConntrackDropped, dropped);
        }
    }
}
