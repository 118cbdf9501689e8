using System.CommandLine;
using Warren.Cli.Views;
using Warren.Kernel;
using Warren.Model;
using Warren.Planning;
using Warren.Running.Services;
using Warren.Specs;

namespace Warren.Cli.Commands;

/// <summary><c>warren status [NAME…]</c>: whether all is as the file says; without a file, as Warren once made it.</summary>
internal static class Status
{
    private static readonly TimeSpan s_pace = TimeSpan.FromSeconds(1);

    public static Command Build(CommandLine line)
    {
        Argument<string[]> names = ProjectOptions.Names("Only these namespaces.");
        var project = new ProjectOptions();
        Option<bool> json = Arguments.Json();
        var watch = new Option<bool>("--watch", "-w") { Description = "Go on, and show what changes, until Ctrl-C." };
        var command = new Command("status", "Tell whether all is as it should be: healthy, drifted (what, and why), or missing.")
        {
            names,
            json,
            watch,
        };
        project.AddTo(command);
        command.SetAction(parsed =>
        {
            string[] only = ProjectOptions.Checked(parsed.GetValue(names));
            Project? read = project.AnyFile(parsed) ? project.Read(parsed) : null;
            bool asJson = parsed.GetValue(json);
            if (!parsed.GetValue(watch))
                return StatusView.Write(Look(line, read, only), asJson) ? ExitCode.Done : ExitCode.Drifted;
            if (asJson)
                throw new RefusedException(RefusalKind.Usage, new Refusal("--watch and --json exclude each other", "warren status --json"));
            return Watch(() => Look(line, read, only));
        });
        return command;
    }

    private static int Watch(Func<StatusReport> look)
    {
        using var signals = new HeldSignals();
        bool onTerminal = Output.IsTerminal(1);
        string last = "";
        while (signals.Caught == 0)
        {
            StatusReport report = look();
            string now = StatusView.Text(report);
            if (now != last)
            {
                Output.Raw(1, onTerminal ? "\x1b[H\x1b[2J" + now : (last.Length > 0 ? "\n" : "") + now);
                last = now;
            }
            _ = signals.Wait(s_pace);
        }
        return ExitCode.Done;
    }

    private static StatusReport Look(CommandLine line, Project? project, string[] names)
    {
        Arguments.DemandPrivilege(line);
        Observed all = Host.Look();
        Wish wish = project?.Up(names) ?? ProjectWish.OfMarks(all);
        if (project is null && names.Length > 0)
        {
            Refusal[] unknown =
            [
                .. names.Where(name => wish.Ensure.All(each => each.Name != name))
                    .Select(name => new Refusal($"{name}: there is no such namespace of Warren's", "warren ls")),
            ];
            if (unknown.Length > 0)
                throw new RefusedException(RefusalKind.NotFound, unknown);
            wish = wish with { Ensure = [.. wish.Ensure.Where(each => names.Contains(each.Name))] };
        }
        // what is half-made has no mark to be compared with
        List<ObservedNamespace> half =
        [
            .. all.Namespaces.Where(space =>
                space.Link is { Mark: null } || space.Presence == Presence.HalfMade || (space.IsOurs && space.Link is null)
            ),
        ];
        half.RemoveAll(space => wish.Ensure.Any(each => each.Name == space.Name) || (names.Length > 0 && !names.Contains(space.Name)));
        IReadOnlyList<ServiceState> services = project is null ? [] : Services.Look(project.Name) ?? [];
        bool enabled = project is not null && BootFiles.Observe(project.Name).IsEnabled(project.Name);
        if (wish.Ensure.Count == 0)
            return new StatusReport(project?.Name, all, [], half, services) { Leftovers = all.Ruleset != RulesetState.Absent };
        try
        {
            Outcome outcome = Change.Fulfilment(line, wish, true);
            return new StatusReport(project?.Name, all, Health.Of(outcome.Before, wish, outcome.Plan), half, services) { Enabled = enabled };
        }
        catch (RefusedException e) when (e.Kind == RefusalKind.Conflict)
        {
            // what `up` would refuse is told with the reasons
            return new StatusReport(project?.Name, all, [], half, services) { Refusals = e.Refusals, Enabled = enabled };
        }
    }
}
