using System.CommandLine;
using System.Runtime.InteropServices;
using Warren.Cli.Views;
using Warren.Kernel;
using Warren.Model;
using Warren.Planning;
using Warren.Planning.Steps;
using Warren.Running;
using Warren.Running.Services;

namespace Warren.Cli.Commands;

/// <summary><c>warren up [-d] [NAME…]</c></summary>
internal static class Up
{
    // How long a process that is no service has for its end.
    internal static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    public static Command Build(CommandLine line)
    {
        Argument<string[]> names = ProjectOptions.Names("Only these namespaces of the file.");
        var project = new ProjectOptions();
        var detach = new Option<bool>("--detach", "-d") { Description = "Leave services running in the background." };
        var confirm = new Option<string?>("--confirm")
        {
            Description = "Take all back unless it is confirmed in time, as in 60s: for one who works over ssh.",
            HelpName = "TIME",
        };
        var reviewed = new Option<string?>("--plan") { Description = "Do exactly what this file says, which warren plan -o wrote.", HelpName = "FILE" };
        Option<bool> noNeighbours = Arguments.NoNeighbours();
        Option<bool> dryRun = Arguments.DryRun();
        Option<bool> shell = Arguments.Shell();
        Option<bool> json = Arguments.Json();
        var command = new Command("up", "Make the host as the file says: namespaces, links, published ports, services.")
        {
            names,
            detach,
            confirm,
            reviewed,
            noNeighbours,
            dryRun,
            shell,
            json,
        };
        project.AddTo(command);
        command.SetAction(parsed =>
        {
            string? path = parsed.GetValue(reviewed);
            string[] only = ProjectOptions.Checked(parsed.GetValue(names));
            if (path is not null && (only.Length > 0 || project.IsGiven(parsed)))
                throw new RefusedException(RefusalKind.Usage, new Refusal("--plan has its own file and names", $"warren up --plan {path}"));
            PlanFile? plan = path is null ? null : PlanFile.Read(path);
            Project read = plan is null ? project.Read(parsed) : new Project(plan.Project, plan.Folder, plan.Spec);
            Wish wish = read.Up(plan?.Names ?? only) with { LeaveNeighbours = parsed.GetValue(noNeighbours) };
            if (parsed.GetValue(dryRun) || parsed.GetValue(shell))
            {
                Outcome outcome = Change.Fulfilment(line, wish, true);
                if (parsed.GetValue(shell))
                    ShellView.Write(outcome.Plan, line.Typed);
                else if (parsed.GetValue(json))
                    PlanJson.Write(outcome.Plan, applied: false);
                else
                    PlanView.Write(outcome.Plan);
                DroppingView.Tell(line, outcome.Plan);
                return ExitCode.Done;
            }
            Arguments.DemandPrivilege(line);
            return new Rise(line, read, wish)
            {
                Review = plan is null ? null : made => plan.Demand(made, path!),
                Confirm = parsed.GetValue(confirm) is { } time ? Confirmation.Parse(time) : null,
                Detach = parsed.GetValue(detach),
                Json = parsed.GetValue(json),
            }.Run();
        });
        return command;
    }

    private sealed record Rise(CommandLine Line, Project Project, Wish Wish)
    {
        public Action<Plan>? Review { get; init; }

        public TimeSpan? Confirm { get; init; }

        public bool Detach { get; init; }

        public bool Json { get; init; }

        public int Run()
        {
            // A signal in the middle of a change waits for its end: it is a matter of milliseconds, and then whole.
            using var signals = new HeldSignals();
            IReadOnlyList<string> recorded = ProjectRecord.Names(Project.Name);
            SavedWish? saved = SavedWish.Find(Project.Name);
            var progress = new Progress("up");
            Action runAgain = Services.Remember(Project.Name);
            Outcome outcome = Host.Change(
                Wish,
                new Manner
                {
                    Review = Review,
                    Begin = plan => Departure.Prepare(Project.Name, plan),
                    Failed = runAgain,
                    Progress = progress.Tell,
                }
            );
            progress.End();
            if (Confirm is { } time && !outcome.Plan.IsEmpty && !Confirmation.Wait(Project.Name, time, signals))
                return TakeBack(outcome, recorded, saved, runAgain);
            if (Json)
                PlanJson.Write(outcome.Plan, applied: true);
            else if (outcome.Plan.IsEmpty)
                Output.Line("already up to date: nothing to do");
            else
                OutcomeView.Write(outcome);
            DroppingView.Tell(Line, outcome.Plan);
            Output.Flush();
            return signals.Caught != 0 && !Detach ? Undo(outcome, 128 + signals.Caught) : StartServices(outcome, signals);
        }

        private int StartServices(Outcome outcome, HeldSignals signals)
        {
            if (Wish.Services.Count == 0 && outcome.Before.Services.Count == 0)
                return ExitCode.Done;
            bool changes = outcome.Plan.Steps.Any(step => step is ServiceStep);
            IReadOnlyList<Service> all = All(outcome);
            if (Detach)
            {
                if (!changes)
                    return ExitCode.Done;
                if (all.Count == 0)
                {
                    Services.Stop(Project.Name);
                    Services.RemoveFiles(Project.Name);
                    return ExitCode.Done;
                }
                return Told(Started(outcome, all));
            }
            if (all.Count == 0)
                return ExitCode.Done;
            if (Services.Look(Project.Name) is not null)
            {
                // a supervisor lives: it has the services, and this is a change of them
                if (!changes)
                {
                    Output.Line("the services run in the background; warren logs -f follows them");
                    return ExitCode.Done;
                }
                return Told(Started(outcome, all));
            }
            signals.Release();
            var view = new LogView([.. all.Select(service => service.FullName), LogFile.Own], always: true);
            int code;
            try
            {
                code = Services.RunHere(
                    Project.Name,
                    all,
                    NativeText.Environment(),
                    (service, text) =>
                    {
                        view.Write(service, text);
                        Output.Flush();
                    },
                    happened =>
                    {
                        view.Say(happened.Name, happened.Text);
                        Output.Flush();
                    }
                );
            }
            finally
            {
                signals.Hold();
                Undo(outcome, 0);
            }
            return code;
        }

        // Services that are the same go on, but for those whose namespace is another one by now.
        private IReadOnlyList<ServiceState> Started(Outcome outcome, IReadOnlyList<Service> all)
        {
            IReadOnlyList<ServiceState> states = Services.StartDetached(Project.Name, all, NativeText.Environment());
            string[] elsewhere =
            [
                .. outcome
                    .Plan.Steps.OfType<RestartService>()
                    .Where(step => outcome.Before.Services.Any(each => each.Service.Equals(step.Service)))
                    .Select(step => step.Service.FullName),
            ];
            return elsewhere.Length == 0 ? states : Services.Restart(Project.Name, elsewhere);
        }

        private static int Told(IReadOnlyList<ServiceState> states) => ServicesView.WriteOutcome(states) ? ExitCode.Failed : ExitCode.Done;

        // Of some namespaces only, the services of the others go on.
        private IReadOnlyList<Service> All(Outcome outcome)
        {
            if (Wish.Whole)
                return Wish.Services;
            var asked = Wish.Ensure.Select(each => each.Name).ToHashSet();
            return [.. outcome.Before.Services.Select(each => each.Service).Where(service => !asked.Contains(service.Namespace)), .. Wish.Services];
        }

        // Ctrl-C takes down what this brought up, and nothing else.
        private int Undo(Outcome outcome, int code)
        {
            string[] made = [.. outcome.Plan.Steps.OfType<CreateLink>().Select(step => step.Namespace).Distinct()];
            if (made.Length == 0)
            {
                Services.RemoveFiles(Project.Name);
                return code;
            }
            bool all = made.Length == Wish.Ensure.Count && Wish.Whole;
            Wish wish = all ? Project.Down([]) : Project.Down(made);
            Outcome down = Host.Change(wish, new Manner { Begin = plan => Departure.Prepare(Project.Name, plan) });
            if (!all)
                Services.RemoveFiles(Project.Name);
            if (!Json)
                OutcomeView.Write(down);
            return code;
        }

        private int TakeBack(Outcome outcome, IReadOnlyList<string> recorded, SavedWish? saved, Action runAgain)
        {
            IReadOnlyList<(Step Step, Exception Error)> stuck = Host.TakeBack(outcome.Plan, Project.Name, recorded, saved);
            if (outcome.Plan.Steps.Any(step => step is StopService))
                runAgain();
            foreach ((Step step, Exception error) in stuck)
                Output.Error($"warren up: could not be taken back: {step.Sign} {step.Words}: {Terminal.Safe(error.Message)}");
            Output.Error("warren up: not confirmed in time; " + (stuck.Count == 0 ? "everything is as it was before" : "all else is as it was before"));
            return ExitCode.Failed;
        }
    }
}
