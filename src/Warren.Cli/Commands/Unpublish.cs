using System.CommandLine;
using Warren.Model;

namespace Warren.Cli.Commands;

/// <summary><c>warren unpublish NAME PORTS…</c></summary>
internal static class Unpublish
{
    public static Command Build(CommandLine line)
    {
        Argument<string> name = Arguments.Name();
        var ports = new Argument<string[]>("PORTS")
        {
            Description = "[HOSTIP:]HOSTPORT[-END]:PORT[-END][/tcp|/udp], as it was published",
            Arity = ArgumentArity.OneOrMore,
            CustomParser = Arguments.Words,
        };
        var command = new Command("unpublish", "Take published ports back; flows through them end.") { name, ports };
        var change = new Change(command, line);
        command.SetAction(parsed =>
            change.Fulfil(
                parsed,
                new Wish
                {
                    Ensure =
                    [
                        new NamespaceWish(Arguments.Checked(parsed.GetValue(name)!))
                        {
                            MustExist = true,
                            Unpublish = Arguments.Ports(parsed.GetValue(ports)),
                        },
                    ],
                }
            )
        );
        return command;
    }
}
