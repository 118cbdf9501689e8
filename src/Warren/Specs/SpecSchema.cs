using System.Text;

namespace Warren.Specs;

/// <summary>The file's JSON schema, with which editors complete keys, explain them and underline mistakes.</summary>
internal static class SpecSchema
{
    // values that have a form of their own, by the names that keys refer to
    private static readonly (string Name, string Schema)[] s_values =
    [
        ("command", """{ "anyOf": [{ "type": "string", "minLength": 1 }, { "type": "array", "minItems": 1, "items": { "type": ["string", "number", "boolean"] } }], "examples": ["flask --app hello run --port 8080", ["sh", "-c", "exec flask run"]] }"""),
        ("short", """{ "anyOf": [{ "$ref": "#/$defs/command" }, { "$ref": "#/$defs/service" }] }"""),
        ("port", """{ "anyOf": [{ "type": "integer", "minimum": 1, "maximum": 65535 }, { "type": "string", "pattern": "^(([0-9]{1,3}\\.){3}[0-9]{1,3}:)?([0-9]{1,5}(-[0-9]{1,5})?)?:?([0-9]{1,5}(-[0-9]{1,5})?|fd)(/tcp|/udp)?$|\\$" }, { "$ref": "#/$defs/longPort" }] }"""),
        ("portNumber", """{ "anyOf": [{ "type": "integer", "minimum": 1, "maximum": 65535 }, { "type": "string", "pattern": "^[0-9]{1,5}(-[0-9]{1,5})?$|\\$" }] }"""),
        ("servers", """{ "type": ["array", "null"], "maxItems": 3, "items": { "type": "string", "pattern": "^[0-9a-fA-F.:]+$|\\$" }, "examples": [["1.1.1.1"]] }"""),
        ("environment", """{ "anyOf": [{ "type": ["object", "null"], "additionalProperties": { "type": ["string", "number", "boolean", "null"] } }, { "type": "array", "items": { "type": "string", "minLength": 1 } }], "examples": [{ "LOG": "debug" }, ["LOG=debug"]] }"""),
        ("duration", """{ "type": "string", "pattern": "^([0-9]+(us|ms|s|m|h))+$|\\$", "examples": ["500ms", "10s", "1m30s"] }"""),
    ];

    /// <summary>The schema, draft 2020-12.</summary>
    public static string Json { get; } = Make();

    private static string Make()
    {
        var text = new StringBuilder("{\n");
        text.Append("  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n");
        text.Append("  \"title\": \"warren.yaml\",\n");
        text.Append("  \"description\": \"Network namespaces with published ports, and the programs in them.\",\n");
        Object(text, "  ", SpecKeys.File, ",\n  \"required\": [\"namespaces\"]");
        text.Append(",\n  \"$defs\": {\n");
        Definition(text, "host", SpecKeys.Host, "");
        Definition(text, "namespace", SpecKeys.Namespace, NamespaceRules);
        Definition(text, "service", SpecKeys.Service, ",\n      \"required\": [\"command\"]");
        Definition(text, "dns", SpecKeys.Dns, "");
        Definition(text, "longPort", SpecKeys.Port, ",\n      \"anyOf\": [{ \"required\": [\"port\"] }, { \"required\": [\"host\", \"listen\"] }]");
        Definition(text, "ready", SpecKeys.Ready, ",\n      \"oneOf\": [{ \"required\": [\"port\"] }, { \"required\": [\"command\"] }]");
        foreach ((string name, string schema) in s_values)
            text.Append("    \"").Append(name).Append("\": ").Append(schema).Append(",\n");
        text.Append("    \"capability\": { \"anyOf\": [{ \"enum\": [").AppendJoin(", ", Running.Capabilities.All.Select(name => "\"" + name[4..] + "\""));
        text.Append("] }, { \"type\": \"string\", \"pattern\": \"^([Cc][Aa][Pp]_)?[A-Za-z_]+$|\\\\$\" }] }\n");
        return text.Append("  }\n}\n").ToString();
    }

    private const string NamespaceRules =
        ",\n      \"dependentRequired\": { \"address\": [\"gateway\"], \"gateway\": [\"address\"] }"
        + ",\n      \"allOf\": [{ \"not\": { \"type\": \"object\", \"required\": [\"run\", \"services\"] } }, { \"not\": { \"type\": \"object\", \"required\": [\"subnet\", \"address\"] } }]";

    private static void Definition<T>(StringBuilder text, string name, KeySet<T> set, string rules)
    {
        text.Append("    \"").Append(name).Append("\": {\n");
        Object(text, "      ", set, rules, ReferenceEquals(set, SpecKeys.Namespace) ? "[\"object\", \"null\"]" : "\"object\"");
        text.Append("\n    },\n");
    }

    private static void Object<T>(StringBuilder text, string indent, KeySet<T> set, string rules, string type = "\"object\"")
    {
        text.Append(indent).Append("\"type\": ").Append(type).Append(",\n").Append(indent).Append("\"properties\": {\n");
        for (int i = 0; i < set.Keys.Length; i++)
        {
            SpecKey<T> key = set.Keys[i];
            // a reference may have neighbours in this draft
            text.Append(indent).Append("  \"").Append(key.Name).Append("\": { \"description\": \"").Append(key.Description).Append("\", ");
            text.Append(key.Schema.AsSpan(1).TrimStart()).Append(i + 1 < set.Keys.Length ? ",\n" : "\n");
        }
        text.Append(indent).Append("},\n");
        if (set.TakesExtensions)
            text.Append(indent).Append("\"patternProperties\": { \"^x-\": true },\n");
        text.Append(indent).Append("\"additionalProperties\": false").Append(rules);
    }
}
