using System.Net;
using System.Net.Sockets;

namespace Warren.Model;

/// <summary>What a namespace's addresses are called where they were typed: options of a command line, keys of a file.</summary>
internal sealed record AddressWords(string Subnet, string Address, string Gateway, string Gives, string And)
{
    /// <summary>On a command line.</summary>
    public static AddressWords Options { get; } = new("--subnet", "--address", "--gateway", " ", " ");

    /// <summary>In a file.</summary>

    public static AddressWords Keys { get; } = new("subnet", "address", "gateway", ": ", " and ");
}

/// <summary>Which of them a mistake is in.</summary>
internal enum AddressPart
{
    /// <summary>The subnet.</summary>
    Subnet,

    /// <summary>The address.</summary>
    Address,

    /// <summary>The gateway.</summary>
    Gateway,
}

/// <summary>A mistake in a namespace's addresses.</summary>
/// <param name="Part">What it is in.</param>
/// <param name="What">What is wrong.</param>
/// <param name="Remedy">What to type.</param>
internal readonly record struct AddressFault(AddressPart Part, string What, string Remedy);

/// <summary>The rules for the addresses that a namespace is given: a subnet, or an address with a gateway.</summary>
internal sealed class AddressRules
{
    private readonly AddressWords _words;
    private readonly List<AddressFault> _faults = [];

    private AddressRules(AddressWords words) => _words = words;

    /// <summary>The subnet, if it was given.</summary>
    public Cidr? Subnet { get; private set; }

    /// <summary>The namespace's address, if it was given.</summary>
    public Cidr? Address { get; private set; }

    /// <summary>The host end's address, if it was given.</summary>
    public IPAddress? Gateway { get; private set; }

    /// <summary>What is wrong; nothing if it can be meant.</summary>
    public IReadOnlyList<AddressFault> Faults => _faults;

    /// <summary>Reads what was typed; null for what was not.</summary>
    public static AddressRules Read(string? subnet, string? address, string? gateway, AddressWords words)
    {
        var rules = new AddressRules(words);
        string both = $"{words.Address}{words.Gives}192.168.0.2/24{words.And}{words.Gateway}{words.Gives}192.168.0.1";
        if (subnet is not null && (address is not null || gateway is not null))
            rules.Wrong(address is null ? AddressPart.Gateway : AddressPart.Address, $"{words.Subnet} and {words.Address} exclude each other", $"{words.Subnet}{words.Gives}192.168.0.0/24, or {both}");
        else if (address is null != gateway is null)
            rules.Wrong(address is null ? AddressPart.Gateway : AddressPart.Address, $"{words.Address} and {words.Gateway} go together", both);
        if (subnet is not null)
            rules.ReadSubnet(subnet);
        if (address is not null)
            rules.Address = rules.Parse(address, AddressPart.Address);
        if (gateway is not null)
            rules.ReadGateway(gateway);
        return rules;
    }

    private void ReadSubnet(string text)
    {
        Subnet = Parse(text, AddressPart.Subnet);
        if (Subnet is { IsNetwork: false } subnet)
            Wrong(AddressPart.Subnet, $"{_words.Subnet}: {subnet} is an address, not a subnet", $"{_words.Subnet}{_words.Gives}{subnet.Network}, or {_words.Address}{_words.Gives}{subnet} {_words.Gateway} …");
    }

    private void ReadGateway(string text)
    {
        if (!Cidr.TryParseAddress(text, out IPAddress? gateway) || gateway.AddressFamily != AddressFamily.InterNetwork)
        {
            Wrong(AddressPart.Gateway, $"{_words.Gateway}: '{Terminal.Safe(text)}' is not an IPv4 address", $"{_words.Gateway}{_words.Gives}192.168.0.1");
            return;
        }
        Gateway = gateway;
        if (Address is not { } address)
            return;
        if (!address.Contains(gateway) || gateway.Equals(address.Address))
            Wrong(AddressPart.Gateway, $"{_words.Gateway}: {gateway} must be another address of {address.Network}", $"{_words.Gateway}{_words.Gives}{address.At(1)}");
        else if (IsFirstOrLast(address) || IsFirstOrLast(address with { Address = gateway }))
            Wrong(IsFirstOrLast(address) ? AddressPart.Address : AddressPart.Gateway, $"the first and the last address of {address.Network} cannot be given to a host", $"{_words.Subnet} lets Warren choose in it");
    }

    private Cidr? Parse(string text, AddressPart part)
    {
        string word = part == AddressPart.Subnet ? _words.Subnet : _words.Address;
        string example = $"{word}{_words.Gives}192.168.0.{(part == AddressPart.Subnet ? 0 : 2)}/24";
        if (!Cidr.TryParse(text, out Cidr? parsed))
            return Wrong(part, $"{word}: '{Terminal.Safe(text)}' is not ADDRESS/LENGTH", example);
        Cidr cidr = parsed.Value;
        if (cidr.Address.AddressFamily != AddressFamily.InterNetwork)
            return Wrong(part, $"{word}: IPv6 subnets are not supported yet", example);
        if (cidr.PrefixLength is < 8 or > 30)
            return Wrong(part, $"{word}: a prefix length of {cidr.PrefixLength} leaves no two addresses, or takes too many; 8 to 30 are allowed", $"{word}{_words.Gives}{cidr.Address}/24");
        byte first = cidr.Address.GetAddressBytes()[0];
        if (first is 0 or 127 or >= 224)
            return Wrong(part, $"{word}: {cidr} is not for hosts (this network, loopback, multicast, reserved)", example);
        return cidr;
    }

    private static bool IsFirstOrLast(Cidr cidr) =>
        cidr.PrefixLength < 31 && (cidr.Address.Equals(cidr.At(0)) || cidr.Address.Equals(cidr.At(cidr.Hosts + 1)));

    private Cidr? Wrong(AddressPart part, string what, string remedy)
    {
        _faults.Add(new AddressFault(part, what, remedy));
        return null;
    }
}
