namespace Warren.Diagnosis.Checks;

/// <summary>Rules that the command iptables does not show, since there are two of it.</summary>
internal static class HiddenRules
{
    public static IEnumerable<Finding> Check(Condition condition)
    {
        IptablesFacts facts = condition.Iptables;
        bool both = facts.Legacy.Count > 0 && facts.Nft.Count > 0;
        bool legacyHidden = facts.Legacy.Count > 0 && facts.Command == "iptables-nft";
        bool nftHidden = facts.Nft.Count > 0 && facts.Command == "iptables-legacy";
        if (!both && !legacyHidden && !nftHidden)
            yield break;
        string is_ = facts.Command is { } command ? $"the command iptables is {command}" : "there is no command iptables";
        string legacy = facts.Legacy.Count > 0 ? $"iptables-legacy has rules in {string.Join(", ", facts.Legacy)}" : "";
        string nft = facts.Nft.Count > 0 ? $"iptables-nft has rules in {string.Join(", ", facts.Nft)}" : "";
        string other = facts.Command == "iptables-legacy" ? "iptables-nft" : "iptables-legacy";
        yield return new Finding(Troubles.HiddenRules, $"{string.Join(", and ", new[] { legacy, nft }.Where(part => part.Length > 0))}; {is_}")
        {
            Consequence = $"iptables -S shows only a part of the rules in force, and a packet must pass both",
            Remedy = $"{other} -S and {other} -t nat -S, to see them; update-alternatives --config iptables, to have one tool for all",
        };
    }
}
