using System.CommandLine;
using Warren.Kernel;
using Warren.Planning;
using Warren.Running;

namespace Warren.Cli.Commands;

/// <summary><c>warren exec NAME -- CMD…</c></summary>
internal static class Execute
{
    public static Command Build(CommandLine line)
    {
        Argument<string> name = Arguments.Name();
        var identity = new IdentityOptions();
        var command = new Command("exec", "Become a command inside a namespace: warren exec web1 -- CMD…") { name };
        identity.AddTo(command);
        command.SetAction(parsed =>
        {
            var request = new ExecRequest
            {
                Namespace = Arguments.Checked(parsed.GetValue(name)!),
                Command = CommandOf(line, "warren exec web1 -- ip address"),
                User = identity.User(parsed),
                Capabilities = identity.Capabilities(parsed),
            };
            Arguments.DemandPrivilege(line);
            try
            {
                return Exec.Replace(request);
            }
            catch (ExecException e)
            {
                Child.Complain("exec", e);
                return e.ExitCode;
            }
        });
        return command;
    }

    /// <summary>What was typed after <c>--</c>.</summary>
    /// <exception cref="RefusedException">Nothing was.</exception>
    internal static string[] CommandOf(CommandLine line, string example) =>
        line.Command is { Length: > 0 } command
            ? command
            : throw new RefusedException(RefusalKind.Usage, new Refusal("the command is missing; it is written after --", example));
}
