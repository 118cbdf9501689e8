using System.CommandLine;
using Warren.Cli.Views;
using Warren.Model;
using Warren.Planning;
using Warren.Running.Services;

namespace Warren.Cli.Commands;

/// <summary><c>warren logs [-f] [-n LINES] [NAME…]</c></summary>
internal static class Logs
{
    public static Command Build(CommandLine line)
    {
        Option<string?> project = ProcessStatus.ProjectOption();
        var names = new Argument<string[]>("NAME")
        {
            Description = "Services, as ps lists them, or namespaces, for all services in them. Left out: all.",
            Arity = ArgumentArity.ZeroOrMore,
            CustomParser = Arguments.Words,
        };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what comes, until Ctrl-C or the end of the services." };
        var lines = new Option<int?>("--lines", "-n") { Description = "Only the last ones of each service.", HelpName = "LINES" };
        var command = new Command("logs", "Print what services wrote: warren logs -f web1") { names, follow, lines, project };
        command.SetAction(parsed =>
        {
            Arguments.DemandPrivilege(line);
            int? last = parsed.GetValue(lines);
            if (last < 0)
                throw new RefusedException(RefusalKind.Usage, new Refusal("--lines takes a number from 0 on", "warren logs -n 20"));
            List<(string Project, List<string> Services)> chosen = Find(ProcessStatus.Chosen(parsed.GetValue(project)), parsed.GetValue(names) ?? []);
            bool following = parsed.GetValue(follow);
            if (following && chosen.Count > 1)
            {
                throw new RefusedException(
                    RefusalKind.Usage,
                    new Refusal("only one project can be followed", "warren logs -f --project " + chosen[0].Project)
                );
            }
            var view = new LogView([.. chosen.SelectMany(each => each.Services)]);
            foreach ((string each, List<string> services) in chosen)
                Write(view, each, services, last, following);
            return ExitCode.Done;
        });
        return command;
    }

    private static List<(string Project, List<string> Services)> Find(IReadOnlyList<string> projects, string[] names)
    {
        var found = new List<(string, List<string>)>();
        var missing = new List<string>(names);
        foreach (string project in projects)
        {
            var services = new List<string>();
            foreach (Service service in Services.Saved(project))
            {
                bool named = Array.Exists(names, name => name == service.FullName || name == service.Namespace);
                missing.RemoveAll(name => name == service.FullName || name == service.Namespace);
                if (named || names.Length == 0)
                    services.Add(service.FullName);
            }
            // what the supervisor itself did is nobody's, so it is there where all are
            if (services.Count > 0 && names.Length == 0)
                services.Add(LogFile.Own);
            if (services.Count > 0)
                found.Add((project, services));
        }
        if (missing.Count > 0)
        {
            throw new RefusedException(
                RefusalKind.NotFound,
                [.. missing.Select(name => new Refusal($"no service '{Terminal.Safe(name)}'", "warren ps, which lists them"))]
            );
        }
        return found;
    }

    private static void Write(LogView view, string project, List<string> services, int? last, bool follow)
    {
        // the supervisor's end is the end of this connection
        using ControlClient? supervisor = follow ? ControlClient.Connect(project) : null;
        using LogReading? reading = LogReading.Open(project, services);
        if (reading is null)
            return;
        if (supervisor is not null)
            _ = reading.Wait(-1, TimeSpan.Zero); // from now on nothing is missed
        foreach (LogLine line in reading.ReadAll(last))
            view.Write(line);
        if (supervisor is null)
            return;
        const int Seconds = 3600;
        for (bool lives = true; lives && !Output.Broken;)
        {
            Output.Flush();
            lives = reading.Wait(supervisor.Descriptor, TimeSpan.FromSeconds(Seconds));
            foreach (LogLine line in reading.ReadNew())
                view.Write(line);
        }
    }
}
