using System.CommandLine;
using Warren.Cli.Views;
using Warren.Kernel;

namespace Warren.Cli.Commands;

/// <summary><c>warren ls</c></summary>
internal static class List
{
    public static Command Build(CommandLine line)
    {
        Option<bool> json = Arguments.Json();
        var command = new Command("ls", "List Warren's namespaces.") { json };
        command.SetAction(parsed =>
        {
            Arguments.DemandPrivilege(line);
            ListView.Write(Host.Look(), parsed.GetValue(json));
            return ExitCode.Done;
        });
        return command;
    }
}
