namespace Warren.Planning.Steps;

/// <summary>Writes the systemd unit of a project.</summary>
/// <param name="Project">The project's name.</param>
/// <param name="Text">What it shall say, without the last line break.</param>
/// <param name="Before">What it says; null if there is none.</param>
internal sealed record WriteUnit(string Project, string Text, string? Before) : Step
{
    /// <summary>What it does, in words.</summary>
    public string Command { get; init; } = "";

    /// <inheritdoc/>
    public override char Sign => Before is null ? '+' : '~';

    /// <inheritdoc/>
    public override string Words => BootUnit.PathOf(Project) + (Command.Length > 0 ? $": {Model.Terminal.Safe(Command)}" : "");

    /// <inheritdoc/>
    public override IEnumerable<string> Shell => [$"cat > {BootUnit.PathOf(Project)} <<'EOF'", .. Text.Split('\n'), "EOF"];

    /// <inheritdoc/>
    public override Step Undo => Before is null ? new RemoveUnit(Project, Text) : new WriteUnit(Project, Before, Text);
}

/// <summary>Removes the systemd unit of a project.</summary>
/// <param name="Project">The project's name.</param>
/// <param name="Before">What it says.</param>
internal sealed record RemoveUnit(string Project, string Before) : Step
{
    /// <inheritdoc/>
    public override char Sign => '-';

    /// <inheritdoc/>
    public override string Words => BootUnit.PathOf(Project);

    /// <inheritdoc/>
    public override IEnumerable<string> Shell => [$"rm -f {BootUnit.PathOf(Project)}"];

    /// <inheritdoc/>
    public override Step Undo => new WriteUnit(Project, Before, null);
}

/// <summary>Makes the symbolic link by which a unit is started at boot.</summary>
/// <param name="Project">The project's name.</param>
internal sealed record LinkUnit(string Project) : Step
{
    /// <inheritdoc/>
    public override char Sign => '+';

    /// <inheritdoc/>
    public override string Words => BootUnit.LinkOf(Project);

    /// <inheritdoc/>
    public override IEnumerable<string> Shell => [$"mkdir -p {BootUnit.Wants}", $"ln -s {BootUnit.PathOf(Project)} {BootUnit.LinkOf(Project)}"];

    /// <inheritdoc/>
    public override Step Undo => new UnlinkUnit(Project);
}

/// <summary>Removes the symbolic link by which a unit is started at boot, and its folder if nothing else is in it.</summary>
/// <param name="Project">The project's name.</param>
internal sealed record UnlinkUnit(string Project) : Step
{
    /// <inheritdoc/>
    public override char Sign => '-';

    /// <inheritdoc/>
    public override string Words => BootUnit.LinkOf(Project);

    /// <inheritdoc/>
    public override IEnumerable<string> Shell =>
        [$"rm -f {BootUnit.LinkOf(Project)}", $"rmdir --ignore-fail-on-non-empty {BootUnit.Wants}"];

    /// <inheritdoc/>
    public override Step Undo => new LinkUnit(Project);
}

/// <summary>Writes the sysctl drop-in of a project.</summary>
/// <param name="Project">The project's name.</param>
/// <param name="Text">What it shall say, without the last line break.</param>
/// <param name="Before">What it says; null if there is none.</param>
internal sealed record WriteDropIn(string Project, string Text, string? Before) : Step
{
    /// <inheritdoc/>
    public override char Sign => Before is null ? '+' : '~';

    /// <inheritdoc/>
    public override string Words => $"{DropIn.PathOf(Project)}: forwarding of {Model.Terminal.Safe(string.Join(", ", DropIn.LinksOf(Text)))} from the boot on";

    /// <inheritdoc/>
    public override IEnumerable<string> Shell =>
        [$"mkdir -p {DropIn.Folder}", $"cat > {DropIn.PathOf(Project)} <<'EOF'", .. Text.Split('\n'), "EOF"];

    /// <inheritdoc/>
    public override Step Undo => Before is null ? new RemoveDropIn(Project, Text) : new WriteDropIn(Project, Before, Text);
}

/// <summary>Removes the sysctl drop-in of a project.</summary>
/// <param name="Project">The project's name.</param>
/// <param name="Before">What it says.</param>
internal sealed record RemoveDropIn(string Project, string Before) : Step
{
    /// <inheritdoc/>
    public override char Sign => '-';

    /// <inheritdoc/>
    public override string Words => DropIn.PathOf(Project);

    /// <inheritdoc/>
    public override IEnumerable<string> Shell => [$"rm -f {DropIn.PathOf(Project)}"];

    /// <inheritdoc/>
    public override Step Undo => new WriteDropIn(Project, Before, null);
}

/// <summary>Lets the running systemd read its units anew.</summary>
internal sealed record ReloadUnits : Step
{
    /// <inheritdoc/>
    public override char Sign => '~';

    /// <inheritdoc/>
    public override string Words => "systemctl daemon-reload, for systemd to read its units anew";

    /// <inheritdoc/>
    public override IEnumerable<string> Shell => ["systemctl daemon-reload"];

    // the last step: what went before it is undone only when it failed
    /// <inheritdoc/>
    public override Step? Undo => null;
}
