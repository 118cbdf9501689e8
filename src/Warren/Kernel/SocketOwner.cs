using System.Globalization;
using Warren.Model;

namespace Warren.Kernel;

/// <summary>Finds the process that holds a socket: the descriptor that leads to its inode. See proc(5).</summary>
internal static class SocketOwner
{
    /// <summary><c>nginx (pid 812)</c>; <c>a process</c> if it is not to be seen from here.</summary>
    public static string Name(uint inode)
    {
        string wanted = $"socket:[{inode}]";
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out int pid))
                continue;
            try
            {
                foreach (string descriptor in Directory.EnumerateFiles(folder + "/fd"))
                {
                    if (new FileInfo(descriptor).LinkTarget == wanted)
                        return $"{Terminal.Safe(SmallFile.Read(folder + "/comm") ?? "?")} (pid {pid})";
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or Netlink.Wire.NetlinkException)
            {
                // gone meanwhile, or another user's
            }
        }
        return "a process";
    }
}
