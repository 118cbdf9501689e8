using System.Globalization;
using Warren.Model;

namespace Warren.Kernel;

/// <summary>Finds the process that holds a socket: the descriptor that leads to its inode. See proc(5).</summary>
internal static class SocketOwner
{
    private const string Prefix = "socket:[";

    /// <summary><c>nginx (pid 812)</c>; <c>a process</c> if it is not to be seen from here.</summary>
    public static string Name(uint inode) => Find(new HashSet<uint> { inode }).TryGetValue(inode, out int process) ? Words(process) : "a process";

    /// <summary>A process in words: <c>nginx (pid 812)</c>.</summary>
    public static string Words(int process)
    {
        try
        {
            return $"{Terminal.Safe(SmallFile.Read($"/proc/{process}/comm") ?? "?")} (pid {process})";
        }
        catch (Netlink.Wire.NetlinkException)
        {
            // gone meanwhile
            return $"? (pid {process})";
        }
    }

    /// <summary>The process of each of several sockets, on one walk over /proc; those that are not to be seen from here are left out. Of a socket
    /// that several processes hold, the one with the lowest number.</summary>
    /// <param name="inodes">The sockets.</param>
    public static Dictionary<uint, int> Find(IReadOnlySet<uint> inodes)
    {
        var found = new Dictionary<uint, int>();
        if (inodes.Count == 0)
            return found;
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out int process))
                continue;
            foreach (uint inode in SocketsOf(process))
            {
                if (inodes.Contains(inode) && (!found.TryGetValue(inode, out int other) || process < other))
                    found[inode] = process;
            }
        }
        return found;
    }

    /// <summary>The sockets that a process has open; none of one that is gone, or may not be looked at.</summary>
    public static List<uint> SocketsOf(int process)
    {
        var sockets = new List<uint>();
        try
        {
            foreach (string descriptor in Directory.EnumerateFiles($"/proc/{process}/fd"))
            {
                if (
                    new FileInfo(descriptor).LinkTarget is { } target
                    && target.StartsWith(Prefix, StringComparison.Ordinal)
                    && uint.TryParse(target.AsSpan(Prefix.Length, target.Length - Prefix.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out uint inode)
                )
                    sockets.Add(inode);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // gone meanwhile, or another user's
        }
        return sockets;
    }
}
