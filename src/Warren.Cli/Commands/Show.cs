using System.CommandLine;
using Warren.Cli.Views;
using Warren.Kernel;
using Warren.Planning;

namespace Warren.Cli.Commands;

/// <summary><c>warren show NAME</c></summary>
internal static class Show
{
    public static Command Build(CommandLine line)
    {
        Argument<string> name = Arguments.Name();
        Option<bool> json = Arguments.Json();
        var command = new Command("show", "Show a namespace: link, addresses, published ports, processes.") { name, json };
        command.SetAction(parsed =>
        {
            string wanted = Arguments.Checked(parsed.GetValue(name)!);
            Arguments.DemandPrivilege(line);
            Observed observed = Host.Look();
            ObservedNamespace? space = observed.Namespaces.FirstOrDefault(space => space.Name == wanted);
            if (space is null)
                throw new RefusedException(RefusalKind.NotFound, new Refusal($"{wanted}: there is no such namespace", "warren ls"));
            ShowView.Write(observed, space, Inside.Look(wanted, space.Presence), parsed.GetValue(json));
            return ExitCode.Done;
        });
        return command;
    }
}
