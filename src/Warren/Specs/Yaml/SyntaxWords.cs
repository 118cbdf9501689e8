using SharpYaml;
using SharpYaml.Events;

namespace Warren.Specs.Yaml;

/// <summary>What the parser says, in words that help: where to look, and what to write.</summary>
internal static class SyntaxWords
{
    private const string Quotes = "put the whole value in quotes";
    private const string Indentation = "the keys of a mapping begin in the same column, as the '-' of a list do";

    /// <summary>Notes the mistake at which the parser stopped.</summary>
    /// <param name="error">What it says.</param>
    /// <param name="source">The file.</param>
    /// <param name="open">The lists and mappings that are open, the innermost last.</param>
    /// <param name="last">The text before it, if it was one.</param>
    /// <param name="faults">Where it is noted.</param>
    public static void Tell(YamlException error, SourceText source, List<(int Start, bool IsFlow)> open, Scalar? last, Faults faults)
    {
        string text = source.Text;
        int start = Math.Clamp(error.Start.Index, 0, text.Length);
        int length = Math.Max(1, Math.Clamp(error.End.Index, start, text.Length) - start);
        (string message, string hint) = Words(error.Message, text, start);
        if (message.Length == 0)
        {
            // the parser's own words follow the position
            int colon = error.Message.IndexOf("): ", StringComparison.Ordinal);
            message = "not YAML: " + error.Message[(colon < 0 ? 0 : colon + 3)..].TrimEnd('.');
        }
        if (error.Message.Contains("could not find expected ':'", StringComparison.Ordinal))
            start = LineBefore(text, start, out length);
        if (error.Message.Contains("Mapping values", StringComparison.Ordinal) && last is { Style: ScalarStyle.Plain } && LineOf(source, last.Start.Index) < LineOf(source, start))
        {
            // a text goes on in the next line: a key without ':', or one that is further in than the key above
            message = $"the text that begins here goes on to the ': ' in line {LineOf(source, start) + 1}";
            hint = "a key has a ': ' after it, and " + Indentation;
            (start, length) = (last.Start.Index, int.MaxValue);
        }
        bool ends = string.IsNullOrWhiteSpace(text[start..Math.Min(text.Length, start + 4096)]);
        if (open is [.., (var opened, true)] && (IsUnclosed(error.Message) || ends) && (ends || LineOf(source, opened) != LineOf(source, start)))
        {
            string mark = text[Math.Min(opened, text.Length - 1)] == '[' ? "[" : "{";
            message = $"this '{mark}' is not closed";
            hint = $"a ',' or '{(mark == "[" ? "]" : "}")}' is missing by line {LineOf(source, start) + 1}";
            (start, length) = (opened, 1);
        }
        else if (ends)
        {
            // after all text: at its end
            start = text.AsSpan().TrimEnd().Length;
        }
        faults.Add(new Place(source, start, length), message, hint);
    }

    private static (string Message, string Hint) Words(string said, string text, int start)
    {
        char found = start < text.Length ? text[start] : '\0';
        bool Says(string words) => said.Contains(words, StringComparison.Ordinal);
        if (Says("tab character") || (Says("cannot start any token") && found == '\t'))
            return ("a tab; only spaces indent in YAML", "put spaces in its place");
        if (Says("cannot start any token"))
            return ($"a value cannot begin with '{found}'", Quotes);
        if (Says("Mapping values are not allowed"))
            return ("a ': ' cannot be here", "put the value before it in quotes, or begin the key on a line of its own, as far in as its neighbours");
        if (Says("Block sequence entries are not allowed"))
            return ("a list's '- ' cannot be here", "begin it on a line of its own");
        if (Says("did not find expected key"))
            return ("this does not go on with the mapping above", Indentation);
        if (Says("expected '-' indicator"))
            return ("this does not go on with the list above", Indentation);
        if (Says("expected ',' or ']'"))
            return ("a ',' or ']' is missing before this", "a list is written [A, B]");
        if (Says("expected ',' or '}'"))
            return ("a ',' or '}' is missing before this", "a mapping is written {KEY: VALUE, KEY: VALUE}");
        if (Says("could not find expected ':'"))
            return ("this key has no ': ' after it", "a key is written KEY: VALUE, and an item of a list with a space: - ITEM");
        if (Says("unexpected end of stream") || Says("unexpected document indicator"))
            return ($"the quotes that begin here are not closed", "");
        if (Says("unknown escape character"))
            return ("a backslash in these double quotes begins no escape", "write \\\\ for a backslash, or use single quotes, in which everything stands for itself");
        if (Says("hexdecimal") || Says("Unicode character escape"))
            return ("an escape in these double quotes is no character", "it is written \\x41, \\u0041 or \\U00000041");
        if (Says("anchor or alias"))
            return ($"'{found}' must have a name after it", $"&NAME marks a value and *NAME repeats it; as a text, {Quotes.Replace("the whole value", "it", StringComparison.Ordinal)}");
        if (Says("node content"))
            return (start >= text.Length ? "the file ends where a value must follow" : $"'{found}' cannot be here", start >= text.Length ? "" : Quotes);
        if (Says("expected <document start>"))
            return ("this does not go on with what is above", Indentation);
        if (Says("block scalar"))
            return ("after '|' or '>' the text begins on the next line, further in", "as in 'run: >-', and the command below it");
        if (Says("directive") || Says("incompatible YAML"))
            return ("a line that begins with '%' is a directive, and this one is not known", "leave it out");
        if (Says("tag"))
            return ("a tag that means nothing here", "leave it out; a text that begins with '!' is written in quotes");
        return ("", "");
    }

    private static bool IsUnclosed(string said) =>
        said.Contains("expected ',' or", StringComparison.Ordinal)
        || said.Contains("could not find expected ':'", StringComparison.Ordinal)
        || said.Contains("Mapping values are not allowed", StringComparison.Ordinal);

    private static int LineOf(SourceText source, int index) => source.Locate(index).Line;

    // the parser notices a missing ':' only on the next line
    private static int LineBefore(string text, int index, out int length)
    {
        int end = text.AsSpan(0, index).TrimEnd().Length;
        int start = text.AsSpan(0, end).LastIndexOfAny('\n', '\r') + 1;
        while (start < end && text[start] == ' ')
            start++;
        length = Math.Max(1, end - start);
        return start;
    }
}
