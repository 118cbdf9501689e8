using System.Globalization;
using Warren.Model;
using Warren.Planning;

namespace Warren.Diagnosis;

/// <summary>Reads what a diagnosis shall be about.</summary>
internal static class Aims
{
    /// <summary>A namespace by its name, or a port: <c>6000</c>, <c>53/udp</c>.</summary>
    /// <param name="word">What was typed.</param>
    /// <param name="seen">All that is Warren's, and all names.</param>
    /// <exception cref="RefusedException">It is neither.</exception>
    public static Aim Read(string word, Observed seen)
    {
        // a namespace may be called 6000
        if (seen.Namespaces.Any(space => space.Name == word))
            return new Aim(word);
        if (PortOf(word) is { } port)
            return new Aim(Owner(seen, port), port);
        string name = Terminal.Safe(word.Length > 80 ? word[..80] + "…" : word);
        throw NamespaceName.Fault(word) is null
            ? new RefusedException(RefusalKind.NotFound, new Refusal($"{name}: there is no such namespace, and it is no port", "warren ls, or warren ports"))
            : new RefusedException(RefusalKind.Usage, new Refusal($"'{name}' is neither a namespace nor a port", "warren doctor web1, or warren doctor 6000"));
    }

    private static HostPort? PortOf(string word)
    {
        Protocol protocol = word.EndsWith("/udp", StringComparison.Ordinal) ? Protocol.Udp : Protocol.Tcp;
        string number = word.EndsWith("/udp", StringComparison.Ordinal) || word.EndsWith("/tcp", StringComparison.Ordinal) ? word[..^4] : word;
        return int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is > 0 and <= 65535
            ? new HostPort(null, port, protocol)
            : null;
    }

    private static string? Owner(Observed seen, HostPort port)
    {
        foreach (ObservedNamespace space in seen.Namespaces)
        {
            if (space.Link?.Mark is not { } mark)
                continue;
            if (mark.Forwards.Any(forward => port.Overlaps(forward.Host)) || seen.Forwards.Any(entry => port.Overlaps(entry.Key) && entry.Value.Address.Equals(mark.Inside.Address)))
                return space.Name;
        }
        return null;
    }
}
