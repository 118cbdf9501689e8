using System.Text;
using Warren.Model;
using Warren.Netlink.Wire;

namespace Warren.Kernel;

/// <summary>
/// What a project leaves under /run/warren/projects: the names of the namespaces that it has or may have, written before the first of
/// them is made, so that a next `up` finds what its file no longer names. Whose a namespace is says its link, not this.
/// </summary>
internal static class ProjectRecord
{
    /// <summary>The folder of all projects.</summary>
    public const string Root = HostLock.Folder + "/projects";

    private const string NamesFile = "names";
    private const int MostBytes = 16 << 20;

    /// <summary>A project's folder.</summary>
    public static string PathOf(string project) => $"{Root}/{project}";

    /// <summary>The projects that have a folder, in the order of their names.</summary>
    public static IReadOnlyList<string> All()
    {
        if (!Directory.Exists(Root))
            return [];
        string[] names = [.. Directory.EnumerateDirectories(Root).Select(path => Path.GetFileName(path)).Where(ProjectName.IsValid)];
        Array.Sort(names, StringComparer.Ordinal);
        return names;
    }

    /// <summary>The names of the namespaces that the project has or may have; empty if it never had any.</summary>
    public static IReadOnlyList<string> Names(string project)
    {
        string path = $"{PathOf(project)}/{NamesFile}";
        try
        {
            if (new FileInfo(path) is not { Exists: true, LinkTarget: null, Length: <= MostBytes })
                return [];
            // anything else in the file is not from here
            return [.. File.ReadAllLines(path).Where(name => NamespaceName.Fault(name) is null)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Writes the names; whoever reads them finds the old ones or the new ones.</summary>
    public static void WriteNames(string project, IReadOnlyCollection<string> names) =>
        Write(project, NamesFile, Encoding.UTF8.GetBytes(string.Join('\n', names) + "\n"));

    /// <summary>A file of the project; null if there is none that can be read.</summary>
    public static byte[]? Read(string project, string file)
    {
        string path = $"{PathOf(project)}/{file}";
        try
        {
            return new FileInfo(path) is { Exists: true, LinkTarget: null, Length: <= MostBytes } ? File.ReadAllBytes(path) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Removes a file of the project, if it is there.</summary>
    public static void RemoveFile(string project, string file) => _ = Libc.unlinkat(Libc.AT_FDCWD, $"{PathOf(project)}/{file}", 0);

    /// <summary>Writes a file of the project; whoever reads it finds the old one or the new one.</summary>
    public static unsafe void Write(string project, string file, ReadOnlySpan<byte> bytes)
    {
        Make(project);
        string path = $"{PathOf(project)}/{file}";
        string draft = path + HostLock.Draft;
        int fd = Libc.open(draft, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_TRUNC | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0b110_000_000);
        if (fd < 0)
            throw new NetlinkException(Errno.Last, "write", draft);
        Errno errno = default;
        while (bytes.Length > 0)
        {
            nint written;
            fixed (byte* data = bytes)
                written = Libc.write(fd, data, bytes.Length);
            errno = Errno.Last;
            if (written <= 0)
                break;
            bytes = bytes[(int)written..];
        }
        _ = Libc.close(fd);
        if (bytes.Length > 0)
            throw new NetlinkException(errno, "write", draft);
        if (Libc.renameat(Libc.AT_FDCWD, draft, Libc.AT_FDCWD, path) != 0)
            throw new NetlinkException(Errno.Last, "write", path);
    }

    /// <summary>Makes the folder if there is none.</summary>
    public static void Make(string project)
    {
        foreach (string folder in (ReadOnlySpan<string>)[HostLock.Folder, Root, PathOf(project)])
        {
            if (Libc.mkdir(folder, 0b111_000_000) != 0 && Errno.Last != Errno.Exists)
                throw new NetlinkException(Errno.Last, "create", folder);
        }
    }

    /// <summary>Removes a project's folder with all that is in it.</summary>
    public static void Remove(string project)
    {
        if (Directory.Exists(PathOf(project)))
            Directory.Delete(PathOf(project), recursive: true);
        Leave();
    }

    /// <summary>Removes the folder of all projects if there is none.</summary>
    public static void Leave() => _ = Libc.rmdir(Root);
}
