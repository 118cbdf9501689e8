using System.Diagnostics.CodeAnalysis;
using System.Text;
using Warren.Model;

namespace Warren.Planning;

/// <summary>
/// What the alias of a host end says: whose it is, which address the namespace has, which ports are published. The kernel keeps
/// it with the link, so there is no file that could say something else. <c>warren:web1 10.213.0.2/30 6000:8080 53:53/udp</c>,
/// <c>warren:web1 @shop >tun0 10.213.0.2/30</c>
/// </summary>
/// <param name="Namespace">The namespace's name.</param>
/// <param name="Inside">The namespace's address.</param>
/// <param name="Forwards">The published ports.</param>
public sealed record LinkMark(string Namespace, Cidr Inside, IReadOnlyList<Forward> Forwards)
{
    private const string Prefix = "warren:";
    private const char ProjectSign = '@';
    private const char UplinkSign = '>';
    private const string AdoptedWord = "adopted";
    private const string LoopbackWord = "lo";
    private const string MoreWord = "...";

    // IFALIASZ is 256 with the ending NUL. linux/if_link.h
    private const int Longest = 255;

    /// <summary>The project whose file asked for the namespace; null if it was typed.</summary>
    public string? Project { get; init; }

    /// <summary>Whether somebody else made the namespace.</summary>
    public bool Adopted { get; init; }

    /// <summary>Whether Warren switched lo on in a namespace that somebody else made.</summary>
    public bool SwitchedLoopbackOn { get; init; }

    /// <summary>The one link of the host by which the namespace leaves; null for any.</summary>
    public string? Uplink { get; init; }

    /// <summary>Whether there are more forwards than fitted: the maps know them all.</summary>
    public bool Cut { get; private init; }

    /// <summary>The alias, 255 characters at most.</summary>
    public string Write() => Text().ToString();

    // Of a thousand links a thousand texts, each for a moment.
    [ThreadStatic]
    private static StringBuilder? t_text;

    private StringBuilder Text()
    {
        StringBuilder text = t_text ??= new StringBuilder(Longest + 1);
        text.Clear().Append(Prefix).Append(Namespace);
        if (Project is not null)
            text.Append(' ').Append(ProjectSign).Append(Project);
        if (Adopted)
            text.Append(' ').Append(AdoptedWord);
        if (SwitchedLoopbackOn)
            text.Append(' ').Append(LoopbackWord);
        if (Uplink is not null)
            text.Append(' ').Append(UplinkSign).Append(Uplink);
        text.Append(' ').Append(Inside.ToString());
        // what was cut once is known to the maps alone, and the alias goes on saying so
        bool more = Cut;
        foreach (ref readonly ForwardSet.Run run in SetOf(Forwards).Runs)
        {
            int before = text.Length;
            Append(text.Append(' '), run);
            if (text.Length > Longest - MoreWord.Length - 1)
            {
                text.Length = before;
                more = true;
                break;
            }
        }
        if (more)
            text.Append(' ').Append(MoreWord);
        return text;
    }

    private static ForwardSet SetOf(IReadOnlyList<Forward> forwards) => forwards as ForwardSet ?? new ForwardSet(forwards);

    /// <summary>Reads an alias.</summary>
    /// <returns>False for any text that is not exactly what <see cref="Write"/> gives.</returns>
    public static bool TryParse(string alias, [NotNullWhen(true)] out LinkMark? mark)
    {
        mark = null;
        if (!alias.StartsWith(Prefix, StringComparison.Ordinal))
            return false;
        string[] words = alias[Prefix.Length..].Split(' ');
        if (NamespaceName.Fault(words[0]) is not null)
            return false;
        int i = 1;
        string? project = null;
        if (i < words.Length && words[i].StartsWith(ProjectSign))
            project = words[i++][1..];
        if (project is not null && !ProjectName.IsValid(project))
            return false;
        bool adopted = i < words.Length && words[i] == AdoptedWord;
        i += adopted ? 1 : 0;
        bool loopback = i < words.Length && words[i] == LoopbackWord;
        i += loopback ? 1 : 0;
        string? uplink = null;
        if (i < words.Length && words[i].StartsWith(UplinkSign))
            uplink = words[i++][1..];
        if (uplink is not null && UplinkName.Fault(uplink) is not null)
            return false;
        if (i >= words.Length || !Cidr.TryParse(words[i], out Cidr? inside))
            return false;
        var forwards = new ForwardSet([]);
        bool cut = false;
        for (i++; i < words.Length; i++)
        {
            if (words[i] == MoreWord)
                cut = true;
            else if (PortRequest.TryParse(words[i], out PortRequest? request, out _) && !request.TakesAny)
                forwards.Add(request);
            else
                return false;
        }
        var read = new LinkMark(words[0], inside.Value, forwards)
        {
            Project = project,
            Adopted = adopted,
            SwitchedLoopbackOn = loopback,
            Uplink = uplink,
            Cut = cut,
        };
        if (!read.Text().Equals(alias))
            return false;
        mark = read;
        return true;
    }

    /// <summary>Forwards in the words of <c>-p</c>, those in a row as one range; TCP, the usual, is not named.</summary>
    internal static List<string> Ranges(IReadOnlyList<Forward> forwards)
    {
        ReadOnlySpan<ForwardSet.Run> runs = SetOf(forwards).Runs;
        var ranges = new List<string>(runs.Length);
        var text = new StringBuilder();
        foreach (ref readonly ForwardSet.Run run in runs)
        {
            Append(text.Clear(), run);
            ranges.Add(text.ToString());
        }
        return ranges;
    }

    private static void Append(StringBuilder text, ForwardSet.Run run)
    {
        (Forward first, int length) = run;
        if (first.Host.HostAddress is { } host)
            text.Append(host.Bracketed()).Append(':');
        Append(text, first.Host.Port, length);
        Append(text.Append(':'), first.Port, length);
        if (first.Host.Protocol != Protocol.Tcp)
            text.Append('/').Append(first.Host.Protocol.Word());
    }

    private static void Append(StringBuilder text, int first, int length)
    {
        Append(text, first);
        if (length > 1)
            Append(text.Append('-'), first + length - 1);
    }

    private static void Append(StringBuilder text, int number)
    {
        Span<char> digits = stackalloc char[11];
        _ = number.TryFormat(digits, out int written, default, System.Globalization.CultureInfo.InvariantCulture);
        text.Append(digits[..written]);
    }
}
