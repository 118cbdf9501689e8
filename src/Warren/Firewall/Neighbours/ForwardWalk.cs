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
internal sealed class ForwardWalk(ForeignTable table, PassingPacket packet, bool countOpenings)
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
            if (Met(rule) != true)
                continue;
            switch (rule.Verdict)
            {
                case ForeignVerdict.Jump or ForeignVerdict.Goto when rule.Target == target:
                    return true;
                case ForeignVerdict.Jump when Walk(rule.Target, 1).Verdict == ForeignVerdict.GoesOn:
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
            if (Met(rule) != true)
                continue;
            switch (rule.Verdict)
            {
                case ForeignVerdict.Accept or ForeignVerdict.Drop:
                    return new ForwardFate(rule.Verdict, chain, rule);
                case ForeignVerdict.Return:
                    return undecided;
                case ForeignVerdict.Goto:
                    return Walk(rule.Target, depth + 1);
                case ForeignVerdict.Jump:
                    ForwardFate fate = Walk(rule.Target, depth + 1);
                    if (fate.Verdict != ForeignVerdict.GoesOn)
                        return fate;
                    break;
            }
        }
        return undecided;
    }

    private bool? Met(ForeignRule rule) => !countOpenings && rule.IsOpening ? false : rule.Ask(packet);
}
