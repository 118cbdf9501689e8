using System.Net;

namespace Warren.Model;

/// <summary>What a file wishes for: namespaces, and the programs in them.</summary>
/// <param name="Namespaces">In the order of the file; names are unique.</param>
public sealed record Spec(IReadOnlyList<NamespaceSpec> Namespaces)
{
    /// <summary>The project's name, if the file gives one.</summary>
    public string? Name { get; init; }

    /// <summary>Whether the host forwards nothing but what is of namespaces while the project stands.</summary>
    public bool DropsForwarded { get; init; }
}

/// <summary>A namespace of a file.</summary>
/// <param name="Name">Its name, valid.</param>
public sealed record NamespaceSpec(string Name)
{
    /// <summary>The subnet: the host end has its first address, the namespace its second.</summary>
    public Cidr? Subnet { get; init; }

    /// <summary>The namespace's address, given together with <see cref="Gateway"/>; not with <see cref="Subnet"/>.</summary>
    public Cidr? Address { get; init; }

    /// <summary>The host end's address.</summary>
    public IPAddress? Gateway { get; init; }

    /// <summary>The one link of the host by which it leaves; null for any.</summary>
    public string? Uplink { get; init; }

    /// <summary>The published ports.</summary>
    public IReadOnlyList<PortRequest> Ports { get; init; } = [];

    /// <summary>Its name servers; null for the host's.</summary>
    public Dns? Dns { get; init; }

    /// <summary>Programs that run in it, in the order of the file; names are unique.</summary>
    public IReadOnlyList<Service> Services { get; init; } = [];
}

/// <summary>Name servers of a namespace.</summary>
/// <param name="Servers">Their addresses, three at most (resolv.conf(5)).</param>
/// <param name="Search">Domains to look names up in.</param>
public sealed record Dns(IReadOnlyList<IPAddress> Servers, IReadOnlyList<string> Search);

/// <summary>When a service is started again after it ended.</summary>
public enum RestartPolicy
{
    /// <summary>Never.</summary>
    No,

    /// <summary>When it ended with another code than 0, or by a signal.</summary>
    OnFailure,

    /// <summary>Always.</summary>
    Always,
}

/// <summary>A program that runs in a namespace while the project is up. All defaults of the file are resolved: environment and user of
/// the namespace are in here.</summary>
/// <param name="Namespace">The namespace's name.</param>
/// <param name="Name">Its own name, unique in the namespace; that of <c>run:</c> is empty.</param>
/// <param name="Command">The program and its arguments; never empty.</param>
public sealed record Service(string Namespace, string Name, IReadOnlyList<string> Command)
{
    /// <summary>What it is called in the file, in logs and on the command line: <c>web1</c>, <c>shop/db</c>.</summary>
    public string FullName => Name.Length == 0 ? Namespace : Namespace + "/" + Name;

    /// <summary>The folder it starts in, absolute.</summary>
    public string Directory { get; init; } = "/";

    /// <summary>Variables beside those of the one who typed <c>up</c>.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Environment { get; init; } = [];

    /// <summary>As whom, as <c>exec --user</c> takes it; null for the one who called sudo.</summary>
    public string? User { get; init; }

    /// <summary>Capabilities to keep, as <c>exec --cap</c> takes them.</summary>
    public IReadOnlyList<string> Capabilities { get; init; } = [];

    /// <summary>When it is started again.</summary>
    public RestartPolicy Restart { get; init; }

    /// <summary>How often at most in a row with <see cref="RestartPolicy.OnFailure"/>; null for no limit.</summary>
    public int? RestartLimit { get; init; }

    /// <summary>Ports of the host on which it listens: each is a socket that it is handed when it starts. Several services may have the same.</summary>
    public IReadOnlyList<HostPort> Listens { get; init; } = [];

    /// <summary>Full names of services that must be ready before it starts. No circles.</summary>
    public IReadOnlyList<string> DependsOn { get; init; } = [];

    /// <summary>How one knows that it is ready; null: when it has started.</summary>
    public Readiness? Ready { get; init; }

    /// <summary>How long it has after SIGTERM, before SIGKILL.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether both are the same in every member, lists by what is in them.</summary>
    public bool Equals(Service? other) =>
        other is not null
        && Namespace == other.Namespace
        && Name == other.Name
        && Command.SequenceEqual(other.Command)
        && Directory == other.Directory
        && Environment.SequenceEqual(other.Environment)
        && User == other.User
        && Capabilities.SequenceEqual(other.Capabilities)
        && Restart == other.Restart
        && RestartLimit == other.RestartLimit
        && Listens.SequenceEqual(other.Listens)
        && DependsOn.SequenceEqual(other.DependsOn)
        && Equals(Ready, other.Ready)
        && StopGrace == other.StopGrace;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Namespace, Name, Command.Count);
}

/// <summary>When a service is ready: a port listens, or a command succeeds. One of the two is given.</summary>
public sealed record Readiness
{
    /// <summary>A port of the namespace on which somebody listens.</summary>
    public int? Port { get; init; }

    /// <summary>The port's protocol.</summary>
    public Protocol Protocol { get; init; } = Protocol.Tcp;

    /// <summary>A command that ends with 0 when the service is ready; run in the namespace as the service is.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>After how long the service counts as failed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether both are the same in every member.</summary>
    public bool Equals(Readiness? other) =>
        other is not null && Port == other.Port && Protocol == other.Protocol && Command.SequenceEqual(other.Command) && Timeout == other.Timeout;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Port, Protocol, Command.Count, Timeout);
}
