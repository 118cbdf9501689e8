using System.Runtime.InteropServices;
using System.Text;

namespace Warren.Cli;

/// <summary>Standard output and error. Not <see cref="Console"/>: that writes escape sequences to a terminal before the first word,
/// and costs more than a namespace's address.</summary>
internal static class Output
{
    private static StreamWriter? s_out;
    private static StreamWriter? s_error;

    public static TextWriter Writer => s_out ??= Open(1);

    public static TextWriter ErrorWriter => s_error ??= Open(2);

    public static void Line(string text) => Writer.Write(text + "\n");

    public static void Error(string text)
    {
        s_out?.Flush();
        ErrorWriter.Write(text + "\n");
        s_error!.Flush();
    }

    public static void Flush()
    {
        try
        {
            s_out?.Flush();
            s_error?.Flush();
        }
        catch (IOException)
        {
            // whoever read it is gone (a closed pipe): there is nobody to tell
        }
    }

    private static StreamWriter Open(int descriptor) =>
        new(new DescriptorStream(descriptor), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 4096) { NewLine = "\n" };

    /// <summary>write(2) and nothing else: <see cref="FileStream"/> keeps a position of its own, and writes over what others wrote.</summary>
    private sealed class DescriptorStream(int descriptor) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush() { }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override unsafe void Write(ReadOnlySpan<byte> buffer)
        {
            while (buffer.Length > 0)
            {
                nint written;
                fixed (byte* data = buffer)
                    written = Libc.write(descriptor, data, buffer.Length);
                const int Interrupted = 4;
                if (written >= 0)
                    buffer = buffer[(int)written..];
                else if (Marshal.GetLastPInvokeError() != Interrupted)
                    throw new IOException(Marshal.GetLastPInvokeErrorMessage());
            }
        }
    }
}

/// <summary>The system calls that this program makes itself, by their names in the manual's section 2.</summary>
internal static partial class Libc
{
    [LibraryImport("libc", SetLastError = true)]
    public static unsafe partial nint write(int fd, byte* buffer, nint length);
}
