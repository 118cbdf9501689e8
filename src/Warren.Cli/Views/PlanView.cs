using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Cli.Views;

/// <summary>A plan to read: grouped by namespace, what is done for the host last. The order in which it would be done is that of
/// <see cref="ShellView"/>.</summary>
internal static class PlanView
{
    public static void Write(Plan plan)
    {
        if (plan.IsEmpty)
        {
            Output.Line("Nothing to do.");
            return;
        }
        WriteSteps(plan);
        Output.Line($"Plan: {Summary(plan)}. Nothing was changed.");
    }

    /// <summary>The steps alone.</summary>
    internal static void WriteSteps(Plan plan)
    {
        var groups = new Dictionary<string, List<Step>>();
        var order = new List<string>();
        foreach (Step step in plan.Steps)
        {
            if (!groups.TryGetValue(step.Namespace, out List<Step>? group))
            {
                groups[step.Namespace] = group = [];
                order.Add(step.Namespace);
            }
            group.Add(step);
        }
        if (order.Remove(""))
            order.Add("");
        foreach (string name in order)
        {
            Output.Line(name.Length > 0 ? name : "host");
            foreach (Step step in groups[name])
                Output.Line($"  {Colour.Sign(step.Sign)} {step.Words}");
        }
    }

    /// <summary><c>3 to add, 1 to change, 0 to remove</c></summary>
    public static string Summary(Plan plan)
    {
        (int add, int change, int remove) = Count(plan);
        return $"{add} to add, {change} to change, {remove} to remove";
    }

    /// <summary>How many steps of each kind.</summary>
    public static (int Add, int Change, int Remove) Count(Plan plan)
    {
        int add = 0;
        int remove = 0;
        foreach (Step step in plan.Steps)
        {
            add += step.Sign == '+' ? 1 : 0;
            remove += step.Sign == '-' ? 1 : 0;
        }
        return (add, plan.Steps.Count - add - remove, remove);
    }
}
