using System.Text.Json;

namespace Warren.Running.Services;

/// <summary>Where a service is between its start and its end.</summary>
internal enum ServiceStatus
{
    /// <summary>Not started yet: something it depends on is not ready.</summary>
    Waiting,

    /// <summary>Started, and not ready yet.</summary>
    Starting,

    /// <summary>Ready.</summary>
    Running,

    /// <summary>It ended, and will be started again.</summary>
    Restarting,

    /// <summary>It is being ended.</summary>
    Stopping,

    /// <summary>It was ended on purpose.</summary>
    Stopped,

    /// <summary>It ended by itself, and is not started again.</summary>
    Exited,

    /// <summary>It could not be started, or did not become ready.</summary>
    Failed,
}

/// <summary>A service as its supervisor sees it.</summary>
/// <param name="Name">Its full name.</param>
/// <param name="Status">Where it is.</param>
internal sealed record ServiceState(string Name, ServiceStatus Status)
{
    /// <summary>The process id of its command, while there is one.</summary>
    public int? ProcessId { get; init; }

    /// <summary>Since when it has this status; of a service that runs: when it was started.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>How often it was started again after it had ended by itself.</summary>
    public int Restarts { get; init; }

    /// <summary>With which code it ended last; 128 + n for signal n.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Why it failed, or what it waits for; safe to print.</summary>
    public string? Why { get; init; }

    /// <summary>In how long it is started again.</summary>
    public TimeSpan? RestartIn { get; init; }

    /// <summary>What it wrote last, if it failed.</summary>
    public IReadOnlyList<string> LastLines { get; init; } = [];

    /// <summary>Whether it is not what was wished: it failed, or it ended with another code than 0.</summary>
    public bool IsFailure => Status == ServiceStatus.Failed || Status == ServiceStatus.Exited && ExitCode != 0;

    /// <summary>Whether nothing is to be done about it: it runs or is about to, or it has done what it had to.</summary>
    public bool IsAsWished =>
        Status is ServiceStatus.Waiting or ServiceStatus.Starting or ServiceStatus.Running or ServiceStatus.Restarting
        || Status == ServiceStatus.Exited && ExitCode == 0;

    /// <summary>The status in words: <c>running</c>, <c>exited 3</c>, <c>restarting in 2 s</c>.</summary>
    public string Words =>
        Status switch
        {
            ServiceStatus.Exited => "exited " + ExitCode,
            ServiceStatus.Restarting when RestartIn is { } time => "restarting in " + Duration(time),
            _ => StatusWord,
        };

    /// <summary>The status in one word, for programs.</summary>
    public string StatusWord => Status.ToString().ToLowerInvariant();

    /// <summary>A time in words: <c>200 ms</c>, <c>5 s</c>, <c>3 min</c>, <c>2 h</c>, <c>4 d</c>.</summary>
    public static string Duration(TimeSpan time) =>
        time.TotalSeconds < 1 ? $"{Math.Max(0, (int)time.TotalMilliseconds)} ms"
        : time.TotalMinutes < 1 ? $"{(int)time.TotalSeconds} s"
        : time.TotalHours < 1 ? $"{(int)time.TotalMinutes} min"
        : time.TotalDays < 1 ? $"{(int)time.TotalHours} h"
        : $"{(int)time.TotalDays} d";

    /// <summary>Writes it as one JSON object.</summary>
    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("name", Name);
        json.WriteString("status", StatusWord);
        if (ProcessId is { } id)
            json.WriteNumber("pid", id);
        json.WriteNumber("since", Since.ToUnixTimeMilliseconds());
        json.WriteNumber("restarts", Restarts);
        if (ExitCode is { } code)
            json.WriteNumber("exitCode", code);
        if (Why is { } why)
            json.WriteString("why", why);
        if (RestartIn is { } time)
            json.WriteNumber("restartInMs", (long)time.TotalMilliseconds);
        json.WriteEndObject();
    }

    /// <summary>Reads what <see cref="WriteTo"/> wrote.</summary>
    public static ServiceState Read(JsonElement json) =>
        new(json.GetProperty("name").GetString()!, Parse(json.GetProperty("status").GetString()))
        {
            ProcessId = Number(json, "pid"),
            Since = DateTimeOffset.FromUnixTimeMilliseconds(json.GetProperty("since").GetInt64()),
            Restarts = json.GetProperty("restarts").GetInt32(),
            ExitCode = Number(json, "exitCode"),
            Why = json.TryGetProperty("why", out JsonElement why) ? why.GetString() : null,
            RestartIn = json.TryGetProperty("restartInMs", out JsonElement time) ? TimeSpan.FromMilliseconds(time.GetInt64()) : null,
        };

    private static int? Number(JsonElement json, string name) => json.TryGetProperty(name, out JsonElement value) ? value.GetInt32() : null;

    private static ServiceStatus Parse(string? word) =>
        Array.Find(Enum.GetValues<ServiceStatus>(), status => status.ToString().Equals(word, StringComparison.OrdinalIgnoreCase));
}

/// <summary>Something that happened to a service.</summary>
/// <param name="Name">Its full name.</param>
/// <param name="Status">Where it is now.</param>
/// <param name="Text">What happened, in words; safe to print.</param>
internal sealed record ServiceEvent(string Name, ServiceStatus Status, string Text);
