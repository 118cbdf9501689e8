using System.Text;
using System.Text.Json;

namespace Warren.Cli.Views;

/// <summary>Writes one JSON value and a line break to standard output.</summary>
internal static class Json
{
    public static void Write(Action<Utf8JsonWriter> content)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
            content(writer);
        Output.Line(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
    }
}
