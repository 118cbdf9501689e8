using Warren.Netlink.Xtables;
using Warren.Planning;

namespace Warren.Firewall.Neighbours;

/// <summary>Openings in a legacy table, written by iptables-legacy: a legacy table can only be replaced whole, under a lock of its tools.</summary>
internal sealed class LegacyOpening(ForeignChain chain, NeighbourTools tools)
{
    /// <summary>Puts the openings at the head, and takes away those that were there.</summary>
    public void Open()
    {
        LegacyTable table = Read(true) ?? throw Openings.Failure(chain, true, "", "the table is gone");
        Delete(table, true);
        IReadOnlyList<bool> order = Openings.InsertionOrder(chain);
        for (int i = 0; i < order.Count; i++)
        {
            if (Run("-I", chain, order[i]) is not { } words)
                continue;
            for (int done = 0; done < i; done++)
                _ = Run("-D", chain, order[done]);
            throw Failure(table, true, words);
        }
    }

    /// <summary>Takes all openings away.</summary>
    public void Close()
    {
        if (Read(false) is { } table)
            Delete(table, false);
    }

    private LegacyTable? Read(bool opens)
    {
        try
        {
            return LegacyTable.Read(chain.Table);
        }
        catch (Netlink.Wire.NetlinkException e)
        {
            throw Openings.Failure(chain, opens, "", e.Message);
        }
    }

    private void Delete(LegacyTable table, bool opens)
    {
        string[] places = chain.Place == chain.Name ? [chain.Name] : [chain.Name, chain.Place];
        foreach (string place in places)
        {
            foreach (LegacyRule rule in table.Chain(place)?.Rules ?? [])
            {
                ForeignRule read = LegacyReading.Read(rule);
                if (read.IsOpening && Run("-D", chain with { Place = place }, read.Links[0].IsInput) is { } words)
                    throw Failure(table, opens, words);
            }
        }
    }

    private string? Run(string verb, ForeignChain where, bool input)
    {
        if (Tool() is not { } path)
            return "iptables-legacy is not installed, and nothing else can write this table (Debian, Ubuntu: apt install iptables)";
        List<string> arguments = ["-w", $"{tools.LockSeconds}", .. Openings.Arguments(where, verb, input)];
        return tools.Run(path, arguments) is { } words ? $"iptables-legacy says: {words}" : null;
    }

    // where there is one iptables only, its version says which it is
    private string? Tool()
    {
        if (tools.Find("iptables-legacy") is { } path)
            return path;
        return tools.Find("iptables") is { } only
            && tools.Run(only, ["--version"], out string version) is null
            && !version.Contains("nf_tables", StringComparison.Ordinal)
            ? only
            : null;
    }

    private NeighbourException Failure(LegacyTable table, bool opens, string words)
    {
        var names = new List<string>();
        foreach (LegacyChain known in table.Chains)
            names.Add(known.Name);
        return Openings.Failure(chain, opens, Owners.Of(chain.Table, names), words);
    }
}
