using System.Net;

namespace Warren.Model;

/// <summary>What a namespace shall be like. What is null is left as it is, or chosen.</summary>
/// <param name="Name">Its name, valid.</param>
public sealed record NamespaceWish(string Name)
{
    /// <summary>The subnet: the host end has its first address, the namespace its second.</summary>
    public Cidr? Subnet { get; init; }

    /// <summary>The namespace's address, given together with <see cref="Gateway"/>.</summary>
    public Cidr? Address { get; init; }

    /// <summary>The host end's address.</summary>
    public IPAddress? Gateway { get; init; }

    /// <summary>The one link of the host by which it shall leave; null with <see cref="Exact"/> for any.</summary>
    public string? Uplink { get; init; }

    /// <summary>Ports that shall be published.</summary>
    public IReadOnlyList<PortRequest> Publish { get; init; } = [];

    /// <summary>Ports of the host on which its programs shall listen themselves: no rule is made for them, and nobody else may have them.</summary>
    public IReadOnlyList<HostPort> Listen { get; init; } = [];

    /// <summary>Ports that shall not be published any longer.</summary>
    public IReadOnlyList<PortRequest> Unpublish { get; init; } = [];

    /// <summary>Whether it must be there with its link already: to publish does not make a namespace.</summary>
    public bool MustExist { get; init; }

    /// <summary>Whether it shall be as this says and no more: other ports are not published, another address is changed.</summary>
    public bool Exact { get; init; }

    /// <summary>Its name servers.</summary>
    public Dns? Dns { get; init; }

    /// <summary>Whether name servers of its own that are not asked for go.</summary>
    public bool ExactDns { get; init; }
}

/// <summary>What shall be changed by one verb.</summary>
public sealed record Wish
{
    /// <summary>The project that the wish comes from: the namespaces become its own. Null for what was typed.</summary>
    public string? Project { get; init; }

    /// <summary>Namespaces that shall be there.</summary>
    public IReadOnlyList<NamespaceWish> Ensure { get; init; } = [];

    /// <summary>Services that shall run in the namespaces that shall be there.</summary>
    public IReadOnlyList<Service> Services { get; init; } = [];

    /// <summary>Namespaces that shall be gone.</summary>
    public IReadOnlyList<string> Remove { get; init; } = [];

    /// <summary>Namespaces that shall be gone if they are there and the project's own.</summary>
    public IReadOnlyList<string> Prune { get; init; } = [];

    /// <summary>The names that the project has on record: of namespaces that it has, or had, or was about to have.</summary>
    public IReadOnlyList<string> Recorded { get; init; } = [];

    /// <summary>Whether everything that is Warren's shall be gone.</summary>
    public bool RemoveAll { get; init; }

    /// <summary>Whether the namespaces that the project had before, and that are not asked for, shall go.</summary>
    public bool Whole { get; init; }

    /// <summary>Whether to look at everything that could have been changed by others since it was made.</summary>
    public bool Thorough { get; init; }

    /// <summary>Whether other firewalls stay as they are, even those that drop what Warren forwards.</summary>
    public bool LeaveNeighbours { get; init; }

    /// <summary>Whether the host shall forward nothing but what is of namespaces, as long as the project stands.</summary>
    public bool DropsForwarded { get; init; }

    /// <summary>Whether namespaces go and none comes.</summary>
    public bool IsRemoval => RemoveAll || Remove.Count > 0 || Ensure.Count == 0;
}
