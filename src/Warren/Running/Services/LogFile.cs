using System.Buffers;
using System.Buffers.Text;
using Warren.Model;

namespace Warren.Running.Services;

/// <summary>
/// A service's log: a line is the time in milliseconds since 1970, a mark, and the bytes that the service wrote. When a file is
/// full, it becomes the old one, and the old one goes.
/// </summary>
internal sealed class LogFile(ProjectFolder folder, string fullName) : IDisposable
{
    /// <summary>How large a file grows.</summary>
    public const int Limit = 1 << 20;

    /// <summary>In place of a service's name: the log of what the supervisor itself does. No service is called so.</summary>
    public const string Own = "/";

    /// <summary>The mark of what the service wrote.</summary>
    public const byte Written = (byte)' ';

    /// <summary>The mark of what Warren says about it.</summary>
    public const byte Said = (byte)'!';

    // one for all files of a thread: each is used from the first line that is added to the flush
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_lines;

    private readonly string _name = ProjectFolder.LogName(fullName);
    private readonly string _old = ProjectFolder.OldLogName(fullName);
    private int _file = -1;
    private long _size;

    /// <summary>Adds a line. What is on several lines becomes one.</summary>
    public void Add(ReadOnlySpan<byte> line, byte mark, DateTimeOffset time)
    {
        Span<byte> head = Lines.GetSpan(24 + line.Length);
        _ = Utf8Formatter.TryFormat(time.ToUnixTimeMilliseconds(), head, out int length);
        head[length++] = mark;
        line.CopyTo(head[length..]);
        head[length + line.Length] = (byte)'\n';
        Lines.Advance(length + line.Length + 1);
        const int Many = 64 * 1024;
        if (Lines.WrittenCount > Many)
            Flush();
    }

    /// <summary>Writes what was added to the file. A disk that is full loses lines, and nothing else.</summary>
    public void Flush()
    {
        ReadOnlySpan<byte> lines = Lines.WrittenSpan;
        if (lines.IsEmpty)
            return;
        if (_file < 0 || _size + lines.Length > Limit)
            Turn(lines.Length);
        if (_file >= 0 && Libc.WriteAll(_file, lines))
            _size += lines.Length;
        Lines.ResetWrittenCount();
    }

    public void Dispose() => Libc.Close(ref _file);

    private static ArrayBufferWriter<byte> Lines => t_lines ??= new(4096);

    private void Turn(int coming)
    {
        if (_file < 0)
            Open();
        if (_size == 0 || _size + coming <= Limit)
            return;
        Libc.Close(ref _file);
        folder.RotateLog(_name, _old);
        Open();
    }

    private void Open()
    {
        _file = folder.OpenLog(_name);
        _size = 0;
        if (_file < 0)
            return;
        using var handle = new Microsoft.Win32.SafeHandles.SafeFileHandle(_file, ownsHandle: false);
        _size = RandomAccess.GetLength(handle);
        // a supervisor that was killed may have left half a line
        Span<byte> last = stackalloc byte[1];
        if (_size > 0 && RandomAccess.Read(handle, last, _size - 1) == 1 && last[0] != (byte)'\n' && Libc.WriteAll(_file, "\n"u8))
            _size++;
    }
}

/// <summary>What a service writes, cut into lines.</summary>
internal sealed class OutputPipe(int descriptor, int longestLine = OutputPipe.LongestLine)
{
    /// <summary>The longest line; what is longer is cut into several.</summary>
    public const int LongestLine = 16 * 1024;

    // one for all pipes of a thread
    [ThreadStatic]
    private static byte[]? t_buffer;

    private byte[] _begun = [];
    private int _length;

    /// <summary>What takes a line.</summary>
    public delegate void LineTaker(ReadOnlySpan<byte> line);

    /// <summary>The end to read from; it does not block.</summary>
    public int Descriptor { get; } = descriptor;

    /// <summary>Reads what is there now, one buffer at most.</summary>
    /// <returns>How many bytes; 0 when nobody can write any more; -1 when there is nothing now.</returns>
    public int Read(LineTaker take)
    {
        byte[] buffer = t_buffer ??= new byte[64 * 1024];
        int length = Libc.Read(Descriptor, buffer);
        ReadOnlySpan<byte> rest = buffer.AsSpan(0, Math.Max(length, 0));
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)'\n');
            if (end >= 0 && _length == 0 && end <= longestLine)
            {
                take(rest[..end]);
                rest = rest[(end + 1)..];
                continue;
            }
            int room = longestLine - _length;
            int part = Math.Min(room, end < 0 ? rest.Length : end);
            Keep(rest[..part]);
            bool whole = end == part;
            rest = rest[(whole ? part + 1 : part)..];
            if (whole || _length == longestLine && !rest.IsEmpty)
                GiveBegun(take);
        }
        return length;
    }

    /// <summary>Gives the last line, which has no end.</summary>
    public void Finish(LineTaker take)
    {
        if (_length > 0)
            GiveBegun(take);
    }

    private void Keep(ReadOnlySpan<byte> part)
    {
        if (_begun.Length < _length + part.Length)
            Array.Resize(ref _begun, Math.Min(longestLine, Math.Max(256, 2 * (_length + part.Length))));
        part.CopyTo(_begun.AsSpan(_length));
        _length += part.Length;
    }

    private void GiveBegun(LineTaker take)
    {
        take(_begun.AsSpan(0, _length));
        _length = 0;
        const int Worthwhile = 1024;
        if (_begun.Length > Worthwhile)
            _begun = [];
    }
}
