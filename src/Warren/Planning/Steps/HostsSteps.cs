using Warren.Model;

namespace Warren.Planning.Steps;

/// <summary>Writes the hosts file of a project: the names of its namespaces, and what the host's own says.</summary>
/// <param name="Project">The project's name.</param>
/// <param name="Names">Its namespaces, in their order.</param>
/// <param name="Before">Those that it names; null if there is no file.</param>
public sealed record WriteHosts(string Project, IReadOnlyList<NamedAddress> Names, IReadOnlyList<NamedAddress>? Before) : Step
{
    private const int MostTold = 8;

    /// <inheritdoc/>
    public override char Sign => Before is null ? '+' : '~';

    /// <inheritdoc/>
    public override string Words =>
        $"{HostNames.PathOf(Project)}: "
        + (Names.Count <= MostTold ? string.Join(", ", Names.Select(each => $"{each.Name} {each.Address}")) : $"the names of {Names.Count} namespaces")
        + $"; then what {HostNames.HostFile} says";

    /// <inheritdoc/>
    public override IEnumerable<string> Shell
    {
        get
        {
            string path = Quote(HostNames.PathOf(Project));
            string folder = Quote(Path.GetDirectoryName(HostNames.PathOf(Project))!);
            return
            [
                $"mkdir -p -m 700 /run/warren /run/warren/projects {folder}",
                $"cat - {HostNames.HostFile} > {path} <<'EOF'",
                .. HostNames.Lines(Project, Names),
                "EOF",
                $"chmod 644 {path}",
            ];
        }
    }

    /// <inheritdoc/>
    public override Step Undo => Before is null ? new RemoveHosts(Project, Names) : new WriteHosts(Project, Before, Names);

    /// <inheritdoc/>
    public bool Equals(WriteHosts? other) =>
        other is not null
        && Project == other.Project
        && Names.SequenceEqual(other.Names)
        && (Before is null ? other.Before is null : other.Before is not null && Before.SequenceEqual(other.Before));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Project, Names.Count, Before?.Count);
}

/// <summary>Removes the hosts file of a project.</summary>
/// <param name="Project">The project's name.</param>
/// <param name="Before">Those that it names.</param>
public sealed record RemoveHosts(string Project, IReadOnlyList<NamedAddress> Before) : Step
{
    /// <inheritdoc/>
    public override char Sign => '-';

    /// <inheritdoc/>
    public override string Words => HostNames.PathOf(Project);

    /// <inheritdoc/>
    public override IEnumerable<string> Shell => [$"rm -f {Quote(HostNames.PathOf(Project))}"];

    /// <inheritdoc/>
    public override Step Undo => new WriteHosts(Project, Before, null);

    /// <inheritdoc/>
    public bool Equals(RemoveHosts? other) => other is not null && Project == other.Project && Before.SequenceEqual(other.Before);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Project, Before.Count);
}

/// <summary>Gives a namespace the hosts file of its project, by a link.</summary>
/// <param name="Of">The namespace's name.</param>
/// <param name="Target">Where the link leads.</param>
/// <param name="Before">Where it leads now, to another project's; null if there is none.</param>
public sealed record LinkHosts(string Of, string Target, string? Before) : Step
{
    /// <inheritdoc/>
    public override char Sign => Before is null ? '+' : '~';

    /// <inheritdoc/>
    public override string Namespace => Of;

    /// <inheritdoc/>
    public override string Words => $"{HostNames.LinkOf(Of)} -> {Target}";

    /// <inheritdoc/>
    public override IEnumerable<string> Shell =>
        [$"mkdir -p {Resolver.Folder}/{Of}", $"ln -sfn {Quote(Target)} {HostNames.LinkOf(Of)}"];

    /// <inheritdoc/>
    public override Step Undo => Before is null ? new UnlinkHosts(Of, Target) : new LinkHosts(Of, Before, Target);
}

/// <summary>Removes a namespace's link to the hosts file of its project, and its folder if nothing else is in it.</summary>
/// <param name="Of">The namespace's name.</param>
/// <param name="Before">Where it leads.</param>
public sealed record UnlinkHosts(string Of, string Before) : Step
{
    /// <inheritdoc/>
    public override char Sign => '-';

    /// <inheritdoc/>
    public override string Namespace => Of;

    /// <inheritdoc/>
    public override string Words => HostNames.LinkOf(Of);

    /// <inheritdoc/>
    public override IEnumerable<string> Shell =>
        [$"rm -f {HostNames.LinkOf(Of)}", $"rmdir --ignore-fail-on-non-empty {Resolver.Folder}/{Of}"];

    /// <inheritdoc/>
    public override Step Undo => new LinkHosts(Of, Before, null);
}
