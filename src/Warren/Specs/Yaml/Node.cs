namespace Warren.Specs.Yaml;

/// <summary>What a node is.</summary>
internal enum NodeKind
{
    /// <summary>A text.</summary>
    Scalar,

    /// <summary>A list.</summary>
    Sequence,

    /// <summary>Keys with values.</summary>
    Mapping,
}

/// <summary>A key and its value.</summary>
internal readonly record struct Entry(Node Key, Node Value);

/// <summary>A value of a file, with its place. What an alias names is shared: the nodes are no tree, but have no circles.</summary>
internal sealed class Node(SourceText source, NodeKind kind, int start, int length)
{
    private static readonly List<Node> s_noItems = [];
    private static readonly List<Entry> s_noEntries = [];

    /// <summary>Its kind.</summary>
    public NodeKind Kind { get; } = kind;

    /// <summary>Where it is; of a list or mapping the beginning.</summary>
    public Place Place { get; } = new(source, start, length);

    /// <summary>A scalar's text, exactly as written, without quotes.</summary>
    public string Text { get; init; } = "";

    /// <summary>Whether a scalar was written without quotes and tags.</summary>
    public bool IsPlain { get; init; }

    /// <summary>Whether it stands for a value that cannot be known, of which it was said why: no more is said then.</summary>
    public bool IsLost { get; init; }

    /// <summary>A list's values.</summary>
    public List<Node> Items { get; init; } = s_noItems;

    /// <summary>A mapping's entries: its own, then those that it has by <c>&lt;&lt;</c>.</summary>
    public List<Entry> Entries { get; init; } = s_noEntries;

    /// <summary>How many nodes it is when all aliases are written out; a long text counts as several.</summary>
    public int Weight { get; set; }

    /// <summary>How many lists and mappings deep it is.</summary>
    public int Height { get; set; }

    /// <summary>Whether there is no value: nothing, <c>~</c>, <c>null</c>.</summary>
    public bool IsNull => Kind == NodeKind.Scalar && IsPlain && Text is "" or "~" or "null" or "Null" or "NULL";

    /// <summary>What it is called in messages.</summary>
    public string KindWord => Kind switch
    {
        NodeKind.Sequence => "a list",
        NodeKind.Mapping => "a mapping (KEY: VALUE)",
        _ => IsNull ? "nothing" : "a text",
    };

    /// <summary>The same value at another place: that of an alias.</summary>
    public Node SeenAt(int start, int length) =>
        new(Place.Source, Kind, start, length)
        {
            Text = Text,
            IsPlain = IsPlain,
            IsLost = IsLost,
            Items = Items,
            Entries = Entries,
            Weight = Weight,
            Height = Height,
        };

    /// <summary>Where a piece of a scalar's text is in the file; the whole scalar if that cannot be told (escapes).</summary>
    public Place At(int offset, int count)
    {
        string file = Place.Source.Text;
        int at = SkipProperties(file, Place.Start);
        int end = Math.Min(Place.Start + Place.Length, file.Length);
        if (at < end && file[at] is '"' or '\'')
            at++;
        if (at + Text.Length <= end && string.CompareOrdinal(file, at, Text, 0, Text.Length) == 0)
            return new Place(Place.Source, at + offset, count);
        if (offset >= Text.Length)
            return Place;
        // several lines, or escapes: the character is the same one of its kind
        if (at < end && file[at] is '|' or '>')
        {
            while (at < end && file[at] != '\n')
                at++;
        }
        char sought = Text[offset];
        int before = Text.AsSpan(0, offset).Count(sought);
        for (int i = at; i < end; i++)
        {
            if (file[i] == sought && before-- == 0)
                return new Place(Place.Source, i, count);
        }
        return Place;
    }

    // over anchors and tags: &a !!str
    private static int SkipProperties(string file, int at)
    {
        while (at < file.Length && file[at] is '&' or '!')
        {
            while (at < file.Length && !char.IsWhiteSpace(file[at]))
                at++;
            while (at < file.Length && char.IsWhiteSpace(file[at]))
                at++;
        }
        return at;
    }
}
