using System.Text;
using Warren.Model;

namespace Warren.Specs;

/// <summary>A mistake in a file.</summary>
/// <param name="File">The file's name, as it is shown.</param>
/// <param name="Line">From 1; 0 if the mistake is about the file as a whole (it is missing, too large).</param>
/// <param name="Column">From 1, in UTF-16 code units, as editors count; 0 without a line.</param>
/// <param name="Length">How many code units of the line to underline, 1 at least.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Hint">What to write; empty if the message says it.</param>
/// <param name="SourceLine">The whole line, without its end.</param>
internal sealed record Diagnostic(string File, int Line, int Column, int Length, string Message, string Hint, string SourceLine)
{
    // what is shown of a line around the mistake, in columns
    private const int Before = 40;
    private const int After = 60;

    /// <summary>The message, the line with the mistake underlined, and the hint; each line ends with a line feed.</summary>
    public string Render()
    {
        var text = new StringBuilder(Terminal.Safe(File));
        if (Line > 0)
            text.Append(':').Append(Line).Append(':').Append(Column);
        text.Append(": ").Append(Terminal.Safe(Message)).Append('\n');
        if (Line > 0)
        {
            string number = Line.ToString();
            string caret = Underlined(out string shown);
            text.Append("  ").Append(number).Append(" | ").Append(shown).Append('\n');
            text.Append(' ', number.Length + 3).Append("| ").Append(caret).Append('\n');
        }
        if (Hint.Length > 0)
            text.Append("  ").Append(Terminal.Safe(Hint)).Append('\n');
        return text.ToString();
    }

    // The line as a terminal can show it, and the line of carets for below it. Tabs stand in both, so that they are as wide in both.
    private string Underlined(out string shown)
    {
        int start = Math.Clamp(Column - 1, 0, SourceLine.Length);
        int end = Math.Clamp(start + Length, start, SourceLine.Length);
        bool isShort = SourceLine.Length <= Before + After;
        int first = isShort ? 0 : Math.Max(0, start - Before);
        int last = isShort ? SourceLine.Length : Math.Min(SourceLine.Length, first + Before + After);
        // not through the middle of a character
        if (first > 0 && char.IsLowSurrogate(SourceLine[first]))
            first--;
        if (last < SourceLine.Length && char.IsLowSurrogate(SourceLine[last]))
            last++;
        var line = new StringBuilder();
        var caret = new StringBuilder();
        if (first > 0)
        {
            line.Append('…');
            caret.Append(' ');
        }
        for (int i = first; i < last;)
        {
            bool whole = Rune.TryGetRuneAt(SourceLine, i, out Rune rune);
            int units = whole ? rune.Utf16SequenceLength : 1;
            string piece = SourceLine[i] == '\t' ? "\t" : Terminal.Safe(SourceLine.Substring(i, units));
            line.Append(piece);
            bool under = i + units > start && i < end;
            if (piece == "\t" && !under)
                caret.Append('\t');
            else
                caret.Append(under ? '^' : ' ', piece.Length == units && whole ? CharacterWidth.Of(rune) : piece.Length);
            i += units;
        }
        if (last < SourceLine.Length)
            line.Append('…');
        if (start >= SourceLine.Length)
            caret.Append('^');
        shown = line.ToString();
        return caret.ToString().TrimEnd();
    }
}
