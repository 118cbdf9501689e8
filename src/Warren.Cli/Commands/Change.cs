using System.CommandLine;
using Warren.Cli.Views;
using Warren.Kernel;
using Warren.Model;

namespace Warren.Cli.Commands;

/// <summary>What all verbs that change something have in common: <c>--dry-run</c>, <c>--shell</c>, <c>--json</c>.</summary>
internal sealed class Change
{
    private readonly Option<bool> _dryRun = Arguments.DryRun();
    private readonly Option<bool> _shell = Arguments.Shell();
    private readonly Option<bool> _json = Arguments.Json();
    private readonly CommandLine _line;

    public Change(Command command, CommandLine line)
    {
        _line = line;
        command.Add(_dryRun);
        command.Add(_shell);
        command.Add(_json);
    }

    /// <summary>Fulfils a wish, or with true only previews it. Tests put a host of their own making here.</summary>
    internal static Func<CommandLine, Wish, bool, Outcome> Fulfilment { get; set; } = OnThisHost;

    public bool Json(ParseResult parsed) => parsed.GetValue(_json);

    /// <summary>Fulfils a wish, or shows what would be done.</summary>
    public int Fulfil(ParseResult parsed, Wish wish)
    {
        bool shell = parsed.GetValue(_shell);
        bool dry = parsed.GetValue(_dryRun) || shell;
        bool json = parsed.GetValue(_json);
        Outcome outcome = Fulfilment(_line, wish, dry);
        if (shell)
            ShellView.Write(outcome.Plan, _line.Typed);
        else if (json)
            PlanJson.Write(outcome.Plan, applied: !dry);
        else if (dry)
            PlanView.Write(outcome.Plan);
        else
            OutcomeView.Write(outcome);
        DroppingView.Tell(_line, outcome.Plan);
        return ExitCode.Done;
    }

    private static Outcome OnThisHost(CommandLine line, Wish wish, bool dry)
    {
        Arguments.DemandPrivilege(line);
        return dry ? Host.Preview(wish) : Host.Change(wish);
    }
}
