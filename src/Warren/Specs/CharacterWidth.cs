using System.Globalization;
using System.Text;

namespace Warren.Specs;

/// <summary>How many columns of a terminal a character takes.</summary>
internal static class CharacterWidth
{
    // Unicode's East Asian Width W and F, in the coarse: scripts of China, Japan and Korea, full-width forms, pictures
    private static readonly (int First, int Last)[] s_wide =
    [
        (0x1100, 0x115f),
        (0x2e80, 0x303e),
        (0x3041, 0xa4cf),
        (0xa960, 0xa97f),
        (0xac00, 0xd7a3),
        (0xf900, 0xfaff),
        (0xfe30, 0xfe6f),
        (0xff00, 0xff60),
        (0xffe0, 0xffe6),
        (0x1f300, 0x1f64f),
        (0x1f680, 0x1f6ff),
        (0x1f900, 0x1faff),
        (0x20000, 0x3fffd),
    ];

    /// <summary>0 for what stands on the character before it, 2 for wide ones, else 1.</summary>
    public static int Of(Rune rune)
    {
        if (rune.Value < 0x300)
            return 1;
        if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark)
            return 0;
        foreach ((int first, int last) in s_wide)
        {
            if (rune.Value >= first && rune.Value <= last)
                return 2;
        }
        return 1;
    }
}
