using System.Globalization;
using System.Text.Json;
using Warren.Model;
using Warren.Running.Services;

namespace Warren.Cli.Views;

/// <summary>A project's services.</summary>
/// <param name="Name">The project.</param>
/// <param name="Services">As its supervisor sees them; null if none lives.</param>
/// <param name="Wished">What was wished last.</param>
internal sealed record ProjectState(string Name, IReadOnlyList<ServiceState>? Services, IReadOnlyList<Service> Wished)
{
    /// <summary>The services; without a supervisor, all are stopped.</summary>
    public IEnumerable<ServiceState> All =>
        Services ?? Wished.Select(service => new ServiceState(service.FullName, ServiceStatus.Stopped) { Why = "no supervisor; type: warren up -d" });
}

/// <summary>Services, a line each.</summary>
internal static class ServicesView
{
    public static void Write(IReadOnlyList<ProjectState> projects, bool json)
    {
        if (json)
        {
            Json.Write(writer => WriteJson(writer, projects));
            return;
        }
        if (!projects.Any(project => project.All.Any()))
        {
            Output.Line("no services; warren up starts those of a warren.yaml");
            return;
        }
        bool several = projects.Count > 1;
        bool listens = projects.Any(project => project.Wished.Any(service => service.Listens.Count > 0));
        string[] heads = ["NAME", "STATE", "PID", "UPTIME", "RESTARTS", .. listens ? ["LISTENS"] : (string[])[], "WHY"];
        var table = new Table(several ? ["PROJECT", .. heads] : heads);
        foreach (ProjectState project in projects)
        {
            foreach (ServiceState state in project.All)
            {
                string[] cells = Cells(state, listens ? Listens(project, state) : null);
                table.Add(several ? [Terminal.Safe(project.Name), .. cells] : cells);
            }
        }
        table.Write();
    }

    /// <summary>Tells how services have started.</summary>
    /// <returns>Whether one failed.</returns>
    public static bool WriteOutcome(IReadOnlyList<ServiceState> states)
    {
        bool failed = false;
        foreach (ServiceState state in states)
        {
            string name = Terminal.Safe(state.Name);
            if (!state.IsFailure)
            {
                Output.Line($"{name}: {state.Words}{(state.ProcessId is { } id ? $", process {id.ToString(CultureInfo.InvariantCulture)}" : "")}");
                continue;
            }
            failed = true;
            Output.Error($"{name}: {state.Words}{(state.Why is { } why ? ": " + Terminal.Safe(why) : "")}");
            foreach (string line in state.LastLines)
                Output.Error($"  {name} | {LogView.SafeLine(line)}");
            Output.Error($"  type: warren logs {name}");
        }
        return failed;
    }

    private static string Listens(ProjectState project, ServiceState state) =>
        string.Join(' ', ListenRequest.Of(project.Wished.FirstOrDefault(service => service.FullName == state.Name)?.Listens ?? []));

    private static string[] Cells(ServiceState state, string? listens) =>
        [
            Terminal.Safe(state.Name),
            state.Words,
            state.ProcessId?.ToString(CultureInfo.InvariantCulture) ?? "-",
            state.ProcessId is null ? "-" : ServiceState.Duration(DateTimeOffset.UtcNow - state.Since),
            state.Restarts.ToString(CultureInfo.InvariantCulture),
            .. listens is null ? [] : (string[])[listens],
            Terminal.Safe(state.Why ?? ""),
        ];

    private static void WriteJson(Utf8JsonWriter json, IReadOnlyList<ProjectState> projects)
    {
        json.WriteStartArray();
        foreach (ProjectState project in projects)
        {
            foreach (ServiceState state in project.All)
            {
                json.WriteStartObject();
                json.WriteString("project", project.Name);
                json.WriteString("name", state.Name);
                json.WriteString("state", state.StatusWord);
                if (state.ProcessId is { } id)
                    json.WriteNumber("pid", id);
                else
                    json.WriteNull("pid");
                if (state.ProcessId is not null)
                    json.WriteString("since", state.Since.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
                json.WriteNumber("restarts", state.Restarts);
                if (state.ExitCode is { } code)
                    json.WriteNumber("exitCode", code);
                else
                    json.WriteNull("exitCode");
                json.WriteString("why", state.Why);
                json.WriteEndObject();
            }
        }
        json.WriteEndArray();
    }
}
