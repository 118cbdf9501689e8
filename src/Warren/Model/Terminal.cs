using System.Globalization;
using System.Text;

namespace Warren.Model;

/// <summary>Text of others on its way to a terminal.</summary>
internal static class Terminal
{
    /// <summary>
    /// The text with everything that a terminal obeys or that turns letters around written out: control characters (C0, DEL,
    /// C1) as <c>\x1b</c>, format characters, line separators and halves of surrogate pairs as <c>\u202e</c>. All else stays.
    /// </summary>
    public static string Safe(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        StringBuilder? safe = null;
        for (int i = 0; i < text.Length;)
        {
            bool whole = Rune.TryGetRuneAt(text, i, out Rune rune);
            int length = whole ? rune.Utf16SequenceLength : 1;
            if (!whole || IsObeyed(rune))
            {
                safe ??= new StringBuilder(text, 0, i, text.Length + 16);
                safe.Append(Escape(whole ? rune.Value : text[i]));
            }
            else
            {
                safe?.Append(text, i, length);
            }
            i += length;
        }
        return safe?.ToString() ?? text;
    }

    private static bool IsObeyed(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator;

    private static string Escape(int character) =>
        character switch
        {
            <= 0xff => $"\\x{character:x2}",
            <= 0xffff => $"\\u{character:x4}",
            _ => $"\\U{character:x8}",
        };
}
