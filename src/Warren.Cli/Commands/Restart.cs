using System.CommandLine;
using Warren.Cli.Views;
using Warren.Model;
using Warren.Planning;
using Warren.Running.Services;

namespace Warren.Cli.Commands;

/// <summary><c>warren restart NAME…</c></summary>
internal static class Restart
{
    public static Command Build(CommandLine line)
    {
        Option<string?> project = ProcessStatus.ProjectOption();
        var names = new Argument<string[]>("NAME")
        {
            Description = "Services, as ps lists them, or namespaces, for all services in them.",
            Arity = ArgumentArity.OneOrMore,
            CustomParser = Arguments.Words,
        };
        names.CompletionSources.Add(_ => Services.Projects().SelectMany(Services.Saved).Select(service => new System.CommandLine.Completions.CompletionItem(service.FullName)));
        var command = new Command("restart", "Stop services with everything they started, and start them anew: warren restart web1") { names, project };
        command.SetAction(parsed =>
        {
            Arguments.DemandPrivilege(line);
            bool failed = false;
            foreach ((string each, List<string> chosen) in Find(ProcessStatus.Chosen(parsed.GetValue(project)), parsed.GetValue(names) ?? []))
                failed |= ServicesView.WriteOutcome(Services.Restart(each, chosen));
            return failed ? ExitCode.Failed : ExitCode.Done;
        });
        return command;
    }

    // In which project each is. All are found before the first is stopped.
    private static Dictionary<string, List<string>> Find(IReadOnlyList<string> projects, string[] names)
    {
        var found = new Dictionary<string, List<string>>();
        foreach (string name in names)
        {
            string project =
                projects.FirstOrDefault(each => Services.Saved(each).Any(service => service.FullName == name || service.Namespace == name))
                ?? throw new RefusedException(RefusalKind.NotFound, new Refusal($"no service '{Terminal.Safe(name)}'", "warren ps, which lists them"));
            if (!found.TryGetValue(project, out List<string>? chosen))
                found[project] = chosen = [];
            chosen.Add(name);
        }
        return found;
    }
}
