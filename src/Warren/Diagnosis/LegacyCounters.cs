using Warren.Firewall.Neighbours;
using Warren.Netlink.Nftables;
using Warren.Netlink.Xtables;

namespace Warren.Diagnosis;

/// <summary>The counters of legacy rules and policies that drop. To look makes no table.</summary>
internal sealed class LegacyCounters
{
    private readonly List<LegacyTable> _tables = [];

    private LegacyCounters() { }

    /// <summary>The tables that are there.</summary>
    public IReadOnlyList<string> Tables => [.. _tables.Select(table => table.Name)];

    /// <summary>Reads them as they are now.</summary>
    public static LegacyCounters Read()
    {
        var read = new LegacyCounters();
        foreach (string name in LegacyTable.Names())
        {
            if (LegacyTable.Read(name) is { } table)
                read._tables.Add(table);
        }
        return read;
    }

    /// <summary>What has dropped something since an earlier reading.</summary>
    public List<LegacyDrop> Since(LegacyCounters before)
    {
        var drops = new List<LegacyDrop>();
        foreach (LegacyTable now in _tables)
        {
            LegacyTable? then = before._tables.Find(table => table.Name == now.Name);
            foreach (LegacyChain chain in now.Chains)
            {
                LegacyChain? old = then?.Chain(chain.Name);
                if (chain is { PolicyDrop: true, Hook: { } hook } && chain.PolicyPackets > (old?.PolicyPackets ?? 0))
                    drops.Add(new LegacyDrop(hook, $"policy of {Place(now, chain, "")}"));
                for (int i = 0; i < chain.Rules.Count; i++)
                {
                    LegacyRule rule = chain.Rules[i];
                    ulong earlier = old is not null && i < old.Rules.Count ? old.Rules[i].Packets : 0;
                    if (!Drops(rule) || rule.Packets <= earlier)
                        continue;
                    foreach (NftHook called in Hooks(now, chain.Name))
                        drops.Add(new LegacyDrop(called, $"rule '{rule}' of {Place(now, chain, rule.Comment)}"));
                }
            }
        }
        return drops;
    }

    private static bool Drops(LegacyRule rule) =>
        rule.Target is XtVerdict { Verdict.IsDrop: true } or XtReject or XtUnknownTarget { Name: "REJECT" };

    private static string Place(LegacyTable table, LegacyChain chain, string comment)
    {
        string owner = Owners.OfRule(chain.Name, comment) is { Length: > 0 } known
            ? known
            : Owners.Of("", table.Chains.Select(each => each.Name));
        return $"chain {chain.Name} in legacy table {table.Name}{(owner.Length > 0 ? $" ({owner})" : "")}";
    }

    // where a chain is called from
    private static IEnumerable<NftHook> Hooks(LegacyTable table, string name)
    {
        foreach (LegacyChain chain in table.Chains)
        {
            if (chain.Hook is { } hook && Leads(table, chain, name, []))
                yield return hook;
        }
    }

    private static bool Leads(LegacyTable table, LegacyChain from, string to, HashSet<string> seen)
    {
        if (from.Name == to)
            return true;
        if (!seen.Add(from.Name))
            return false;
        foreach (LegacyRule rule in from.Rules)
        {
            if (rule.Target is XtVerdict { Verdict: { Leads: true } verdict } && table.Chain(verdict.Chain) is { } next && Leads(table, next, to, seen))
                return true;
        }
        return false;
    }
}
