using System.CommandLine;
using Warren.Cli.Views;
using Warren.Kernel;
using Warren.Model;
using Warren.Running.Services;

namespace Warren.Cli.Commands;

/// <summary><c>warren down [NAME…]</c></summary>
internal static class Down
{
    public static Command Build(CommandLine line)
    {
        Argument<string[]> names = ProjectOptions.Names("Only these namespaces of the file.");
        var project = new ProjectOptions();
        Option<bool> dryRun = Arguments.DryRun();
        Option<bool> shell = Arguments.Shell();
        Option<bool> json = Arguments.Json();
        var command = new Command("down", "Take down what `up` brought up: services end, namespaces go, the host is as it was before.")
        {
            names,
            dryRun,
            shell,
            json,
        };
        project.AddTo(command);
        command.SetAction(parsed =>
        {
            Project read = project.Read(parsed);
            Wish wish = read.Down(ProjectOptions.Checked(parsed.GetValue(names)));
            bool dry = parsed.GetValue(dryRun) || parsed.GetValue(shell);
            Outcome outcome = dry ? Change.Fulfilment(line, wish, true) : Fall(line, read.Name, wish);
            if (parsed.GetValue(shell))
                ShellView.Write(outcome.Plan, line.Typed);
            else if (parsed.GetValue(json))
                PlanJson.Write(outcome.Plan, applied: !dry);
            else if (dry)
                PlanView.Write(outcome.Plan);
            else
                OutcomeView.Write(outcome);
            if (!dry && !parsed.GetValue(json) && wish.Whole && BootFiles.Observe(read.Name).IsEnabled(read.Name))
                Output.Line($"{read.Name}: comes back at the next boot; warren disable {read.Name} prevents that");
            return ExitCode.Done;
        });
        return command;
    }

    private static Outcome Fall(CommandLine line, string project, Wish wish)
    {
        Arguments.DemandPrivilege(line);
        using var signals = new HeldSignals();
        var progress = new Progress("down");
        Action runAgain = Services.Remember(project);
        try
        {
            // before the lock is taken: a supervisor may be waiting for it
            if (wish.Whole)
                Services.Stop(project);
            return Host.Change(wish, new Manner { Begin = plan => Departure.Prepare(project, plan), Progress = progress.Tell });
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // what did not go down stays up
            runAgain();
            throw;
        }
        finally
        {
            progress.End();
        }
    }
}
