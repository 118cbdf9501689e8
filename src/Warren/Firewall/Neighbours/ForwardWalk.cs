using Warren.Netlink.Nftables;

namespace Warren.Firewall.Neighbours;

/// <summary>What certainly becomes of a packet in a chain.</summary>
/// <param name="Verdict">Accept, Drop, or GoesOn where neither is certain.</param>
/// <param name="Chain">The chain that decided.</param>
/// <param name="Rule">The rule that decided; null for a policy.</param>
internal readonly record struct ForwardFate(ForeignVerdict Verdict, string Chain, ForeignRule? Rule)
{
    /// <summary>Whether it is dropped.</summary>
    public bool Drops => Verdict == ForeignVerdict.Drop;
}

/// <summary>Follows a packet through the chains of a table, along rules that it certainly meets.</summary>
/// <param name="table">The table.</param>
/// <param name="packet">The packet.</param>
/// <param name="countOpenings">Whether Warren's own accept rules are there.</param>
/// <param name="doubts">Whether a rule that may let the packet pass counts as one that does: then only what drops all such packets drops.</param>
internal sealed class ForwardWalk(ForeignTable table, PassingPacket packet, bool countOpenings, bool doubts = false)
{
    // the kernel's NFT_JUMP_STACK_SIZE; a table read while it changes can seem to have a cycle
    private const int Deepest = 16;

    private readonly Dictionary<string, ForwardFate> _known = [];

    /// <summary>What becomes of the packet in a base chain, its policy included.</summary>
    public ForwardFate Of(ForeignBase chain)
    {
        ForwardFate fate = Walk(chain.Name, 0);
        if (fate.Verdict != ForeignVerdict.GoesOn)
            return fate;
        return new ForwardFate(chain.PolicyDrop ? ForeignVerdict.Drop : ForeignVerdict.Accept, chain.Name, null);
    }

    /// <summary>Whether the packet certainly comes to another chain, if no rule before decides about it that may or may not apply.</summary>
    public bool Reaches(string chain, string target)
    {
        foreach (ForeignRule rule in table.Rules(chain))
        {
            if (Met(rule) != true || Decision(rule) is not var (verdict, leadsTo))
                continue;
            switch (verdict)
            {
                case ForeignVerdict.Jump or ForeignVerdict.Goto when leadsTo == target:
                    return true;
                case ForeignVerdict.Jump when Walk(leadsTo, 1).Verdict == ForeignVerdict.GoesOn:
                case ForeignVerdict.GoesOn:
                    break;
                default:
                    return false;
            }
        }
        return false;
    }

    private ForwardFate Walk(string chain, int depth)
    {
        var undecided = new ForwardFate(ForeignVerdict.GoesOn, chain, null);
        if (depth > Deepest)
            return undecided;
        if (_known.TryGetValue(chain, out ForwardFate known))
            return known;
        _known[chain] = undecided;
        ForwardFate fate = Follow(chain, depth, undecided);
        _known[chain] = fate;
        return fate;
    }

    private ForwardFate Follow(string chain, int depth, ForwardFate undecided)
    {
        foreach (ForeignRule rule in table.Rules(chain))
        {
            bool? met = Met(rule);
            if (met == false)
                continue;
            if (met is null || Decision(rule) is not var (verdict, target))
            {
                if (doubts && MayLetPass(rule))
                    return new ForwardFate(ForeignVerdict.Accept, chain, rule);
                continue;
            }
            switch (verdict)
            {
                case ForeignVerdict.Accept or ForeignVerdict.Drop:
                    return new ForwardFate(verdict, chain, rule);
                case ForeignVerdict.Return:
                    return undecided;
                case ForeignVerdict.Goto:
                    return Walk(target, depth + 1);
                case ForeignVerdict.Jump:
                    ForwardFate fate = Walk(target, depth + 1);
                    if (fate.Verdict != ForeignVerdict.GoesOn)
                        return fate;
                    break;
            }
        }
        return undecided;
    }

    // What a rule whose conditions are met does, and where it leads; null if its map cannot be read.
    private (ForeignVerdict Verdict, string Target)? Decision(ForeignRule rule)
    {
        if (rule.Verdicts.Name is null)
            return (rule.Verdict, rule.Target);
        if (!table.Decides(rule.Verdicts, packet, out NftVerdict? verdict))
            return null;
        return verdict is { } found && ForeignRule.Read(found) is { } read ? (read, found.Chain) : (ForeignVerdict.GoesOn, "");
    }

    private static bool MayLetPass(ForeignRule rule) =>
        rule.Verdicts.Name is not null || rule.Verdict is not (ForeignVerdict.GoesOn or ForeignVerdict.Drop);

    private bool? Met(ForeignRule rule) => !countOpenings && rule.IsOpening ? false : rule.Ask(packet, table);
}
