using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Cli.Views;

/// <summary>A plan for machines.</summary>
internal static class PlanJson
{
    public static void Write(Plan plan, bool applied) =>
        Json.Write(json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("changed", applied && !plan.IsEmpty);
            json.WriteStartArray("steps");
            foreach (Step step in plan.Steps)
            {
                json.WriteStartObject();
                json.WriteString(
                    "action",
                    step.Sign switch
                    {
                        '+' => "add",
                        '-' => "remove",
                        _ => "change",
                    }
                );
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
            json.WriteEndObject();
        });
}
