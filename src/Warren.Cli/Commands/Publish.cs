using System.CommandLine;
using Warren.Model;

namespace Warren.Cli.Commands;

/// <summary><c>warren publish NAME PORTS…</c></summary>
internal static class Publish
{
    public static Command Build(CommandLine line)
    {
        Argument<string> name = Arguments.Name();
        var ports = new Argument<string[]>("PORTS")
        {
            Description = "[HOSTIP:]HOSTPORT[-END]:PORT[-END][/tcp|/udp]",
            Arity = ArgumentArity.OneOrMore,
            CustomParser = Arguments.Words,
        };
        var command = new Command("publish", "Publish ports of a namespace on the host.") { name, ports };
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
                            Publish = Arguments.Ports(parsed.GetValue(ports)),
                        },
                    ],
                }
            )
        );
        return command;
    }
}
