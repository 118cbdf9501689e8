using System.Globalization;
using System.Text;

namespace Warren.Model;

/// <summary>Texts that come from elsewhere, made fit for a terminal.</summary>
public static class Terminal
{
    /// <summary>Replaces whatever a terminal could obey, and what changes the direction of writing, by <c>\x1b</c> and the like.</summary>
    public static string Safe(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        bool safe = true;
        foreach (char c in text)
            safe &= IsSafe(c);
        if (safe)
            return text;
        var result = new StringBuilder(text.Length + 16);
        foreach (char c in text)
        {
            if (IsSafe(c))
                result.Append(c);
            else
                result.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}");
        }
        return result.ToString();
    }

    private static bool IsSafe(char c) =>
        c is >= ' ' and <= '~'
        || (
            c > '~'
            && char.GetUnicodeCategory(c)
                is not (
                    UnicodeCategory.Control
                    or UnicodeCategory.Format
                    or UnicodeCategory.LineSeparator
                    or UnicodeCategory.ParagraphSeparator
                    or UnicodeCategory.PrivateUse
                    or UnicodeCategory.OtherNotAssigned
                )
        );
}
