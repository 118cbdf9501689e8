using System.CommandLine;
using System.CommandLine.Parsing;
using Warren.Model;
using Warren.Planning.Steps;
using Warren.Specs;

namespace Warren.Cli;

/// <summary>Tells what of a line cannot be meant, before any verb has seen it.</summary>
internal static class Mistyped
{
    /// <summary>An option that the verb does not have and that stands where an argument may; null without one. No argument begins with a dash.</summary>
    public static string? UnknownOption(ParseResult parsed)
    {
        foreach (Argument argument in parsed.CommandResult.Command.Arguments)
        {
            foreach (Token token in parsed.GetResult(argument)?.Tokens ?? [])
            {
                if (IsOption(token.Value))
                    return token.Value;
            }
        }
        return null;
    }

    /// <summary>Tells everything that is wrong with a line.</summary>
    /// <param name="line">What was typed.</param>
    /// <param name="parsed">What the grammar made of it.</param>
    /// <param name="verbs">All verbs.</param>
    public static int Tell(CommandLine line, ParseResult parsed, IEnumerable<string> verbs)
    {
        if (parsed.CommandResult.Parent is null)
        {
            TellNoVerb(line.Arguments[0], verbs);
            return ExitCode.Usage;
        }
        Command command = parsed.CommandResult.Command;
        string verb = "warren " + command.Name;
        string advice = command.Name is "run" or "exec" ? $"warren {command.Name} web1 -- COMMAND …; the command is written after --" : $"{verb} --help";
        if (UnknownOption(parsed) is { } option)
            TellUnknown(verb, option, command, advice);
        foreach (string word in parsed.UnmatchedTokens)
            TellUnknown(verb, word, command, advice);
        foreach (ParseError error in parsed.Errors)
        {
            if (Fault(error) is { } fault)
                Complain(verb, fault, advice);
        }
        return command.Name is "run" or "exec" ? ExitCode.RunFailed : ExitCode.Usage;
    }

    private static void TellNoVerb(string word, IEnumerable<string> verbs)
    {
        string kind = IsOption(word) ? "option" : "verb";
        string near = kind == "verb" && Nearest.Of(word, verbs) is { } verb ? $"warren {verb}; " : "";
        Complain("warren", $"there is no {kind} {Shown(word)}", $"{near}warren --help lists them");
    }

    private static void TellUnknown(string verb, string word, Command command, string advice)
    {
        if (!IsOption(word))
        {
            Complain(verb, $"{Shown(word)} is one word too many", advice);
            return;
        }
        string? near = Nearest.Of(word, command.Options.Select(option => option.Name).Where(name => name.Length > 2));
        Complain(verb, $"there is no option {Shown(word)}", near is null ? advice : $"{near}; {verb} --help lists them");
    }

    // null for words that nothing matched, which are told already
    private static string? Fault(ParseError error) =>
        error.SymbolResult switch
        {
            ArgumentResult { Parent: OptionResult option } => Fault(option),
            OptionResult option => Fault(option),
            ArgumentResult { Tokens.Count: 0 } argument => $"{argument.Argument.Name} is missing",
            ArgumentResult argument => $"{Shown(argument.Tokens[0].Value)} cannot be meant for {argument.Argument.Name}",
            _ => null,
        };

    private static string Fault(OptionResult option)
    {
        string name = option.IdentifierToken?.Value ?? option.Option.Name;
        string takes = option.Option.HelpName ?? "a value";
        return option.Tokens.Count switch
        {
            0 => $"{name} needs {takes}",
            1 => $"{name} takes {takes}, and {Shown(option.Tokens[0].Value)} cannot be meant",
            _ => $"{name} is given more than once",
        };
    }

    private static void Complain(string verb, string fault, string advice)
    {
        Output.Error($"{verb}: {fault}");
        Output.Error($"  type: {advice}");
    }

    private static bool IsOption(string word) => word.Length > 1 && word[0] == '-';

    private static string Shown(string word) => "'" + Terminal.Safe(word.Length > 80 ? word[..80] + "…" : word) + "'";
}
