namespace Warren.Specs;

/// <summary>Finds the word that was meant.</summary>
internal static class Nearest
{
    private const int Longest = 64;

    /// <summary>The known word with the fewest letters changed, left out, put in or exchanged; null if none is near.</summary>
    public static string? Of(string word, IEnumerable<string> known)
    {
        if (word.Length is 0 or > Longest)
            return null;
        string? best = null;
        int least = int.MaxValue;
        foreach (string each in known)
        {
            // a third of the letters, and at least one
            int most = Math.Max(1, Math.Max(word.Length, each.Length) / 3);
            if (each.Length > Longest || Math.Abs(each.Length - word.Length) > most)
                continue;
            int distance = Distance(word, each);
            if (distance <= most && distance < least)
                (best, least) = (each, distance);
        }
        return best;
    }

    // the optimal string alignment: Levenshtein's distance with exchanged neighbours, without regard to case
    private static int Distance(string a, string b)
    {
        Span<int> before = stackalloc int[Longest + 1];
        Span<int> above = stackalloc int[Longest + 1];
        Span<int> row = stackalloc int[Longest + 1];
        for (int j = 0; j <= b.Length; j++)
            above[j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int cost = Same(a[i - 1], b[j - 1]) ? 0 : 1;
                int least = Math.Min(Math.Min(above[j] + 1, row[j - 1] + 1), above[j - 1] + cost);
                if (i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]))
                    least = Math.Min(least, before[j - 2] + 1);
                row[j] = least;
            }
            Span<int> free = before;
            before = above;
            above = row;
            row = free;
        }
        return above[b.Length];
    }

    private static bool Same(char a, char b) => char.ToLowerInvariant(a) == char.ToLowerInvariant(b);
}
