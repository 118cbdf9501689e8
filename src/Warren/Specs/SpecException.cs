namespace Warren.Specs;

/// <summary>Files that cannot be meant, with all mistakes in them.</summary>
internal sealed class SpecException : Exception
{
    /// <param name="diagnostics">In the order of the files and of the lines; one at least.</param>
    /// <param name="more">How many mistakes were found beyond these.</param>
    public SpecException(IReadOnlyList<Diagnostic> diagnostics, int more = 0)
        : base(diagnostics[0].Message)
    {
        Diagnostics = diagnostics;
        More = more;
    }

    /// <summary>The mistakes.</summary>
    public IReadOnlyList<Diagnostic> Diagnostics { get; }

    /// <summary>How many mistakes are not in <see cref="Diagnostics"/>.</summary>
    public int More { get; }
}
