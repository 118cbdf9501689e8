using System.Buffers;
using System.Globalization;
using System.Text;

namespace Warren.Specs;

/// <summary>Texts as they are written in YAML: plain where every reader takes them for the same text, else in double quotes.</summary>
internal static class YamlText
{
    // in lists and mappings too, to shells too
    private static readonly SearchValues<char> s_plain = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:@%+=");

    private static readonly SearchValues<char> s_number = SearchValues.Create("0123456789abcdefABCDEFxoTZ:_-.+ ");

    /// <summary>A value: <c>$</c> is doubled.</summary>
    public static string Value(string text) => Scalar(text.Replace("$", "$$", StringComparison.Ordinal));

    /// <summary>A key, in which <c>$</c> stands for itself.</summary>
    public static string Key(string text) => Scalar(text);

    /// <summary>A text, plain or quoted.</summary>
    public static string Scalar(string text) => IsPlainWord(text) && IsPlain(text) ? text : Quoted(text);

    /// <summary>Whether a word needs no quotes in a command.</summary>
    public static bool IsPlainWord(string word) => word.Length > 0 && !word.AsSpan().ContainsAnyExcept(s_plain) && word[^1] != ':';

    /// <summary>Whether words with a space between them are read as a text by every reader of YAML.</summary>
    public static bool IsPlain(string text)
    {
        bool isOption = text.TrimStart('-') is { Length: > 0 } option && text.Length - option.Length is 1 or 2 && char.IsAsciiLetter(option[0]);
        if (!char.IsAsciiLetterOrDigit(text[0]) && text[0] is not ('/' or '.' or '_') && !isOption)
            return false;
        return text.Contains(' ', StringComparison.Ordinal) || !IsOther(text);
    }

    // what some reader takes for a number, a time, a truth or nothing
    private static bool IsOther(string text)
    {
        if (text.ToLowerInvariant() is "null" or "true" or "false" or "yes" or "no" or "on" or "off" or "y" or "n" or ".nan" or ".inf")
            return true;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _))
            return true;
        // 6000:8080, 2026-01-01, 0x1f, 0o7, 1_000; but not 1.1.1.1
        return text.AsSpan().Count('.') < 2 && char.IsAsciiDigit(text[0]) && !text.AsSpan().ContainsAnyExcept(s_number);
    }

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"", text.Length + 2);
        foreach (char c in text)
        {
            switch (c)
            {
                case '"' or '\\':
                    quoted.Append('\\').Append(c);
                    break;
                case '\n':
                    quoted.Append("\\n");
                    break;
                case '\t':
                    quoted.Append("\\t");
                    break;
                default:
                    if (char.IsControl(c) || c is '\u2028' or '\u2029' or '\ufeff' || char.GetUnicodeCategory(c) == UnicodeCategory.Format)
                        quoted.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
                    else
                        quoted.Append(c);
                    break;
            }
        }
        return quoted.Append('"').ToString();
    }
}
