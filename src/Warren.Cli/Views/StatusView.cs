using System.Text;
using System.Text.Json;
using Warren.Model;
using Warren.Planning;
using Warren.Planning.Steps;
using Warren.Running.Services;

namespace Warren.Cli.Views;

/// <summary>How everything stands.</summary>
/// <param name="Project">The file's project; null without a file.</param>
/// <param name="All">All that is Warren's on the host.</param>
/// <param name="Healths">How each namespace stands, and last the host.</param>
/// <param name="HalfMade">What was never completed, and nobody asks for.</param>
/// <param name="Services">The project's services.</param>
internal sealed record StatusReport(
    string? Project,
    Observed All,
    IReadOnlyList<Health> Healths,
    IReadOnlyList<ObservedNamespace> HalfMade,
    IReadOnlyList<ServiceState> Services
)
{
    /// <summary>Why `up` would refuse.</summary>
    public IReadOnlyList<Refusal> Refusals { get; init; } = [];

    /// <summary>Whether Warren's table stands though no namespace does.</summary>
    public bool Leftovers { get; init; }

    /// <summary>Whether the project comes back after a reboot.</summary>
    public bool Enabled { get; init; }

    public bool IsHealthy =>
        Refusals.Count == 0 && HalfMade.Count == 0 && !Leftovers && Healths.All(health => health.State == HealthState.Healthy);
}

/// <summary>Whether all is as it should be.</summary>
internal static class StatusView
{
    /// <returns>Whether it is.</returns>
    public static bool Write(StatusReport report, bool json)
    {
        if (json)
            Json.Write(writer => WriteJson(writer, report));
        else
            Output.Write(Text(report));
        return report.IsHealthy;
    }

    public static string Text(StatusReport report)
    {
        var text = new StringBuilder();
        if (report.Healths.Count == 0 && report.IsHealthy)
            return "no namespaces; warren add web1 makes one, warren up those of a warren.yaml\n";
        Dictionary<string, ObservedNamespace> spaces = ByName(report);
        var forwards = new ForwardsByAddress(report.All.Forwards);
        int width = report.Healths.Concat([new Health("host", HealthState.Healthy, [])]).Max(health => health.Name.Length);
        foreach (Health health in report.Healths)
        {
            string name = health.Name.Length == 0 ? "host" : health.Name;
            text.Append(name.PadRight(width)).Append("  ").Append(Coloured(health.State));
            if (spaces.GetValueOrDefault(health.Name) is { Link.Mark: { } mark } space)
            {
                text.Append("  ").Append(mark.Inside);
                if (mark.Uplink is not null)
                    text.Append(" by ").Append(mark.Uplink).Append(" only");
                foreach (string range in LinkMark.Ranges(ListView.ForwardsOf(forwards, space)))
                    text.Append(' ').Append(range);
            }
            text.Append('\n');
            foreach (Step step in health.Drift)
                text.Append("  ").Append(Told(step)).Append('\n');
            foreach (ServiceState service in ServicesOf(report, health.Name))
            {
                text.Append("  service ").Append(Terminal.Safe(service.Name)).Append(": ").Append(service.Words);
                if (service.Why is { } why)
                    text.Append(", ").Append(Terminal.Safe(why));
                text.Append('\n');
            }
        }
        foreach (ObservedNamespace space in report.HalfMade)
            text.Append($"{Terminal.Safe(space.Name)}  {Colour.Yellow("half-made")}\n  type: warren rm {Terminal.Safe(space.Name)}\n");
        foreach (Refusal refusal in report.Refusals)
        {
            text.Append($"{Colour.Red("in the way")}: {refusal.What}\n");
            if (refusal.Remedy.Length > 0)
                text.Append($"  type: {refusal.Remedy}\n");
        }
        if (report.Leftovers)
            text.Append("host  drifted\n  too much: table inet warren, though no namespace stands\n  type: warren rm --all\n");
        if (report.Enabled)
            text.Append($"enabled: {BootUnit.NameOf(report.Project!)} brings it up at boot\n");
        if (!report.IsHealthy && report.Refusals.Count == 0 && report.Healths.Count > 0)
            text.Append(report.Project is null ? "type: warren add NAME, which mends what stands\n" : "type: warren up\n");
        return text.ToString();
    }

    // What `up` would do, told as what is wrong.
    private static string Told(Step step) =>
        step switch
        {
            ChangeRules { Table: TableChange.Create } => "missing: table inet warren",
            ChangeRules { Table: TableChange.Repair } => "differs: table inet warren: something is missing or too much, or it is dormant",
            SwitchLinkOn on => $"differs: link {on.Name} is down, or does not pass packets on",
            StartService start => $"not running: service {start.Service.FullName}",
            { Sign: '+' } => "missing: " + step.Words,
            { Sign: '-' } => "too much: " + step.Words,
            _ => "differs: " + step.Words,
        };

    private static string Coloured(HealthState state) =>
        state switch
        {
            HealthState.Healthy => Colour.Green("healthy"),
            HealthState.Drifted => Colour.Yellow("drifted"),
            _ => Colour.Red("missing"),
        };

    private static Dictionary<string, ObservedNamespace> ByName(StatusReport report)
    {
        var spaces = new Dictionary<string, ObservedNamespace>();
        foreach (ObservedNamespace space in report.All.Namespaces)
            spaces.TryAdd(space.Name, space);
        return spaces;
    }

    private static IEnumerable<ServiceState> ServicesOf(StatusReport report, string name) =>
        report.Services.Where(service => service.Name == name || service.Name.StartsWith(name + "/", StringComparison.Ordinal));

    private static void WriteJson(Utf8JsonWriter json, StatusReport report)
    {
        Dictionary<string, ObservedNamespace> spaces = ByName(report);
        json.WriteStartObject();
        json.WriteBoolean("healthy", report.IsHealthy);
        json.WriteString("project", report.Project);
        json.WriteBoolean("enabled", report.Enabled);
        json.WriteStartArray("namespaces");
        foreach (Health health in report.Healths)
        {
            if (health.Name.Length == 0)
                continue;
            json.WriteStartObject();
            json.WriteString("name", health.Name);
            json.WriteString("state", Word(health.State));
            json.WriteString("address", spaces.GetValueOrDefault(health.Name)?.Link?.Mark?.Inside.ToString());
            json.WriteString("uplink", spaces.GetValueOrDefault(health.Name)?.Link?.Mark?.Uplink);
            WriteDrift(json, health);
            json.WriteStartArray("services");
            foreach (ServiceState service in ServicesOf(report, health.Name))
                service.WriteTo(json);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (report.Healths.FirstOrDefault(health => health.Name.Length == 0) is { } host)
        {
            json.WriteStartObject("host");
            json.WriteString("state", Word(host.State));
            WriteDrift(json, host);
            json.WriteEndObject();
        }
        json.WriteStartArray("halfMade");
        foreach (ObservedNamespace space in report.HalfMade)
            json.WriteStringValue(space.Name);
        json.WriteEndArray();
        json.WriteStartArray("refusals");
        foreach (Refusal refusal in report.Refusals)
            json.WriteStringValue(refusal.What);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string Word(HealthState state) =>
        state switch
        {
            HealthState.Healthy => "healthy",
            HealthState.Drifted => "drifted",
            _ => "missing",
        };

    private static void WriteDrift(Utf8JsonWriter json, Health health)
    {
        json.WriteStartArray("drift");
        foreach (Step step in health.Drift)
            json.WriteStringValue(Told(step));
        json.WriteEndArray();
    }
}
