using System.Text;
using Warren.Firewall.Neighbours;
using Warren.Kernel;
using Warren.Netlink.Wire;
using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Running.Services;

/// <summary>
/// Mends, in a process of its own, what others changed of a project: its supervisor starts this same program with <see cref="Verb"/>, so that
/// it never waits for the lock or the kernel itself, and keeps no memory of it.
/// </summary>
internal static class Healing
{
    /// <summary>The first argument by which this program knows that it is to heal; the project's name follows.</summary>
    public const string Verb = "__heal";

    /// <summary>How the line begins that tells what was done.</summary>
    public const string Mended = "mended: ";

    /// <summary>How the line begins that tells what could not be done.</summary>
    public const string NotMended = "not mended: ";

    private const int MostSteps = 4;

    /// <summary>The child's side: mends, and tells what on standard output, a line each.</summary>
    /// <returns>0; 1 if it could not.</returns>
    public static int Carry(string project)
    {
        // without its supervisor nobody hears what it did, and whoever killed that does not expect it
        _ = SystemCalls.prctl(Libc.PR_SET_PDEATHSIG, SystemCalls.SIGKILL, 0, 0, 0);
        int code = 1;
        string lines = "";
        // whoever looks at a process's namespace sees that of its first thread: it never goes into one of a service
        var worker = new Thread(() => (code, lines) = Try(project));
        worker.Start();
        worker.Join();
        _ = Libc.WriteAll(1, Encoding.UTF8.GetBytes(lines));
        return code;
    }

    // in one line
    private static string Words(Plan plan)
    {
        var words = new List<string>();
        foreach (Step step in plan.Steps)
        {
            string text = (step.Namespace.Length > 0 ? step.Namespace + ": " : "") + step.Words;
            if (words.Count < MostSteps)
                words.Add(text.Replace('\n', ' '));
        }
        string more = plan.Steps.Count > MostSteps ? $"; and {plan.Steps.Count - MostSteps} more" : "";
        return string.Join("; ", words) + more;
    }

    private static (int Code, string Lines) Try(string project)
    {
        try
        {
            (Plan plan, IReadOnlyList<string> gone, Plan left) = Host.Heal(project);
            string lines = plan.IsEmpty ? "" : Mended + Words(plan) + "\n";
            const int MostNames = 10;
            string names = string.Join(", ", gone.Take(MostNames)) + (gone.Count > MostNames ? $" and {gone.Count - MostNames} more" : "");
            if (gone.Count > 0)
                lines += $"{NotMended}{names}: removed, name and all, by somebody else; type: warren up -d\n";
            if (!left.IsEmpty)
                lines += $"{NotMended}somebody else changes it again at once: {Words(left)}\n";
            return (left.IsEmpty ? 0 : 1, lines);
        }
        catch (Exception e)
            when (e is RefusedException or ApplyException or NetlinkException or NeighbourException or MalformedMessageException or IOException or UnauthorizedAccessException)
        {
            string remedy = e is RefusedException { Refusals: [{ Remedy: { Length: > 0 } typed }, ..] } ? $"; type: {typed}" : "";
            return (1, $"{NotMended}{e.Message.Replace('\n', ' ')}{remedy}\n");
        }
    }
}
