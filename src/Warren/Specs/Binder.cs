using Warren.Model;
using Warren.Specs.Yaml;

namespace Warren.Specs;

/// <summary>Reads the nodes of files into drafts. It goes on after a mistake, so that all of them are told at once.</summary>
internal sealed partial class Binder(Variables variables, Faults faults)
{
    /// <summary>What the files say, put together.</summary>
    public SpecDraft Draft { get; } = new();

    /// <summary>Reads a file, over what the files before it said.</summary>
    public void Bind(Node root) => Mapping(root, SpecKeys.File, Draft);

    /// <summary>Reads <c>name</c>.</summary>
    public void ProjectName(Entry entry, SpecDraft draft)
    {
        const int Longest = 40;
        if (Filled(entry) is not { } name)
            return;
        if (NamespaceName.Fault(name) is { } fault)
            faults.Add(entry.Value.Place, $"the name {Faults.Quote(name)} {fault}", "a name like shop: a letter or digit, then letters, digits, '-', '_', '.'");
        else if (name.Length > Longest)
            faults.Add(entry.Value.Place, $"the name {Faults.Quote(name)} has {name.Length} characters; {Longest} are allowed");
        else
            draft.Name = name;
    }

    /// <summary>Reads <c>namespaces</c>.</summary>
    public void Namespaces(Entry entry, SpecDraft draft)
    {
        draft.NamespacesKey ??= entry.Key.Place;
        if (!Is(entry.Value, NodeKind.Mapping, "'namespaces'", "as in namespaces: {web1: {ports: [\"6000:8080\"]}}"))
            return;
        foreach (Entry each in entry.Value.Entries)
        {
            string name = each.Key.Text;
            NameFault(each.Key, "a namespace");
            NamespaceDraft space = draft.Namespaces.Find(name) ?? draft.Namespaces.Add(new NamespaceDraft(name, each.Key.Place));
            if (Is(each.Value, NodeKind.Mapping, $"the namespace {Faults.Quote(name)}", $"as in {name}: {{run: flask run}}"))
                Mapping(each.Value, SpecKeys.Namespace, space);
        }
    }

    /// <summary>Reads <c>host</c>.</summary>
    public void Host(Entry entry, SpecDraft draft)
    {
        if (Is(entry.Value, NodeKind.Mapping, "'host'", "as in host: {forward-policy: drop}"))
            Mapping(entry.Value, SpecKeys.Host, draft.Host);
    }

    /// <summary>Reads <c>forward-policy</c>: whether it is to drop.</summary>
    public bool? ForwardPolicy(Entry entry)
    {
        if (Filled(entry) is not { } text)
            return null;
        if (text is "drop" or "accept")
            return text == "drop";
        faults.Add(entry.Value.Place, $"{Faults.Quote(text)} is no policy", text.ToLowerInvariant() is "drop" or "accept" ? $"did you mean {text.ToLowerInvariant()}?" : "drop, or accept, which is as if the line were not there");
        return null;
    }

    /// <summary>A value that must be a text with something in it; null if it is not: then it was said why.</summary>
    public string? Filled(Entry entry)
    {
        if (Text(entry.Value, $"'{entry.Key.Text}'") is not { } text)
            return null;
        if (!string.IsNullOrWhiteSpace(text))
            return text;
        faults.Add(entry.Value.Place, $"'{entry.Key.Text}' is empty");
        return null;
    }

    /// <summary>Reads a duration.</summary>
    public TimeSpan? Duration(Entry entry)
    {
        if (Filled(entry) is not { } text)
            return null;
        if (Durations.Parse(text, out TimeSpan duration) is not { } fault)
            return duration;
        string hint = text.All(char.IsAsciiDigit) && text.Length < 6 ? $"did you mean {text}s?" : "";
        faults.Add(entry.Value.Place, $"{Faults.Quote(text)} {fault}", hint);
        return null;
    }

    // Reads the keys of a mapping, each with the part of the binder that its key names.
    private void Mapping<T>(Node node, KeySet<T> set, T draft)
    {
        foreach (Entry entry in node.Entries)
        {
            SpecKey<T>? known = Find(set.Keys, entry.Key.Text);
            if (known is not null)
                known.Bind(this, entry, draft);
            else if (!set.TakesExtensions || !entry.Key.Text.StartsWith("x-", StringComparison.Ordinal))
                Unknown(entry.Key, set);
        }
    }

    private static SpecKey<T>? Find<T>(SpecKey<T>[] keys, string name)
    {
        foreach (SpecKey<T> key in keys)
        {
            if (key.Name == name)
                return key;
        }
        return null;
    }

    private void Unknown<T>(Node key, KeySet<T> set)
    {
        string? hint = faults.IsFull ? "" : set.Foreign(key.Text);
        if (hint is null && Nearest.Of(key.Text, set.Keys.Select(each => each.Name)) is { } near)
            hint = $"did you mean '{near}'?";
        hint ??= "known here: " + string.Join(", ", set.Keys.Select(each => each.Name));
        faults.Add(key.Place, $"unknown key {Faults.Quote(key.Text)} in {set.Where}", hint);
    }

    // Whether a value is of a kind; nothing at all is not, and no mistake where a list or mapping may be empty.
    private bool Is(Node node, NodeKind kind, string what, string hint)
    {
        if (node.Kind == kind)
            return true;
        if (!node.IsNull && !node.IsLost)
            faults.Add(node.Place, $"{what} takes {(kind == NodeKind.Mapping ? "a mapping" : "a list")}, not {node.KindWord}", hint);
        return false;
    }

    // A scalar's text with its variables replaced, or null: then it was said why.
    private string? Text(Node node, string what)
    {
        if (node.Kind != NodeKind.Scalar)
        {
            faults.Add(node.Place, $"{what} takes a text, not {node.KindWord}");
            return null;
        }
        if (node.IsLost)
            return null;
        if (!node.IsNull)
            return variables.Expand(node);
        faults.Add(node.Place, $"{what} has no value", node.Text.Length == 0 ? "write one, or leave the line out" : $"write one, or leave the line out; the text {node.Text} is written in quotes");
        return null;
    }

    // The texts of a list, of those that are texts. Null if it is no list.
    private List<(string Text, Node Node)>? Texts(Entry entry, string hint)
    {
        string what = $"'{entry.Key.Text}'";
        if (!Is(entry.Value, NodeKind.Sequence, what, hint))
            return null;
        var texts = new List<(string, Node)>(entry.Value.Items.Count);
        foreach (Node item in entry.Value.Items)
        {
            if (Text(item, $"an item of {what}") is { } text)
                texts.Add((text, item));
        }
        return texts;
    }

    private void NameFault(Node key, string what)
    {
        if (NamespaceName.Fault(key.Text) is { } fault)
            faults.Add(key.Place, $"the name {Faults.Quote(key.Text)} of {what} {fault}", key.Text.Contains('$', StringComparison.Ordinal) ? "variables are for values; a key stands for itself" : "");
    }
}
