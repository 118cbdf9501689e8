using System.CommandLine;
using Warren.Model;

namespace Warren.Cli.Commands;

/// <summary><c>warren publish NAME PORTS…</c></summary>
internal static class Publish
{
    public static Command Build(CommandLine line) =>
        Build(
            line,
            new Command("publish", "Publish ports of a namespace on the host."),
            "[HOSTIP:]HOSTPORT[-END]:PORT[-END][/tcp|/udp]",
            (wish, ports) => wish with { Publish = ports }
        );

    /// <summary>A verb that changes the ports of a namespace that stands.</summary>
    internal static Command Build(
        CommandLine line,
        Command command,
        string form,
        Func<NamespaceWish, IReadOnlyList<PortRequest>, NamespaceWish> put
    )
    {
        Argument<string> name = Arguments.Name();
        var ports = new Argument<string[]>("PORTS")
        {
            Description = form,
            Arity = ArgumentArity.OneOrMore,
            CustomParser = Arguments.Words,
        };
        command.Add(name);
        command.Add(ports);
        Option<bool> noNeighbours = Arguments.NoNeighbours();
        command.Add(noNeighbours);
        var change = new Change(command, line);
        command.SetAction(parsed =>
        {
            var wish = new NamespaceWish(Arguments.Checked(parsed.GetValue(name)!)) { MustExist = true };
            return change.Fulfil(parsed, new Wish { Ensure = [put(wish, Arguments.Ports(parsed.GetValue(ports)))], LeaveNeighbours = parsed.GetValue(noNeighbours) });
        });
        return command;
    }
}
