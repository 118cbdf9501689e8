using System.Text;
using Microsoft.Win32.SafeHandles;

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

    private static StreamWriter Open(int descriptor)
    {
        var stream = new FileStream(new SafeFileHandle(descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 4096) { NewLine = "\n" };
    }
}
