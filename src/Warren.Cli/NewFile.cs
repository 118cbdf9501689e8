using Warren.Model;
using Warren.Planning;

namespace Warren.Cli;

/// <summary>Writes a file that was named on the line, or says why it cannot be written.</summary>
internal static class NewFile
{
    /// <summary>Writes it.</summary>
    /// <param name="path">Where.</param>
    /// <param name="bytes">What.</param>
    /// <param name="mode">Whether it may be there already.</param>
    /// <param name="example">What to type in its place.</param>
    /// <exception cref="RefusedException">It cannot be written.</exception>
    public static void Write(string path, ReadOnlySpan<byte> bytes, FileMode mode, string example)
    {
        if (path.Length == 0)
            throw Refused(RefusalKind.Usage, "a file needs a name", example);
        string shown = Terminal.Safe(path);
        if (Directory.Exists(path))
            throw Refused(RefusalKind.Conflict, $"{shown} is a folder", example);
        try
        {
            using var file = new FileStream(path, mode, FileAccess.Write);
            file.Write(bytes);
        }
        catch (IOException) when (mode == FileMode.CreateNew && Path.Exists(path))
        {
            throw Refused(RefusalKind.Conflict, $"{shown} is there already; nothing was changed", example);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Refused(RefusalKind.Usage, $"{shown} cannot be written: its folder is not there", example);
        }
        catch (UnauthorizedAccessException)
        {
            throw Refused(RefusalKind.Unable, $"{shown} cannot be written: permission denied", $"{example}, in a folder of yours");
        }
    }

    private static RefusedException Refused(RefusalKind kind, string what, string example) => new(kind, new Refusal(what, example));
}
