using Warren.Model;
using Warren.Netlink.Nftables;
using Warren.Planning;

namespace Warren.Firewall;

/// <summary>The ruleset and its elements in the words of nft, a line each: what a script for <c>nft -f</c> is made of.</summary>
internal static class RulesetScript
{
    /// <summary>The whole table, without elements.</summary>
    public static IEnumerable<string> Table()
    {
        yield return $"table {Ruleset.Table} {{";
        yield return $"\tcomment \"{Ruleset.Table.Comment}\"";
        foreach (NftSet set in Ruleset.Sets)
            yield return $"\t{(set.IsMap ? "map" : "set")} {set.Name} {{ {set.TypeText}; }}";
        // a chain must be there before a rule can lead to it
        foreach (NftChain chain in Ruleset.Chains.OrderBy(chain => chain.Hook is not null))
        {
            yield return $"\tchain {chain.Name} {{";
            if (chain.Hook is not null)
                yield return "\t\t" + chain.HookText;
            foreach (NftRule rule in Ruleset.Rules.Where(rule => rule.Chain == chain.Name))
                yield return "\t\t" + rule;
            yield return "\t}";
        }
        yield return "}";
    }

    /// <summary>A forward that comes.</summary>
    public static string Publish(HostPort host, Target target) =>
        $"add element {Ruleset.Table} {Ruleset.MapOf(host).Name} {{ {Key(host)} : {target.Address} . {target.Port} }}";

    /// <summary>A forward that goes.</summary>
    public static string Unpublish(HostPort host) =>
        $"delete element {Ruleset.Table} {Ruleset.MapOf(host).Name} {{ {Key(host)} }}";

    /// <summary>A port inside that other namespaces may call.</summary>
    public static string Admit(InnerPort inside) => $"add element {Ruleset.Table} {Ruleset.Targets.Name} {{ {Key(inside)} }}";

    /// <summary>A port inside that they may not call any longer.</summary>
    public static string Shut(InnerPort inside) => $"delete element {Ruleset.Table} {Ruleset.Targets.Name} {{ {Key(inside)} }}";

    /// <summary>An uplink on which Warren switches forwarding on.</summary>
    public static string Close(string uplink) =>
        $"add element {Ruleset.Table} {Ruleset.SwitchedOn.Name} {{ \"{uplink}\" }}";

    /// <summary>An uplink on which Warren does not switch it on after all.</summary>
    public static string Open(string uplink) =>
        $"delete element {Ruleset.Table} {Ruleset.SwitchedOn.Name} {{ \"{uplink}\" }}";

    /// <summary>The chain by which the host forwards nothing but what is of namespaces.</summary>
    public static IEnumerable<string> CloseFor(string project)
    {
        NftChain chain = Ruleset.ClosedChain(project);
        yield return $"add chain {Ruleset.Table} {chain.Name} {{ {chain.HookText} }}";
        foreach (NftRule rule in Ruleset.ClosedRules(chain))
            yield return $"add rule {Ruleset.Table} {chain.Name} {rule}";
    }

    /// <summary>The same chain, when it goes.</summary>
    public static IEnumerable<string> OpenFor(string project)
    {
        string chain = $"{Ruleset.Table} {Ruleset.ClosedChain(project).Name}";
        return [$"flush chain {chain}", $"delete chain {chain}"];
    }

    private static string Key(InnerPort inside) => Key(new HostPort(inside.Address, inside.Port, inside.Protocol));

    /// <summary>A link that leaves by one uplink only.</summary>
    public static IEnumerable<string> Pin(Pin pin) =>
        [
            $"add element {Ruleset.Table} {Ruleset.Pinned.Name} {{ \"{pin.Link}\" }}",
            $"add element {Ruleset.Table} {Ruleset.PinnedTo.Name} {{ \"{pin.Link}\" . \"{pin.Uplink}\" }}",
        ];

    /// <summary>A link that does not any more. What may be missing is added first: to delete what is not there is an error.</summary>
    public static IEnumerable<string> Unpin(Pin pin)
    {
        string link = $"element {Ruleset.Table} {Ruleset.Pinned.Name} {{ \"{pin.Link}\" }}";
        string pair = $"element {Ruleset.Table} {Ruleset.PinnedTo.Name} {{ \"{pin.Link}\" . \"{pin.Uplink}\" }}";
        return pin.Uplink.Length == 0 ? ["delete " + link] : ["add " + link, "delete " + link, "add " + pair, "delete " + pair];
    }

    private static string Key(HostPort host) =>
        host.HostAddress is { } address
            ? $"{address} . {host.Protocol.Word()} . {host.Port}"
            : $"{host.Protocol.Word()} . {host.Port}";
}
