using System.Globalization;
using System.Text;

namespace Warren.Planning;

/// <summary>How a project shall come back after a reboot.</summary>
/// <param name="Project">The project's name.</param>
/// <param name="Program">The program's absolute path.</param>
/// <param name="Files">The absolute paths of its files, in their order.</param>
internal sealed record BootWish(string Project, string Program, IReadOnlyList<string> Files)
{
    /// <summary>Variables for it and its services: who called sudo, and what the files ask for.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Environment { get; init; } = [];

    /// <summary>As whom services run that say nothing else.</summary>
    public string Account { get; init; } = "root";

    /// <summary>The links on which forwarding shall be on from the boot on.</summary>
    public IReadOnlyList<string> Persist { get; init; } = [];

    /// <summary>Whether other firewalls stay as they are.</summary>
    public bool LeaveNeighbours { get; init; }

    /// <summary>How long all services together may take to end.</summary>
    public TimeSpan StopTime { get; init; }
}

/// <summary>The systemd unit of a project: its name, its text, and what is known by it. See systemd.unit(5), systemd.service(5).</summary>
internal static class BootUnit
{
    /// <summary>Where the administrator's units are.</summary>
    public const string Folder = "/etc/systemd/system";

    /// <summary>Where the links of those units are that are started at boot.</summary>
    public const string Wants = Folder + "/multi-user.target.wants";

    /// <summary>What the name of every unit begins with.</summary>
    public const string Prefix = "warren-";

    private const string Mark = "# made by warren for project ";
    private const string FileMark = "# file: ";
    private const int LeastStopSeconds = 90;
    private const int MoreStopSeconds = 30;

    // Those whose rules or addresses shall be there first: then Warren opens what they close, and avoids what they use.
    private static readonly string[] s_after =
    [
        "network-online.target",
        "systemd-resolved.service",
        "dnsmasq.service",
        "nftables.service",
        "netfilter-persistent.service",
        "ufw.service",
        "firewalld.service",
        "containerd.service",
        "docker.service",
        "libvirtd.service",
        "virtnetworkd.service",
        "snap.docker.dockerd.service",
        "snap.lxd.daemon.service",
        "snap.microk8s.daemon-kubelite.service",
    ];

    /// <summary>The unit's name. The <c>~</c> of a project without a name of its own would need an escape there; where two projects
    /// come to one name, its text tells whose it is.</summary>
    public static string NameOf(string project) => Prefix + project.Replace('~', '-') + ".service";

    /// <summary>The project of a unit of Warren's; null of any other.</summary>
    public static string? ProjectOf(string name, string text)
    {
        int end = text.IndexOf('\n', StringComparison.Ordinal);
        if (end < 0 || !text.StartsWith(Mark, StringComparison.Ordinal))
            return null;
        string project = text[Mark.Length..end];
        return Model.ProjectName.IsValid(project) && NameOf(project) == name ? project : null;
    }

    /// <summary>The unit's file.</summary>
    public static string PathOf(string project) => $"{Folder}/{NameOf(project)}";

    /// <summary>The symbolic link by which it is started at boot.</summary>
    public static string LinkOf(string project) => $"{Wants}/{NameOf(project)}";

    /// <summary>Whether a file of this text is Warren's, and this project's.</summary>
    public static bool IsOurs(string text, string project) => text.StartsWith(Mark + project + "\n", StringComparison.Ordinal);

    /// <summary>Whether a link of the unit's name leads to the unit; systemctl(1) writes it either way.</summary>
    public static bool LeadsToUnit(string target, string project) => target == PathOf(project) || target == "../" + NameOf(project);

    /// <summary>Whether a unit's text says that it is for this file.</summary>
    public static bool IsFor(string text, string file) => text.Split('\n').Skip(1).FirstOrDefault() == FileMark + file;

    /// <summary>The unit's text, without the last line break.</summary>
    /// <remarks>
    /// <c>up -d</c>, not a foreground <c>up</c>: that one would take all down when the last service has ended, and end at once where a supervisor
    /// runs already. What a service did wrong is code 1, and a mistake in the file 2: to try again mends neither, but a port or a subnet
    /// that is in the way may be free a little later.
    /// </remarks>
    public static string Text(BootWish wish)
    {
        string[] files = [.. wish.Files.SelectMany(file => (string[])["-f", file])];
        string[] up = [wish.Program, "up", "-d", .. wish.LeaveNeighbours ? (string[])["--no-neighbours"] : [], .. files];
        string[] down = [wish.Program, "down", .. files];
        var text = new StringBuilder(Mark).Append(wish.Project).Append('\n');
        text.Append(FileMark).Append(wish.Files[0]).Append('\n');
        text.Append("# warren disable ").Append(wish.Project).Append(" removes it\n\n");
        text.Append("[Unit]\n");
        text.Append("Description=Network namespaces of ").Append(wish.Project).Append('\n');
        text.Append("Wants=network-online.target\n");
        text.Append("After=").AppendJoin(' ', s_after).Append('\n');
        text.Append("RequiresMountsFor=").AppendJoin(' ', wish.Files.Prepend(wish.Program).Select(Plain)).Append('\n');
        text.Append("StartLimitIntervalSec=300\nStartLimitBurst=10\n\n");
        text.Append("[Service]\nType=oneshot\nRemainAfterExit=yes\nUser=root\n");
        foreach ((string name, string value) in wish.Environment)
            text.Append("Environment=").Append(Quoted($"{name}={value}")).Append('\n');
        text.Append("ExecStart=").Append(Command(up)).Append('\n');
        text.Append("ExecStop=").Append(Command(down)).Append('\n');
        text.Append("KillMode=process\nRestart=on-failure\nRestartSec=15\nRestartPreventExitStatus=1 2\n");
        int seconds = Math.Max(LeastStopSeconds, (int)Math.Min(wish.StopTime.TotalSeconds, 1_000_000) + MoreStopSeconds);
        text.Append(CultureInfo.InvariantCulture, $"TimeoutStopSec={seconds}\n\n");
        return text.Append("[Install]\nWantedBy=multi-user.target").ToString();
    }

    // Of a command line with a dollar in it no variable is expanded: that is what ':' says.
    private static string Command(string[] words) =>
        (words.Any(word => word.Contains('$', StringComparison.Ordinal)) ? ":" : "") + string.Join(' ', words.Select(Quoted));

    /// <summary>A text that systemd takes as one word of a command or of an environment.</summary>
    internal static string Quoted(string text)
    {
        var quoted = new StringBuilder();
        bool plain = text.Length > 0;
        foreach (char c in text)
        {
            plain &= c is not ('"' or '\'' or '\\') && !char.IsWhiteSpace(c) && !char.IsControl(c);
            _ = c switch
            {
                '%' => quoted.Append("%%"),
                '"' or '\\' => quoted.Append('\\').Append(c),
                < ' ' or '\x7f' => quoted.Append("\\x").Append(((int)c).ToString("x2", CultureInfo.InvariantCulture)),
                _ => quoted.Append(c),
            };
        }
        return plain ? quoted.ToString() : $"\"{quoted}\"";
    }

    // RequiresMountsFor= knows quotes, and takes a backslash as it is
    private static string Plain(string path)
    {
        path = path.Replace("%", "%%", StringComparison.Ordinal);
        return path.Any(c => c is '"' or '\'' || char.IsWhiteSpace(c)) ? "'" + path.Replace("'", "'\"'\"'", StringComparison.Ordinal) + "'" : path;
    }
}
