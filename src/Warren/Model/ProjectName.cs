namespace Warren.Model;

/// <summary>The names of projects: what belongs to one file.</summary>
internal static class ProjectName
{
    /// <summary>The longest name that a file may give, in characters.</summary>
    public const int Longest = 40;

    private const int HashDigits = 6;

    /// <summary>What is wrong with a name that a file gives, or null.</summary>
    public static string? Fault(string name) =>
        name.Length > Longest ? $"has {name.Length} characters; {Longest} are allowed" : NamespaceName.Fault(name);

    /// <summary>
    /// The name of a project whose file gives none: its folder's, and a hash of the file's whole path, so that two folders of the same
    /// name are two projects. The <c>~</c> can be in no name that a file gives.
    /// </summary>
    /// <param name="path">The file's absolute path, without symbolic links.</param>
    public static string OfFile(string path)
    {
        string folder = Path.GetFileName(Path.GetDirectoryName(path) ?? "");
        var name = new System.Text.StringBuilder();
        foreach (char c in folder)
        {
            bool fits = char.IsAsciiLetterOrDigit(c) || (name.Length > 0 && c is '-' or '_' or '.');
            if (fits && name.Length < Longest - HashDigits - 1)
                name.Append(c);
        }
        if (name.Length == 0)
            name.Append("root");
        name.Append('~');
        ulong hash = NamespaceName.Hash(path, 3);
        for (int i = 0; i < HashDigits; i++, hash >>= 4)
            name.Append("0123456789abcdef"[(int)(hash & 15)]);
        return name.ToString();
    }

    /// <summary>Whether a text can be the name of a project: one that a file gave, or one of <see cref="OfFile"/>.</summary>
    public static bool IsValid(string name)
    {
        int tilde = name.IndexOf('~', StringComparison.Ordinal);
        if (tilde < 0)
            return Fault(name) is null;
        return tilde + 1 + HashDigits == name.Length
            && Fault(name[..tilde]) is null
            && name.Length <= Longest
            && name[(tilde + 1)..].All(char.IsAsciiHexDigitLower);
    }
}
