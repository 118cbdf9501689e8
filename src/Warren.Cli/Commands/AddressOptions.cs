using System.CommandLine;
using Warren.Model;
using Warren.Planning;

namespace Warren.Cli.Commands;

/// <summary>The options that give a namespace its own addresses, which follow Model/AddressRules, and its uplink.</summary>
internal sealed class AddressOptions
{
    private readonly Option<string?> _subnet = new("--subnet")
    {
        Description = "Its subnet, as in 192.168.0.0/24: the host end gets the first address, the namespace the second. Chosen free if left out.",
        HelpName = "CIDR",
    };

    private readonly Option<string?> _address = new("--address")
    {
        Description = "Its address with prefix length, as in 192.168.0.2/24; with --gateway.",
        HelpName = "CIDR",
    };

    private readonly Option<string?> _gateway = new("--gateway")
    {
        Description = "The host end's address, as in 192.168.0.1; with --address.",
        HelpName = "IP",
    };

    private readonly Option<string?> _uplink = new("--uplink")
    {
        Description = "The one link of the host by which it leaves, as in tun0; by any other its packets are refused. Routes stay as they are.",
        HelpName = "LINK",
        CompletionSources = { _ => LinkNames() },
    };

    public void AddTo(Command command)
    {
        command.Add(_uplink);
        command.Add(_subnet);
        command.Add(_address);
        command.Add(_gateway);
    }

    /// <summary>Puts what was typed into a wish.</summary>
    /// <exception cref="RefusedException">It cannot be meant.</exception>
    public NamespaceWish Apply(ParseResult parsed, NamespaceWish wish)
    {
        var rules = AddressRules.Read(parsed.GetValue(_subnet), parsed.GetValue(_address), parsed.GetValue(_gateway), AddressWords.Options);
        if (rules.Faults.Count > 0)
            throw new RefusedException(RefusalKind.Usage, [.. rules.Faults.Select(fault => new Refusal(fault.What, fault.Remedy))]);
        string? uplink = parsed.GetValue(_uplink);
        if (uplink is not null && UplinkName.Fault(uplink) is { } fault)
            throw new RefusedException(RefusalKind.Usage, new Refusal($"--uplink '{Terminal.Safe(uplink)}' {fault}", "a link's name, as ip link shows it: --uplink tun0"));
        return wish with { Subnet = rules.Subnet, Address = rules.Address, Gateway = rules.Gateway, Uplink = uplink };
    }

    private static IEnumerable<string> LinkNames() =>
        Directory.Exists("/sys/class/net")
            ? Directory.EnumerateFileSystemEntries("/sys/class/net").Select(path => Path.GetFileName(path)!).Where(name => UplinkName.Fault(name) is null)
            : [];
}
