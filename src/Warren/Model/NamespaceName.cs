using System.Text;

namespace Warren.Model;

/// <summary>The rules for names, and the names of links that follow from them.</summary>
public static class NamespaceName
{
    /// <summary>The longest name, in characters: that of a host name's part (RFC 1035).</summary>
    public const int Longest = 63;

    /// <summary>What every host end's name begins with.</summary>
    public const string LinkPrefix = "wrn-";

    private const int LongestLinkName = 15;

    /// <summary>What is wrong with a name, or null.</summary>
    public static string? Fault(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length == 0)
            return "is empty";
        if (name.Length > Longest)
            return $"has {name.Length} characters; {Longest} are allowed";
        if (!char.IsAsciiLetterOrDigit(name[0]))
            return "does not begin with a letter or digit";
        foreach (char c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.'))
                return $"holds '{Terminal.Safe(c.ToString())}'; letters, digits, '-', '_' and '.' are allowed";
        }
        return null;
    }

    /// <summary>
    /// The host end's name. One that does not fit the kernel's 15 characters is cut and carries a hash of the whole; the
    /// <c>~</c> before it can be in no namespace's name, so that it is never the name of another's link.
    /// </summary>
    /// <param name="name">The namespace's name.</param>
    /// <param name="attempt">0, and more when the link of another namespace was found under the name.</param>
    public static string LinkName(string name, int attempt = 0)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length <= LongestLinkName - LinkPrefix.Length)
            return LinkPrefix + name;
        const string Alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
        ulong hash = Hash(name, attempt);
        var text = new StringBuilder(LinkPrefix, LongestLinkName).Append(name, 0, 5).Append('~');
        while (text.Length < LongestLinkName)
        {
            text.Append(Alphabet[(int)(hash % (ulong)Alphabet.Length)]);
            hash /= (ulong)Alphabet.Length;
        }
        return text.ToString();
    }

    /// <summary>FNV-1a, 64 bits: the same on every run, unlike string.GetHashCode.</summary>
    internal static ulong Hash(string text, int salt)
    {
        ulong hash = 14695981039346656037 + (ulong)salt;
        foreach (char c in text)
            hash = (hash ^ c) * 1099511628211;
        return hash ^ (hash >> 29);
    }
}
