using System.Runtime.InteropServices;
using System.Text;

namespace Warren.Cli;

/// <summary>Standard output and error, by write(2). Not <see cref="Console"/>, which writes escape sequences to a terminal before the
/// first word; not <see cref="FileStream"/>, which keeps a position of its own and writes over what others wrote to the same file.</summary>
internal static class Output
{
    private const int FlushAt = 32 * 1024;

    private static readonly StringBuilder s_text = new();

    /// <summary>Takes a text to a descriptor. Tests take it elsewhere.</summary>
    internal static Action<int, string> Send { get; set; } = WriteAll;

    /// <summary>Standard output for those who need a <see cref="TextWriter"/>.</summary>
    public static TextWriter Writer => new Forwarder(Write);

    /// <summary>Standard error for those who need a <see cref="TextWriter"/>.</summary>
    public static TextWriter ErrorWriter => new Forwarder(text => Send(2, text));

    /// <summary>Whether standard output could not be written: a full disk, a closed descriptor.</summary>
    public static bool Lost { get; private set; }

    /// <summary>Why, if it was.</summary>
    public static string Loss { get; private set; } = "";

    /// <summary>Whether nobody reads standard output any more: there is no use in going on.</summary>
    public static bool Broken { get; private set; }

    /// <summary>Writes a line to standard output; it is sent with the next <see cref="Flush"/>.</summary>
    public static void Line(string text)
    {
        s_text.Append(text).Append('\n');
        if (s_text.Length > FlushAt)
            Flush();
    }

    /// <summary>Writes a text to standard output, as it is.</summary>
    public static void Write(string text) => s_text.Append(text);

    /// <summary>Writes a line to standard error, after everything that was written to standard output.</summary>
    public static void Error(string text)
    {
        Flush();
        Send(2, text + "\n");
    }

    /// <summary>Sends what was written to standard output.</summary>
    public static void Flush()
    {
        if (s_text.Length == 0)
            return;
        string text = s_text.ToString();
        s_text.Clear();
        Send(1, text);
    }

    /// <summary>Writes a text to a descriptor at once, after everything that was written to standard output.</summary>
    public static void Raw(int descriptor, string text)
    {
        Flush();
        Send(descriptor, text);
    }

    /// <summary>Whether a descriptor leads to a terminal.</summary>
    public static bool IsTerminal(int descriptor) => Libc.isatty(descriptor) == 1;

    private static unsafe void WriteAll(int descriptor, string text)
    {
        ReadOnlySpan<byte> bytes = Encoding.UTF8.GetBytes(text);
        while (bytes.Length > 0)
        {
            nint written;
            fixed (byte* first = bytes)
                written = Libc.write(descriptor, first, bytes.Length);
            const int Interrupted = 4;
            if (written >= 0)
                bytes = bytes[(int)written..];
            else if (Marshal.GetLastPInvokeError() is var error && error != Interrupted)
            {
                // whoever read it is gone (a closed pipe): there is nobody to tell
                const int BrokenPipe = 32;
                Broken |= error == BrokenPipe && descriptor == 1;
                if (error != BrokenPipe && descriptor == 1)
                    (Lost, Loss) = (true, Marshal.GetPInvokeErrorMessage(error));
                return;
            }
        }
    }

    private sealed class Forwarder(Action<string> write) : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => write(value.ToString());

        public override void Write(string? value) => write(value ?? "");

        public override void Write(char[] buffer, int index, int count) => write(new string(buffer, index, count));

        public override void WriteLine() => write("\n");

        public override void WriteLine(string? value) => write(value + "\n");
    }
}

/// <summary>struct pollfd, poll.h.</summary>
internal struct PollDescriptor
{
    public int Descriptor;
    public short Asked;
    public short Happened;
}

/// <summary>The system calls that this program makes itself, by their names in the manual's section 2.</summary>
internal static partial class Libc
{
    [LibraryImport("libc")]
    public static partial int isatty(int fd);

    [LibraryImport("libc", SetLastError = true)]
    public static unsafe partial nint read(int fd, byte* buffer, nint length);

    [LibraryImport("libc", SetLastError = true)]
    public static unsafe partial int poll(PollDescriptor* descriptors, nuint count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    public static unsafe partial nint write(int fd, byte* buffer, nint length);
}
