using System.CommandLine;
using Warren.Cli.Views;
using Warren.Kernel;

namespace Warren.Cli.Commands;

/// <summary><c>warren import</c></summary>
internal static class Import
{
    public static Command Build(CommandLine line)
    {
        Option<bool> json = Arguments.Json();
        var command = new Command("import", "Write down what stands, also what ip netns made: warren import > warren.yaml") { json };
        command.SetAction(parsed =>
        {
            Arguments.DemandPrivilege(line);
            ImportView.Write(Survey.Take(), parsed.GetValue(json));
            return ExitCode.Done;
        });
        return command;
    }
}
