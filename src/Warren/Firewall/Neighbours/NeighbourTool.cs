using Warren.Netlink.Wire;
using Warren.Running;

namespace Warren.Firewall.Neighbours;

/// <summary>Where the neighbours' tools are, and how long they may take.</summary>
/// <param name="Folders">Where to look; not PATH and not the working directory, for the tools run with all privileges.</param>
/// <param name="LockSeconds">How long iptables-legacy waits for another holder of its lock.</param>
internal sealed record NeighbourTools(IReadOnlyList<string> Folders, int LockSeconds = NeighbourTools.DefaultLockSeconds)
{
    /// <summary>How long a tool waits for its lock, unless told otherwise.</summary>
    public const int DefaultLockSeconds = 10;

    // beyond the wait for the lock
    private const int SecondsToRun = 20;

    /// <summary>The folders of the host's own programs.</summary>
    public static NeighbourTools OfHost { get; } =
        new(["/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/bin", "/bin", "/run/current-system/sw/bin"]);

    /// <summary>Where a tool is, or null.</summary>
    public string? Find(string name)
    {
        foreach (string folder in Folders)
        {
            string path = Path.Combine(folder, name);
            if (File.Exists(path))
                return path;
        }
        return null;
    }

    /// <summary>Runs a tool in the calling thread's network namespace, without a shell, and waits for its end.</summary>
    /// <returns>What it said on standard error if it failed, in one line; null if all went well.</returns>
    public string? Run(string path, IReadOnlyList<string> arguments) => Run(path, arguments, out _);

    /// <inheritdoc cref="Run(string, IReadOnlyList{string})"/>
    /// <param name="path">The tool.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="output">What it said on standard output.</param>
    public string? Run(string path, IReadOnlyList<string> arguments, out string output)
    {
        int seconds = LockSeconds + SecondsToRun;
        ToolRun run;
        try
        {
            run = ToolRun.ToEnd(path, arguments, TimeSpan.FromSeconds(seconds));
        }
        catch (NetlinkException e)
        {
            output = "";
            return e.Message;
        }
        output = run.ExitCode is null ? "" : run.Output;
        if (run.ExitCode is not { } code)
            return $"no end after {seconds} s";
        if (code == 0)
            return null;
        string words = Line(run.Complaints);
        return words.Length > 0 ? words : $"exit status {code}";
    }

    // the tools' last words say why; before them stand repeated notes about waiting and hints about --help
    private static string Line(string text)
    {
        string last = "";
        foreach (string line in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!line.StartsWith("Try `", StringComparison.Ordinal) && !line.EndsWith("for more information.", StringComparison.Ordinal))
                last = line;
        }
        return last;
    }
}
