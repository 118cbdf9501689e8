using System.Text.Json;
using Warren.Diagnosis;
using Warren.Model;
using Warren.Planning;

namespace Warren.Cli.Views;

/// <summary>What a diagnosis came to.</summary>
/// <param name="Condition">What was looked at.</param>
/// <param name="Findings">What was found, errors first.</param>
internal sealed record DoctorReport(Condition Condition, IReadOnlyList<Finding> Findings)
{
    /// <summary>What was done about it, or would be; null if that was not asked for.</summary>
    public Plan? Plan { get; init; }

    /// <summary>Whether the plan was carried out.</summary>
    public bool Changed { get; init; }

    /// <summary>Whether notes are shown too.</summary>
    public bool Verbose { get; init; }

    /// <summary>Whether nothing is wrong.</summary>
    public bool IsHealthy => Findings.All(finding => finding.Trouble.Weight == Weight.Note);

    /// <summary>How many findings have a weight.</summary>
    public int Count(Weight weight) => Findings.Count(finding => finding.Trouble.Weight == weight);
}

/// <summary>Findings to read, and for programs.</summary>
internal static class DoctorView
{
    public static void Write(DoctorReport report, bool json)
    {
        if (json)
        {
            Json.Write(writer => WriteJson(writer, report));
            return;
        }
        foreach (Finding finding in report.Findings)
        {
            if (finding.Trouble.Weight != Weight.Note || report.Verbose)
                Write(finding);
        }
        Output.Line(Summary(report));
    }

    /// <summary>What will be done, or would be.</summary>
    public static void WritePlan(Plan plan, bool dry)
    {
        if (plan.IsEmpty)
            return;
        PlanView.WriteSteps(plan);
        Output.Line($"Plan: {PlanView.Summary(plan)}.{(dry ? " Nothing was changed." : "")}");
        Output.Line("");
    }

    private static void Write(Finding finding)
    {
        string name = finding.Namespace.Length > 0 ? finding.Namespace : "host";
        Output.Line($"{Coloured(finding.Trouble.Weight, Terminal.Safe(name))}: {Terminal.Safe(finding.What)}   [{finding.Trouble.Id}]");
        foreach (string line in finding.Evidence)
            Output.Line("  seen: " + Terminal.Safe(line));
        if (finding.Consequence.Length > 0)
            Output.Line("  so: " + Terminal.Safe(finding.Consequence));
        if (finding.Remedy.Length > 0)
            Output.Line("  type: " + Terminal.Safe(finding.Remedy));
    }

    private static string Summary(DoctorReport report)
    {
        int errors = report.Count(Weight.Error);
        int warnings = report.Count(Weight.Warning);
        if (errors + warnings > 0)
        {
            int fixable = report.Findings.Count(finding => finding.Fixable);
            string fix = fixable > 0 && !report.Changed && report.Plan is null ? $" warren doctor --fix mends {(fixable == errors + warnings ? "all" : Words.Number(fixable))} of it." : "";
            return $"{Counted(errors, "error")}, {Counted(warnings, "warning")}.{fix}";
        }
        int spaces = report.Condition.Marked.Count();
        int ports = report.Condition.Seen.Forwards.Count;
        return spaces == 0 ? "Nothing is wrong. No namespace of Warren's stands." : $"Nothing is wrong: {Counted(spaces, "namespace")}, {Counted(ports, "published port")}.";
    }

    private static string Counted(int number, string what) => $"{number} {what}{(number == 1 ? "" : "s")}";

    private static string Coloured(Weight weight, string text) =>
        weight switch
        {
            Weight.Error => Colour.Red(text),
            Weight.Warning => Colour.Yellow(text),
            _ => text,
        };

    private static void WriteJson(Utf8JsonWriter json, DoctorReport report)
    {
        json.WriteStartObject();
        json.WriteBoolean("healthy", report.IsHealthy);
        json.WriteNumber("errors", report.Count(Weight.Error));
        json.WriteNumber("warnings", report.Count(Weight.Warning));
        json.WriteStartArray("findings");
        foreach (Finding finding in report.Findings)
            WriteFinding(json, finding);
        json.WriteEndArray();
        if (report.Plan is { } plan)
        {
            json.WriteStartObject("fix");
            json.WriteBoolean("changed", report.Changed);
            PlanJson.WriteSummary(json, plan);
            PlanJson.WriteSteps(json, plan);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static void WriteFinding(Utf8JsonWriter json, Finding finding)
    {
        json.WriteStartObject();
        json.WriteString("id", finding.Trouble.Id);
        json.WriteString("weight", finding.Trouble.Word);
        if (finding.Namespace.Length > 0)
            json.WriteString("namespace", finding.Namespace);
        else
            json.WriteNull("namespace");
        json.WriteStartArray("ports");
        foreach (HostPort port in finding.Ports)
            json.WriteStringValue(port.ToString());
        json.WriteEndArray();
        json.WriteString("what", finding.What);
        json.WriteStartArray("evidence");
        foreach (string line in finding.Evidence)
            json.WriteStringValue(line);
        json.WriteEndArray();
        json.WriteString("consequence", finding.Consequence);
        json.WriteString("remedy", finding.Remedy);
        json.WriteBoolean("fixable", finding.Fixable);
        json.WriteEndObject();
    }
}
