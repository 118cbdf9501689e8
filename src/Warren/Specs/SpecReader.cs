using System.Text;
using Warren.Model;
using Warren.Specs.Yaml;

namespace Warren.Specs;

/// <summary>Reads <c>warren.yaml</c>.</summary>
internal static class SpecReader
{
    /// <summary>The largest file, in bytes.</summary>
    public const int LargestFile = 4 * 1024 * 1024;

    /// <summary>
    /// What files wish for. A later file adds to those before: mappings are merged key by key; the lists <c>ports</c> and
    /// <c>depends_on</c> are added; everything else takes the place of what was there.
    /// </summary>
    /// <param name="sources">The files, one at least.</param>
    /// <param name="variable">The value of a variable, or null.</param>
    /// <exception cref="SpecException">There are mistakes in them: all of them.</exception>
    public static Spec Read(IReadOnlyList<SpecSource> sources, Func<string, string?> variable)
    {
        var faults = new Faults();
        var binder = new Binder(new Variables(variable, faults), faults);
        bool readable = true;
        SourceText? first = null;
        for (int i = 0; i < sources.Count; i++)
        {
            var source = new SourceText(sources[i], i);
            first ??= source;
            Node? root = TreeReader.Read(source, faults);
            if (root is { Kind: NodeKind.Mapping })
            {
                binder.Bind(root);
                continue;
            }
            readable = false;
            if (root is not null)
                faults.Add(root.Place, $"the file is a mapping, not {root.KindWord}", "it begins with: namespaces:");
        }
        Spec? spec = readable ? new SpecAssembly(binder.Draft, first!, faults).Assemble() : null;
        return faults.Count == 0 && spec is not null ? spec : throw faults.ToException();
    }

    /// <summary>Reads a file's text.</summary>
    /// <param name="path">The path; <c>-</c> for standard input.</param>
    /// <exception cref="SpecException">It cannot be read, is too large, or is no text.</exception>
    public static SpecSource Load(string path)
    {
        string shown = path == "-" ? "<stdin>" : path;
        if (path.Length == 0)
            throw Unreadable("''", "is no file", "name one: -f warren.yaml");
        if (path != "-" && Directory.Exists(path))
            throw Unreadable(shown, "is a folder", $"name the file in it: {Path.Combine(path, "warren.yaml")}");
        byte[] bytes;
        try
        {
            bytes = ReadBytes(path, shown);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Unreadable(shown, "there is no such file", "warren init writes a first one");
        }
        catch (UnauthorizedAccessException)
        {
            throw path == "-"
                ? Unreadable(shown, "is closed", "")
                : Unreadable(shown, "cannot be read: permission denied", $"type: ls -l {Planning.Steps.Step.Quote(path)}, which tells who may");
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            throw Unreadable(shown, "cannot be read: " + e.Message, "");
        }
        string folder = path == "-" ? Directory.GetCurrentDirectory() : Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        return new SpecSource(path, Decode(bytes, shown), folder);
    }

    private static byte[] ReadBytes(string path, string shown)
    {
        // not by its length: what is in /dev or /proc has none
        using FileStream file = path == "-"
            ? new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0)
            : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        byte[] buffer = new byte[16 * 1024];
        int length = 0;
        for (int read; (read = file.Read(buffer, length, buffer.Length - length)) > 0;)
        {
            length += read;
            if (length > LargestFile)
                throw Unreadable(shown, $"is larger than {LargestFile / 1024 / 1024} MB", "");
            if (length == buffer.Length)
                Array.Resize(ref buffer, Math.Min(buffer.Length * 4, LargestFile + 1));
        }
        return buffer[..length];
    }

    private static string Decode(byte[] bytes, string shown)
    {
        var strict = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
        try
        {
            return strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw NotUtf8(bytes, shown);
        }
    }

    private static SpecException NotUtf8(byte[] bytes, string shown)
    {
        int valid = 0;
        while (Rune.DecodeFromUtf8(bytes.AsSpan(valid), out _, out int consumed) == System.Buffers.OperationStatus.Done)
            valid += consumed;
        string hint = bytes is [0xff, 0xfe, ..] or [0xfe, 0xff, ..]
            ? "it looks like UTF-16; save it as UTF-8"
            : $"type: iconv -f latin1 -t utf8 {Planning.Steps.Step.Quote(shown)}, if that is what it is in";
        string before = Encoding.UTF8.GetString(bytes, 0, valid);
        int end = bytes.AsSpan(valid).IndexOfAny((byte)'\n', (byte)'\r');
        string rest = Encoding.UTF8.GetString(bytes, valid, end < 0 ? bytes.Length - valid : end);
        var source = new SourceText(new SpecSource(shown, before + rest, "/"), 0);
        var faults = new Faults();
        faults.Add(new Place(source, source.Text.Length - rest.Length, 1), $"the byte 0x{bytes[valid]:x2} is not UTF-8", hint);
        return faults.ToException();
    }

    private static SpecException Unreadable(string shown, string message, string hint) =>
        new([new Diagnostic(shown, 0, 0, 0, message, hint, "")]);
}
