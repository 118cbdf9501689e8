namespace Warren.Planning.Steps;

/// <summary>Writes a namespace's own resolv.conf.</summary>
/// <param name="Of">The namespace's name.</param>
/// <param name="Text">What it shall say, without the last line break.</param>
/// <param name="Before">What it says; null if there is none.</param>
public sealed record WriteResolver(string Of, string Text, string? Before) : Step
{
    /// <inheritdoc/>
    public override char Sign => Before is null ? '+' : '~';

    /// <inheritdoc/>
    public override string Namespace => Of;

    /// <inheritdoc/>
    public override string Words =>
        Resolver.TargetOf(Text) is { } target
            ? $"{Resolver.PathOf(Of)} -> {target}, for the host's own servers are on 127.0.0.0/8"
            : $"{Resolver.PathOf(Of)}: {string.Join(", ", Text.Split('\n').Skip(1))}";

    /// <inheritdoc/>
    public override IEnumerable<string> Shell =>
        Resolver.TargetOf(Text) is { } target
            ? [$"mkdir -p {Resolver.Folder}/{Of}", $"ln -sfn {Quote(target)} {Resolver.PathOf(Of)}"]
            : [$"mkdir -p {Resolver.Folder}/{Of}", $"cat > {Resolver.PathOf(Of)} <<'EOF'", .. Text.Split('\n'), "EOF"];

    /// <inheritdoc/>
    public override Step Undo => Before is null ? new RemoveResolver(Of, Text) : new WriteResolver(Of, Before, Text);
}

/// <summary>Removes a namespace's own resolv.conf, and its folder if nothing else is in it.</summary>
/// <param name="Of">The namespace's name.</param>
/// <param name="Before">What it says.</param>
public sealed record RemoveResolver(string Of, string Before) : Step
{
    /// <inheritdoc/>
    public override char Sign => '-';

    /// <inheritdoc/>
    public override string Namespace => Of;

    /// <inheritdoc/>
    public override string Words => Resolver.PathOf(Of);

    /// <inheritdoc/>
    public override IEnumerable<string> Shell =>
        [$"rm -f {Resolver.PathOf(Of)}", $"rmdir --ignore-fail-on-non-empty {Resolver.Folder}/{Of}"];

    /// <inheritdoc/>
    public override Step Undo => new WriteResolver(Of, Before, null);
}
