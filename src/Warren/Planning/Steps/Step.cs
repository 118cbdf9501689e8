using Warren.Model;

namespace Warren.Planning.Steps;

/// <summary>
/// One change. It can be compared, told, printed as the shell commands it stands for, and undone by another step; Kernel/ applies it.
/// </summary>
public abstract record Step
{
    /// <summary><c>+</c> for something that comes, <c>-</c> for something that goes, <c>~</c> for something that changes.</summary>
    public abstract char Sign { get; }

    /// <summary>The namespace that it is about; empty for the host.</summary>
    public virtual string Namespace => "";

    /// <summary>In words: <c>namespace web1</c>.</summary>
    public abstract string Words { get; }

    /// <summary>The commands that it stands for, in order, quoted for sh(1).</summary>
    public abstract IEnumerable<string> Shell { get; }

    /// <summary>The step that takes it back; null if there is nothing to take back.</summary>
    public abstract Step? Undo { get; }

    // not member by member: an undo's undo is the step again
    /// <inheritdoc/>
    public sealed override string ToString() => $"{Sign} {Words}";

    /// <summary>A here-document for nft.</summary>
    internal static IEnumerable<string> Nft(IEnumerable<string> lines)
    {
        yield return "nft -f - <<'EOF'";
        foreach (string line in lines)
            yield return line;
        yield return "EOF";
    }

    /// <summary>A text that sh(1) takes as one word.</summary>
    internal static string Quote(string text) =>
        text.Length > 0 && text[0] != '~' && text.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:,@%+~=".Contains(c, StringComparison.Ordinal))
            ? text
            : "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
