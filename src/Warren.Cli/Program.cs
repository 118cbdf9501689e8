using System.CommandLine;
using System.CommandLine.Invocation;
using Warren.Cli.Commands;
using Warren.Cli.Views;

namespace Warren.Cli;

/// <summary>The program: finds the verb, builds the grammar of that verb alone, runs it.</summary>
internal static class Program
{
    private static readonly (string Name, Func<CommandLine, Command> Build)[] Verbs =
    [
        ("add", Add.Build),
        ("rm", Remove.Build),
        ("ls", List.Build),
        ("show", Show.Build),
        ("exec", Execute.Build),
        ("run", Run.Build),
        ("publish", Publish.Build),
        ("unpublish", Unpublish.Build),
        ("ports", Ports.Build),
        ("plan", PlanVerb.Build),
        ("completion", Completion.Build),
    ];

    private static int Main(string[] args)
    {
        if (args is [Running.Child.Verb, ..])
            return Running.Child.Enter(args.AsSpan(1));
        var line = CommandLine.Split(args);
        int code = Invoke(line);
        Output.Flush();
        return code;
    }

    private static int Invoke(CommandLine line)
    {
        // `plan VERB …` is VERB --dry-run
        if (line.Arguments is ["plan", { } verb, ..] && !verb.StartsWith('-'))
        {
            if (!PlanVerb.Plannable.Contains(verb))
            {
                Output.Error($"warren plan: '{Model.Terminal.Safe(verb)}' is not a verb that changes something");
                Output.Error($"type: warren plan {string.Join('|', PlanVerb.Plannable)} …");
                return ExitCode.Usage;
            }
            line = line.AsDryRun();
        }
        var root = new RootCommand("Give any program on a Linux host its own network: a namespace, a link, internet access, published ports.");
        foreach ((string name, Func<CommandLine, Command> build) in Verbs)
        {
            // the grammar of one verb is enough to run it; help and suggestions need them all
            if (line.Verb is null || line.Verb == name || !IsVerb(line.Verb))
                root.Add(build(line));
        }
        ParseResult parsed = root.Parse(line.Arguments);
        var configuration = new InvocationConfiguration
        {
            Output = Output.Writer,
            Error = Output.ErrorWriter,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        if (parsed.Action is not ParseErrorAction error)
            return Failures.Guard(line, () => parsed.Invoke(configuration));
        error.ShowHelp = line.Arguments.Length == 0;
        if (error.ShowHelp)
        {
            root.Parse("--help").Invoke(configuration);
            return ExitCode.Usage;
        }
        parsed.Invoke(configuration);
        string help = line.Verb is { } typed && IsVerb(typed) ? $"warren {typed} --help" : "warren --help";
        Output.Error($"type: {help}");
        return ExitCode.Usage;
    }

    private static bool IsVerb(string word) => Array.Exists(Verbs, verb => verb.Name == word);
}
