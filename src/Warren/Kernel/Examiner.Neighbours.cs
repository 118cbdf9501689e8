using Warren.Diagnosis;
using Warren.Firewall.Neighbours;
using Warren.Model;
using Warren.Netlink.Nftables;
using Warren.Netlink.Xtables;

namespace Warren.Kernel;

// The part that looks at the rules of others.
internal sealed partial class Examiner
{
    // of a longer range only that there is a rule is told
    private const int LongestRange = 64;

    private Condition WithNeighbours(Condition condition, List<NftChain> chains)
    {
        if (!ForeignTable.Any(chains))
            return condition;
        var lines = new List<ForeignLine>();
        var leads = new List<ForeignLead>();
        foreach (ForeignTable table in ForeignTable.WithBase(_session.Nft, chains, _ => true))
        {
            foreach (string chain in table.ChainNames)
            {
                // a program's own chains: it writes them as it likes, and mends them itself
                bool kept = Owners.OfRule(chain, "").Length > 0 || Owners.Of(table.Name, []).Length > 0;
                foreach (ForeignRule rule in table.Rules(chain))
                {
                    if (!kept && !rule.Untold && (rule.TranslatesSource || rule.Verdict is ForeignVerdict.Accept or ForeignVerdict.Drop or ForeignVerdict.Translate))
                        lines.Add(new ForeignLine(table.Words, chain, rule.Text, table.Removal(chain, rule)));
                    if (rule is { Never: false, Verdict: ForeignVerdict.Translate, Destination: { First: { } first, Map.Length: 0 } destination } && first.Equals(destination.Last))
                        leads.Add(new ForeignLead($"{table.Words}, chain {chain}: {rule.Text}", first, table.Removal(chain, rule), PortsOf(rule)));
                }
            }
        }
        return condition with
        {
            Rules = lines,
            Leads = leads,
            Iptables = new IptablesFacts(IptablesCommand(), LegacyInUse(), NftInUse(chains)),
        };
    }

    private static List<HostPort> PortsOf(ForeignRule rule)
    {
        var ports = new List<HostPort>();
        foreach (Protocol protocol in (Protocol[])[Protocol.Tcp, Protocol.Udp])
        {
            if (rule.Protocols.Exists(test => (test.Protocol == (int)protocol) == test.Inverted))
                continue;
            foreach (PortCondition test in rule.Ports)
            {
                foreach (PortRange range in test.Inverted ? [] : test.Ports)
                {
                    for (int port = range.First; port <= range.Last && port < range.First + LongestRange; port++)
                        ports.Add(new HostPort(null, port, protocol));
                }
            }
        }
        return ports;
    }

    private static List<string> LegacyInUse()
    {
        var tables = new List<string>();
        foreach (string name in LegacyTable.Names())
        {
            if (LegacyTable.Read(name)?.Chains.Any(chain => chain.PolicyDrop || chain.Rules.Any(rule => rule.Comment != Marks.Comment)) == true)
                tables.Add("table " + name);
        }
        return tables;
    }

    private static List<string> NftInUse(List<NftChain> chains)
    {
        var tables = new List<string>();
        foreach (IGrouping<NftTable, NftChain> table in chains.Where(chain => chain.Table.Family == NftFamily.Ip).GroupBy(chain => chain.Table))
        {
            if (table.Any(IptablesNft.Made) && table.Any(chain => chain.PolicyDrop || chain.Uses > 0))
                tables.Add("table " + table.Key.Name);
        }
        return tables;
    }

    // What the command is in the end: /usr/sbin/iptables -> /etc/alternatives/iptables -> iptables-nft -> xtables-nft-multi
    private static string? IptablesCommand()
    {
        foreach (string folder in (string[])["/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin"])
        {
            string path = folder + "/iptables";
            try
            {
                if (!File.Exists(path))
                    continue;
                string name = File.ResolveLinkTarget(path, returnFinalTarget: true)?.Name ?? "iptables";
                return name.Contains("nft", StringComparison.Ordinal) ? "iptables-nft" : "iptables-legacy";
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // a circle of links
            }
        }
        return null;
    }
}
