using System.Text.Json;
using Warren.Kernel;
using Warren.Model;
using Warren.Planning;
using Warren.Specs;

namespace Warren.Cli.Views;

/// <summary>What stands on the host, as a file for warren.</summary>
internal static class ImportView
{
    public static void Write(Survey survey, bool json)
    {
        if (json)
        {
            Json.Write(writer => WriteJson(writer, survey));
            return;
        }
        Output.Line("# what stands on this host; keep it with: warren import > warren.yaml");
        foreach (string remark in survey.Remarks)
            Output.Line("# " + Terminal.Safe(remark));
        Output.Write(SpecWriter.Write(survey.Spec));
    }

    private static void WriteJson(Utf8JsonWriter json, Survey survey)
    {
        json.WriteStartObject();
        json.WriteStartArray("namespaces");
        foreach (NamespaceSpec space in survey.Spec.Namespaces)
            WriteNamespace(json, space);
        json.WriteEndArray();
        json.WriteStartArray("remarks");
        foreach (string remark in survey.Remarks)
            json.WriteStringValue(remark);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteNamespace(Utf8JsonWriter json, NamespaceSpec space)
    {
        json.WriteStartObject();
        json.WriteString("name", space.Name);
        json.WriteString("subnet", space.Subnet?.ToString());
        json.WriteString("address", space.Address?.ToString());
        json.WriteString("gateway", space.Gateway?.ToString());
        json.WriteString("uplink", space.Uplink);
        json.WriteStartArray("ports");
        foreach (string port in LinkMark.Ranges([.. space.Ports.SelectMany(request => request.Forwards)]))
            json.WriteStringValue(port);
        json.WriteEndArray();
        if (space.Dns is { } dns)
        {
            json.WriteStartObject("dns");
            json.WriteStartArray("servers");
            foreach (System.Net.IPAddress server in dns.Servers)
                json.WriteStringValue(server.ToString());
            json.WriteEndArray();
            json.WriteStartArray("search");
            foreach (string domain in dns.Search)
                json.WriteStringValue(domain);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }
}
