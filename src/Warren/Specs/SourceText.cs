namespace Warren.Specs;

/// <summary>A file's text, and where its lines begin.</summary>
internal sealed class SourceText
{
    // the lines are looked for only when there is a mistake to show
    private List<int>? _lines;
    private int _lastLine = -1;
    private string _lastText = "";

    public SourceText(SpecSource source, int order)
    {
        Source = source;
        Order = order;
        Text = source.Text.StartsWith('\ufeff') ? source.Text[1..] : source.Text;
    }

    /// <summary>The file.</summary>
    public SpecSource Source { get; }

    /// <summary>Its place among the files.</summary>
    public int Order { get; }

    /// <summary>The text without a byte order mark.</summary>
    public string Text { get; }

    /// <summary>The line and the column of a place, both from 0.</summary>
    public (int Line, int Column) Locate(int index)
    {
        List<int> lines = Lines();
        int line = lines.BinarySearch(index);
        if (line < 0)
            line = ~line - 1;
        return (line, index - lines[line]);
    }

    /// <summary>A line without its end. The same text again when the same line is asked for again.</summary>
    public string Line(int line)
    {
        if (line == _lastLine)
            return _lastText;
        List<int> lines = Lines();
        int end = line + 1 < lines.Count ? lines[line + 1] : Text.Length;
        _lastLine = line;
        return _lastText = Text[lines[line]..end].TrimEnd('\r', '\n');
    }

    private List<int> Lines()
    {
        if (_lines is not null)
            return _lines;
        _lines = [0];
        for (int i = 0; i < Text.Length; i++)
        {
            // a line that only an end of file follows is none
            if ((Text[i] == '\n' || (Text[i] == '\r' && (i + 1 == Text.Length || Text[i + 1] != '\n'))) && i + 1 < Text.Length)
                _lines.Add(i + 1);
        }
        return _lines;
    }
}

/// <summary>A piece of a file.</summary>
/// <param name="Source">The file.</param>
/// <param name="Start">The first character.</param>
/// <param name="Length">The number of characters; 0 is shown as 1.</param>
internal readonly record struct Place(SourceText Source, int Start, int Length)
{
    /// <summary><c>warren.yaml:3:5</c></summary>
    public override string ToString()
    {
        (int line, int column) = Source.Locate(Start);
        return $"{Source.Source.ShownName}:{line + 1}:{column + 1}";
    }

    /// <summary>As another place names it: <c>line 3</c> in the same file.</summary>
    public string SeenFrom(Place other) =>
        ReferenceEquals(other.Source, Source) ? $"line {Source.Locate(Start).Line + 1}" : ToString();
}
