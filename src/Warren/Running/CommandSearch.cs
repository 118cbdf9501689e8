using System.Text;
using Warren.Model;
using Warren.Netlink.Wire;

namespace Warren.Running;

/// <summary>
/// execvp(3) with words for what went wrong: a command by its path or by PATH, with the rights that the calling thread has by
/// now; a text file that names no interpreter is run by /bin/sh.
/// </summary>
internal sealed unsafe class CommandSearch(string subject, Account account, List<byte[]> command, List<byte[]> environment)
{
    private static readonly byte[] DefaultPath = "/usr/local/bin:/usr/bin:/bin"u8.ToArray();

    private readonly byte** _arguments = NativeText.Vector(command);
    private readonly byte** _environment = NativeText.Vector(environment);

    private string Word => Terminal.Safe(Encoding.UTF8.GetString(command[0]));

    /// <summary>Becomes the command.</summary>
    /// <returns>Only if that failed: why.</returns>
    public ExecException Become()
    {
        if (command[0].AsSpan().Contains((byte)'/'))
        {
            Errno errno = Try(command[0]);
            return errno == Errno.NotFound && !Exists(command[0])
                ? Failure(ExecException.NotFound, $"no command '{Word}'")
                : CannotRun(command[0], errno);
        }
        return BecomeByPath();
    }

    private ExecException BecomeByPath()
    {
        byte[] path = NativeText.Find(environment, "PATH") ?? DefaultPath;
        ExecException? found = null;
        foreach (Range range in path.AsSpan().Split((byte)':'))
        {
            byte[] candidate = Join(path.AsSpan()[range], command[0]);
            Errno errno = command[0].Length == 0 ? Errno.NotFound : Try(candidate);
            // as shells have it, a folder of that name is no command
            if (IsFile(candidate))
                found ??= CannotRun(candidate, errno);
        }
        string advice =
            NativeText.Find(environment, "SUDO_UID") is null
                ? "give its full path"
                : "sudo has a PATH of its own: give the full path, or say sudo env \"PATH=$PATH\" warren …";
        return found ?? Failure(ExecException.NotFound, $"no command '{Word}' in PATH; {advice}");
    }

    private Errno Try(byte[] file)
    {
        const int NoExecutableFormat = 8;
        byte* path = NativeText.Copy(file);
        _ = SystemCalls.execve(path, _arguments, _environment);
        Errno errno = Errno.Last;
        if (errno.Number != NoExecutableFormat || !IsText(file))
            return errno;
        List<byte[]> script = ["/bin/sh"u8.ToArray(), file, .. command[1..]];
        _ = SystemCalls.execve(NativeText.Copy(script[0]), NativeText.Vector(script), _environment);
        return errno;
    }

    private ExecException CannotRun(byte[] file, Errno errno)
    {
        string name = Terminal.Safe(Encoding.UTF8.GetString(file));
        string why = errno.Number switch
        {
            _ when Directory.Exists(Encoding.UTF8.GetString(file)) => "it is a folder",
            2 => "the interpreter that its first line or its header names does not exist",
            8 => $"{errno.Text} (ENOEXEC); it is for another kind of machine, or damaged",
            13 => $"{errno.Text} (EACCES); look at it with ls -l, or say --user",
            _ => $"{errno.Text} ({errno.Name})",
        };
        return Failure(ExecException.CannotRun, $"cannot run '{name}' as {account}: {why}");
    }

    private ExecException Failure(int exitCode, string what) => new(exitCode, $"{Terminal.Safe(subject)}: {what}");

    private static bool IsText(byte[] file)
    {
        try
        {
            using FileStream stream = File.OpenRead(Encoding.UTF8.GetString(file));
            Span<byte> head = stackalloc byte[128];
            return !head[..stream.Read(head)].Contains((byte)0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool IsFile(byte[] path) => File.Exists(Encoding.UTF8.GetString(path));

    private static bool Exists(byte[] path) => Path.Exists(Encoding.UTF8.GetString(path));

    private static byte[] Join(ReadOnlySpan<byte> folder, byte[] file) =>
        folder.IsEmpty ? [.. "./"u8, .. file] : [.. folder, (byte)'/', .. file];
}
