using System.CommandLine;
using Warren.Model;
using Warren.Planning;

namespace Warren.Cli.Commands;

/// <summary><c>warren rm NAME… | --all</c></summary>
internal static class Remove
{
    public static Command Build(CommandLine line)
    {
        var names = new Argument<string[]>("NAME") { Description = "The namespaces' names.", Arity = ArgumentArity.ZeroOrMore, CustomParser = Arguments.Words };
        names.CompletionSources.Add(Arguments.Names);
        var all = new Option<bool>("--all") { Description = "All of them, and whatever else is left of Warren's." };
        var command = new Command("rm", "Remove namespaces with all that Warren made for them.") { names, all };
        var change = new Change(command, line);
        command.SetAction(parsed =>
        {
            string[] typed = parsed.GetValue(names) ?? [];
            bool everything = parsed.GetValue(all);
            if (everything == typed.Length > 0)
            {
                throw new RefusedException(
                    RefusalKind.Usage,
                    new Refusal(everything ? "names and --all exclude each other" : "which namespaces?", "warren rm NAME…, or warren rm --all")
                );
            }
            return change.Fulfil(parsed, new Wish { Remove = [.. typed.Select(Arguments.Checked)], RemoveAll = everything });
        });
        return command;
    }
}
