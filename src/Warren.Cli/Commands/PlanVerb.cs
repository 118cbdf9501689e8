using System.CommandLine;
using Warren.Planning;

namespace Warren.Cli.Commands;

/// <summary><c>warren plan VERB …</c>: the same as <c>warren VERB … --dry-run</c>. Here it is only for help.</summary>
internal static class PlanVerb
{
    public static IReadOnlyList<string> Plannable { get; } = ["add", "rm", "publish", "unpublish"];

    public static Command Build(CommandLine line)
    {
        var command = new Command("plan", "Show what a verb that changes something would do: warren plan add web1 -p 6000:8080")
        {
            new Argument<string[]>("VERB …") { Description = string.Join(", ", Plannable) + "; then what that verb takes.", Arity = ArgumentArity.ZeroOrMore },
            new Option<bool>("--shell") { Description = "As the commands it stands for." },
            new Option<bool>("--json") { Description = "Print JSON." },
        };
        command.SetAction(int (_) =>
            throw new RefusedException(RefusalKind.Usage, new Refusal("which verb?", "warren plan add web1 -p 6000:8080"))
        );
        return command;
    }
}
