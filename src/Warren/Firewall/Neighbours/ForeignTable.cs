using Warren.Netlink.Nftables;
using Warren.Netlink.Xtables;
using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Firewall.Neighbours;

/// <summary>A base chain of another firewall, of IPv4 packets.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type"><c>filter</c>, <c>nat</c>, <c>route</c>.</param>
/// <param name="Hook">Where it is called.</param>
/// <param name="Priority">Its place among the chains of its hook; 0 in a legacy table.</param>
/// <param name="PolicyDrop">Whether a packet that no rule decided about is dropped.</param>
/// <param name="HasRules">Whether it has any rule.</param>
internal readonly record struct ForeignBase(
    string Name,
    string Type,
    NftHook Hook,
    int Priority,
    bool PolicyDrop,
    bool HasRules
)
{
    /// <summary>Whether it can drop what is forwarded.</summary>
    public bool FiltersForwarded => Type == "filter" && Hook is NftHook.Prerouting or NftHook.Forward or NftHook.Postrouting;

    /// <summary>Whether it can give packets that arrive, or that the host sends, another destination.</summary>
    public bool TranslatesDestination => Type == "nat" && Hook is NftHook.Prerouting or NftHook.Output;
}

/// <summary>A table of another firewall, of IPv4 packets. Its rules are read when they are asked for, a chain at a time, once.</summary>
internal abstract class ForeignTable
{
    private readonly Dictionary<string, IReadOnlyList<ForeignRule>> _rules = [];
    private readonly Dictionary<string, IReadOnlyList<NftElement>> _elements = [];

    /// <summary>Its name.</summary>
    public abstract string Name { get; }

    /// <summary>Its base chains.</summary>
    public abstract IReadOnlyList<ForeignBase> Bases { get; }

    /// <summary>The names of all its chains.</summary>
    public abstract IReadOnlyCollection<string> ChainNames { get; }

    /// <summary>Whose it is, as far as it can be told.</summary>
    public string Owner => field ??= Owners.Of(Name, ChainNames);

    /// <summary>The table in words: <c>table ip nat</c>.</summary>
    public abstract string Words { get; }

    /// <summary>A chain of it, by its place.</summary>
    public abstract ForeignChain Chain(string name);

    /// <summary>The ports in one of its sets, as ranges; null if that cannot be told.</summary>
    public virtual PortCondition? PortSet(string name) => null;

    /// <summary>The keys and values of one of its maps or sets.</summary>
    public IReadOnlyList<NftElement> Elements(string map)
    {
        if (!_elements.TryGetValue(map, out IReadOnlyList<NftElement>? elements))
            _elements[map] = elements = ReadElements(map);
        return elements;
    }

    /// <summary>Whether a packet meets a condition on a set; null if that cannot be told.</summary>
    public bool? Holds(SetCondition test, PassingPacket packet) =>
        SetMembers.Find(Elements(test.Set), test.Key, packet, out NftElement? found) ? (found is not null) != test.Inverted : null;

    /// <summary>What a map of verdicts decides about a packet.</summary>
    /// <returns>False if that cannot be told.</returns>
    public bool Decides(VerdictMap map, PassingPacket packet, out NftVerdict? verdict)
    {
        NftElement? found = null;
        bool told = map.Key is { } key && SetMembers.Find(Elements(map.Name), key, packet, out found);
        verdict = found?.Verdict;
        return told;
    }

    /// <summary>How a rule of a chain is taken out: the command, for a shell.</summary>
    public abstract string Removal(string chain, ForeignRule rule);

    /// <summary>The rules of a chain; none if there is no such chain.</summary>
    public IReadOnlyList<ForeignRule> Rules(string chain)
    {
        if (_rules.TryGetValue(chain, out IReadOnlyList<ForeignRule>? rules))
            return rules;
        return _rules[chain] = ChainNames.Contains(chain) ? ReadRules(chain) : [];
    }

    /// <summary>All tables that have such a base chain, Warren's own left out.</summary>
    /// <param name="nft">Where rules will be read.</param>
    /// <param name="chains">All chains of all tables.</param>
    /// <param name="wanted">Which base chains count.</param>
    public static List<ForeignTable> WithBase(NftSocket nft, IReadOnlyList<NftChain> chains, Predicate<ForeignBase> wanted)
    {
        var native = new Dictionary<NftTable, NftForeignTable>();
        foreach (NftChain chain in chains)
        {
            NftTable table = chain.Table;
            if (!IsForeign(table))
                continue;
            if (!native.TryGetValue(table, out NftForeignTable? found))
                native[table] = found = new NftForeignTable(nft, table);
            found.Add(chain);
        }
        var tables = new List<ForeignTable>();
        foreach (NftForeignTable table in native.Values)
            AddIf(table, wanted, tables);
        foreach (string name in LegacyTable.Names())
        {
            if (LegacyTable.Read(name) is { } table)
                AddIf(new LegacyForeignTable(table), wanted, tables);
        }
        return tables;
    }

    /// <summary>Whether there is any table of another firewall. Costs one read of a file that is empty without legacy tables.</summary>
    /// <param name="chains">All chains of all tables.</param>
    public static bool Any(List<NftChain> chains)
    {
        foreach (NftChain chain in chains)
        {
            if (IsForeign(chain.Table))
                return true;
        }
        return LegacyTable.Names().Count > 0;
    }

    private static bool IsForeign(NftTable table) =>
        table.Family is NftFamily.Ip or NftFamily.Inet && table is not { Family: NftFamily.Inet, Name: Marks.Table } && !Follows(table);

    private static bool Follows(NftTable table) =>
        table.Family == NftFamily.Inet && table.Name.StartsWith(Marks.TracePrefix, StringComparison.Ordinal);

    protected abstract List<ForeignRule> ReadRules(string chain);

    protected virtual IReadOnlyList<NftElement> ReadElements(string map) => [];

    private static void AddIf(ForeignTable table, Predicate<ForeignBase> wanted, List<ForeignTable> tables)
    {
        foreach (ForeignBase chain in table.Bases)
        {
            if (!wanted(chain))
                continue;
            tables.Add(table);
            return;
        }
    }
}

/// <summary>A table of nf_tables.</summary>
internal sealed class NftForeignTable(NftSocket nft, NftTable table) : ForeignTable
{
    private readonly List<ForeignBase> _bases = [];
    private readonly Dictionary<string, NftChain> _chains = [];

    public override string Name => table.Name;

    public override IReadOnlyList<ForeignBase> Bases => _bases;

    public override IReadOnlyCollection<string> ChainNames => _chains.Keys;

    public override string Words => $"table {table}";

    public void Add(NftChain chain)
    {
        _chains[chain.Name] = chain;
        if (chain.Hook is { } hook)
            _bases.Add(new ForeignBase(chain.Name, chain.Type, hook, chain.Priority, chain.PolicyDrop, chain.Uses > 0));
    }

    public override ForeignChain Chain(string name)
    {
        bool iptables = _chains.TryGetValue(name, out NftChain? chain) && chain.Hook is not null
            ? IptablesNft.Made(chain)
            : _chains.Values.Any(IptablesNft.Made);
        return new ForeignChain(iptables ? FirewallBackend.IptablesNft : FirewallBackend.Nft, table.Family.Word, table.Name, name);
    }

    public override PortCondition? PortSet(string name)
    {
        return PortSets.Read([.. Elements(name)]);
    }

    protected override IReadOnlyList<NftElement> ReadElements(string map) => nft.Elements(new NftSet(table, map, [NftType.Port], []));

    public override string Removal(string chain, ForeignRule rule) =>
        $"nft delete rule {table.Family.Word} {Step.Quote(table.Name)} {Step.Quote(chain)} handle {rule.Native?.Handle}";

    protected override List<ForeignRule> ReadRules(string chain)
    {
        if (_chains[chain].Uses == 0)
            return [];
        var rules = new List<ForeignRule>();
        foreach (NftRule rule in nft.Rules(table, chain))
            rules.Add(NftReading.Read(rule));
        return rules;
    }
}

/// <summary>A legacy table.</summary>
internal sealed class LegacyForeignTable : ForeignTable
{
    private readonly LegacyTable _table;
    private readonly List<ForeignBase> _bases = [];
    private readonly HashSet<string> _names = [];

    public LegacyForeignTable(LegacyTable table)
    {
        _table = table;
        string type = table.Name == "nat" ? "nat" : "filter";
        foreach (LegacyChain chain in table.Chains)
        {
            _names.Add(chain.Name);
            if (chain.Hook is { } hook)
                _bases.Add(new ForeignBase(chain.Name, type, hook, 0, chain.PolicyDrop, chain.Rules.Count > 0));
        }
    }

    public override string Name => _table.Name;

    public override IReadOnlyList<ForeignBase> Bases => _bases;

    public override IReadOnlyCollection<string> ChainNames => _names;

    public override string Words => $"table {_table.Name} (iptables-legacy)";

    public override ForeignChain Chain(string name) => new(FirewallBackend.IptablesLegacy, "ip", _table.Name, name);

    public override string Removal(string chain, ForeignRule rule)
    {
        string text = rule.Text;
        // a rule with parts that are not known could not be named; a text of others is no part of a command
        bool plain = !rule.Untold && rule.Translated is null && text.All(c => char.IsAsciiLetterOrDigit(c) || " -_./:,!+".Contains(c, StringComparison.Ordinal));
        return plain && text.StartsWith("-A ", StringComparison.Ordinal) ? $"iptables-legacy -t {_table.Name} -D {text[3..]}" : "";
    }

    protected override List<ForeignRule> ReadRules(string chain)
    {
        IReadOnlyList<LegacyRule> rules = _table.Chain(chain)?.Rules ?? [];
        var read = new List<ForeignRule>(rules.Count);
        foreach (LegacyRule rule in rules)
            read.Add(LegacyReading.Read(rule));
        return read;
    }
}
