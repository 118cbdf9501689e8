using System.CommandLine;
using Warren.Specs;

namespace Warren.Cli.Commands;

/// <summary><c>warren schema</c></summary>
internal static class Schema
{
    public static Command Build(CommandLine line)
    {
        var command = new Command("schema", "Print the JSON schema of warren.yaml, for editors: warren schema > warren.schema.json");
        command.SetAction(_ =>
        {
            Output.Write(SpecSchema.Json);
            return ExitCode.Done;
        });
        return command;
    }
}
