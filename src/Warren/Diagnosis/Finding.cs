using Warren.Model;

namespace Warren.Diagnosis;

/// <summary>Something that is wrong, with everything one has to know about it.</summary>
/// <param name="Trouble">What kind of finding.</param>
/// <param name="What">What was found, and what shows it.</param>
internal sealed record Finding(Trouble Trouble, string What)
{
    /// <summary>The namespace that it is about; empty for the host.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>The published ports that it is about; empty if it is about no single ones.</summary>
    public IReadOnlyList<HostPort> Ports { get; init; } = [];

    /// <summary>More of what shows it, a line each.</summary>
    public IReadOnlyList<string> Evidence { get; init; } = [];

    /// <summary>What follows from it.</summary>
    public string Consequence { get; init; } = "";

    /// <summary>What to type.</summary>
    public string Remedy { get; init; } = "";

    /// <summary>Whether <c>doctor --fix</c> mends it.</summary>
    public bool Fixable { get; init; }
}

/// <summary>What a diagnosis is about: everything, a namespace, or a port of the host.</summary>
/// <param name="Namespace">The namespace; null for all.</param>
/// <param name="Port">The port of the host, without an address; null for all.</param>
internal sealed record Aim(string? Namespace = null, HostPort? Port = null)
{
    /// <summary>Everything.</summary>
    public static Aim Everything { get; } = new();

    /// <summary>Whether a finding is an answer.</summary>
    public bool IsAbout(Finding finding)
    {
        if ((Namespace is null && Port is null) || finding.Trouble.Reach == Reach.Everything)
            return true;
        if (Port is { } port && finding.Ports.Count > 0)
            return finding.Ports.Any(port.Overlaps);
        if (Port is not null && finding.Trouble.Reach != Reach.Namespace)
            return false;
        return Namespace is not null && finding.Namespace == Namespace;
    }
}
