using System.Text.Json;
using AwesomeAssertions;
using Warren.Specs;
using Warren.Specs.Yaml;
using Xunit;

namespace Warren.Tests.Specs;

/// <summary>The schema that editors have, against what Warren itself says of files.</summary>
public sealed class Schemas
{
    private static readonly JsonElement s_json = JsonDocument.Parse(SpecSchema.Json).RootElement;

    public static TheoryData<string> Cases => SpecCases.All;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Accept_what_warren_reads(string name)
    {
        try
        {
            SpecCases.Read(name);
        }
        catch (SpecException)
        {
            return;
        }
        foreach (SpecSource source in SpecCases.Sources(name))
            Fault(source.Text).Should().BeNull();
    }

    [Fact]
    public void Accept_the_template_and_what_warren_writes()
    {
        Fault(SpecTemplate.Text).Should().BeNull();
        Fault(SpecWriter.Write(SpecCases.Read("two-namespaces"))).Should().BeNull();
    }

    [Theory]
    [InlineData("unknown-key")]
    [InlineData("wrong-kinds")]
    [InlineData("wrong-ports")]
    [InlineData("wrong-listening")]
    [InlineData("wrong-subnets")]
    [InlineData("wrong-restart")]
    [InlineData("wrong-ready")]
    [InlineData("wrong-durations")]
    [InlineData("run-and-services")]
    [InlineData("no-namespaces")]
    [InlineData("faulty-names")]
    [InlineData("service-without-command")]
    public void Refuse_what_warren_refuses(string name) => Fault(SpecCases.Sources(name)[0].Text).Should().NotBeNull();

    // each key alone, so that it is the key that decides
    [Theory]
    [InlineData("namespaces: {a: {prots: []}}")]
    [InlineData("namespaces: {a: {ports: [x]}}")]
    [InlineData("namespaces: {a: {ports: [70000]}}")]
    [InlineData("namespaces: {a: {ports: [{host: 1}]}}")]
    [InlineData("namespaces: {a: {run: x, ports: [{listen: true}]}}")]
    [InlineData("namespaces: {a: {run: x, ports: [{host: 1, listen: maybe}]}}")]
    [InlineData("namespaces: {a: {run: x, ports: [1:fx]}}")]
    [InlineData("namespaces: {a: {address: 10.0.0.2/24}}")]
    [InlineData("namespaces: {a: {run: x, services: {}}}")]
    [InlineData("namespaces: {a: {run: {restart: always}}}")]
    [InlineData("namespaces: {a: {run: {command: x, restart: sometimes}}}")]
    [InlineData("namespaces: {a: {run: {command: x, ready: {timeout: 1s}}}}")]
    [InlineData("namespaces: {a: {run: {command: x, stop_grace_period: 10}}}")]
    [InlineData("namespaces: {a/b: {}}")]
    [InlineData("namespaces: {}")]
    [InlineData("name: [x]\nnamespaces: {a: }")]
    public void Refuse(string text)
    {
        Fault(text).Should().NotBeNull();
        Action read = () => SpecReader.Read([new SpecSource("warren.yaml", text, "/")], _ => null);
        read.Should().Throw<SpecException>();
    }

    [Fact]
    public void Name_every_key_with_a_description()
    {
        Names(SpecKeys.File.Keys, s_json);
        JsonElement definitions = s_json.GetProperty("$defs");
        Names(SpecKeys.Namespace.Keys, definitions.GetProperty("namespace"));
        Names(SpecKeys.Service.Keys, definitions.GetProperty("service"));
        Names(SpecKeys.Dns.Keys, definitions.GetProperty("dns"));
        Names(SpecKeys.Port.Keys, definitions.GetProperty("longPort"));
        Names(SpecKeys.Ready.Keys, definitions.GetProperty("ready"));
    }

    // every key is bound to what it is named after: what it says is in the spec
    [Fact]
    public void Name_keys_that_have_an_effect()
    {
        const string Full = """
            name: shop
            namespaces:
              a:
                subnet: 10.1.0.0/24
                uplink: tun0
                ports: [{host: 1, port: 2, protocol: udp, address: 127.0.0.1}, {host: 3, listen: true, service: s}]
                dns: {servers: [1.1.1.1], search: [lan]}
                environment: {A: b}
                user: alice
                capabilities: [kill]
                working_dir: /a
                services:
                  s: {command: x, working_dir: /b, environment: {C: d}, user: bob, capabilities: [chown], restart: always, depends_on: [b], ready: {port: 1, timeout: 2s}, stop_grace_period: 3s}
                  t: {command: x, ready: {command: y}}
              b: {address: 10.2.0.2/24, gateway: 10.2.0.1, run: z}
            """;
        string[] keys =
        [
            .. SpecKeys.File.Keys.Select(key => key.Name), .. SpecKeys.Namespace.Keys.Select(key => key.Name), .. SpecKeys.Service.Keys.Select(key => key.Name),
            .. SpecKeys.Dns.Keys.Select(key => key.Name), .. SpecKeys.Port.Keys.Select(key => key.Name), .. SpecKeys.Ready.Keys.Select(key => key.Name),
        ];
        Full.Should().ContainAll(keys.Select(key => key + ":"));
        string text = SpecText.Of(SpecReader.Read([new SpecSource("warren.yaml", Full, "/")], _ => null));
        text.Should().ContainAll(
            "«shop»", "«10.1.0.0/24»", "«127.0.0.1:1:2/udp»", "«1.1.1.1»", "«lan»", "«[A, b]»", "«alice»", "«kill»", "«/a»", "«/b»", "«[C, d]»", "«bob»", "«chown»", "«Always»", "«b»", "«00:00:02»", "«00:00:03»", "«y»",
            "«10.2.0.2/24»", "«10.2.0.1»", "«z»");
    }

    private static void Names<T>(SpecKey<T>[] keys, JsonElement schema)
    {
        JsonElement properties = schema.GetProperty("properties");
        properties.EnumerateObject().Select(property => property.Name).Should().Equal(keys.Select(key => key.Name));
        foreach (JsonProperty property in properties.EnumerateObject())
            property.Value.GetProperty("description").GetString().Should().NotBeNullOrEmpty();
        schema.GetProperty("additionalProperties").GetBoolean().Should().BeFalse();
    }

    private static string? Fault(string text)
    {
        Node? root = TreeReader.Read(new SourceText(new SpecSource("warren.yaml", text, "/"), 0), new Faults());
        return root is null ? "not YAML" : new JsonSchema(s_json).Fault(root);
    }
}
