using System.CommandLine;
using System.CommandLine.Invocation;
using Warren.Cli.Commands;
using Warren.Kernel;
using Warren.Model;
using Warren.Running;
using Warren.Running.Services;

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
        ("ps", ProcessStatus.Build),
        ("logs", Logs.Build),
        ("restart", Restart.Build),
        ("plan", PlanVerb.Build),
        ("up", Up.Build),
        ("down", Down.Build),
        ("status", Status.Build),
        ("enable", Enable.Build),
        ("disable", Disable.Build),
        ("doctor", Doctor.Build),
        ("confirm", Confirmation.Build),
        ("import", Import.Build),
        ("init", Init.Build),
        ("schema", Schema.Build),
        ("trace", Trace.Build),
        ("completion", Completion.Build),
    ];

    // @FILE is a word like any other: under sudo, reading files that are named on the line would be a gift.
    private static readonly ParserConfiguration s_parsing = new() { ResponseFileTokenReplacer = null };

    private static int Main(string[] args)
    {
        if (args is [Child.Verb, ..])
            return Child.Enter(args.AsSpan(1));
        if (args is [Daemon.Verb, { } project])
            return Daemon.Supervise(project);
        if (args is [Healing.Verb, { } healed])
            return Healing.Carry(healed);
        if (MakesOne(args))
            FreshNamespaces.Expect(args[1]);
        int code = Invoke(CommandLine.Split(args));
        Output.Flush();
        if (Output.Lost)
            Output.Error($"warren: standard output cannot be written: {Model.Terminal.Safe(Output.Loss)}; what was done stays done");
        return Output.Lost && code == ExitCode.Done ? ExitCode.Failed : code;
    }

    // Whether the line looks like one that will make the namespace that it names: to read it takes as long as the kernel needs for half of one.
    private static bool MakesOne(string[] args)
    {
        if (args is not ["add" or "run", { } name, ..] || NamespaceName.Fault(name) is not null)
            return false;
        foreach (string word in args)
        {
            if (word is "--dry-run" or "--shell" or "--help" or "-h" or "-?")
                return false;
        }
        return true;
    }

    internal static int Invoke(CommandLine line)
    {
        // `plan VERB …` is VERB --dry-run; all else after `plan` is about a file
        if (line.Arguments is ["plan", { } verb, ..] && PlanVerb.Plannable.Contains(verb))
            line = line.AsDryRun();
        if (line.Arguments is ["help", ..])
            line = line with { Arguments = [.. line.Arguments[1..], "--help"] };
        if (line.Command is not null && line.Verb is not ("run" or "exec"))
        {
            Output.Error($"warren {Model.Terminal.Safe(line.Verb ?? "")}: takes no command after --");
            Output.Error("  type: warren run NAME -- COMMAND …, or warren exec NAME -- COMMAND …");
            return ExitCode.Usage;
        }
        return Failures.Guard(line, () => AloneOrWhole(line));
    }

    // The root of the grammar, its help and its suggestions take as long to build as a namespace takes to make; a line without
    // a fault needs only its verb.
    private static int AloneOrWhole(CommandLine line)
    {
        if (line.Arguments is ["--version"] && line.Command is null)
        {
            Output.Line(BuiltAs.Version);
            return ExitCode.Done;
        }
        foreach ((string name, Func<CommandLine, Command> build) in Verbs)
        {
            if (line.Verb != name || AsksForHelp(line.Arguments))
                continue;
            Command command = build(line);
            ParseResult parsed = command.Parse(line.Arguments.AsSpan(1).ToArray(), s_parsing);
            if (parsed.Errors.Count == 0 && Mistyped.UnknownOption(parsed) is null && command.Action is SynchronousCommandLineAction action)
                return action.Invoke(parsed);
        }
        return Whole(line);
    }

    private static int Whole(CommandLine line)
    {
        var root = new RootCommand("Give any program on a Linux host its own network: a namespace, a link, internet access, published ports.");
        foreach ((_, Func<CommandLine, Command> build) in Verbs)
            root.Add(build(line));
        var configuration = new InvocationConfiguration
        {
            Output = Output.Writer,
            Error = Output.ErrorWriter,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        ParseResult parsed = root.Parse(line.Arguments, s_parsing);
        if (line.Arguments.Length == 0)
        {
            root.Parse("--help").Invoke(configuration);
            return ExitCode.Usage;
        }
        // help and completion are for lines that are not right yet
        bool runs = parsed.Action == parsed.CommandResult.Command.Action;
        if (parsed.Action is ParseErrorAction || (runs && Mistyped.UnknownOption(parsed) is not null))
            return Mistyped.Tell(line, parsed, Verbs.Select(verb => verb.Name));
        if (line.Verb is not ("run" or "exec"))
            return parsed.Invoke(configuration);
        // the grammar ends before --
        using var help = new StringWriter();
        configuration.Output = help;
        int code = parsed.Invoke(configuration);
        Output.Write(help.ToString().Replace(" [options]\n", " [options] -- CMD…\n", StringComparison.Ordinal));
        return code;
    }

    private static bool AsksForHelp(string[] arguments) => Array.Exists(arguments, word => word is "-h" or "--help" or "-?");
}
