using System.CommandLine;
using Warren.Cli.Views;
using Warren.Planning;
using Warren.Running.Services;

namespace Warren.Cli.Commands;

/// <summary><c>warren ps</c></summary>
internal static class ProcessStatus
{
    public static Command Build(CommandLine line)
    {
        Option<string?> project = ProjectOption();
        Option<bool> json = Arguments.Json();
        var command = new Command("ps", "List services: what runs, since when, and with which code the others ended.") { project, json };
        command.SetAction(parsed =>
        {
            Arguments.DemandPrivilege(line);
            var projects = new List<ProjectState>();
            foreach (string name in Chosen(parsed.GetValue(project)))
                projects.Add(new ProjectState(name, Services.Look(name), Services.Saved(name)));
            ServicesView.Write(projects, parsed.GetValue(json));
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary><c>--project NAME</c>.</summary>
    public static Option<string?> ProjectOption()
    {
        var option = new Option<string?>("--project", "-p") { Description = "Only of this project; left out: of all.", HelpName = "NAME" };
        option.CompletionSources.Add(_ => Services.Projects().Select(name => new System.CommandLine.Completions.CompletionItem(name)));
        return option;
    }

    /// <summary>The projects that are meant.</summary>
    /// <exception cref="RefusedException">There is none of this name.</exception>
    public static IReadOnlyList<string> Chosen(string? project)
    {
        IReadOnlyList<string> all = Services.Projects();
        if (project is null)
            return all;
        if (all.Contains(project))
            return [project];
        throw new RefusedException(
            RefusalKind.NotFound,
            new Refusal($"no project '{Model.Terminal.Safe(project)}'", all.Count == 0 ? "warren up, which makes one of a warren.yaml" : "one of " + string.Join(", ", all))
        );
    }
}
