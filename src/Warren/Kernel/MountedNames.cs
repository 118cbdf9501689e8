using System.Globalization;

namespace Warren.Kernel;

/// <summary>Which namespaces are mounted over which, under one name of /run/netns. See proc_pid_mountinfo(5).</summary>
internal static class MountedNames
{
    private const string Folder = "/run/netns/";

    /// <summary>The inodes of the namespaces below the one that a name leads to, lowest first; names with one mount are left out.</summary>
    public static Dictionary<string, List<ulong>> Below() => Below(File.ReadLines("/proc/self/mountinfo"));

    /// <inheritdoc cref="Below()"/>
    /// <param name="lines">The file's lines.</param>
    internal static Dictionary<string, List<ulong>> Below(IEnumerable<string> lines)
    {
        var mounts = new Dictionary<string, (string Parent, string Name, ulong Inode)>();
        foreach (string line in lines)
        {
            // 36 35 0:4 net:[4026532281] /run/netns/web1 rw shared:7 - nsfs nsfs rw
            string[] words = line.Split(' ');
            if (words.Length > 5 && words[4].StartsWith(Folder, StringComparison.Ordinal) && words[3].StartsWith("net:[", StringComparison.Ordinal))
                mounts[words[0]] = (words[1], words[4][Folder.Length..], Inode(words[3]));
        }
        var below = new Dictionary<string, List<ulong>>();
        foreach ((string parent, string name, ulong _) in mounts.Values)
        {
            // where /run is shared, every mount is there twice: beside, not on, one another
            if (!mounts.TryGetValue(parent, out (string Parent, string Name, ulong Inode) lower) || lower.Name != name)
                continue;
            if (!below.TryGetValue(name, out List<ulong>? inodes))
                below[name] = inodes = [];
            if (!inodes.Contains(lower.Inode))
                inodes.Add(lower.Inode);
        }
        return below;
    }

    private static ulong Inode(string root) =>
        ulong.TryParse(root.AsSpan(5).TrimEnd(']'), NumberStyles.None, CultureInfo.InvariantCulture, out ulong inode) ? inode : 0;
}
