using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Warren.Model;
using Warren.Netlink.Wire;

namespace Warren.Running.Services;

// what is asked through the control socket: a JSON line {"ask": VERB, "names": […]} each, a JSON line back
internal sealed partial class Supervisor
{
    private const int MostClients = 64;
    private const int LongestRequest = 256 * 1024;
    private const int LongestAnswer = 8 << 20;

    private readonly List<Client> _clients = [];
    private int _control = -1;

    private sealed class Client(int descriptor)
    {
        public int Descriptor = descriptor;
        public readonly List<byte> Request = [];
        public byte[] Answer = [];
        public int Sent;

        /// <summary>For which services it waits; null if it does not. Those that are forgotten count as settled.</summary>
        public List<Supervised>? Waits;

        /// <summary>Whether it waits for the end of everything.</summary>
        public bool WaitsForEnd;
    }

    private void OpenControl()
    {
        _control = ControlSocket.Listen(_folder);
        _loop.Watch(_control, Accept);
    }

    private void CloseControl()
    {
        foreach (Client client in _clients.ToArray())
        {
            if (client.WaitsForEnd)
                Answer(client, States([]));
            Close(client);
        }
        if (_control < 0)
            return;
        _folder.RemoveControl();
        _loop.Unwatch(_control);
        Libc.Close(ref _control);
    }

    private unsafe void Accept()
    {
        int fd = Libc.accept4(_control, null, null, Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC);
        if (fd < 0)
        {
            // no descriptor is left: the caller would come again and again
            if (Errno.Last != Errno.Again && Errno.Last != Errno.Interrupted)
            {
                _loop.Unwatch(_control);
                _ = _loop.After(TimeSpan.FromSeconds(1), () => _loop.Watch(_control, Accept));
            }
            return;
        }
        if (_clients.Count >= MostClients)
        {
            _ = SystemCalls.close(fd);
            return;
        }
        var client = new Client(fd);
        _clients.Add(client);
        _loop.Watch(fd, () => Serve(client));
    }

    private void Serve(Client client)
    {
        if (client.Descriptor < 0)
            return;
        if (client.Answer.Length > 0)
            SendOn(client);
        Span<byte> buffer = stackalloc byte[4096];
        int length = Libc.Read(client.Descriptor, buffer);
        if (length < 0 && Errno.Last == Errno.Again)
            return;
        if (length <= 0 || client.Request.Count + length > LongestRequest)
        {
            Close(client);
            return;
        }
        client.Request.AddRange(buffer[..length]);
        ReadOnlySpan<byte> all = CollectionsMarshal.AsSpan(client.Request);
        int end = all.IndexOf((byte)'\n');
        if (end < 0)
            return;
        byte[] request = all[..end].ToArray();
        client.Request.Clear();
        _changed = true;
        // one question at a time
        if (client.Waits is not null || client.WaitsForEnd || client.Answer.Length > 0)
            Close(client);
        else
            Handle(client, request);
    }

    private void Handle(Client client, byte[] request)
    {
        string verb;
        var names = new List<string>();
        try
        {
            using JsonDocument document = JsonDocument.Parse(request);
            verb = document.RootElement.GetProperty("ask").GetString() ?? "";
            if (document.RootElement.TryGetProperty("names", out JsonElement list))
            {
                foreach (JsonElement name in list.EnumerateArray())
                    names.Add(name.GetString() ?? "");
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            Answer(client, Error("this is no question that a supervisor understands"));
            return;
        }
        switch (verb)
        {
            case "ps":
                Answer(client, States(_order));
                break;
            case "stop":
                client.WaitsForEnd = true;
                StopAll();
                break;
            case "reload" when !_ending:
                List<Supervised> before = [.. _order];
                _folder.TakeProposal();
                Reload();
                client.Waits = [.. _order.Union(before)];
                break;
            case "forget" when !_ending:
                client.Waits = [.. _order];
                _folder.TakeProposal();
                ForgetTheUnwished();
                client.Waits.RemoveAll(service => !service.ToStop);
                break;
            case "wait" when !_ending:
                client.Waits = [.. _order];
                break;
            case "restart" when !_ending:
                Restart(client, names);
                break;
            case "reload" or "wait":
                // not answered: whoever asks meets the end of this one, and starts the next
                break;
            default:
                Answer(client, Error(_ending ? "the services are being stopped" : $"a supervisor knows no '{Terminal.Safe(verb)}'"));
                break;
        }
    }

    private void Restart(Client client, List<string> names)
    {
        var chosen = new List<Supervised>();
        foreach (string name in names)
        {
            int found = chosen.Count;
            foreach (Supervised service in _order)
            {
                if ((service.Name == name || service.Service.Namespace == name) && !chosen.Contains(service))
                    chosen.Add(service);
            }
            if (found == chosen.Count && !chosen.Exists(service => service.Name == name))
            {
                Answer(client, Error($"no service '{Terminal.Safe(name)}'"));
                return;
            }
        }
        foreach (Supervised service in chosen)
            StartAnew(service);
        client.Waits = chosen;
    }

    private void AnswerThoseWhoWait()
    {
        foreach (Client client in _clients.ToArray())
        {
            if (client.Waits is not { } services || !services.TrueForAll(service => service.IsSettled || !IsKnown(service)))
                continue;
            client.Waits = null;
            Answer(client, States(services.FindAll(IsKnown)));
        }
    }

    private bool IsKnown(Supervised service) => _services.TryGetValue(service.Name, out Supervised? known) && known == service;

    private void Answer(Client client, byte[] answer)
    {
        if (client.Descriptor < 0)
            return;
        client.Answer = answer;
        client.Sent = 0;
        SendOn(client);
    }

    // As much as the client takes now; it never has to be waited for.
    private unsafe void SendOn(Client client)
    {
        while (client.Sent < client.Answer.Length)
        {
            nint sent;
            fixed (byte* first = client.Answer)
                sent = Libc.send(client.Descriptor, first + client.Sent, (nuint)(client.Answer.Length - client.Sent), Libc.MSG_NOSIGNAL);
            if (sent < 0)
            {
                if (Errno.Last == Errno.Again)
                    _loop.AlsoWritable(client.Descriptor, true);
                else
                    Close(client);
                return;
            }
            client.Sent += (int)sent;
        }
        client.Answer = [];
        _loop.AlsoWritable(client.Descriptor, false);
    }

    private void Close(Client client)
    {
        if (client.Descriptor < 0)
            return;
        _loop.Unwatch(client.Descriptor);
        Libc.Close(ref client.Descriptor);
        _clients.Remove(client);
    }

    private static byte[] States(IReadOnlyCollection<Supervised> services) =>
        Line(json =>
        {
            json.WriteStartArray("services");
            foreach (Supervised service in services)
                service.Describe().WriteTo(json);
            json.WriteEndArray();
        });

    private static byte[] Error(string text) => Line(json => json.WriteString("error", text));

    private static byte[] Line(Action<Utf8JsonWriter> members)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        buffer.WriteByte((byte)'\n');
        return buffer.Length <= LongestAnswer ? buffer.ToArray() : Encoding.UTF8.GetBytes("{\"error\":\"too many services\"}\n");
    }
}
