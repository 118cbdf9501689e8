using System.Globalization;
using System.Text;
using Warren.Planning.Steps;
using Warren.Running;

namespace Warren.Kernel;

/// <summary>Tells which programs run in surveyed namespaces: how they were started cannot be found out.</summary>
internal static class SurveyedProcesses
{
    private const int LongestCommand = 200;
    private const int Most = 10;

    /// <summary>Tells those that no other in the same namespace started.</summary>
    public static void Tell(IReadOnlyList<SurveyedNamespace> spaces, Action<string> remark)
    {
        ulong[] inodes = [.. spaces.Where(space => space.Inode != 0).Select(space => space.Inode)];
        if (inodes.Length == 0)
            return;
        ILookup<ulong, int> processes = NamespaceProcesses.In(inodes).ToLookup(process => process.Inode, process => process.Id);
        foreach (SurveyedNamespace space in spaces)
        {
            HashSet<int> all = [.. processes[space.Inode]];
            int[] first = [.. all.Where(id => !all.Contains(ParentOf(id))).Order()];
            foreach (int id in first.Take(Most))
            {
                string name = NamespaceProcesses.Name(id);
                // gone since
                if (name.Length > 0)
                    remark($"{space.Name}: {name} (pid {id}) runs in it; add it as run: by hand{CommandOf(id)}");
            }
            if (first.Length > Most)
                remark($"{space.Name}: {first.Length - Most} more programs run in it; ip netns pids {space.Name} lists them");
        }
    }

    // PID (comm) state ppid …; comm may hold anything
    private static int ParentOf(int process)
    {
        string stat = Read($"/proc/{process}/stat");
        string[] words = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words.Length > 1 && int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out int parent) ? parent : 0;
    }

    private static string CommandOf(int process)
    {
        string text = Read($"/proc/{process}/cmdline").TrimEnd('\0');
        if (text.Length == 0)
            return "";
        string command = string.Join(' ', text.Split('\0').Select(Step.Quote));
        return ": " + (command.Length > LongestCommand ? command[..LongestCommand] + "…" : command);
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path, Encoding.UTF8);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
