using System.Net;
using Warren.Model;

namespace Warren.Specs;

/// <summary>A value with the place it was written at.</summary>
internal readonly record struct Written<T>(T Value, Place Place);

/// <summary>What is known of the whole while files are read. A later file goes on with the draft of the one before: that is how they are
/// merged.</summary>
internal sealed class SpecDraft
{
    /// <summary>The project's name.</summary>
    public string? Name { get; set; }

    /// <summary>What is said of the host.</summary>
    public HostDraft Host { get; } = new();

    /// <summary>Where the first file names its namespaces, for when there are none.</summary>
    public Place? NamespacesKey { get; set; }

    /// <summary>The namespaces, in the order in which they are first named.</summary>
    public Drafts<NamespaceDraft> Namespaces { get; } = new();
}

/// <summary>What is said of the host while files are read.</summary>
internal sealed class HostDraft
{
    public bool DropsForwarded { get; set; }
}

/// <summary>A namespace while files are read.</summary>
internal sealed class NamespaceDraft(string name, Place key) : IDraft
{
    public string Name => name;

    public Place Key => key;

    /// <summary>The texts, which are checked together.</summary>
    public Written<string>? Subnet { get; set; }

    /// <inheritdoc cref="Subnet"/>
    public Written<string>? Address { get; set; }

    /// <inheritdoc cref="Subnet"/>
    public Written<string>? Gateway { get; set; }

    public string? Uplink { get; set; }

    public List<Written<PortRequest>> Ports { get; } = [];

    public List<ListenDraft> Listens { get; } = [];

    public DnsDraft Dns { get; } = new();

    public EnvironmentDraft Environment { get; } = new();

    public string? User { get; set; }

    public List<string>? Capabilities { get; set; }

    public string? Directory { get; set; }

    public ServiceDraft? Run { get; set; }

    public Place? ServicesKey { get; set; }

    public Drafts<ServiceDraft> Services { get; } = new();
}

/// <summary>Name servers while files are read.</summary>
internal sealed class DnsDraft
{
    public List<IPAddress>? Servers { get; set; }

    public List<string>? Search { get; set; }
}

/// <summary>A service while files are read.</summary>
internal sealed class ServiceDraft(string name, Place key) : IDraft
{
    /// <summary>Its name in the namespace; that of <c>run</c> is empty.</summary>
    public string Name => name;

    public Place Key => key;

    public IReadOnlyList<string>? Command { get; set; }

    /// <summary>Whether a command was given, be it wrong.</summary>
    public bool HasCommand { get; set; }

    public EnvironmentDraft Environment { get; } = new();

    public string? User { get; set; }

    public List<string>? Capabilities { get; set; }

    public string? Directory { get; set; }

    public RestartPolicy Restart { get; set; }

    public int? RestartLimit { get; set; }

    public List<Written<string>> DependsOn { get; } = [];

    public ReadyDraft? Ready { get; set; }

    public TimeSpan? StopGrace { get; set; }
}

/// <summary>When a service is ready, while files are read.</summary>
internal sealed class ReadyDraft
{
    public Written<(int Number, Protocol Protocol)>? Port { get; set; }

    public Written<IReadOnlyList<string>>? Command { get; set; }

    public TimeSpan? Timeout { get; set; }

    /// <summary>Whether something in it is wrong, so that no more need be said.</summary>
    public bool IsFaulty { get; set; }
}

/// <summary>Ports of the host on which services listen.</summary>
/// <param name="Ports">The ports.</param>
/// <param name="Services">The names of the services; empty for the only one.</param>
/// <param name="Place">Where it is written.</param>
internal sealed record ListenDraft(ListenRequest Ports, IReadOnlyList<Written<string>> Services, Place Place)
{
    /// <summary>Whether both say the same.</summary>
    public bool IsSame(ListenDraft other) => Ports == other.Ports && Services.Select(each => each.Value).SequenceEqual(other.Services.Select(each => each.Value));
}

/// <summary>A port in its long form.</summary>
internal sealed class PortDraft
{
    public string? Address { get; set; }

    public string? Host { get; set; }

    public string? Port { get; set; }

    public string? Protocol { get; set; }

    public bool Listen { get; set; }

    public List<Written<string>>? Services { get; set; }

    public bool IsFaulty { get; set; }
}

/// <summary>Variables in the order in which they are first named.</summary>
internal sealed class EnvironmentDraft
{
    public Dictionary<string, string> Values { get; } = new(StringComparer.Ordinal);
}

/// <summary>What has a name and stands under it.</summary>
internal interface IDraft
{
    string Name { get; }

    Place Key { get; }
}

/// <summary>Drafts by their names, in the order in which they are first named.</summary>
internal sealed class Drafts<T>
    where T : IDraft
{
    private readonly Dictionary<string, T> _byName = new(StringComparer.Ordinal);

    public List<T> All { get; } = [];

    public T? Find(string name) => _byName.GetValueOrDefault(name);

    public T Add(T draft)
    {
        _byName.Add(draft.Name, draft);
        All.Add(draft);
        return draft;
    }
}
