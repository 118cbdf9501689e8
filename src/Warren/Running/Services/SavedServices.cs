using System.Text;
using System.Text.Json;
using Warren.Model;

namespace Warren.Running.Services;

/// <summary>The wished services of a project, and the environment of the one who wished, as they stand in the file <c>services</c>.</summary>
/// <param name="Services">The services.</param>
/// <param name="Environment"><c>NAME=value</c> each, as the kernel had them.</param>
internal sealed record SavedServices(IReadOnlyList<Service> Services, IReadOnlyList<byte[]> Environment)
{
    /// <summary>Nothing is wished.</summary>
    public static SavedServices None { get; } = new([], []);

    /// <summary>The file's content.</summary>
    public byte[] ToBytes()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartArray("environment");
            foreach (byte[] variable in Environment)
                json.WriteBase64StringValue(variable);
            json.WriteEndArray();
            json.WriteStartArray("services");
            foreach (Service service in Services)
                Write(json, service);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote; null for anything else.</summary>
    public static SavedServices? Read(byte[] bytes)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes);
            JsonElement root = document.RootElement;
            var environment = new List<byte[]>();
            foreach (JsonElement variable in root.GetProperty("environment").EnumerateArray())
                environment.Add(variable.GetBytesFromBase64());
            var services = new List<Service>();
            foreach (JsonElement service in root.GetProperty("services").EnumerateArray())
                services.Add(Read(service));
            return new SavedServices(services, environment);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>All of a service, in one text: two services are the same if these are.</summary>
    public static string Identity(Service service)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
            Write(json, service);
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static void Write(Utf8JsonWriter json, Service service)
    {
        json.WriteStartObject();
        json.WriteString("namespace", service.Namespace);
        json.WriteString("name", service.Name);
        WriteWords(json, "command", service.Command);
        json.WriteString("directory", service.Directory);
        json.WriteStartArray("environment");
        foreach ((string name, string value) in service.Environment)
        {
            json.WriteStringValue(name);
            json.WriteStringValue(value);
        }
        json.WriteEndArray();
        json.WriteString("user", service.User);
        WriteWords(json, "capabilities", service.Capabilities);
        json.WriteNumber("restart", (int)service.Restart);
        json.WriteNumber("restartLimit", service.RestartLimit ?? -1);
        WriteWords(json, "dependsOn", service.DependsOn);
        if (service.Listens.Count > 0)
            WriteWords(json, "listens", [.. ListenRequest.Of(service.Listens).Select(port => port.ToString())]);
        json.WriteNumber("stopGraceMs", service.StopGrace.TotalMilliseconds);
        if (service.Ready is { } ready)
        {
            json.WriteStartObject("ready");
            json.WriteNumber("port", ready.Port ?? 0);
            json.WriteNumber("protocol", (int)ready.Protocol);
            WriteWords(json, "command", ready.Command);
            json.WriteNumber("timeoutMs", ready.Timeout.TotalMilliseconds);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static Service Read(JsonElement json) =>
        new(Text(json, "namespace"), Text(json, "name"), Words(json, "command"))
        {
            Directory = Text(json, "directory"),
            Environment = Pairs(Words(json, "environment")),
            User = json.GetProperty("user").GetString(),
            Capabilities = Words(json, "capabilities"),
            Restart = (RestartPolicy)json.GetProperty("restart").GetInt32(),
            RestartLimit = json.GetProperty("restartLimit").GetInt32() is >= 0 and var limit ? limit : null,
            DependsOn = Words(json, "dependsOn"),
            Listens = json.TryGetProperty("listens", out _) ? Ports(Words(json, "listens")) : [],
            StopGrace = TimeSpan.FromMilliseconds(json.GetProperty("stopGraceMs").GetDouble()),
            Ready = json.TryGetProperty("ready", out JsonElement ready) ? ReadReadiness(ready) : null,
        };

    private static Readiness ReadReadiness(JsonElement json) =>
        new()
        {
            Port = json.GetProperty("port").GetInt32() is > 0 and var port ? port : null,
            Protocol = (Protocol)json.GetProperty("protocol").GetInt32(),
            Command = Words(json, "command"),
            Timeout = TimeSpan.FromMilliseconds(json.GetProperty("timeoutMs").GetDouble()),
        };

    private static List<KeyValuePair<string, string>> Pairs(List<string> words)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        for (int i = 0; i + 1 < words.Count; i += 2)
            pairs.Add(new KeyValuePair<string, string>(words[i], words[i + 1]));
        return pairs;
    }

    private static List<HostPort> Ports(List<string> words)
    {
        var ports = new List<HostPort>();
        foreach (string word in words)
            ports.AddRange(ListenRequest.TryParse(word, out ListenRequest? request, out string? fault) ? request.Hosts : throw new FormatException(fault));
        return ports;
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString() ?? "";

    private static List<string> Words(JsonElement json, string name)
    {
        var words = new List<string>();
        foreach (JsonElement word in json.GetProperty(name).EnumerateArray())
            words.Add(word.GetString() ?? "");
        return words;
    }

    private static void WriteWords(Utf8JsonWriter json, string name, IReadOnlyList<string> words)
    {
        json.WriteStartArray(name);
        foreach (string word in words)
            json.WriteStringValue(word);
        json.WriteEndArray();
    }
}
