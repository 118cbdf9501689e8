namespace Warren.Cli;

/// <summary>What was typed, split at <c>--</c>: everything after it belongs to the command that is to be run.</summary>
/// <param name="Arguments">What is for warren.</param>
/// <param name="Command">What is after <c>--</c>; null without one.</param>
internal sealed record CommandLine(string[] Arguments, string[]? Command)
{
    public string? Verb => Arguments is [{ Length: > 0 } first, ..] && first[0] is not ('-' or '[') ? first : null;

    /// <summary>As it can be typed again, after <c>sudo</c>.</summary>
    public string Typed
    {
        get
        {
            IEnumerable<string> words = ["warren", .. Arguments];
            if (Command is not null)
                words = [.. words, "--", .. Command];
            return Model.Terminal.Safe(string.Join(' ', words.Select(Planning.Steps.Step.Quote)));
        }
    }

    public static CommandLine Split(string[] args)
    {
        int dashes = Array.IndexOf(args, "--");
        return dashes < 0 ? new CommandLine(args, null) : new CommandLine(args[..dashes], args[(dashes + 1)..]);
    }

    public CommandLine AsDryRun() => this with { Arguments = [.. Arguments[1..], "--dry-run"] };
}
