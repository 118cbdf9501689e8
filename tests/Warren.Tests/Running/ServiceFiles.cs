using System.Text;
using AwesomeAssertions;
using CsCheck;
using Warren.Model;
using Warren.Running;
using Warren.Running.Services;
using Xunit;
using Libc = Warren.Running.Services.Libc;

namespace Warren.Tests.Running;

/// <summary>What services are noted as, and what becomes of what they write.</summary>
public sealed class ServiceFiles
{
    private static readonly Gen<List<string>> s_words = Gen.String.List[0, 4];

    private static readonly string[] s_parts = ["a", "\n", "bc", "\0", "\n\n", "xxx", "yyyyyyyy"];
    private const int Longest = 8;

    private static readonly Gen<Service> s_services =
        from names in Gen.Select(Gen.String, Gen.String, Gen.String)
        from command in s_words
        from user in Gen.String.Null()
        from limit in Gen.Int[0, 100].Nullable()
        from policy in Gen.Enum<RestartPolicy>()
        from needs in s_words
        from port in Gen.Int[1, 65535].Nullable()
        from milliseconds in Gen.Int[0, 100_000]
        select new Service(names.Item1, names.Item2, command)
        {
            Directory = names.Item3,
            Environment = [.. needs.Select(word => new KeyValuePair<string, string>(word, word + "="))],
            User = user,
            Capabilities = needs,
            Restart = policy,
            RestartLimit = limit,
            DependsOn = needs,
            Listens = [.. Enumerable.Range(limit ?? 0, milliseconds % 4).Select(number => new HostPort(null, number + 1, policy == RestartPolicy.No ? Protocol.Tcp : Protocol.Udp))],
            StopGrace = TimeSpan.FromMilliseconds(milliseconds),
            Ready = port is null ? null : new Readiness { Port = port, Protocol = Protocol.Udp, Command = command, Timeout = TimeSpan.FromMilliseconds(milliseconds) },
        };

    [Fact]
    public void What_is_wished_is_read_as_it_was_written() =>
        s_services.List[0, 3].Sample(services =>
        {
            SavedServices read = SavedServices.Read(new SavedServices(services, [[255, 61, 0xc3], []]).ToBytes())!;
            read.Services.Should().BeEquivalentTo(services, options => options.WithStrictOrdering());
            read.Environment.Should().BeEquivalentTo([new byte[] { 255, 61, 0xc3 }, []]);
            read.Services.Select(SavedServices.Identity).Should().Equal(services.Select(SavedServices.Identity));
        });

    [Fact]
    public void Every_member_of_a_service_makes_it_another_one()
    {
        var service = new Service("web1", "db", ["a", "b"]) { Ready = new Readiness { Port = 1 } };
        Service[] others =
        [
            service with { Namespace = "web2" },
            service with { Name = "d" },
            service with { Command = ["a b"] },
            service with { Directory = "/x" },
            service with { Environment = [new("A", "")] },
            service with { User = "root" },
            service with { Capabilities = ["net_admin"] },
            service with { Restart = RestartPolicy.Always },
            service with { RestartLimit = 0 },
            service with { DependsOn = ["x"] },
            service with { Listens = [new HostPort(null, 6000, Protocol.Tcp)] },
            service with { Listens = [new HostPort(null, 6000, Protocol.Udp)] },
            service with { Listens = [new HostPort(System.Net.IPAddress.Loopback, 6000, Protocol.Tcp)] },
            service with { Ready = null },
            service with { Ready = new Readiness { Port = 1, Protocol = Protocol.Udp } },
            service with { Ready = new Readiness { Port = 1, Timeout = TimeSpan.Zero } },
            service with { Ready = new Readiness { Command = ["true"] } },
            service with { StopGrace = TimeSpan.Zero },
        ];
        others.Append(service).Select(SavedServices.Identity).Should().OnlyHaveUniqueItems();
        SavedServices.Identity(service with { Command = ["a", "b"] }).Should().Be(SavedServices.Identity(service));
        // all there are, but for what is computed
        typeof(Service).GetProperties().Where(property => property.CanWrite).Should().HaveCount(13);
        typeof(Readiness).GetProperties().Where(property => property.CanWrite).Should().HaveCount(4);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"environment\":[],\"services\":[{}]}")]
    [InlineData("{\"environment\":[\"?\"],\"services\":[]}")]
    [InlineData("{\"environment\":7,\"services\":[]}")]
    public void Anything_else_is_no_wish(string text) => SavedServices.Read(Encoding.UTF8.GetBytes(text)).Should().BeNull();

    [Fact]
    public unsafe void Lines_are_the_same_however_they_arrive() =>
        Gen.Select(Gen.Int[0, s_parts.Length - 1].Select(i => s_parts[i]).Array[0, 12], Gen.Int[1, 40])
            .Sample((parts, size) =>
            {
                byte[] all = Encoding.UTF8.GetBytes(string.Concat(parts));
                int* ends = stackalloc int[2];
                Libc.pipe2(ends, Libc.O_CLOEXEC | Libc.O_NONBLOCK).Should().Be(0);
                var pipe = new OutputPipe(ends[0], Longest);
                var lines = new List<string>();
                void Take(ReadOnlySpan<byte> line) => lines.Add(Encoding.UTF8.GetString(line));
                for (int at = 0; at < all.Length; at += size)
                {
                    Libc.WriteAll(ends[1], all.AsSpan(at, Math.Min(size, all.Length - at))).Should().BeTrue();
                    pipe.Read(Take).Should().BePositive();
                }
                pipe.Read(Take).Should().Be(-1);
                Libc.Close(ref ends[1]);
                pipe.Read(Take).Should().Be(0);
                pipe.Finish(Take);
                Libc.Close(ref ends[0]);
                lines.Should().Equal(Cut(string.Concat(parts)));
            });

    [Fact]
    public void No_two_services_share_a_log()
    {
        string[] names = ["web1", "web1/db", "web1/db.1", "web1~db", "web1%7Edb", "Web1", "web1/../x", "../x", ".", "..", "web1/é", "web1//", "web1/"];
        string[] files = [.. names.Select(ProjectFolder.LogName)];
        files.Should().OnlyHaveUniqueItems().And.AllSatisfy(file => file.Should().MatchRegex("^[A-Za-z0-9_~%-][A-Za-z0-9._~%-]*$"));
        ProjectFolder.LogName("web1/db").Should().Be("web1~db");
    }

    [Fact]
    public void Systemd_is_given_this_command_line() =>
        string.Join(' ', Daemon.SystemdRun("shop", "/usr/bin/warren", [new Service("web1", "", ["x"]) { StopGrace = TimeSpan.FromSeconds(200) }]))
            .Should()
            .Be(
                "--quiet --collect --no-ask-password --unit=warren-shop.service --description=Services of the Warren project shop --service-type=notify "
                    + "--property=KillMode=mixed --property=TimeoutStopSec=210 --property=OOMPolicy=continue --property=TasksMax=infinity "
                    + "-- /usr/bin/warren __supervise shop"
            );

    [Fact]
    public void A_request_to_run_a_service_is_read_as_it_was_written()
    {
        var request = new ExecRequest
        {
            Namespace = "web1",
            Command = ["--", "--dir=/x"],
            User = "alice",
            Capabilities = ["net_admin"],
            Directory = "/a b",
            KeptVariables = ["HOME"],
            Reports = true,
            OpenFiles = 777,
        };
        ExecRequest.FromArguments(request.ToArguments().ToArray()).Should().BeEquivalentTo(request);
    }

    // a line that is too long is cut; an empty rest is no line
    private static IEnumerable<string> Cut(string text)
    {
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i];
            for (; line.Length > Longest; line = line[Longest..])
                yield return line[..Longest];
            if (i < lines.Length - 1 || line.Length > 0)
                yield return line;
        }
    }
}
