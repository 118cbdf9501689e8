using System.Net;
using System.Text;
using Warren.Model;

namespace Warren.Planning;

/// <summary>A namespace's name and its address.</summary>
/// <param name="Name">The name.</param>
/// <param name="Address">The address inside.</param>
public readonly record struct NamedAddress(string Name, IPAddress Address);

/// <summary>
/// The text of a project's hosts file: its namespaces, then what the host's own /etc/hosts says. It is written once for the project, and
/// /etc/netns/NAME/hosts of each namespace is a link to it: a thousand files of a thousand lines would be too many. See hosts(5), ip-netns(8).
/// </summary>
internal static class HostNames
{
    /// <summary>The host's own.</summary>
    public const string HostFile = "/etc/hosts";

    private const string Folder = "/run/warren/projects/";
    private const string FileName = "/hosts";
    private const string Head = "# namespaces of ";
    private const string HeadEnd = ", written by warren";
    private const string OwnLines = "# this host's own /etc/hosts";

    /// <summary>The file of a project.</summary>
    public static string PathOf(string project) => Folder + project + FileName;

    /// <summary>The link to it of a namespace.</summary>
    public static string LinkOf(string name) => $"{Resolver.Folder}/{name}{FileName}";

    /// <summary>Whether what stands under <see cref="LinkOf"/> is a link to a project's file.</summary>
    public static bool IsOurs(string? found) =>
        found is not null
        && Resolver.TargetOf(found) is { } target
        && target.StartsWith(Folder, StringComparison.Ordinal)
        && target.EndsWith(FileName, StringComparison.Ordinal);

    /// <summary>In the order in which they are written. A namespace that is called localhost does not get that name.</summary>
    public static List<NamedAddress> Ordered(IEnumerable<NamedAddress> names)
    {
        var ordered = new List<NamedAddress>();
        foreach (NamedAddress each in names)
        {
            if (!each.Name.Equals("localhost", StringComparison.OrdinalIgnoreCase))
                ordered.Add(each);
        }
        ordered.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return ordered;
    }

    /// <summary>Whether two lists say the same.</summary>
    public static bool Same(IReadOnlyList<NamedAddress> names, IReadOnlyList<NamedAddress> others)
    {
        if (names.Count != others.Count)
            return false;
        for (int i = 0; i < names.Count; i++)
        {
            if (names[i] != others[i])
                return false;
        }
        return true;
    }

    /// <summary>The lines that are Warren's. They come first: of two lines with one name, the first counts.</summary>
    public static IEnumerable<string> Lines(string project, IReadOnlyList<NamedAddress> names)
    {
        yield return Head + project + HeadEnd;
        foreach (NamedAddress each in names)
            yield return each.Address + " " + each.Name;
        yield return OwnLines;
    }

    /// <summary>The file's text.</summary>
    /// <param name="project">The project.</param>
    /// <param name="names">Its namespaces.</param>
    /// <param name="own">The text of the host's own.</param>
    public static string Text(string project, IReadOnlyList<NamedAddress> names, string own)
    {
        var text = new StringBuilder();
        foreach (string line in Lines(project, names))
            text.Append(line).Append('\n');
        return text.Append(own).ToString();
    }

    /// <summary>Reads a file's text: the names, and what follows them; none, and an empty text, if it is not one that <see cref="Text"/> gives.</summary>
    public static (List<NamedAddress> Names, string Own) Read(string project, string text)
    {
        var names = new List<NamedAddress>();
        int at = 0;
        for (int number = 0; ; number++)
        {
            int end = text.IndexOf('\n', at);
            if (end < 0)
                return ([], "");
            string line = text[at..end];
            at = end + 1;
            if (number == 0 && line != Head + project + HeadEnd)
                return ([], "");
            if (number == 0)
                continue;
            if (line == OwnLines)
                return (names, text[at..]);
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            if (space < 0 || !Cidr.TryParseAddress(line[..space], out IPAddress? address))
                return ([], "");
            names.Add(new NamedAddress(line[(space + 1)..], address));
        }
    }
}
