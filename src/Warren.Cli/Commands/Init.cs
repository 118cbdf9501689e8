using System.CommandLine;
using Warren.Model;
using Warren.Specs;

namespace Warren.Cli.Commands;

/// <summary><c>warren init [FILE]</c></summary>
internal static class Init
{
    public static Command Build(CommandLine line)
    {
        var file = new Argument<string?>("FILE") { Description = $"The file; {SpecFiles.Names[0]} if left out.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("init", $"Write a first {SpecFiles.Names[0]} to begin with.") { file };
        command.SetAction(parsed =>
        {
            string path = parsed.GetValue(file) ?? SpecFiles.Names[0];
            string example = Directory.Exists(path) ? Terminal.Safe(Planning.Steps.Step.Quote(Path.Combine(path, SpecFiles.Names[0]))) : "FILE";
            // only one that is not there, and never through a link
            NewFile.Write(path, System.Text.Encoding.UTF8.GetBytes(SpecTemplate.Text), FileMode.CreateNew, $"warren init {example}");
            Output.Line($"wrote {Terminal.Safe(path)}; edit it, then type: sudo warren up{(path == SpecFiles.Names[0] ? "" : " -f " + Terminal.Safe(Planning.Steps.Step.Quote(path)))}");
            return ExitCode.Done;
        });
        return command;
    }
}
