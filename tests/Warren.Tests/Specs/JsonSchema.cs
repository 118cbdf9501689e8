using System.Text.Json;
using System.Text.RegularExpressions;
using Warren.Specs.Yaml;

namespace Warren.Tests.Specs;

/// <summary>As much of JSON Schema 2020-12 as Warren's schema uses, over the nodes of a file as an editor reads them (YAML 1.2). A keyword
/// that is not known here is a failure, not ignored.</summary>
internal sealed class JsonSchema(JsonElement root)
{
    /// <summary>What does not fit, or null.</summary>
    public string? Fault(Node node) => Fault(root, node, "");

    private string? Fault(JsonElement schema, Node node, string path)
    {
        if (schema.ValueKind == JsonValueKind.True)
            return null;
        foreach (JsonProperty keyword in schema.EnumerateObject())
        {
            if (Check(keyword, schema, node, path) is { } fault)
                return fault;
        }
        return null;
    }

    private string? Check(JsonProperty keyword, JsonElement schema, Node node, string path)
    {
        JsonElement value = keyword.Value;
        string type = TypeOf(node);
        string? Wrong(bool right, string what) => right ? null : $"{path} ({node.Text}): {keyword.Name} {value}: {what}";
        switch (keyword.Name)
        {
            case "$schema" or "title" or "description" or "examples" or "default" or "$defs":
                return null;
            case "$ref":
                return Fault(root.GetProperty("$defs").GetProperty(value.GetString()!["#/$defs/".Length..]), node, path);
            case "type":
                IEnumerable<string?> types = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(each => each.GetString()) : [value.GetString()];
                return Wrong(types.Any(each => each == type || (each == "number" && type == "integer")), type);
            case "enum":
                return Wrong(type == "string" && value.EnumerateArray().Any(each => each.GetString() == node.Text), "not one of them");
            case "pattern":
                return Wrong(type != "string" || Matches(node.Text, value.GetString()!), "does not match");
            case "minLength":
                return Wrong(type != "string" || node.Text.Length >= value.GetInt32(), "too short");
            case "minimum":
                return Wrong(type != "integer" || long.Parse(node.Text) >= value.GetInt64(), "too small");
            case "maximum":
                return Wrong(type != "integer" || long.Parse(node.Text) <= value.GetInt64(), "too large");
            case "minItems":
                return Wrong(type != "array" || node.Items.Count >= value.GetInt32(), "too few");
            case "maxItems":
                return Wrong(type != "array" || node.Items.Count <= value.GetInt32(), "too many");
            case "minProperties":
                return Wrong(type != "object" || node.Entries.Count >= value.GetInt32(), "too few");
            case "items":
                return node.Items.Select((item, i) => Fault(value, item, $"{path}/{i}")).FirstOrDefault(fault => fault is not null);
            case "properties":
                return node.Entries.Select(entry => value.TryGetProperty(entry.Key.Text, out JsonElement each) ? Fault(each, entry.Value, $"{path}/{entry.Key.Text}") : null).FirstOrDefault(fault => fault is not null);
            case "patternProperties":
                return null; // only x-, which takes anything
            case "propertyNames":
                return node.Entries.Select(entry => Fault(value, entry.Key, path)).FirstOrDefault(fault => fault is not null);
            case "additionalProperties":
                foreach (Entry entry in node.Entries)
                {
                    bool isKnown = (schema.TryGetProperty("properties", out JsonElement known) && known.TryGetProperty(entry.Key.Text, out _))
                        || (schema.TryGetProperty("patternProperties", out JsonElement patterns) && patterns.EnumerateObject().Any(pattern => Matches(entry.Key.Text, pattern.Name)));
                    if (isKnown)
                        continue;
                    if ((value.ValueKind == JsonValueKind.False ? Wrong(false, entry.Key.Text) : Fault(value, entry.Value, $"{path}/{entry.Key.Text}")) is { } fault)
                        return fault;
                }
                return null;
            case "required":
                return Wrong(type != "object" || value.EnumerateArray().All(name => Has(node, name.GetString()!)), "missing");
            case "dependentRequired":
                return Wrong(value.EnumerateObject().All(each => !Has(node, each.Name) || each.Value.EnumerateArray().All(name => Has(node, name.GetString()!))), "missing");
            case "anyOf":
                return Wrong(value.EnumerateArray().Any(each => Fault(each, node, path) is null), string.Join("; ", value.EnumerateArray().Select(each => Fault(each, node, path))));
            case "oneOf":
                return Wrong(value.EnumerateArray().Count(each => Fault(each, node, path) is null) == 1, "not just one");
            case "allOf":
                return value.EnumerateArray().Select(each => Fault(each, node, path)).FirstOrDefault(fault => fault is not null);
            case "not":
                return Wrong(Fault(value, node, path) is not null, "is so");
            default:
                return $"the keyword {keyword.Name} is not known to this test";
        }
    }

    private static bool Matches(string text, string pattern) => Regex.IsMatch(text, pattern, RegexOptions.None, TimeSpan.FromSeconds(5));

    private static bool Has(Node node, string name) => node.Entries.Any(entry => entry.Key.Text == name);

    private static string TypeOf(Node node)
    {
        if (node.Kind == NodeKind.Mapping)
            return "object";
        if (node.Kind == NodeKind.Sequence)
            return "array";
        if (!node.IsPlain)
            return "string";
        if (node.IsNull)
            return "null";
        if (Matches(node.Text, "^([-+]?[0-9]+|0x[0-9a-fA-F]+|0o[0-7]+)$"))
            return "integer";
        if (Matches(node.Text, @"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$"))
            return "number";
        return node.Text is "true" or "True" or "TRUE" or "false" or "False" or "FALSE" ? "boolean" : "string";
    }
}
