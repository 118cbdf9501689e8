using System.Text.Json;
using Warren.Diagnosis;
using Warren.Model;

namespace Warren.Cli.Views;

/// <summary>A packet's way, a line each step, and what came of it.</summary>
internal static class TraceView
{
    public static void Write(TraceReport report, bool json)
    {
        if (json)
        {
            Json.Write(writer => WriteJson(writer, report));
            return;
        }
        TraceFacts facts = report.Facts;
        foreach (TraceLeg leg in facts.Legs)
            WriteLeg(facts, leg);
        foreach (string remark in Remarks(facts))
            Output.Line(Terminal.Safe(remark));
        Output.Line(report.Verdict.Answered ? Colour.Green(report.Verdict.Sentence) : Colour.Red(report.Verdict.Sentence));
        if (report.Verdict.Remedy.Length > 0)
            Output.Line($"  type: {report.Verdict.Remedy}");
    }

    private static void WriteLeg(TraceFacts facts, TraceLeg leg)
    {
        string place = leg.Place.Length == 0 ? "host" : leg.Place;
        string came = leg.First.In.Length == 0 ? "sent" : $"in by {leg.First.In}{(leg.First.In == facts.StandIn.StandIn ? $", in place of {facts.StandIn.Uplink}" : "")}";
        Line($"{place}: {(leg.IsAnswer ? "answer" : "packet")} {leg.First.Source} -> {leg.First.Destination}, {came}");
        Waypoint at = leg.First;
        int hook = leg.Hops.Count == 0 ? 0 : leg.Hops.Max(hop => hop.HookWord.Length);
        int chain = leg.Hops.Count == 0 ? 0 : leg.Hops.Max(hop => Chain(hop).Length);
        foreach (TraceHop hop in leg.Hops)
        {
            WriteChange(at, hop.At);
            at = hop.At;
            Line($"  {hop.HookWord.PadRight(hook)}  {Chain(hop).PadRight(chain)}  {What(hop)}");
        }
        WriteChange(at, leg.Last);
        if (leg.End is null && leg.Last.Out.Length > 0 && leg.Left)
            Line($"  out by {leg.Last.Out}");
    }

    private static void WriteChange(Waypoint before, Waypoint after)
    {
        if (before.Destination != after.Destination || before.Source != after.Source)
            Line($"  now {after.Source} -> {after.Destination}");
    }

    private static string Chain(TraceHop hop) =>
        $"{hop.Family} {hop.Table} {hop.Chain}{(hop.Owner.Length > 0 && hop.Owner != hop.Table ? $" ({hop.Owner})" : "")}";

    private static string What(TraceHop hop) =>
        hop.IsPolicy ? (hop.Verdict == HopVerdict.Drops ? "policy drop" : "policy accept") : hop.Rule;

    private static IEnumerable<string> Remarks(TraceFacts facts)
    {
        if (facts.StandIn.StandIn.Length > 0)
        {
            foreach (string rule in facts.UplinkRules)
                yield return $"it came by {facts.StandIn.StandIn}, a link made for it, so this did not count: {rule}; warren trace --live follows what comes by {facts.StandIn.Uplink}";
        }
        if (facts.Lost)
            yield return "the kernel told more than could be heard: steps are missing above";
    }

    private static void Line(string text) => Output.Line(Terminal.Safe(text));

    private static void WriteJson(Utf8JsonWriter json, TraceReport report)
    {
        TraceFacts facts = report.Facts;
        json.WriteStartObject();
        json.WriteString("port", facts.Question.Port.ToString());
        json.WriteString("from", From(facts.Question));
        json.WriteString("to", facts.Question.Origin == TraceOrigin.Live ? null : report.Destination);
        json.WriteBoolean("answered", report.Verdict.Answered);
        json.WriteString("verdict", report.Verdict.Sentence);
        json.WriteString("remedy", report.Verdict.Remedy);
        json.WriteString("client", facts.End.ToString().ToLowerInvariant());
        json.WriteStartArray("legs");
        foreach (TraceLeg leg in facts.Legs)
        {
            json.WriteStartObject();
            json.WriteString("namespace", leg.Place.Length == 0 ? null : leg.Place);
            json.WriteBoolean("answer", leg.IsAnswer);
            WritePoint(json, "first", leg.First);
            WritePoint(json, "last", leg.Last);
            json.WriteBoolean("delivered", leg.Delivered);
            json.WriteStartArray("hops");
            foreach (TraceHop hop in leg.Hops)
                WriteHop(json, hop);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("remarks");
        foreach (string remark in Remarks(facts))
            json.WriteStringValue(remark);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string From(TraceQuestion question) =>
        question.Origin == TraceOrigin.Namespace ? question.From : question.Origin.ToString().ToLowerInvariant();

    private static void WritePoint(Utf8JsonWriter json, string name, Waypoint at)
    {
        json.WriteStartObject(name);
        json.WriteString("source", at.Source);
        json.WriteString("destination", at.Destination);
        json.WriteString("in", at.In.Length == 0 ? null : at.In);
        json.WriteString("out", at.Out.Length == 0 ? null : at.Out);
        json.WriteEndObject();
    }

    private static void WriteHop(Utf8JsonWriter json, TraceHop hop)
    {
        json.WriteStartObject();
        json.WriteString("hook", hop.HookWord);
        json.WriteString("family", hop.Family);
        json.WriteString("table", hop.Table);
        json.WriteString("chain", hop.Chain);
        json.WriteString("owner", hop.Owner.Length == 0 ? null : hop.Owner);
        json.WriteString("rule", hop.IsPolicy ? null : hop.Rule);
        if (hop.Handle == 0)
            json.WriteNull("handle");
        else
            json.WriteNumber("handle", hop.Handle);
        json.WriteBoolean("policy", hop.IsPolicy);
        json.WriteString("verdict", Word(hop.Verdict));
        json.WriteEndObject();
    }

    private static string Word(HopVerdict verdict) =>
        verdict switch
        {
            HopVerdict.Accepts => "accept",
            HopVerdict.Drops => "drop",
            HopVerdict.Rejects => "reject",
            HopVerdict.Queues => "queue",
            _ => "continue",
        };
}
