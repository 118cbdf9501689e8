using System.CommandLine;
using Warren.Model;
using Warren.Planning;
using Warren.Specs;

namespace Warren.Cli.Commands;

/// <summary><c>-f FILE</c>, and which file is meant without it.</summary>
internal sealed class SpecFiles
{
    private static readonly string[] s_usual = ["warren.yaml", "warren.yml"];

    private readonly Option<string[]> _files = new("--file", "-f")
    {
        Description = "The file; several are merged, later ones count; - for standard input. Left out: warren.yaml in this folder.",
        HelpName = "FILE",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
        CustomParser = Arguments.Words,
    };

    public void AddTo(Command command) => command.Add(_files);

    /// <summary>Whether files were named.</summary>
    public bool AreGiven(ParseResult parsed) => parsed.GetValue(_files) is { Length: > 0 };

    /// <summary>The files that are meant; none if none was named and the folder has none.</summary>
    public IReadOnlyList<string> Find(ParseResult parsed)
    {
        if (parsed.GetValue(_files) is { Length: > 0 } given)
            return given;
        foreach (string name in s_usual)
        {
            if (File.Exists(name))
                return [name];
        }
        return [];
    }

    /// <summary>Reads the files.</summary>
    /// <exception cref="RefusedException">There is none.</exception>
    /// <exception cref="SpecException">There are mistakes in them.</exception>
    public (Spec Spec, IReadOnlyList<SpecSource> Sources) Read(ParseResult parsed)
    {
        IReadOnlyList<string> files = Find(parsed);
        if (files.Count == 0)
            throw new RefusedException(RefusalKind.Usage, new Refusal("there is no warren.yaml in this folder", "warren init, which writes a first one; or -f FILE"));
        var sources = new SpecSource[files.Count];
        for (int i = 0; i < sources.Length; i++)
            sources[i] = SpecReader.Load(files[i]);
        return (SpecReader.Read(sources, Environment.GetEnvironmentVariable), sources);
    }
}
