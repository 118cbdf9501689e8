using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Cli.Views;

/// <summary>A plan to read: grouped by namespace, in the order in which it would be done.</summary>
internal static class PlanView
{
    public static void Write(Plan plan)
    {
        if (plan.IsEmpty)
        {
            Output.Line("Nothing to do.");
            return;
        }
        string? group = null;
        foreach (Step step in plan.Steps)
        {
            string of = step.Namespace.Length > 0 ? step.Namespace : "host";
            if (of != group)
                Output.Line(group = of);
            Output.Line($"  {step.Sign} {step.Words}");
        }
        int Count(char sign) => plan.Steps.Count(step => step.Sign == sign);
        Output.Line($"Plan: {Count('+')} to add, {Count('~')} to change, {Count('-')} to remove. Nothing was changed.");
    }
}
