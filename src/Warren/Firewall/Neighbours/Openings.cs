using Warren.Model;
using Warren.Netlink.Nftables;
using Warren.Netlink.Wire;
using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Firewall.Neighbours;

/// <summary>The accept rules for Warren's links in chains of other firewalls: the only foreign thing that is ever changed.</summary>
/// <remarks>
/// They open nothing by themselves: Warren's own chain still decides. One is for what comes in by a Warren link, one for what
/// leaves by one; iptables takes only the first in PREROUTING, and only the second in POSTROUTING.
/// </remarks>
internal static class Openings
{
    /// <summary>The chain that docker leaves to others. docs.docker.com, Packet filtering and firewalls.</summary>
    public const string DockerUser = "DOCKER-USER";

    /// <summary>Puts the accept rules at the head of a chain's <see cref="ForeignChain.Place"/>; those that it has move there.</summary>
    /// <exception cref="NeighbourException">The neighbour's tool failed, or is not there, or the kernel refused.</exception>
    public static void Open(NftSocket nft, ForeignChain chain) => Open(nft, chain, NeighbourTools.OfHost);

    /// <inheritdoc cref="Open(NftSocket, ForeignChain)"/>
    public static void Open(NftSocket nft, ForeignChain chain, NeighbourTools tools)
    {
        switch (chain.Backend)
        {
            case FirewallBackend.Nft:
                new NativeOpening(nft, chain).Open();
                break;
            case FirewallBackend.IptablesNft:
                OpenIptablesNft(nft, chain, tools);
                break;
            default:
                new LegacyOpening(chain, tools).Open();
                break;
        }
    }

    /// <summary>Removes every accept rule of Warren's from a chain and from its <see cref="ForeignChain.Place"/>, even doubled ones.</summary>
    /// <exception cref="NeighbourException">The neighbour's tool failed, or is not there, or the kernel refused.</exception>
    public static void Close(NftSocket nft, ForeignChain chain) => Close(nft, chain, NeighbourTools.OfHost);

    /// <inheritdoc cref="Close(NftSocket, ForeignChain)"/>
    public static void Close(NftSocket nft, ForeignChain chain, NeighbourTools tools)
    {
        if (chain.Backend == FirewallBackend.IptablesLegacy)
            new LegacyOpening(chain, tools).Close();
        else
            new NativeOpening(nft, chain).Close();
    }

    /// <summary>The shell commands that <see cref="Open(NftSocket, ForeignChain)"/> stands for.</summary>
    public static IReadOnlyList<string> OpenCommands(ForeignChain chain)
    {
        var commands = new List<string>();
        foreach (bool input in InsertionOrder(chain))
        {
            commands.Add(
                chain.Backend == FirewallBackend.Nft
                    ? "nft " + Step.Quote($"insert rule {NativePlace(chain)} {NativeWords(input)}")
                    : Command(chain, "-I", input)
            );
        }
        return commands;
    }

    /// <summary>The shell commands that <see cref="Close(NftSocket, ForeignChain)"/> stands for.</summary>
    public static IReadOnlyList<string> CloseCommands(ForeignChain chain)
    {
        if (chain.Backend == FirewallBackend.Nft)
        {
            // nft 1.0 deletes by handle only
            string filter = $"s/.*ifname \"{NamespaceName.LinkPrefix}\\*\" .*accept comment \"{Marks.Comment}\" # handle //p";
            string place = Step.Quote(NativePlace(chain));
            return [$"nft -a list chain {place} | sed -n {Step.Quote(filter)} | xargs -rn1 nft delete rule {place} handle"];
        }
        var commands = new List<string>();
        foreach (bool input in InsertionOrder(chain))
            commands.Insert(0, Command(chain, "-D", input));
        return commands;
    }

    /// <summary>The chains that have accept rules of Warren's.</summary>
    /// <param name="nft">Where rules are read.</param>
    /// <param name="chains">All chains of all tables.</param>
    public static List<ForeignChain> FindOpen(NftSocket nft, IReadOnlyList<NftChain> chains)
    {
        var open = new List<ForeignChain>();
        foreach (ForeignTable table in ForeignTable.WithBase(nft, chains, chain => chain.FiltersForwarded))
        {
            foreach (ForeignBase chain in table.Bases)
            {
                if (!chain.FiltersForwarded)
                    continue;
                if (HasOpening(table, chain.Name))
                    open.Add(table.Chain(chain.Name));
                if (chain.Hook == NftHook.Forward && HasOpening(table, DockerUser))
                    open.Add(table.Chain(chain.Name) with { Place = DockerUser });
            }
        }
        return open;
    }

    /// <summary>The words of iptables for one opening: <c>-I FORWARD -i wrn-+ …</c></summary>
    public static IReadOnlyList<string> Arguments(ForeignChain chain, string verb, bool input)
    {
        string[] rule = [input ? "-i" : "-o", NamespaceName.LinkPrefix + "+", "-m", "comment", "--comment", Marks.Comment, "-j", "ACCEPT"];
        return chain.Table == "filter" ? [verb, chain.Place, .. rule] : ["-t", chain.Table, verb, chain.Place, .. rule];
    }

    /// <summary>Which openings a chain can have, last first, as each is put at the head: true for input.</summary>
    public static IReadOnlyList<bool> InsertionOrder(ForeignChain chain) =>
        (chain.Backend, chain.Name) switch
        {
            (not FirewallBackend.Nft, "PREROUTING") => [true],
            (not FirewallBackend.Nft, "POSTROUTING") => [false],
            _ => [false, true],
        };

    /// <summary>An error about a chain, with what to type.</summary>
    public static NeighbourException Failure(ForeignChain chain, bool opens, string owner, string words)
    {
        IReadOnlyList<string> commands = opens ? OpenCommands(chain) : CloseCommands(chain);
        string whose = owner.Length > 0 ? $", kept by {owner}" : "";
        return new NeighbourException(
            $"cannot {(opens ? "open" : "close")} {chain}{whose}: {words}; type: {string.Join(" && ", commands)}"
        );
    }

    private static string Command(ForeignChain chain, string verb, bool input)
    {
        string tool =
            chain.Backend == FirewallBackend.IptablesNft
                ? "iptables-nft"
                : $"iptables-legacy -w {NeighbourTools.DefaultLockSeconds}";
        return $"{tool} {string.Join(' ', Arguments(chain, verb, input).Select(Step.Quote))}";
    }

    private static string NativePlace(ForeignChain chain) => $"{chain.Family} {chain.Table} {chain.Place}";

    private static string NativeWords(bool input) =>
        $"{(input ? "iifname" : "oifname")} \"{NamespaceName.LinkPrefix}*\" accept comment \"{Marks.Comment}\"";

    private static bool HasOpening(ForeignTable table, string chain)
    {
        foreach (ForeignRule rule in table.Rules(chain))
        {
            if (rule.IsOpening)
                return true;
        }
        return false;
    }

    // without the tool, and in a table that it cannot read any more ("incompatible"), as it would write them
    private static void OpenIptablesNft(NftSocket nft, ForeignChain chain, NeighbourTools tools)
    {
        var native = new NativeOpening(nft, chain);
        string? words = null;
        if (tools.Find("iptables-nft") is { } path)
        {
            native.Close();
            words = Insert(tools, path, chain);
            if (words is null)
                return;
        }
        try
        {
            native.Open();
        }
        catch (NeighbourException e) when (words is not null)
        {
            throw new NeighbourException($"{e.Message} (before, iptables-nft said: {words})");
        }
    }

    private static string? Insert(NeighbourTools tools, string path, ForeignChain chain)
    {
        foreach (bool input in InsertionOrder(chain))
        {
            if (tools.Run(path, Arguments(chain, "-I", input)) is { } words)
                return words;
        }
        return null;
    }
}
