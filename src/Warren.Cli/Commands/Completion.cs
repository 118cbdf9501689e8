using System.CommandLine;
using Warren.Planning;

namespace Warren.Cli.Commands;

/// <summary><c>warren completion bash|zsh|fish</c>: a script over the <c>[suggest]</c> directive.</summary>
internal static class Completion
{
    private const string Bash = """
        _warren() {
            local IFS=$'\n'
            local line=${COMP_LINE:0:COMP_POINT}
            COMPREPLY=($(compgen -W "$(warren "[suggest:${#line}]" "$line" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -F _warren warren

        """;

    private const string Zsh = """
        #compdef warren
        _warren() {
            local -a found
            local line="${LBUFFER}"
            found=("${(@f)$(warren "[suggest:${#line}]" "$line" 2>/dev/null)}")
            compadd -a found
        }
        compdef _warren warren

        """;

    private const string Fish = """
        function __warren_complete
            set -l line (commandline -cp)
            warren "[suggest:"(string length -- $line)"]" "$line" 2>/dev/null
        end
        complete -c warren -f -a '(__warren_complete)'

        """;

    public static Command Build(CommandLine line)
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish" };
        shell.CompletionSources.Add("bash", "zsh", "fish");
        var command = new Command("completion", "Print a completion script: source <(warren completion bash)") { shell };
        command.SetAction(parsed =>
        {
            string script = parsed.GetValue(shell) switch
            {
                "bash" => Bash,
                "zsh" => Zsh,
                "fish" => Fish,
                { } other => throw new RefusedException(
                    RefusalKind.Usage,
                    new Refusal($"no completion for '{Model.Terminal.Safe(other)}'", "warren completion bash|zsh|fish")
                ),
                null => throw new RefusedException(RefusalKind.Usage, new Refusal("which shell?", "warren completion bash|zsh|fish")),
            };
            Output.Write(script);
            return ExitCode.Done;
        });
        return command;
    }
}
