using Warren.Model;

namespace Warren.Planning.Steps;

/// <summary>Opens sockets that listen on the host, for a service to be handed. The project's supervisor does it, and holds them.</summary>
/// <param name="Service">The service.</param>
/// <param name="Ports">The ports.</param>
public sealed record OpenSockets(Service Service, IReadOnlyList<HostPort> Ports) : ServiceStep(Service)
{
    /// <inheritdoc/>
    public override char Sign => '+';

    /// <inheritdoc/>
    public override string Words => $"{Told(Ports)}, for {Called} to listen on";

    /// <inheritdoc/>
    public override IEnumerable<string> Shell => ["# opened by systemd-socket-activate when the service is started; Warren holds it open while the service starts again"];

    /// <summary>Whether both are for the same, lists by what is in them.</summary>
    public bool Equals(OpenSockets? other) => other is not null && Service.Equals(other.Service) && Ports.SequenceEqual(other.Ports);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Service, Ports.Count);

    /// <summary><c>port 6000/tcp</c>, <c>ports 6000-6009/tcp 53/udp</c>.</summary>
    internal static string Told(IReadOnlyList<HostPort> ports) =>
        (ports.Count == 1 ? "port " : "ports ") + string.Join(' ', ListenRequest.Of(ports).Select(request => request.Ports));

    /// <summary>What that command cannot do; empty if nothing.</summary>
    internal static IEnumerable<string> Shortcoming(IReadOnlyList<HostPort> ports) =>
        ports.All(port => port.Protocol == ports[0].Protocol)
            ? []
            : ["# systemd-socket-activate opens TCP or UDP, not both: of the ports only the first kind; a .socket unit of systemd opens all"];

    /// <summary>The command that hands a service its sockets, with a blank at its end.</summary>
    internal static string Activation(IReadOnlyList<HostPort> ports)
    {
        var words = new System.Text.StringBuilder("systemd-socket-activate ");
        // it has one kind for all
        if (ports[0].Protocol == Protocol.Udp)
            words.Append("-d ");
        ports = [.. ports.Where(port => port.Protocol == ports[0].Protocol)];
        foreach (HostPort port in ports)
            words.Append("-l ").Append(port.HostAddress is { } address ? address.Bracketed() + ":" : "").Append(Model.Words.Number(port.Port)).Append(' ');
        return words.Append("--fdname=").AppendJoin(':', ports.Select(port => Model.Words.Number(port.Port) + "/" + port.Protocol.Word())).Append(' ').ToString();
    }
}

/// <summary>Closes sockets that listened on the host for a service.</summary>
/// <param name="Service">The service that had them.</param>
/// <param name="Ports">The ports.</param>
public sealed record CloseSockets(Service Service, IReadOnlyList<HostPort> Ports) : ServiceStep(Service)
{
    /// <inheritdoc/>
    public override char Sign => '-';

    /// <inheritdoc/>
    public override string Words => $"{OpenSockets.Told(Ports)}, on which {Called} listens";

    /// <inheritdoc/>
    public override IEnumerable<string> Shell => ["# closed with the service"];

    /// <summary>Whether both are for the same, lists by what is in them.</summary>
    public bool Equals(CloseSockets? other) => other is not null && Service.Equals(other.Service) && Ports.SequenceEqual(other.Ports);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Service, Ports.Count);
}
