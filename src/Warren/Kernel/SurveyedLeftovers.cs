using System.Net;
using Warren.Firewall.Neighbours;
using Warren.Netlink.Nftables;
using Warren.Netlink.Rtnetlink;

namespace Warren.Kernel;

/// <summary>Tells which rules were written by hand for surveyed namespaces and will be of no use: Warren's own do the same.</summary>
internal static class SurveyedLeftovers
{
    /// <summary>Tells rules that masquerade or let pass one of the namespaces made by hand, and a policy that drops.</summary>
    public static void Tell(NftSocket nft, IReadOnlyList<NftChain> chains, IReadOnlyList<SurveyedNamespace> spaces, Action<string> remark)
    {
        SurveyedNamespace[] made = [.. spaces.Where(space => space is { ByHand: true, HostLinks.Count: > 0 })];
        if (made.Length == 0)
            return;
        foreach (ForeignTable table in ForeignTable.WithBase(nft, chains, Matters))
        {
            foreach (ForeignBase chain in table.Bases)
            {
                if (!Matters(chain))
                    continue;
                bool translates = chain.Hook == NftHook.Postrouting;
                foreach (ForeignRule rule in table.Rules(chain.Name))
                {
                    if (OwnerOf(rule, translates, made) is not { } space)
                        continue;
                    string removal = table.Removal(chain.Name, rule);
                    remark(
                        $"{space.Name}: {table.Words}, chain {chain.Name}: {rule.Text} is needed no longer: Warren {(translates ? "masquerades" : "lets pass what it forwards")} itself"
                            + (removal.Length > 0 ? "; to take it away: " + removal : "")
                    );
                }
                if (!translates && chain.PolicyDrop && table.Owner.Length == 0)
                    remark($"{table.Chain(chain.Name)}: policy drop is needed no longer for these namespaces, whose ports Warren keeps closed unless published; warren opens it for them if it stays");
            }
        }
    }

    private static bool Matters(ForeignBase chain) =>
        chain is { Type: "nat", Hook: NftHook.Postrouting, HasRules: true }
        || (chain is { Type: "filter", Hook: NftHook.Forward } && (chain.HasRules || chain.PolicyDrop));

    private static SurveyedNamespace? OwnerOf(ForeignRule rule, bool translates, SurveyedNamespace[] made)
    {
        if (translates ? !rule.TranslatesSource : rule.Verdict != ForeignVerdict.Accept)
            return null;
        foreach (SurveyedNamespace space in made)
        {
            bool own = rule.Sources.Exists(test => IsOf(test, space)) || (!translates && (rule.Destinations.Exists(test => IsOf(test, space)) || NamesLink(rule, space)));
            if (own)
                return space;
        }
        return null;
    }

    // for the namespace, and not for half of the world
    private static bool IsOf(AddressCondition test, SurveyedNamespace space)
    {
        const uint Widest = 1 << 16;
        return !test.Inverted && test.Last - test.First < Widest && space.Addresses.Any(test.Ask);
    }

    private static bool NamesLink(ForeignRule rule, SurveyedNamespace space)
    {
        foreach (Link link in space.HostLinks)
        {
            if (rule.Links.Exists(test => test.Pattern is { IsPrefix: false, Inverted: false } && test.Pattern.Name == link.Name))
                return true;
        }
        return false;
    }
}
