using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Cli.Views;

/// <summary>A plan as a script that does the same with <c>ip</c>, <c>nft</c> and files of /proc/sys.</summary>
internal static class ShellView
{
    public static void Write(Plan plan, string typed)
    {
        Output.Line("#!/bin/sh -e");
        Output.Line($"# {typed}");
        if (plan.IsEmpty)
            Output.Line("# nothing to do");
        foreach (Step step in plan.Steps)
        {
            Output.Line($"# {step.Sign} {step.Words}");
            foreach (string command in step.Shell)
                Output.Line(command);
        }
    }
}
