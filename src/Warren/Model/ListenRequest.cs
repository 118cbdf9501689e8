using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Warren.Model;

/// <summary>What <c>-p 6000:fd</c> asks for: sockets that listen on the host and are handed to a program, which answers without any
/// translation of addresses.</summary>
/// <param name="HostAddress">The host's address that shall answer; null for all, IPv6 too.</param>
/// <param name="First">The first port of the host.</param>
/// <param name="Last">The last port of the host.</param>
/// <param name="Protocol">TCP or UDP.</param>
public sealed record ListenRequest(IPAddress? HostAddress, int First, int Last, Protocol Protocol)
{
    private const string Word = "fd";
    private const string End = ":" + Word;

    // what stands in for the word: so the rest is read as every other published port is
    private const string StandIn = ":1";

    /// <summary>The sockets, one for each port.</summary>
    public IEnumerable<HostPort> Hosts
    {
        get
        {
            for (int port = First; port <= Last; port++)
                yield return new HostPort(HostAddress, port, Protocol);
        }
    }

    /// <summary>The ports as they are told: <c>6000/tcp</c>, <c>127.0.0.1:8000-8009/udp</c>.</summary>
    public string Ports => Address + Range + "/" + Protocol.Word();

    private string Address => HostAddress is null ? "" : HostAddress.Bracketed() + ":";

    private string Range => First == Last ? Words.Number(First) : Words.Number(First) + "-" + Words.Number(Last);

    /// <summary>Whether a text asks for listening sockets, rightly or wrongly.</summary>
    public static bool IsMeant(string text)
    {
        ReadOnlySpan<char> ports = WithoutProtocol(text);
        return ports.SequenceEqual(Word) || ports.EndsWith(End, StringComparison.Ordinal);
    }

    /// <summary>Reads <c>[HOSTIP:]HOSTPORT[-END]:fd[/tcp|/udp]</c>.</summary>
    /// <param name="text">What was typed.</param>
    /// <param name="request">The request.</param>
    /// <param name="fault">What is wrong, and what to type.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out ListenRequest? request, [NotNullWhen(false)] out string? fault)
    {
        ArgumentNullException.ThrowIfNull(text);
        request = null;
        fault = "it does not end with :fd, as 6000:fd does";
        if (!IsMeant(text))
            return false;
        int length = WithoutProtocol(text).Length - End.Length;
        fault = "a listening socket needs its port on the host, as in 6000:fd";
        if (length <= 0 || text[length - 1] == ':')
            return false;
        if (!PortRequest.TryParse(string.Concat(text.AsSpan(0, length), StandIn, text.AsSpan(length + End.Length)), out PortRequest? read, out fault))
            return false;
        request = new ListenRequest(read.HostAddress, read.HostFirst, read.HostLast, read.Protocol);
        return true;
    }

    /// <summary>Ports in the words of <c>-p</c>, those in a row as one range.</summary>
    public static IReadOnlyList<ListenRequest> Of(IReadOnlyList<HostPort> hosts)
    {
        ArgumentNullException.ThrowIfNull(hosts);
        var requests = new List<ListenRequest>();
        foreach (HostPort host in hosts)
        {
            if (requests.Count > 0 && requests[^1] is var last && host == new HostPort(last.HostAddress, last.Last + 1, last.Protocol))
                requests[^1] = last with { Last = host.Port };
            else
                requests.Add(new ListenRequest(host.HostAddress, host.Port, host.Port, host.Protocol));
        }
        return requests;
    }

    /// <summary>As <c>-p</c> takes it; TCP, the usual, is not named: <c>127.0.0.1:8000-8009:fd</c>, <c>53:fd/udp</c>.</summary>
    public override string ToString() => Address + Range + End + (Protocol == Protocol.Tcp ? "" : "/" + Protocol.Word());

    private static ReadOnlySpan<char> WithoutProtocol(string text)
    {
        int slash = text.LastIndexOf('/');
        return slash < 0 ? text : text.AsSpan(0, slash);
    }
}
