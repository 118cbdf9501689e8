using System.CommandLine;
using Microsoft.Win32.SafeHandles;
using Warren.Model;
using Warren.Planning;
using Warren.Specs;

namespace Warren.Cli.Commands;

/// <summary>A project: a file, and the name under which the host knows it.</summary>
/// <param name="Name">The project's name.</param>
/// <param name="Folder">The folder that the file's relative paths begin at.</param>
/// <param name="Spec">What the file says.</param>
internal sealed record Project(string Name, string Folder, Spec Spec)
{
    /// <summary>The absolute paths of its files; <c>-</c> for standard input.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>What `up` wishes for.</summary>
    public Wish Up(IReadOnlyList<string> names) => ProjectWish.Up(Name, Spec, names);

    /// <summary>What `down` wishes for.</summary>
    public Wish Down(IReadOnlyList<string> names) => ProjectWish.Down(Name, Spec, names);
}

/// <summary>The options by which verbs find their project.</summary>
internal sealed class ProjectOptions
{
    private readonly SpecFiles _files = new();

    public void AddTo(Command command) => _files.AddTo(command);

    public static Argument<string[]> Names(string description)
    {
        var names = new Argument<string[]>("NAME")
        {
            Description = description,
            Arity = ArgumentArity.ZeroOrMore,
            CustomParser = Arguments.Words,
        };
        names.CompletionSources.Add(Arguments.Names);
        return names;
    }

    /// <summary>Names of namespaces, if each can be one.</summary>
    public static string[] Checked(string[]? names) => [.. (names ?? []).Select(Arguments.Checked).Distinct()];

    /// <summary>Whether there is a file: one that was named, or that the folder has.</summary>
    public bool AnyFile(ParseResult parsed) => _files.AreThere(parsed);

    /// <summary>Whether a file was named.</summary>
    public bool IsGiven(ParseResult parsed) => _files.AreNamed(parsed);

    /// <summary>The absolute path of the first file, be it there or not; null if none is named and the folder has none.</summary>
    public string? FirstPath(ParseResult parsed) => _files.First(parsed) is { } name ? PathOf(name) : null;

    /// <summary>Reads the project.</summary>
    /// <param name="parsed">What was typed.</param>
    /// <param name="variable">The value of a variable, or null; those of this process if left out.</param>
    public Project Read(ParseResult parsed, Func<string, string?>? variable = null)
    {
        (Spec spec, IReadOnlyList<SpecSource> sources) = _files.Read(parsed, variable);
        SpecSource first = sources[0];
        return new Project(spec.Name ?? NameOf(first), first.Folder, spec) { Paths = [.. sources.Select(source => PathOf(source.Name))] };
    }

    private static string PathOf(string name) => name == "-" ? name : Path.GetFullPath(name);

    // By the file's place, without symbolic links: the same file is the same project from wherever it is called.
    private static string NameOf(SpecSource source)
    {
        if (source.Name == "-")
            return ProjectName.OfFile(Path.Combine(source.Folder, "-"));
        using SafeFileHandle handle = File.OpenHandle(source.Name);
        return ProjectName.OfFile(new FileInfo($"/proc/self/fd/{handle.DangerousGetHandle()}").LinkTarget ?? Path.GetFullPath(source.Name));
    }
}
