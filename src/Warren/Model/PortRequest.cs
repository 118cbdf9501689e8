using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Warren.Model;

/// <summary>What <c>-p</c> asks for: host ports to a port, one to one, or any free one of several host ports to one port.</summary>
/// <param name="HostAddress">The host's address that shall answer; null for all.</param>
/// <param name="HostFirst">The first host port.</param>
/// <param name="HostLast">The last host port.</param>
/// <param name="First">The first port inside.</param>
/// <param name="Last">The last port inside.</param>
/// <param name="Protocol">TCP or UDP.</param>
public sealed record PortRequest(IPAddress? HostAddress, int HostFirst, int HostLast, int First, int Last, Protocol Protocol)
{
    // the part of the dynamic ports (RFC 6335) that docker gives out too
    private const int DynamicFirst = 49153;
    private const int DynamicLast = 65535;

    /// <summary>What asks for one forward, as it is.</summary>
    public static PortRequest Exactly(Forward forward) =>
        new(forward.Host.HostAddress, forward.Host.Port, forward.Host.Port, forward.Port, forward.Port, forward.Host.Protocol);

    /// <summary>Whether any one free host port will do.</summary>
    public bool TakesAny => First == Last && HostFirst != HostLast;

    /// <summary>The forwards that are asked for; if <see cref="TakesAny"/>, those of which one is.</summary>
    public IEnumerable<Forward> Forwards
    {
        get
        {
            for (int i = 0; i <= HostLast - HostFirst; i++)
                yield return new Forward(new HostPort(HostAddress, HostFirst + i, Protocol), TakesAny ? First : First + i);
        }
    }

    /// <summary>Whether it is one of <see cref="Forwards"/>.</summary>
    internal bool Includes(Forward forward) =>
        forward.Host.Port >= HostFirst
        && forward.Host.Port <= HostLast
        && forward.Port == (TakesAny ? First : First + forward.Host.Port - HostFirst)
        && forward.Host.Protocol == Protocol
        && Equals(forward.Host.HostAddress, HostAddress);

    /// <summary>Reads <c>[HOSTIP:][HOSTPORT[-END]:]PORT[-END][/tcp|/udp]</c>, as docker's <c>-p</c> does.</summary>
    /// <param name="text">What was typed.</param>
    /// <param name="request">The request.</param>
    /// <param name="fault">What is wrong, and what to type.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out PortRequest? request, [NotNullWhen(false)] out string? fault)
    {
        ArgumentNullException.ThrowIfNull(text);
        request = null;
        fault = Parse(text, out request);
        return fault is null && request is not null;
    }

    /// <summary>As <c>-p</c> takes it: <c>127.0.0.1:8000-8009:8000-8009/tcp</c>.</summary>
    public override string ToString()
    {
        static string Range(int first, int last) => first == last ? $"{first}" : $"{first}-{last}";
        string address = HostAddress is null ? "" : HostAddress.Bracketed() + ":";
        return $"{address}{Range(HostFirst, HostLast)}:{Range(First, Last)}/{Protocol.Word()}";
    }

    private static string? Parse(string text, out PortRequest? request)
    {
        request = null;
        string rest = text;
        Protocol protocol = Protocol.Tcp;
        int slash = rest.LastIndexOf('/');
        if (slash >= 0)
        {
            switch (rest[(slash + 1)..])
            {
                case "tcp":
                    break;
                case "udp":
                    protocol = Protocol.Udp;
                    break;
                default:
                    return $"'{Terminal.Safe(rest[(slash + 1)..])}' is not a protocol; type /tcp or /udp";
            }
            rest = rest[..slash];
        }
        IPAddress? address = null;
        string[] parts;
        if (rest.StartsWith('['))
        {
            int close = rest.IndexOf(']', StringComparison.Ordinal);
            if (close < 0 || !rest[(close + 1)..].StartsWith(':'))
                return "an IPv6 address is written [ADDRESS]:HOSTPORT:PORT";
            return "publishing on an IPv6 address is not supported yet; leave the address out, or give an IPv4 address";
        }
        parts = rest.Split(':');
        if (parts.Length > 3)
            return "it has more than three parts; type [HOSTIP:]HOSTPORT:PORT, as in 127.0.0.1:6000:8080";
        if (parts.Length == 3)
        {
            if (!Cidr.TryParseAddress(parts[0], out address) || address.AddressFamily != AddressFamily.InterNetwork)
                return $"'{Terminal.Safe(parts[0])}' is not an IPv4 address";
            if (address.Equals(IPAddress.Any))
                address = null;
            parts = parts[1..];
        }
        if (ListenRequest.IsMeant(text))
            return "'fd' hands a listening socket to a program, and here none is started";
        if (PortRange(parts[^1], "port inside the namespace", out (int First, int Last) inside) is { } insideFault)
            return insideFault;
        (int First, int Last) host;
        if (parts.Length == 1 || parts[0].Length == 0)
        {
            if (inside.First != inside.Last)
                return "a range needs its host ports, as in 8000-8009:8000-8009";
            host = (DynamicFirst, DynamicLast);
        }
        else if (PortRange(parts[0], "host port", out host) is { } hostFault)
        {
            return hostFault;
        }
        if (inside.First != inside.Last && inside.Last - inside.First != host.Last - host.First)
        {
            return $"{host.Last - host.First + 1} host ports for {inside.Last - inside.First + 1} ports inside; give as many of one as of the other";
        }
        request = new PortRequest(address, host.First, host.Last, inside.First, inside.Last, protocol);
        return null;
    }

    private static string? PortRange(string text, string what, out (int First, int Last) range)
    {
        range = default;
        int dash = text.IndexOf('-', StringComparison.Ordinal);
        string first = dash < 0 ? text : text[..dash];
        string last = dash < 0 ? text : text[(dash + 1)..];
        if (!Port(first, out range.First) || !Port(last, out range.Last))
            return $"'{Terminal.Safe(text)}' is not a {what}; ports are 1 to 65535";
        return range.Last < range.First ? $"the range {text} ends before it begins" : null;
    }

    private static bool Port(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65535 && text[0] != '0';
}
