using System.CommandLine;
using Warren.Model;

namespace Warren.Cli.Commands;

/// <summary><c>warren add NAME</c></summary>
internal static class Add
{
    public static Command Build(CommandLine line)
    {
        Argument<string> name = Arguments.Name("Its name. One that was made with `ip netns add` gets its link, and stays when the link goes.");
        Option<string[]> publish = Arguments.PublishOption();
        var addresses = new AddressOptions();
        var command = new Command("add", "Make a namespace with a link, addresses, a route, internet access and published ports.") { name, publish };
        addresses.AddTo(command);
        Option<bool> noNeighbours = Arguments.NoNeighbours();
        command.Add(noNeighbours);
        var change = new Change(command, line);
        command.SetAction(parsed =>
        {
            var wish = new NamespaceWish(Arguments.Checked(parsed.GetValue(name)!)) { Publish = Arguments.Ports(parsed.GetValue(publish)) };
            return change.Fulfil(parsed, new Wish { Ensure = [addresses.Apply(parsed, wish)], LeaveNeighbours = parsed.GetValue(noNeighbours) });
        });
        return command;
    }
}
