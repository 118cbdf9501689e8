using SharpYaml;
using SharpYaml.Events;

namespace Warren.Specs.Yaml;

/// <summary>
/// Makes nodes of a file's text. What the parser leaves to others is done here: keys that are given twice, anchors and aliases,
/// merge keys, and the bounds, without which a short file could stand for one that fills the memory.
/// </summary>
internal sealed class TreeReader
{
    /// <summary>How many nodes a file may have when all aliases are written out.</summary>
    public const int MostNodes = 500_000;

    /// <summary>How deep lists and mappings may be in each other.</summary>
    public const int Deepest = 64;

    /// <summary>So many characters of a text count as a node.</summary>
    private const int CharactersOfNode = 64;

    private const string StandardTags = "tag:yaml.org,2002:";

    private readonly SourceText _source;
    private readonly Faults _faults;
    private readonly Parser<TextBuffer> _parser;

    // null while the node is still being read
    private readonly Dictionary<string, Node?> _anchors = new(StringComparer.Ordinal);
    private readonly List<(int Start, bool IsFlow)> _open = [];
    private int _nodes;

    private TreeReader(SourceText source, Faults faults)
    {
        _source = source;
        _faults = faults;
        _parser = new Parser<TextBuffer>(new TextBuffer(source.Text), Deepest + 8, null);
    }

    /// <summary>The file's value, or null if there is none: then it was said why.</summary>
    public static Node? Read(SourceText source, Faults faults)
    {
        int zero = source.Text.IndexOf('\0');
        if (zero >= 0)
        {
            faults.Add(new Place(source, zero, 1), "a NUL character; this is no text file");
            return null;
        }
        var reader = new TreeReader(source, faults);
        try
        {
            return reader.ReadDocument();
        }
        catch (YamlException e)
        {
            SyntaxWords.Tell(e, source, reader._open, reader._parser.Current as Scalar, faults);
            return null;
        }
        // "\UFFFFFFFF" reaches char.ConvertFromUtf32, and who knows what else: what the parser cannot read is a mistake of the file
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or IndexOutOfRangeException or FormatException or OverflowException)
        {
            int end = reader._parser.Current?.End.Index ?? 0;
            faults.Add(new Place(source, Math.Clamp(end, 0, source.Text.Length), 1), "what follows is not YAML", "look for an escape like \\U… in double quotes");
            return null;
        }
    }

    private Node? ReadDocument()
    {
        ParsingEvent? current = Next();
        while (current is StreamStart)
            current = Next();
        if (current is not DocumentStart)
            return Empty();
        Next();
        Node? root = ReadNode(0);
        if (root is null)
            return null;
        Next();
        if (Next() is DocumentStart second)
        {
            _faults.Add(PlaceOf(second.Start.Index, 3), "a second document begins here; a file has one", "put it into a file of its own, and give both: -f FIRST -f SECOND");
        }
        return root.IsNull ? Empty() : root;
    }

    private Node? Empty()
    {
        _faults.Add(new Place(_source, 0, 1), "the file is empty", "warren init writes a first one");
        return null;
    }

    private ParsingEvent? Next() => _parser.MoveNext() ? _parser.Current : null;

    // The node at the current event; null when reading must end.
    private Node? ReadNode(int depth)
    {
        ParsingEvent? current = _parser.Current;
        Node? node;
        switch (current)
        {
            case AnchorAlias alias:
                return ReadAlias(alias, depth);
            case Scalar scalar:
                node = new Node(_source, NodeKind.Scalar, scalar.Start.Index, scalar.End.Index - scalar.Start.Index)
                {
                    Text = scalar.Value,
                    IsPlain = scalar.Style == ScalarStyle.Plain && scalar.Tag is null,
                    Weight = 1 + (scalar.Value.Length / CharactersOfNode),
                };
                if (scalar.Value.Contains('\0'))
                    _faults.Add(node.Place, "a NUL character; no program can be given one");
                if (!Count(node.Weight, node.Place))
                    return null;
                break;
            case SequenceStart or MappingStart:
                if (current is NodeEvent { Anchor: { } opened })
                    _anchors[opened] = null;
                node = ReadCollection((NodeEvent)current, depth);
                if (node is null)
                    return null;
                break;
            default:
                return Empty();
        }
        var properties = (NodeEvent)current;
        if (properties.Tag is { } tag)
            CheckTag(tag, node);
        if (properties.Anchor is { } anchor)
            _anchors[anchor] = node;
        return node;
    }

    private Node? ReadCollection(NodeEvent start, int depth)
    {
        Place place = PlaceOf(start.Start.Index, 1);
        if (depth >= Deepest)
        {
            _faults.Add(place, $"lists and mappings are more than {Deepest} deep in each other");
            return null;
        }
        if (!Count(1, place))
            return null;
        bool isFlow = start is SequenceStart { Style: YamlStyle.Flow } or MappingStart { Style: YamlStyle.Flow };
        _open.Add((place.Start, isFlow));
        int before = _nodes;
        Node? node = start is SequenceStart ? ReadSequence(place, depth) : ReadMapping(place, depth);
        if (node is null)
            return null;
        node.Weight = 1 + _nodes - before;
        _open.RemoveAt(_open.Count - 1);
        return node;
    }

    private Node? ReadSequence(Place place, int depth)
    {
        var items = new List<Node>();
        int height = 0;
        while (Next() is not (SequenceEnd or null))
        {
            Node? item = ReadNode(depth + 1);
            if (item is null)
                return null;
            items.Add(item);
            height = Math.Max(height, item.Height);
        }
        return new Node(_source, NodeKind.Sequence, place.Start, place.Length) { Items = items, Height = height + 1 };
    }

    private Node? ReadMapping(Place place, int depth)
    {
        var entries = new List<Entry>();
        List<Node>? merges = null;
        var keys = new Keys(entries);
        int height = 0;
        while (Next() is not (MappingEnd or null))
        {
            Node? key = ReadNode(depth + 1);
            if (key is null)
                return null;
            Next();
            Node? value = ReadNode(depth + 1);
            if (value is null)
                return null;
            height = Math.Max(height, Math.Max(key.Height, value.Height));
            // of a pair in a list ([a: b]) the parser says that it begins where the file does
            if (entries.Count == 0 && merges is null && key.Place.Start > place.Start && _open.Count > 1 && place.Start < _open[^2].Start)
                place = key.Place;
            if (key.Kind != NodeKind.Scalar)
                _faults.Add(key.Place, $"a key must be a text, not {key.KindWord}");
            else if (key is { IsPlain: true, Text: "" })
                _faults.Add(key.Place, "a key is missing before this ':'");
            else if (key is { IsPlain: true, Text: "<<" } && merges is null)
                (merges ??= []).Add(value);
            else if (key is { IsPlain: true, Text: "<<" })
                _faults.Add(key.Place, "'<<' is given twice", "one '<<' takes a list: <<: [*a, *b]");
            else if (keys.Find(key.Text) is { } first)
                _faults.Add(key.Place, $"the key {Faults.Quote(key.Text)} is given twice; first in {first.Place.SeenFrom(key.Place)}");
            else
                keys.Add(new Entry(key, value));
        }
        foreach (Node merged in merges ?? [])
            Merge(merged, ref keys);
        if (entries.Count > 0 && _source.Text.AsSpan(place.Start).StartsWith(entries[0].Key.Text, StringComparison.Ordinal))
            place = entries[0].Key.Place;
        return new Node(_source, NodeKind.Mapping, place.Start, place.Length) { Entries = entries, Height = height + 1 };
    }

    // <<: *a or <<: [*a, *b]: what the mapping has itself wins, then the first of the list
    private void Merge(Node value, ref Keys keys)
    {
        if (value.Kind == NodeKind.Mapping)
        {
            foreach (Entry entry in value.Entries)
            {
                if (keys.Find(entry.Key.Text) is null)
                    keys.Add(entry);
            }
            return;
        }
        if (value.Kind == NodeKind.Scalar)
        {
            if (value.IsLost)
                return;
            _faults.Add(value.Place, $"'<<' takes a mapping, not {value.KindWord}", "as in <<: *defaults, with 'x-defaults: &defaults' at the head of the file");
            return;
        }
        foreach (Node item in value.Items)
        {
            if (item.Kind == NodeKind.Mapping)
                Merge(item, ref keys);
            else if (!item.IsLost)
                _faults.Add(item.Place, $"'<<' takes mappings, not {item.KindWord}", "as in <<: [*a, *b]");
        }
    }

    private Node? ReadAlias(AnchorAlias alias, int depth)
    {
        Place place = PlaceOf(alias.Start.Index, alias.End.Index - alias.Start.Index);
        if (!_anchors.TryGetValue(alias.Value, out Node? node))
        {
            string hint = "a text that begins with '*' is written in quotes";
            if (Nearest.Of(alias.Value, _anchors.Keys) is { } near)
                hint = $"did you mean '*{near}'?";
            _faults.Add(place, $"there is no anchor '&{alias.Value}' above", hint);
            // as if nothing were written here, so that the rest can be read
            node = new Node(_source, NodeKind.Scalar, place.Start, place.Length) { IsPlain = true, IsLost = true, Weight = 1 };
            return Count(1, place) ? node : null;
        }
        if (node is null)
        {
            _faults.Add(place, $"'*{alias.Value}' is inside of '&{alias.Value}': it would hold itself");
            return null;
        }
        if (depth + node.Height > Deepest)
        {
            _faults.Add(place, $"with this alias, lists and mappings are more than {Deepest} deep in each other");
            return null;
        }
        return Count(node.Weight, place) ? node.SeenAt(place.Start, place.Length) : null;
    }

    private bool Count(int weight, Place place)
    {
        _nodes += weight;
        if (_nodes <= MostNodes)
            return true;
        _faults.Add(place, $"the file has more than {MostNodes:N0} values, with all aliases written out");
        return false;
    }

    private void CheckTag(string tag, Node node)
    {
        bool fits = tag.StartsWith(StandardTags, StringComparison.Ordinal)
            && tag.AsSpan(StandardTags.Length) switch
            {
                "str" or "int" or "float" or "bool" or "null" => node.Kind == NodeKind.Scalar,
                "seq" => node.Kind == NodeKind.Sequence,
                "map" => node.Kind == NodeKind.Mapping,
                _ => false,
            };
        if (fits || tag == "!")
            return;
        int start = _source.Text.IndexOf('!', node.Place.Start);
        int end = start;
        while (end >= 0 && end < _source.Text.Length && !char.IsWhiteSpace(_source.Text[end]))
            end++;
        Place place = start < 0 ? node.Place : PlaceOf(start, end - start);
        string written = start < 0 ? tag : _source.Text[start..end];
        _faults.Add(place, $"the tag {Faults.Quote(written)} means nothing here", "leave it out; a text that begins with '!' is written in quotes");
    }

    private Place PlaceOf(int start, int length) => new(_source, start, length);

    // The keys of a mapping: few are compared, many are looked up.
    private struct Keys(List<Entry> entries)
    {
        private const int Few = 8;

        private Dictionary<string, Node>? _byText;

        public readonly Node? Find(string text)
        {
            if (_byText is not null)
                return _byText.GetValueOrDefault(text);
            foreach (Entry entry in entries)
            {
                if (entry.Key.Text == text)
                    return entry.Key;
            }
            return null;
        }

        public void Add(Entry entry)
        {
            entries.Add(entry);
            if (entries.Count == Few)
            {
                _byText = new Dictionary<string, Node>(StringComparer.Ordinal);
                foreach (Entry each in entries)
                    _byText.Add(each.Key.Text, each.Key);
            }
            else
            {
                _byText?.Add(entry.Key.Text, entry.Key);
            }
        }
    }
}
