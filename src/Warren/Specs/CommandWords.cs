using System.Text;

namespace Warren.Specs;

/// <summary>Splits a command into words, as sh does. What sh would do beyond that is refused, for no shell will read it.</summary>
internal static class CommandWords
{
    /// <summary>What is wrong, and where in the text.</summary>
    internal readonly record struct Fault(int Start, int Length, string Message, string Hint);

    /// <summary>The words of a command, or what is wrong with it.</summary>
    public static Fault? Split(string text, List<string> words)
    {
        var word = new StringBuilder();
        bool open = false;
        for (int i = 0; i < text.Length;)
        {
            char c = text[i];
            if (c is ' ' or '\t')
            {
                End(ref open, word, words);
                i++;
                continue;
            }
            if (c is '\n' or '\r')
            {
                int rest = i;
                while (rest < text.Length && char.IsWhiteSpace(text[rest]))
                    rest++;
                if (rest < text.Length)
                    return new Fault(i, 1, "a command of several lines needs a shell", Shell("…"));
                break;
            }
            if (Refused(text, i, open, words.Count, word) is { } fault)
                return fault;
            open = true;
            switch (c)
            {
                case '\'':
                    int close = text.IndexOf('\'', i + 1);
                    if (close < 0)
                        return new Fault(i, 1, "the quote ' is not closed", "write \\' for an apostrophe");
                    word.Append(text, i + 1, close - i - 1);
                    i = close + 1;
                    break;
                case '"':
                    if (DoubleQuoted(text, ref i, word) is { } inside)
                        return inside;
                    break;
                case '\\':
                    if (i + 1 == text.Length)
                        return new Fault(i, 1, "a backslash at the end stands for nothing", "write \\\\ for a backslash");
                    // a line that goes on
                    if (text[i + 1] != '\n')
                        word.Append(text[i + 1]);
                    else if (word.Length == 0)
                        open = false;
                    i += 2;
                    break;
                default:
                    word.Append(c);
                    i++;
                    break;
            }
        }
        End(ref open, word, words);
        return words.Count > 0 ? null : new Fault(0, text.Length, "the command is empty", "as in run: flask --app hello run");
    }

    /// <summary>How the same is said to a shell.</summary>
    public static string Shell(string command) => $"to have a shell run it, write [sh, -c, \"{command}\"]";

    private static void End(ref bool open, StringBuilder word, List<string> words)
    {
        if (!open)
            return;
        words.Add(word.ToString());
        word.Clear();
        open = false;
    }

    private static Fault? DoubleQuoted(string text, ref int i, StringBuilder word)
    {
        int start = i++;
        for (; i < text.Length && text[i] != '"'; i++)
        {
            if (text[i] == '`' || IsExpansion(text, i))
                return new Fault(i, text[i] == '`' ? 1 : 2, "a shell would expand this, even in double quotes, and none reads it", Shell("…") + "; in single quotes it stands for itself");
            // in double quotes a backslash quotes only these
            if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] is '"' or '\\' or '$' or '`' or '\n')
            {
                i++;
                if (text[i] == '\n')
                    continue;
            }
            word.Append(text[i]);
        }
        if (i >= text.Length)
            return new Fault(start, 1, "the quote \" is not closed", "write \\\" for a quotation mark");
        i++;
        return null;
    }

    // What a shell would not take as it stands.
    private static Fault? Refused(string text, int i, bool inWord, int words, StringBuilder word)
    {
        char c = text[i];
        switch (c)
        {
            case '|' or '&' or ';' or '<' or '>' or '(' or ')' or '`' or '*':
                int length = i + 1 < text.Length && text[i + 1] == c && c is '|' or '&' or '>' or '<' ? 2 : 1;
                return new Fault(i, length, $"'{text.Substring(i, length)}' is for a shell, and none reads this command", Shell("…") + $"; for a plain '{c}', quote it: '{c}'");
            case '$' when IsExpansion(text, i):
                return new Fault(i, 2, "a shell would expand this, and none reads this command", Shell("…") + "; in single quotes it stands for itself");
            case '#' when !inWord:
                return new Fault(i, 1, "to a shell '#' begins a comment, and none reads this command", "quote it: '#'");
            case '~' when !inWord:
                return new Fault(i, 1, "'~' is not expanded here", "write the whole path, or ${HOME}");
            case '=' when words == 0 && inWord && IsName(word):
                return new Fault(i, 1, $"a variable before a command is for a shell", $"write it under 'environment': {{{word}: …}}");
            default:
                return null;
        }
    }

    private static bool IsExpansion(string text, int i) =>
        text[i] == '$' && i + 1 < text.Length && (text[i + 1] is '(' or '{' or '_' || char.IsAsciiLetter(text[i + 1]));

    private static bool IsName(StringBuilder word)
    {
        for (int i = 0; i < word.Length; i++)
        {
            if (!char.IsAsciiLetter(word[i]) && word[i] != '_' && (i == 0 || !char.IsAsciiDigit(word[i])))
                return false;
        }
        return word.Length > 0;
    }
}
