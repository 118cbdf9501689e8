using System.Text.Json;
using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Cli.Views;

/// <summary>A plan for machines. The format is documented in docs/plan-format.md; members come, none changes its meaning.</summary>
internal static class PlanJson
{
    public static void Write(Plan plan, bool applied) =>
        Json.Write(json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("changed", applied && !plan.IsEmpty);
            WriteSummary(json, plan);
            WriteSteps(json, plan);
            json.WriteEndObject();
        });

    internal static void WriteSummary(Utf8JsonWriter json, Plan plan)
    {
        (int add, int change, int remove) = PlanView.Count(plan);
        json.WriteStartObject("summary");
        json.WriteNumber("add", add);
        json.WriteNumber("change", change);
        json.WriteNumber("remove", remove);
        json.WriteEndObject();
    }

    internal static void WriteSteps(Utf8JsonWriter json, Plan plan)
    {
        json.WriteStartArray("steps");
        foreach (Step step in plan.Steps)
        {
            json.WriteStartObject();
            json.WriteString("action", Action(step));
            if (step.Namespace.Length > 0)
                json.WriteString("namespace", step.Namespace);
            else
                json.WriteNull("namespace");
            json.WriteString("text", step.Words);
            json.WriteStartArray("shell");
            foreach (string command in step.Shell)
                json.WriteStringValue(command);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static string Action(Step step) =>
        step.Sign switch
        {
            '+' => "add",
            '-' => "remove",
            _ => "change",
        };
}
