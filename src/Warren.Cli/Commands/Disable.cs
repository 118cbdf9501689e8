using System.CommandLine;
using System.CommandLine.Completions;
using Warren.Cli.Views;
using Warren.Kernel;
using Warren.Model;
using Warren.Planning;

namespace Warren.Cli.Commands;

/// <summary><c>warren disable</c>: a project does not come back after a reboot any more.</summary>
internal static class Disable
{
    public static Command Build(CommandLine line)
    {
        var name = new Argument<string?>("PROJECT")
        {
            Description = "The project, if its file is not at hand.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        name.CompletionSources.Add(_ => Enabled().Select(project => new CompletionItem(project)));
        var project = new ProjectOptions();
        Option<bool> dryRun = Arguments.DryRun();
        Option<bool> shell = Arguments.Shell();
        Option<bool> json = Arguments.Json();
        var command = new Command("disable", "Let a project not come back after a reboot: removes what `enable` wrote. What stands goes on.")
        {
            name,
            dryRun,
            shell,
            json,
        };
        project.AddTo(command);
        command.SetAction(parsed =>
        {
            string which = Which(parsed.GetValue(name), project, parsed);
            bool dry = parsed.GetValue(dryRun) || parsed.GetValue(shell);
            if (!dry)
                Arguments.DemandPrivilege(line);
            Plan plan = dry
                ? BootPlan.Disable(BootFiles.Observe(which), which)
                : BootFiles.Change(which, observed => BootPlan.Disable(observed, which));
            if (parsed.GetValue(shell))
                ShellView.Write(plan, line.Typed);
            else if (parsed.GetValue(json))
                PlanJson.Write(plan, applied: !dry);
            else if (dry)
                PlanView.Write(plan);
            else
                Enable.Tell(plan, $"{which}: does not come back after a reboot; what stands goes on until then");
            return ExitCode.Done;
        });
        return command;
    }

    // By a name, or by what a unit says of its file: that one may be gone, or have mistakes in it.
    private static string Which(string? name, ProjectOptions project, ParseResult parsed)
    {
        if (name is null)
            return project.FirstPath(parsed) is { } path && BootFiles.Projects(path) is [{ } enabled] ? enabled : project.Read(parsed).Name;
        if (project.IsGiven(parsed))
            throw new RefusedException(RefusalKind.Usage, new Refusal("a project and -f exclude each other", $"warren disable {Terminal.Safe(name)}"));
        if (ProjectName.IsValid(name))
            return name;
        string known = string.Join(", ", Enabled());
        throw new RefusedException(
            RefusalKind.Usage,
            new Refusal($"'{Terminal.Safe(name)}' cannot be the name of a project", known.Length > 0 ? $"one of those enabled: {known}" : "warren disable -f FILE")
        );
    }

    private static IReadOnlyList<string> Enabled()
    {
        try
        {
            return BootFiles.Projects();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
