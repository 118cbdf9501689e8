namespace Warren.Specs;

/// <summary>Collects the mistakes of all files.</summary>
internal sealed class Faults
{
    // What no person reads to the end is only counted.
    private const int Most = 1000;

    private readonly List<Fault> _faults = [];
    private readonly HashSet<Fault> _known = [];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>Whether more are only counted, so that no words need be found for them.</summary>
    public bool IsFull => _faults.Count >= Most;

    /// <summary>Notes a mistake. One that is told already (in what several aliases name) is not told again.</summary>
    public void Add(Place place, string message, string hint = "")
    {
        var fault = new Fault(place, message, hint);
        if (IsFull)
        {
            Count++;
        }
        else if (_known.Add(fault))
        {
            Count++;
            _faults.Add(fault);
        }
    }

    /// <summary>All of them, in the order of the files and their lines.</summary>
    public SpecException ToException()
    {
        var sorted = new List<Fault>(_faults);
        sorted.Sort(Compare);
        var diagnostics = new List<Diagnostic>(sorted.Count);
        foreach (Fault fault in sorted)
            diagnostics.Add(Show(fault));
        return new SpecException(diagnostics, Count - diagnostics.Count);
    }

    /// <summary>A piece of a file in quotes, cut if it is long.</summary>
    public static string Quote(string text)
    {
        const int Longest = 60;
        if (text.Length <= Longest)
            return "'" + text + "'";
        int end = char.IsHighSurrogate(text[Longest - 1]) ? Longest - 1 : Longest;
        return string.Concat("'", text.AsSpan(0, end), "…'");
    }

    private static int Compare(Fault a, Fault b)
    {
        int order = a.Place.Source.Order.CompareTo(b.Place.Source.Order);
        if (order == 0)
            order = a.Place.Start.CompareTo(b.Place.Start);
        return order != 0 ? order : string.CompareOrdinal(a.Message, b.Message);
    }

    private static Diagnostic Show(Fault fault)
    {
        SourceText source = fault.Place.Source;
        int index = Math.Clamp(fault.Place.Start, 0, source.Text.Length);
        (int line, int column) = source.Locate(index);
        string text = source.Line(line);
        column = Math.Min(column, text.Length);
        int length = Math.Clamp(fault.Place.Length, 1, Math.Max(1, text.Length - column));
        return new Diagnostic(source.Source.ShownName, line + 1, column + 1, length, fault.Message, fault.Hint, text);
    }

    private readonly record struct Fault(Place Place, string Message, string Hint);
}
