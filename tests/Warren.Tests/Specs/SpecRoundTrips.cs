using System.Net;
using AwesomeAssertions;
using CsCheck;
using Warren.Model;
using Warren.Specs;
using Xunit;
using Dns = Warren.Model.Dns;
using Spec = Warren.Model.Spec;

namespace Warren.Tests.Specs;

/// <summary>Whatever a spec says, the file that Warren writes of it says the same.</summary>
public sealed class SpecRoundTrips
{
    // letters, what YAML, shells and terminals take for something else, and other scripts
    private static readonly Gen<string> s_text = Gen.OneOf(
        Gen.String[Gen.Char["abz059 -_./:@%+=~,;#&*!|>'\"\\$`{}[]()<>?^\t\n\r\u0001\u001b\u007f\u0085\u00a0éß日\u2028\u202e\ufeff"], 0, 12],
        Gen.OneOf("true", "no", "null", "~", "", "12", "0x1f", "1:2", "2026-01-01", "${A}", "$$", "- a", "a: b", "😀", "<<", "---", "...", "=", "? x", "a #b", " ", "\n", "*a", "&a", "!a", "1.5", "1_000", "y", ".inf", "e")
    );

    private static readonly Gen<string> s_name = Gen.Select(
        Gen.Char["abcxyzABC012389"],
        Gen.String[Gen.Char["abc019-_."], 0, 6],
        (first, rest) => first + rest
    );

    private static readonly Gen<IReadOnlyList<string>> s_command = Gen.Select(
        s_text.Where(text => text.Length > 0),
        Gen.OneOf(s_text, Gen.OneOf("-c", "--port", "8080", "app:app", "x")).List[0, 4],
        (first, rest) => (IReadOnlyList<string>)[first, .. rest]
    );

    private static readonly Gen<TimeSpan> s_duration = Gen.OneOf(
        Gen.Int[0, 1000].Select(seconds => TimeSpan.FromSeconds(seconds)),
        Gen.Long[0, 86_400_000_000].Select(micro => TimeSpan.FromMicroseconds(micro))
    );

    private static readonly Gen<string> s_directory = s_name.List[0, 3].Select(parts => "/" + string.Join('/', parts.Where(part => part.Trim('.').Length > 0)));

    private static readonly Gen<IReadOnlyList<KeyValuePair<string, string>>> s_environment = Gen.Select(
            s_text.Where(text => text.Length > 0 && !text.Contains('=')),
            s_text
        )
        .List[0, 3]
        .Select(all => (IReadOnlyList<KeyValuePair<string, string>>)[.. all.DistinctBy(pair => pair.Item1).Select(pair => KeyValuePair.Create(pair.Item1, pair.Item2))]);

    private static readonly Gen<IReadOnlyList<string>> s_capabilities = Gen.OneOf("net_admin", "CAP_NET_RAW", "cap_kill").List[0, 2].Select(names => (IReadOnlyList<string>)names);

    private static readonly Gen<Readiness> s_ready = Gen.Select(
        Gen.Int[1, 65535],
        Gen.Bool,
        s_command,
        Gen.Bool,
        s_duration.Where(timeout => timeout > TimeSpan.Zero),
        (port, udp, command, byPort, timeout) =>
            byPort
                ? new Readiness { Port = port, Protocol = udp ? Protocol.Udp : Protocol.Tcp, Timeout = timeout }
                : new Readiness { Command = command, Timeout = timeout }
    );

    private static readonly Gen<Service> s_service = Gen.Select(
        Gen.Select(s_command, s_directory, s_environment, s_capabilities),
        Gen.Select(s_text.Where(text => !string.IsNullOrWhiteSpace(text)).Null(), Gen.OneOf(RestartPolicy.No, RestartPolicy.Always, RestartPolicy.OnFailure), Gen.Int[1, 9].Nullable(), s_ready.Null(), s_duration),
        (what, how) => new Service("", "", what.Item1)
        {
            Directory = what.Item2,
            Environment = what.Item3,
            Capabilities = what.Item4,
            User = how.Item1,
            Restart = how.Item2,
            RestartLimit = how.Item2 == RestartPolicy.OnFailure ? how.Item3 : null,
            Ready = how.Item4,
            StopGrace = how.Item5,
        }
    );

    // ports by their place, so that none is wished for twice
    private static readonly Gen<(string[] Ports, Dns? Dns)> s_network = Gen.Select(
        Gen.OneOf("HOST:8080", "127.0.0.1:HOST:53/udp", "HOST:1/udp", "HOST-HOST:9-9", "81", "127.0.0.1::82", "50000-50005:80", "1-65535:80").Array[0, 4],
        Gen.OneOf("1.1.1.1", "8.8.8.8", "2606:4700::1").List[0, 3],
        s_name.List[0, 2],
        (ports, servers, search) =>
            (ports, servers.Count + search.Count == 0 ? null : new Dns([.. servers.Distinct().Select(IPAddress.Parse)], search))
    );

    // in the order of the file, which is not that of the numbers
    private static readonly HostPort[] s_listens =
    [
        new(null, 9001, Protocol.Tcp),
        new(null, 9002, Protocol.Tcp),
        new(null, 9000, Protocol.Tcp),
        new(IPAddress.Loopback, 9003, Protocol.Udp),
        new(IPAddress.Loopback, 9004, Protocol.Udp),
        new(null, 9003, Protocol.Tcp),
    ];

    private static readonly Gen<NamespaceSpec> s_namespace = Gen.Select(
        s_name,
        Gen.Int[0, 3],
        s_network,
        Gen.Select(s_name, s_service).List[0, 3],
        Gen.Bool,
        (name, addresses, network, services, run) =>
            new NamespaceSpec(name)
            {
                Dns = network.Dns,
                Uplink = network.Ports.Length % 2 == 0 ? null : "eth0.7",
                // completed with what must be unique in the file
                Subnet = addresses == 1 ? default(Cidr) : null,
                Address = addresses == 2 ? default(Cidr) : null,
                Ports = [.. network.Ports.Select((text, place) => Typed.Ports(text.Replace("HOST", "60" + place, StringComparison.Ordinal)))],
                Services = run
                    ? [.. services.Take(1).Select(each => each.Item2 with { Namespace = name })]
                    : [.. services.DistinctBy(each => each.Item1).Select(each => each.Item2 with { Namespace = name, Name = each.Item1 })],
            }
    );

    private static readonly Gen<Spec> s_spec = Gen.Select(
        s_name.Null(),
        s_namespace.List[1, 5],
        Gen.Int[0, int.MaxValue].Array[8],
        (name, spaces, choices) => Complete(name, [.. spaces.DistinctBy(space => space.Name)], choices)
    );

    [Fact]
    public void Say_the_same()
    {
        s_spec.Sample(
            spec =>
            {
                string written = SpecWriter.Write(spec);
                Spec again = SpecReader.Read([new SpecSource("written.yaml", written, "/elsewhere")], _ => null);
                SpecText.Of(again).Should().Be(SpecText.Of(spec), written);
                SpecWriter.Write(again).Should().Be(written);
            },
            iter: 500
        );
    }

    // what is unique in a file: host ports, subnets; and what must not go round in circles
    private static Spec Complete(string? name, List<NamespaceSpec> spaces, int[] choices)
    {
        var earlier = new List<string>();
        for (int i = 0; i < spaces.Count; i++)
        {
            NamespaceSpec space = spaces[i];
            var services = new List<Service>();
            foreach (Service service in space.Services)
            {
                int choice = choices[services.Count];
                // of the ports of the namespace, some
                HostPort[] listens = [.. s_listens.Select(port => port with { Port = port.Port + (20 * i) })];
                services.Add(
                    service with
                    {
                        DependsOn = [.. earlier.Where((_, place) => (choice >> place & 1) != 0)],
                        Listens = [.. listens.Where((_, place) => (choice >> (20 + place) & 1) != 0)],
                        // what it is handed open, it does not open
                        Ready = service.Ready is { Port: >= 9000 } ? null : service.Ready,
                    }
                );
                earlier.Add(service.FullName);
            }
            spaces[i] = space with
            {
                Services = services,
                Subnet = space.Subnet is null ? null : Typed.Cidr($"10.{i}.0.0/16"),
                Address = space.Address is null ? null : Typed.Cidr($"10.{i}.0.7/24"),
                Gateway = space.Address is null ? null : IPAddress.Parse($"10.{i}.0.9"),
                Ports = [.. space.Ports.Select(port => port.TakesAny ? port : port with { HostFirst = port.HostFirst + (100 * i), HostLast = port.HostLast + (100 * i) })],
            };
        }
        return new Spec(spaces) { Name = name, DropsForwarded = spaces.Count % 2 == 0 };
    }
}
