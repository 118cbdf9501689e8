using System.Text;

namespace Warren.Running.Services;

/// <summary>A line of a service's log.</summary>
/// <param name="Service">Its full name.</param>
/// <param name="Time">When it was written, in milliseconds since 1970.</param>
/// <param name="IsWarrens">Whether Warren says it about the service.</param>
/// <param name="Text">The line, as the service wrote it: not safe to print.</param>
internal sealed record LogLine(string Service, long Time, bool IsWarrens, string Text);

/// <summary>The logs of services, read from their files: also when no supervisor lives.</summary>
internal sealed class LogReading : IDisposable
{
    private readonly ProjectFolder _folder;
    private readonly List<Follower> _followers = [];
    private int _watch = -1;

    private LogReading(ProjectFolder folder) => _folder = folder;

    /// <summary>The logs of a project's services; null if there is no such project.</summary>
    /// <param name="project">The project.</param>
    /// <param name="services">Full names.</param>
    public static LogReading? Open(string project, IEnumerable<string> services)
    {
        if (ProjectFolder.Find(project) is not { } folder)
            return null;
        var reading = new LogReading(folder);
        foreach (string service in services)
            reading._followers.Add(new Follower(project, service));
        return reading;
    }

    /// <summary>What a service wrote last.</summary>
    public static IReadOnlyList<string> Last(string project, string service, int count)
    {
        using LogReading? reading = Open(project, [service]);
        List<LogLine> lines = reading?.ReadAll(null) ?? [];
        return lines.FindAll(line => !line.IsWarrens).TakeLast(count).Select(line => line.Text).ToList();
    }

    /// <summary>All that is there, in the order of time.</summary>
    /// <param name="last">How many lines of each service at most, the last ones; null for all.</param>
    public List<LogLine> ReadAll(int? last)
    {
        var all = new List<LogLine>();
        foreach (Follower follower in _followers)
        {
            var lines = new List<LogLine>();
            follower.ReadOld(lines);
            follower.ReadOn(lines);
            all.AddRange(last is { } count && count < lines.Count ? lines[^count..] : lines);
        }
        return InOrder(all);
    }

    /// <summary>What has come since the last call, in the order of time.</summary>
    public List<LogLine> ReadNew()
    {
        var lines = new List<LogLine>();
        foreach (Follower follower in _followers)
            follower.ReadOn(lines);
        return InOrder(lines);
    }

    /// <summary>Waits until something may have come.</summary>
    /// <param name="ended">A descriptor that can be read when there is no use in waiting any more; or negative.</param>
    /// <param name="bound">How long at most.</param>
    /// <returns>False when <paramref name="ended"/> can be read.</returns>
    public unsafe bool Wait(int ended, TimeSpan bound)
    {
        if (_watch < 0)
        {
            _watch = Libc.inotify_init1(Libc.O_NONBLOCK | Libc.O_CLOEXEC);
            _ = Libc.inotify_add_watch(_watch, ProjectFolder.PathOf(_folder.Project, ProjectFolder.LogFolder), Libc.IN_MODIFY | Libc.IN_CREATE | Libc.IN_MOVED_TO);
            return true;
        }
        SystemCalls.PollDescriptor* asked = stackalloc SystemCalls.PollDescriptor[2];
        asked[0] = new() { Descriptor = _watch, Asked = SystemCalls.POLLIN };
        asked[1] = new() { Descriptor = ended, Asked = SystemCalls.POLLIN };
        _ = SystemCalls.poll(asked, 2, (int)bound.TotalMilliseconds);
        Span<byte> happenings = stackalloc byte[4096];
        while (Libc.Read(_watch, happenings) > 0) { }
        return asked[1].Happened == 0;
    }

    public void Dispose()
    {
        foreach (Follower follower in _followers)
            follower.Dispose();
        Libc.Close(ref _watch);
        _folder.Dispose();
    }

    // keeps the order of lines of the same time
    private static List<LogLine> InOrder(List<LogLine> lines) => [.. lines.OrderBy(line => line.Time)];

    private sealed class Follower(string project, string service) : IDisposable
    {
        private FileStream? _file;
        private byte[] _begun = [];
        private long _latest;

        public void ReadOld(List<LogLine> lines)
        {
            // the old file first; it may just have taken the place of the one before
            using FileStream? old = OpenFile(ProjectFolder.OldLogName(service));
            _file = OpenFile(ProjectFolder.LogName(service));
            if (old is not null && (_file is null || !IsSame(old, _file)))
                ReadTo(old, lines);
        }

        public void ReadOn(List<LogLine> lines)
        {
            // two turns at most: what is left of the file that became the old one, then the new one
            const int Turns = 3;
            for (int i = 0; i < Turns; i++)
            {
                using FileStream? now = OpenFile(ProjectFolder.LogName(service));
                if (_file is not null)
                    ReadTo(_file, lines);
                if (now is null || _file is not null && IsSame(now, _file))
                    return;
                _file?.Dispose();
                _begun = [];
                _file = OpenFile(ProjectFolder.LogName(service));
            }
        }

        public void Dispose() => _file?.Dispose();

        private FileStream? OpenFile(string name)
        {
            try
            {
                string path = ProjectFolder.PathOf(project, $"{ProjectFolder.LogFolder}/{name}");
                return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                return null;
            }
        }

        private static unsafe bool IsSame(FileStream one, FileStream other) => Inode(one) == Inode(other);

        private static unsafe ulong Inode(FileStream file)
        {
            // struct statx: stx_ino at 32
            byte* buffer = stackalloc byte[256];
            byte empty = 0;
            const int EmptyPath = 0x1000;
            const uint InodeMask = 0x100;
            int fd = (int)file.SafeFileHandle.DangerousGetHandle();
            return Kernel.Libc.statx(fd, &empty, EmptyPath, InodeMask, buffer) == 0 ? *(ulong*)(buffer + 32) : 0;
        }

        private void ReadTo(FileStream file, List<LogLine> lines)
        {
            byte[] buffer = new byte[64 * 1024];
            for (int length = file.Read(buffer); length > 0; length = file.Read(buffer))
            {
                byte[] all = [.. _begun, .. buffer.AsSpan(0, length)];
                ReadOnlySpan<byte> rest = all;
                for (int end = rest.IndexOf((byte)'\n'); end >= 0; end = rest.IndexOf((byte)'\n'))
                {
                    if (Parse(rest[..end]) is { } line)
                        lines.Add(line);
                    rest = rest[(end + 1)..];
                }
                _begun = rest.ToArray();
            }
        }

        private LogLine? Parse(ReadOnlySpan<byte> line)
        {
            if (!System.Buffers.Text.Utf8Parser.TryParse(line, out long time, out int length) || length >= line.Length)
                return null;
            // a service's own lines stay in their order, also where the clock was set back
            _latest = Math.Max(_latest, time);
            return new LogLine(service, _latest, line[length] == LogFile.Said, Encoding.UTF8.GetString(line[(length + 1)..]));
        }
    }
}
