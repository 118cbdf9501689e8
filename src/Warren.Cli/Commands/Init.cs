using System.CommandLine;
using Warren.Model;
using Warren.Planning;
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
            Write(path);
            Output.Line($"wrote {Terminal.Safe(path)}; edit it, then type: sudo warren up{(path == SpecFiles.Names[0] ? "" : " -f " + Terminal.Safe(Planning.Steps.Step.Quote(path)))}");
            return ExitCode.Done;
        });
        return command;
    }

    private static void Write(string path)
    {
        if (Directory.Exists(path))
            throw new RefusedException(RefusalKind.Conflict, new Refusal($"{Terminal.Safe(path)} is a folder", $"warren init {Terminal.Safe(Planning.Steps.Step.Quote(Path.Combine(path, SpecFiles.Names[0])))}"));
        try
        {
            // only one that is not there, and never through a link
            using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
            file.Write(System.Text.Encoding.UTF8.GetBytes(SpecTemplate.Text));
        }
        catch (IOException) when (File.Exists(path))
        {
            throw new RefusedException(RefusalKind.Conflict, new Refusal($"{Terminal.Safe(path)} is there already; nothing was changed", "warren init FILE, for another"));
        }
        catch (ArgumentException)
        {
            throw new RefusedException(RefusalKind.Usage, new Refusal("a file needs a name", $"warren init {SpecFiles.Names[0]}"));
        }
    }
}
