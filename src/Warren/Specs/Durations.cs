using System.Text;

namespace Warren.Specs;

/// <summary>Lengths of time as compose writes them: <c>500ms</c>, <c>10s</c>, <c>1m30s</c>, <c>1h</c>.</summary>
internal static class Durations
{
    /// <summary>The longest, a day.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(24);

    private static readonly (string Unit, long Ticks)[] s_units =
    [
        ("h", TimeSpan.TicksPerHour),
        ("m", TimeSpan.TicksPerMinute),
        ("s", TimeSpan.TicksPerSecond),
        ("ms", TimeSpan.TicksPerMillisecond),
        ("us", TimeSpan.TicksPerMicrosecond),
    ];

    /// <summary>Reads a duration.</summary>
    /// <param name="text">What was written.</param>
    /// <param name="duration">The duration.</param>
    /// <returns>What is wrong with it, or null.</returns>
    public static string? Parse(string text, out TimeSpan duration)
    {
        duration = default;
        long ticks = 0;
        int i = 0;
        do
        {
            int start = i;
            long number = 0;
            while (i < text.Length && char.IsAsciiDigit(text[i]) && i - start < 12)
                number = (number * 10) + (text[i++] - '0');
            int unit = i;
            while (i < text.Length && char.IsAsciiLetterLower(text[i]))
                i++;
            long factor = unit == start ? 0 : Factor(text.AsSpan(unit, i - unit));
            if (factor == 0)
                return "is no duration; write a number with h, m, s or ms, as in 10s or 1m30s";
            // twelve digits times an hour do not overflow twice
            if (number > Longest.Ticks / factor || (ticks += number * factor) > Longest.Ticks)
                return "is too long; 24h is the most";
        } while (i < text.Length);
        duration = TimeSpan.FromTicks(ticks);
        return null;
    }

    /// <summary>A duration in the same words; microseconds are the least.</summary>
    public static string Text(TimeSpan duration)
    {
        long ticks = duration.Ticks;
        var text = new StringBuilder();
        foreach ((string unit, long factor) in s_units)
        {
            if (ticks < factor)
                continue;
            text.Append(ticks / factor).Append(unit);
            ticks %= factor;
        }
        return text.Length > 0 ? text.ToString() : "0s";
    }

    private static long Factor(ReadOnlySpan<char> unit)
    {
        foreach ((string known, long ticks) in s_units)
        {
            if (unit.SequenceEqual(known))
                return ticks;
        }
        return 0;
    }
}
