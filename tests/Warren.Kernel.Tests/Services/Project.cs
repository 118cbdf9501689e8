using System.Diagnostics;
using System.Text.Json;
using Warren.Kernel.Tests.Running;
using Warren.Model;
using Warren.Running.Services;
using Ending = Warren.Kernel.Tests.Running.Ending;

namespace Warren.Kernel.Tests.Services;

/// <summary>A sandbox with a namespace <c>web1</c>, in which the services of a project <c>demo</c> run.</summary>
internal sealed class Project : IDisposable
{
    private static readonly string s_probe =
        Environment.GetEnvironmentVariable("WARREN_RUNNING_PROBE") ?? Path.Combine(AppContext.BaseDirectory, "Warren.Running.Probe");

    private readonly string _folder = Directory.CreateTempSubdirectory("warren-services-").FullName;

    public Project()
    {
        Sandbox = Sandbox.Start();
        Sandbox.Do("warren add web1");
    }

    public Sandbox Sandbox { get; }

    /// <summary>A folder for what services note.</summary>
    public string Folder => _folder;

    /// <summary>A service of web1 that is a shell script; it has two seconds to stop.</summary>
    public static Service Script(string name, string script) => new("web1", name, ["sh", "-c", script]) { StopGrace = TimeSpan.FromSeconds(2) };

    /// <summary>A service that runs until it is stopped.</summary>
    public static Service Sleeper(string name) => new("web1", name, ["sleep", "1000"]) { StopGrace = TimeSpan.FromSeconds(2) };

    /// <summary>Starts services in the background.</summary>
    /// <param name="services">All that shall run.</param>
    public Ending Up(params Service[] services) => Sandbox.Sh($"exec {UpCommand(services)}");

    /// <summary>The words that start services in the background.</summary>
    public string UpCommand(params Service[] services) => $"{s_probe} up -d demo {Write(services)}";

    /// <summary>Runs services in the foreground.</summary>
    public Launched UpHere(params Service[] services) => Sandbox.Host.StartCommand(s_probe, "up", "demo", Write(services));

    public void Down() => Sandbox.Do($"{s_probe} down demo");

    public void StopIn(string space) => Sandbox.Do($"{s_probe} stop-in demo {space}");

    /// <summary>What <c>warren ps --json</c> says of a service.</summary>
    public JsonElement Ps(string name)
    {
        using JsonDocument all = JsonDocument.Parse(Sandbox.Do("warren ps --json"));
        return all.RootElement.EnumerateArray().Single(service => service.GetProperty("name").GetString() == name).Clone();
    }

    public int ProcessOf(string name) => Ps(name).GetProperty("pid").GetInt32();

    public string StateOf(string name) => Ps(name).GetProperty("state").GetString()!;

    /// <summary>Starts a supervisor of the built program, with one service: one without any ends at once.</summary>
    /// <param name="before">What the shell does before.</param>
    public Launched Supervise(string before)
    {
        const string Place = "/run/warren/projects/demo";
        Up(Sleeper("first"));
        Sandbox.Do($"cp {Place}/services /run/first");
        Down();
        Launched supervisor = Sandbox.Host.Start($"mkdir -p -m 700 {Place}; cp /run/first {Place}/services; {before}; exec warren __supervise demo");
        Eventually(() => Sandbox.Sh($"test -S {Place}/control && warren ps").Output.Contains("running", StringComparison.Ordinal), "it answers");
        return supervisor;
    }

    /// <summary>The process of the supervisor.</summary>
    public string Supervisor() => Sandbox.Do("cat /run/warren/projects/demo/supervisor.lock").Trim();

    /// <summary>The processes in a namespace.</summary>
    public string[] Processes(string space = "web1") => Sandbox.Do($"ip netns pids {space}").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Waits until something is so.</summary>
    public static void Eventually(Func<bool> isSo, string what)
    {
        long start = Stopwatch.GetTimestamp();
        using var never = new ManualResetEventSlim();
        while (!isSo())
        {
            if (Stopwatch.GetElapsedTime(start) > Sandbox.Bound)
                throw new TimeoutException("not so: " + what);
            never.Wait(20);
        }
    }

    /// <summary>Waits until a service has noted something in <see cref="Folder"/>.</summary>
    public string Noted(string file)
    {
        string path = Path.Combine(_folder, file);
        Eventually(() => File.Exists(path) && File.ReadAllText(path).EndsWith('\n'), $"{file} is noted");
        return File.ReadAllText(path).TrimEnd('\n');
    }

    public void Dispose()
    {
        Sandbox.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string Write(Service[] services)
    {
        string file = Path.Combine(_folder, $"services-{Guid.NewGuid():N}");
        File.WriteAllBytes(file, new SavedServices(services, []).ToBytes());
        return file;
    }
}
