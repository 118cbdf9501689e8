using System.Text;

namespace Warren.Planning;

/// <summary>The sysctl drop-in of a project, by which forwarding of its links to the world is on from the boot on: its name, its text, and what is
/// known by it. See sysctl.d(5).</summary>
/// <remarks>
/// A link that it names counts as one on which Warren switched forwarding on: its other traffic stays closed while a namespace stands. With the
/// last namespace the value stays 1 all the same, for that is what the drop-in asks for, and what the next boot would make it again.
/// </remarks>
internal static class DropIn
{
    /// <summary>Where the administrator's drop-ins are.</summary>
    public const string Folder = "/etc/sysctl.d";

    /// <summary>What the name of every drop-in of Warren's begins with.</summary>
    public const string Prefix = "90-warren-";

    private const string Mark = "# made by warren for project ";
    private const string Begin = "-net/ipv4/conf/";
    private const string End = "/forwarding = 1";

    // a pattern, an assignment or an escape for one of those who read it
    private static readonly System.Buffers.SearchValues<char> s_special = System.Buffers.SearchValues.Create("*?[]{}\\='\"");

    /// <summary>The drop-in's file.</summary>
    public static string PathOf(string project) => $"{Folder}/{Prefix}{project.Replace('~', '-')}.conf";

    /// <summary>Whether a file of this text is Warren's, and this project's.</summary>
    public static bool IsOurs(string text, string project) => text.StartsWith(Mark + project + "\n", StringComparison.Ordinal);

    /// <summary>The project of a drop-in of Warren's; null of any other.</summary>
    public static string? ProjectOf(string path, string text)
    {
        int end = text.IndexOf('\n', StringComparison.Ordinal);
        if (end < 0 || !text.StartsWith(Mark, StringComparison.Ordinal))
            return null;
        string project = text[Mark.Length..end];
        return Model.ProjectName.IsValid(project) && PathOf(project) == path ? project : null;
    }

    /// <summary>Whether a link's name can stand in a drop-in.</summary>
    public static bool CanName(string link) => !link.AsSpan().ContainsAny(s_special);

    /// <summary>The drop-in's text, without the last line break.</summary>
    /// <remarks>With a <c>-</c> a link that is not there is no failure: systemd-udevd sets it when the link comes. With a slash first, a dot is one of the
    /// link's name.</remarks>
    public static string Text(string project, IReadOnlyList<string> links)
    {
        var text = new StringBuilder(Mark).Append(project).Append('\n');
        text.Append("# warren disable ").Append(project).Append(" removes it\n");
        foreach (string link in links)
            text.Append('\n').Append(Begin).Append(link).Append(End);
        return text.ToString();
    }

    /// <summary>The links that a drop-in names.</summary>
    public static IReadOnlyList<string> LinksOf(string text)
    {
        var links = new List<string>();
        foreach (string line in text.Split('\n'))
        {
            if (line.StartsWith(Begin, StringComparison.Ordinal) && line.EndsWith(End, StringComparison.Ordinal) && line.Length > Begin.Length + End.Length)
                links.Add(line[Begin.Length..^End.Length]);
        }
        return links;
    }

    /// <summary>The links on which Warren switches forwarding on for what was observed, and those that are not there yet.</summary>
    /// <param name="observed">What a project's wish depends on.</param>
    /// <param name="before">The links that the project's drop-in names: forwarding may be on because of that.</param>
    public static IReadOnlyList<string> Wanted(Observed observed, IReadOnlyCollection<string> before)
    {
        var links = new SortedSet<string>(StringComparer.Ordinal);
        foreach (Uplink uplink in observed.Uplinks)
        {
            if ((!observed.ForwardsAnyway && !uplink.Forwarding) || observed.SwitchedOn.Contains(uplink.Name) || before.Contains(uplink.Name))
                links.Add(uplink.Name);
        }
        foreach (string absent in observed.AbsentUplinks)
        {
            if (!observed.ForwardsAnyway || before.Contains(absent))
                links.Add(absent);
        }
        return [.. links];
    }
}

/// <summary>A link that a drop-in of Warren's names.</summary>
/// <param name="Name">The link's name; it may not be there.</param>
/// <param name="Project">Whose drop-in.</param>
/// <param name="Forwarding">Whether the link is there, and forwarding is on.</param>
public sealed record PersistedUplink(string Name, string Project, bool Forwarding)
{
    /// <summary>Whether it is on record as one that Warren switched on, by its number: it is found again under another name.</summary>
    public bool Noted { get; init; }
}
