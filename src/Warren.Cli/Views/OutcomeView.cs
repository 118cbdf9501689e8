using Warren.Kernel;
using Warren.Model;
using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Cli.Views;

/// <summary>What was done, in a few lines.</summary>
internal static class OutcomeView
{
    public static void Write(Wish wish, Outcome outcome)
    {
        if (outcome.Plan.IsEmpty)
        {
            Output.Line("nothing to do");
            return;
        }
        foreach (CreateLink create in outcome.Plan.Steps.OfType<CreateLink>())
            Output.Line($"{create.Namespace}: {create.Link.Inside.Address} on {create.Link.InsideName}, behind {create.Link.Host.Address} on {create.Link.Name}");
        foreach (ChangeRules rules in outcome.Plan.Steps.OfType<ChangeRules>())
        {
            if (rules.Table == TableChange.Repair)
                Output.Line("table inet warren was incomplete, and was made again");
            Write(rules.Publish, "published");
            if (rules.Table != TableChange.Delete)
                Write(rules.Unpublish, "unpublished");
        }
        foreach (OpenNeighbour open in outcome.Plan.Steps.OfType<OpenNeighbour>())
            Output.Line($"host: {open.Words}");
        foreach (string removed in wish.RemoveAll ? outcome.Plan.Steps.OfType<DeleteNamespace>().Select(step => step.Name) : wish.Remove)
            Output.Line($"{removed}: removed");
    }

    private static void Write(IReadOnlyList<ForwardEntry> entries, string verb)
    {
        foreach (IGrouping<string, ForwardEntry> group in entries.GroupBy(entry => entry.Namespace))
        {
            List<Forward> forwards = [.. group.Select(entry => new Forward(entry.Host, entry.Target.Port))];
            Output.Line($"{group.Key}: {verb} {string.Join(' ', LinkMark.Ranges(forwards))}");
        }
    }
}
