namespace Warren.Specs;

/// <summary>A file as it was read.</summary>
/// <param name="Name">As it was typed: <c>warren.yaml</c>; <c>-</c> for standard input.</param>
/// <param name="Text">What is in it.</param>
/// <param name="Folder">The folder that its relative paths begin at, absolute.</param>
internal sealed record SpecSource(string Name, string Text, string Folder)
{
    /// <summary>What it is called in messages.</summary>
    public string ShownName => Name == "-" ? "<stdin>" : Name;
}
