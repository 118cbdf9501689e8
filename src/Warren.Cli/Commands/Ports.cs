using System.CommandLine;
using Warren.Cli.Views;
using Warren.Kernel;

namespace Warren.Cli.Commands;

/// <summary><c>warren ports</c></summary>
internal static class Ports
{
    public static Command Build(CommandLine line)
    {
        Option<bool> json = Arguments.Json();
        var command = new Command("ports", "List published ports, as the kernel has them, and those on which programs in namespaces listen themselves.") { json };
        command.SetAction(parsed =>
        {
            Arguments.DemandPrivilege(line);
            Planning.Observed observed = Host.Look();
            PortsView.Write(observed, HandedSockets.Find(observed.Namespaces), parsed.GetValue(json));
            return ExitCode.Done;
        });
        return command;
    }
}
