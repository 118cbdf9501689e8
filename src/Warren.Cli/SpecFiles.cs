using System.CommandLine;
using Warren.Cli.Commands;
using Warren.Model;
using Warren.Planning;
using Warren.Specs;

namespace Warren.Cli;

/// <summary>The option that names the files of a project, and how they are read.</summary>
internal sealed class SpecFiles
{
    /// <summary>What is read if no file is named, the first that is there.</summary>
    public static IReadOnlyList<string> Names { get; } = ["warren.yaml", "warren.yml"];

    private readonly Option<string[]> _files = new("--file", "-f")
    {
        Description = "The file; - for standard input. May be given several times: a later one adds to those before. warren.yaml if left out.",
        HelpName = "FILE",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = Arguments.Words,
    };

    public void AddTo(Command command) => command.Add(_files);

    /// <summary>Whether a file is named.</summary>
    public bool AreNamed(ParseResult parsed) => parsed.GetValue(_files) is { Length: > 0 };

    /// <summary>Whether a file is named, or the folder has one.</summary>
    public bool AreThere(ParseResult parsed) => AreNamed(parsed) || Names.Any(File.Exists);

    /// <summary>The first file: as it was named, or that of the folder; null without one.</summary>
    public string? First(ParseResult parsed) => parsed.GetValue(_files) is [{ } first, ..] ? first : Names.FirstOrDefault(File.Exists);

    /// <summary>What the files wish for, and the files.</summary>
    /// <param name="parsed">What was typed.</param>
    /// <param name="variable">The value of a variable, or null; those of this process if left out.</param>
    /// <exception cref="SpecException">There are mistakes in them.</exception>
    /// <exception cref="RefusedException">None is named, and none is there.</exception>
    public (Spec Spec, IReadOnlyList<SpecSource> Sources) Read(ParseResult parsed, Func<string, string?>? variable = null)
    {
        string[] named = parsed.GetValue(_files) ?? [];
        if (named.Length == 0)
            named = [Default()];
        if (named.Count(name => name == "-") > 1)
            throw new RefusedException(RefusalKind.Usage, new Refusal("standard input can be read only once", "-f FILE -f -"));
        var sources = new List<SpecSource>(named.Length);
        foreach (string name in named)
            sources.Add(SpecReader.Load(name));
        return (SpecReader.Read(sources, variable ?? Environment.GetEnvironmentVariable), sources);
    }

    private static string Default()
    {
        foreach (string name in Names)
        {
            if (File.Exists(name))
                return name;
        }
        throw new RefusedException(
            RefusalKind.Usage,
            new Refusal($"there is no {Names[0]} here", $"warren init, which writes a first one; or -f FILE")
        );
    }
}
