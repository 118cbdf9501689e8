using System.Globalization;
using System.Net;

namespace Warren.Model;

/// <summary>A protocol with ports. The values are those of IPPROTO_*.</summary>
public enum Protocol : byte
{
    /// <summary>TCP.</summary>
    Tcp = 6,

    /// <summary>UDP.</summary>
    Udp = 17,
}

/// <summary>What a published port is known by on the host: no two forwards have the same.</summary>
/// <param name="HostAddress">The host's address that answers; null for all of them.</param>
/// <param name="HostPort">The host's port.</param>
/// <param name="Protocol">TCP or UDP.</param>
public readonly record struct HostPort(IPAddress? HostAddress, int Port, Protocol Protocol)
{
    /// <summary>Whether a packet could be for both.</summary>
    public bool Overlaps(HostPort other) =>
        Port == other.Port
        && Protocol == other.Protocol
        && (HostAddress is null || other.HostAddress is null || HostAddress.Equals(other.HostAddress));

    /// <summary><c>6000/tcp</c>, <c>127.0.0.1:53/udp</c></summary>
    public override string ToString() =>
        HostAddress is null
            ? Words.Number(Port) + "/" + Protocol.Word()
            : HostAddress.Bracketed() + ":" + Words.Number(Port) + "/" + Protocol.Word();
}

/// <summary>A published port: what arrives at the host's port goes to the namespace's port.</summary>
/// <param name="Host">Where on the host.</param>
/// <param name="Port">The port inside the namespace.</param>
public readonly record struct Forward(HostPort Host, int Port)
{
    /// <summary>As <c>-p</c> takes it: <c>6000:8080/tcp</c>.</summary>
    public override string ToString()
    {
        string address = Host.HostAddress is null ? "" : Host.HostAddress.Bracketed() + ":";
        return address + Words.Number(Host.Port) + ":" + Words.Number(Port) + "/" + Host.Protocol.Word();
    }
}

// Texts that every change writes are put together from strings: the first interpolation of anything else costs 0.3 ms, for the
// runtime then finds out how fast it can tell which processor it is on (the pool of character arrays wants to know).
internal static class Words
{
    public static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    public static string Word(this Protocol protocol) => protocol == Protocol.Tcp ? "tcp" : "udp";

    public static string Bracketed(this IPAddress address) =>
        address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? "[" + address + "]" : address.ToString();
}
