using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Warren.Model;
using Warren.Planning;

namespace Warren.Cli.Commands;

/// <summary>The options that give a namespace its own addresses, and their rules.</summary>
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

    public void AddTo(Command command)
    {
        command.Add(_subnet);
        command.Add(_address);
        command.Add(_gateway);
    }

    /// <summary>Puts what was typed into a wish.</summary>
    /// <exception cref="RefusedException">It cannot be meant.</exception>
    public NamespaceWish Apply(ParseResult parsed, NamespaceWish wish)
    {
        string? subnetText = parsed.GetValue(_subnet);
        string? addressText = parsed.GetValue(_address);
        string? gatewayText = parsed.GetValue(_gateway);
        if (subnetText is not null && (addressText is not null || gatewayText is not null))
            throw Wrong("--subnet and --address exclude each other", "--subnet 192.168.0.0/24, or --address 192.168.0.2/24 --gateway 192.168.0.1");
        if (addressText is null != gatewayText is null)
            throw Wrong("--address and --gateway go together", "--address 192.168.0.2/24 --gateway 192.168.0.1");
        if (subnetText is not null)
            return wish with { Subnet = Subnet(subnetText) };
        if (addressText is null || gatewayText is null)
            return wish;
        Cidr address = Parse(addressText, "--address");
        if (!Cidr.TryParseAddress(gatewayText, out IPAddress? gateway) || gateway.AddressFamily != AddressFamily.InterNetwork)
            throw Wrong($"--gateway: '{Terminal.Safe(gatewayText)}' is not an IPv4 address", "--gateway 192.168.0.1");
        if (!address.Contains(gateway) || gateway.Equals(address.Address))
            throw Wrong($"--gateway: {gateway} must be another address of {address.Network}", $"--gateway {address.At(1)}");
        if (IsFirstOrLast(address) || IsFirstOrLast(address with { Address = gateway }))
            throw Wrong($"the first and the last address of {address.Network} cannot be given to a host", "--subnet lets Warren choose in it");
        return wish with { Address = address, Gateway = gateway };
    }

    private static Cidr Subnet(string text)
    {
        Cidr subnet = Parse(text, "--subnet");
        if (!subnet.IsNetwork)
            throw Wrong($"--subnet: {subnet} is an address, not a subnet", $"--subnet {subnet.Network}, or --address {subnet} --gateway …");
        return subnet;
    }

    private static Cidr Parse(string text, string option)
    {
        if (!Cidr.TryParse(text, out Cidr? parsed))
            throw Wrong($"{option}: '{Terminal.Safe(text)}' is not ADDRESS/LENGTH", $"{option} 192.168.0.{(option == "--subnet" ? 0 : 2)}/24");
        Cidr cidr = parsed.Value;
        if (cidr.Address.AddressFamily != AddressFamily.InterNetwork)
            throw Wrong($"{option}: IPv6 subnets are not supported yet", $"{option} 192.168.0.{(option == "--subnet" ? 0 : 2)}/24");
        if (cidr.PrefixLength is < 8 or > 30)
            throw Wrong($"{option}: a prefix length of {cidr.PrefixLength} leaves no two addresses, or takes too many; 8 to 30 are allowed", $"{option} {cidr.Address}/24");
        byte first = cidr.Address.GetAddressBytes()[0];
        if (first is 0 or 127 or >= 224)
            throw Wrong($"{option}: {cidr} is not for hosts (this network, loopback, multicast, reserved)", $"{option} 192.168.0.{(option == "--subnet" ? 0 : 2)}/24");
        return cidr;
    }

    private static bool IsFirstOrLast(Cidr cidr) =>
        cidr.PrefixLength < 31 && (cidr.Address.Equals(cidr.At(0)) || cidr.Address.Equals(cidr.At(cidr.Hosts + 1)));

    private static RefusedException Wrong(string what, string remedy) => new(RefusalKind.Usage, new Refusal(what, remedy));
}
