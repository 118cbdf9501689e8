using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Warren.Model;

namespace Warren.Diagnosis;

/// <summary>From where a probe is sent.</summary>
internal enum TraceOrigin
{
    /// <summary>A stand-in for another machine, on a link that is made for it.</summary>
    Outside,

    /// <summary>The host itself.</summary>
    Host,

    /// <summary>A namespace.</summary>
    Namespace,

    /// <summary>Nowhere: real traffic is waited for.</summary>
    Live,
}

/// <summary>What shall be followed.</summary>
/// <param name="Port">The port of the host; with an address, only that one is tried.</param>
/// <param name="Origin">From where.</param>
internal sealed record TraceQuestion(HostPort Port, TraceOrigin Origin)
{
    /// <summary>The namespace that the probe comes from; empty otherwise.</summary>
    public string From { get; init; } = "";

    /// <summary>How long to wait: for an answer to the probe, or for traffic.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Reads <c>[HOSTIP:]PORT[/tcp|/udp]</c>.</summary>
    /// <param name="text">What was typed.</param>
    /// <param name="port">The port.</param>
    /// <param name="fault">What is wrong with it.</param>
    public static bool TryParsePort(string text, out HostPort port, [NotNullWhen(false)] out string? fault)
    {
        port = default;
        string rest = text;
        Protocol protocol = Protocol.Tcp;
        int slash = rest.LastIndexOf('/');
        if (slash >= 0)
        {
            string word = rest[(slash + 1)..];
            if (word is not ("tcp" or "udp"))
            {
                fault = $"'{Terminal.Safe(word)}' is not a protocol; type /tcp or /udp";
                return false;
            }
            protocol = word == "tcp" ? Protocol.Tcp : Protocol.Udp;
            rest = rest[..slash];
        }
        IPAddress? address = null;
        int colon = rest.LastIndexOf(':');
        if (colon >= 0)
        {
            if (!Cidr.TryParseAddress(rest[..colon], out address) || address.AddressFamily != AddressFamily.InterNetwork)
            {
                fault = $"'{Terminal.Safe(rest[..colon])}' is not an IPv4 address";
                return false;
            }
            rest = rest[(colon + 1)..];
        }
        if (!int.TryParse(rest, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number is < 1 or > 65535)
        {
            fault = $"'{Terminal.Safe(rest)}' is not a port; ports are 1 to 65535";
            return false;
        }
        port = new HostPort(address, number, protocol);
        fault = null;
        return true;
    }
}
