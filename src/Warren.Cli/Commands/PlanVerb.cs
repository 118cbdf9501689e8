using System.CommandLine;
using Warren.Cli.Views;
using Warren.Kernel;
using Warren.Planning;

namespace Warren.Cli.Commands;

/// <summary><c>warren plan [NAME…]</c>: what <c>up</c> would do. And <c>warren plan VERB …</c>, the same as <c>warren VERB … --dry-run</c>,
/// which <see cref="Program"/> rewrites before it comes here.</summary>
internal static class PlanVerb
{
    public static IReadOnlyList<string> Plannable { get; } = ["add", "rm", "publish", "unpublish", "down", "enable", "disable"];

    public static Command Build(CommandLine line)
    {
        Argument<string[]> names = ProjectOptions.Names("Only these namespaces of the file.");
        var project = new ProjectOptions();
        Option<bool> noNeighbours = Arguments.NoNeighbours();
        Option<bool> shell = Arguments.Shell();
        Option<bool> json = Arguments.Json();
        var detailed = new Option<bool>("--detailed-exitcode") { Description = "End with 0 if there is nothing to do, with 2 if there is." };
        var output = new Option<string?>("--output", "-o") { Description = "Write the plan to a file, for warren up --plan FILE.", HelpName = "FILE" };
        var command = new Command(
            "plan",
            "Show what `up` would do; or what a verb would do: warren plan add web1 -p 6000:8080"
        )
        {
            names,
            noNeighbours,
            shell,
            json,
            detailed,
            output,
        };
        project.AddTo(command);
        command.SetAction(parsed =>
        {
            Project read = project.Read(parsed);
            string[] only = ProjectOptions.Checked(parsed.GetValue(names));
            Outcome outcome = Change.Fulfilment(line, read.Up(only) with { LeaveNeighbours = parsed.GetValue(noNeighbours) }, true);
            if (parsed.GetValue(output) is { } path)
            {
                new PlanFile(read.Name, read.Folder, only, read.Spec, PlanFile.Told(outcome.Plan)).Write(path, outcome.Plan);
                Output.Line($"Plan: {PlanView.Summary(outcome.Plan)}. Written to {Model.Terminal.Safe(path)}; warren up --plan {Model.Terminal.Safe(path)} does it.");
            }
            else if (parsed.GetValue(shell))
                ShellView.Write(outcome.Plan, line.Typed);
            else if (parsed.GetValue(json))
                PlanJson.Write(outcome.Plan, applied: false);
            else
                PlanView.Write(outcome.Plan);
            DroppingView.Tell(line, outcome.Plan);
            return parsed.GetValue(detailed) && !outcome.Plan.IsEmpty ? ExitCode.Changes : ExitCode.Done;
        });
        return command;
    }
}
