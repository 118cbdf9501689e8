using System.Text;
using System.Text.Json;
using Warren.Planning;

namespace Warren.Running.Services;

/// <summary>One who asks a living supervisor: a JSON line there, a JSON line back.</summary>
internal sealed class ControlClient : IDisposable
{
    private readonly string _project;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly MemoryStream _received = new();
    private int _socket;
    private bool _lost;

    private ControlClient(string project, int socket)
    {
        _project = project;
        _socket = socket;
    }

    /// <summary>The connection; it ends with the supervisor.</summary>
    public int Descriptor => _socket;

    /// <summary>Connects to the supervisor of a project; null if none answers.</summary>
    public static ControlClient? Connect(string project)
    {
        int socket = ControlSocket.Connect(ProjectFolder.PathOf(project, ProjectFolder.ControlFile));
        return socket < 0 ? null : new ControlClient(project, socket);
    }

    /// <summary>Asks, and waits for the answer.</summary>
    /// <returns>The services; null if the supervisor ended before it answered.</returns>
    /// <exception cref="RefusedException">It says why not, or does not answer in time.</exception>
    public IReadOnlyList<ServiceState>? Ask(string verb, IReadOnlyCollection<string> names, TimeSpan patience)
    {
        using var request = new MemoryStream();
        using (var json = new Utf8JsonWriter(request))
        {
            json.WriteStartObject();
            json.WriteString("ask", verb);
            json.WriteStartArray("names");
            foreach (string name in names)
                json.WriteStringValue(name);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        request.WriteByte((byte)'\n');
        if (!Send(request.GetBuffer().AsSpan(0, (int)request.Length)))
        {
            // it was not asked: there is no end to wait for
            _lost = true;
            return null;
        }
        return ReadLine(patience) is { } answer ? Read(answer) : null;
    }

    /// <summary>Waits for the end of the supervisor's side.</summary>
    public bool WaitForEnd(TimeSpan patience)
    {
        long end = EventLoop.Now + (long)patience.TotalMilliseconds;
        while (!_lost && EventLoop.Now < end)
        {
            if (Libc.WaitReadable(_socket, TimeSpan.FromMilliseconds(end - EventLoop.Now)) && Libc.Read(_socket, _buffer) <= 0)
                return true;
        }
        return false;
    }

    public void Dispose()
    {
        Libc.Close(ref _socket);
        _received.Dispose();
    }

    private unsafe bool Send(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            nint sent;
            fixed (byte* first = bytes)
                sent = Libc.send(_socket, first, (nuint)bytes.Length, Libc.MSG_NOSIGNAL);
            if (sent < 0)
                return false;
            bytes = bytes[(int)sent..];
        }
        return true;
    }

    private byte[]? ReadLine(TimeSpan patience)
    {
        long end = EventLoop.Now + (long)patience.TotalMilliseconds;
        while (true)
        {
            TimeSpan left = TimeSpan.FromMilliseconds(end - EventLoop.Now);
            if (left <= TimeSpan.Zero || !Libc.WaitReadable(_socket, left))
            {
                if (left > TimeSpan.Zero && EventLoop.Now < end)
                    continue;
                throw new RefusedException(
                    RefusalKind.Conflict,
                    new Refusal(
                        $"the supervisor of project {_project} has not answered for {ServiceState.Duration(patience)}",
                        $"cat {ProjectFolder.PathOf(_project, ProjectFolder.LockFile)}, which names the process"
                    )
                );
            }
            int length = Libc.Read(_socket, _buffer);
            if (length <= 0)
                return null;
            _received.Write(_buffer, 0, length);
            ReadOnlySpan<byte> all = _received.GetBuffer().AsSpan(0, (int)_received.Length);
            int line = all.IndexOf((byte)'\n');
            if (line < 0)
                continue;
            byte[] answer = all[..line].ToArray();
            _received.SetLength(0);
            return answer;
        }
    }

    private IReadOnlyList<ServiceState> Read(byte[] answer)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(answer);
            if (document.RootElement.TryGetProperty("error", out JsonElement error))
                throw new RefusedException(RefusalKind.NotFound, new Refusal(error.GetString() ?? "", $"warren ps --project {_project}"));
            var states = new List<ServiceState>();
            foreach (JsonElement service in document.RootElement.GetProperty("services").EnumerateArray())
                states.Add(ServiceState.Read(service));
            return states;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new RefusedException(
                RefusalKind.Conflict,
                new Refusal($"the supervisor of project {_project} answers what this warren does not understand: {Encoding.UTF8.GetString(answer.AsSpan(0, Math.Min(80, answer.Length)))}", "")
            );
        }
    }
}
