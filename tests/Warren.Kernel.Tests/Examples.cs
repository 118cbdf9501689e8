using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary>Every folder of examples/ does what its comment promises, and the script of its plan does the same by hand.</summary>
public sealed class Examples
{
    // long enough for any answer that comes; only what must stay silent takes it
    private const double Patience = 0.7;

    private static readonly string s_folder = Path.Combine(RepositoryRoot(), "examples");

    // what each promises; an example that is not here has no test, which is a failure
    private static readonly Dictionary<string, Action<Sandbox>> s_promises = new(StringComparer.Ordinal)
    {
        ["two-flasks"] = sandbox => TwoFlasks(sandbox, "web1", "web2"),
        ["reverse-proxy"] = ReverseProxy,
        ["udp"] = Udp,
        ["admin-port"] = AdminPort,
        ["listening"] = Listening,
        ["walk-through"] = WalkThrough,
    };

    public static TheoryData<string> All =>
        [.. Directory.EnumerateFiles(s_folder, "warren.yaml", SearchOption.AllDirectories).Select(path => Path.GetFileName(Path.GetDirectoryName(path)!)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(All))]
    public void Do_what_they_promise_and_leave_nothing(string name)
    {
        using Sandbox sandbox = Start(name);
        string[] before = sandbox.Snapshot();
        s_promises.Should().ContainKey(name, "every example has a test of what it promises");
        sandbox.Do($"warren up -d -f {FileOf(name)}");
        s_promises[name](sandbox);
        sandbox.Do($"warren up -d -f {FileOf(name)}").Should().StartWith("already up to date");
        sandbox.Do($"warren status -f {FileOf(name)}").Should().NotContain("drifted");
        sandbox.Do($"warren down -f {FileOf(name)}");
        sandbox.ShouldBe(before);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void The_commands_of_their_plans_do_the_same(string name)
    {
        Assert.SkipUnless(Sandbox.IsRoot, "needs root: the commands name groups that others do not have");
        using Sandbox one = Start(name);
        using Sandbox other = Sandbox.Start();
        one.Do($"warren up -d -f {FileOf(name)}");
        ByHand(other, $"warren plan --shell -f {FileOf(name)}");
        Wiring.ShouldBeTheSame(other, one);
        one.Do($"warren down -f {FileOf(name)}");
        ByHand(other, $"warren plan down --shell -f {FileOf(name)}");
        Wiring.ShouldBeTheSame(other, one);
    }

    // before, and after, in the place of the first
    private static readonly Dictionary<string, (string Before, string After)> s_edits = new(StringComparer.Ordinal)
    {
        ["ports swapped"] = ("web1: { ports: ['6000:8080'] }, web2: { ports: ['6001:8080'] }", "web1: { ports: ['6001:8080'] }, web2: { ports: ['6000:8080'] }"),
        ["port moved to one address and UDP"] = ("web1: { ports: ['6000:8080'] }", "web1: { ports: ['127.0.0.1:6000:8080', '53:5353/udp'] }"),
        ["subnets swapped"] = (
            "web1: { subnet: 192.168.0.0/24, ports: ['6000:80'] }, web2: { subnet: 192.168.1.0/24 }",
            "web1: { subnet: 192.168.1.0/24, ports: ['6000:80'] }, web2: { subnet: 192.168.0.0/24 }"
        ),
        ["one for another, with its subnet and port"] = (
            "web1: { subnet: 192.168.0.0/24, ports: ['6000:80'] }, web2: { dns: [192.0.2.53] }",
            "web3: { subnet: 192.168.0.0/24, ports: ['6000:80'] }, web2: { dns: { servers: [192.0.2.54], search: [example.com] } }"
        ),
        ["dns gone"] = ("web1: { dns: [192.0.2.53] }, web2: {}", "web1: {}, web2: { dns: [192.0.2.53] }"),
        ["adopted and given back"] = ("web1: {}, theirs: { ports: ['6001:8080'] }", "web1: { ports: ['6001:8080'] }"),
        ["adopted last"] = ("web1: {}", "web1: {}, theirs: { address: 192.168.7.9/24, gateway: 192.168.7.5 }"),
    };

    public static TheoryData<string> Edits => [.. s_edits.Keys];

    [Theory]
    [MemberData(nameof(Edits))]
    public void The_commands_of_a_changing_plan_do_the_same(string name)
    {
        Assert.SkipUnless(Sandbox.IsRoot, "needs root: the commands name groups that others do not have");
        using Sandbox one = Sandbox.Start();
        using Sandbox other = Sandbox.Start();
        foreach (Sandbox each in (Sandbox[])[one, other])
        {
            // namespaces that are there already, and their own name server
            each.Do("ip netns add theirs; mkdir -p /run/shop /etc/netns/theirs; echo nameserver 192.0.2.1 >/etc/netns/theirs/resolv.conf; ip -n theirs link add eth0 address 02:00:00:00:07:01 type veth peer name eth9 address 02:00:00:00:07:02");
            Write(each, s_edits[name].Before);
            each.Do("warren up -f /run/shop/warren.yaml");
            Write(each, s_edits[name].After);
        }
        Wiring.ShouldBeTheSame(other, one);
        one.Do("warren up -f /run/shop/warren.yaml").Should().NotContain("already up to date");
        ByHand(other, "warren plan --shell -f /run/shop/warren.yaml");
        Wiring.ShouldBeTheSame(other, one);
        other.Do("warren plan --detailed-exitcode -f /run/shop/warren.yaml").Should().Be("Nothing to do.\n");
        one.Do("warren down -f /run/shop/warren.yaml");
        ByHand(other, "warren plan down --shell -f /run/shop/warren.yaml");
        Wiring.ShouldBeTheSame(other, one);
    }

    private static void Write(Sandbox sandbox, string namespaces) =>
        sandbox.Do($"cat >/run/shop/warren.yaml <<'EOF'\nnamespaces: {{ {namespaces} }}\nEOF");

    private static void ByHand(Sandbox sandbox, string plan) =>
        sandbox.Do($"{plan} >/run/sandbox/script && sh -e /run/sandbox/script && rm /run/sandbox/script");

    private static void TwoFlasks(Sandbox sandbox, string first, string second)
    {
        foreach ((string name, int port) in (ReadOnlySpan<(string, int)>)[(first, 6000), (second, 6001)])
        {
            Get(sandbox.Host, $"127.0.0.1:{port}").Should().Be($"hello from {name}\n");
            Get(sandbox.Host, $"{Sandbox.HostAddress}:{port}").Should().Be($"hello from {name}\n");
            Get(sandbox.Outside, $"{Sandbox.HostAddress}:{port}").Should().Be($"hello from {name}\n");
            Get(sandbox.Inside(second), $"{Sandbox.HostAddress}:{port}").Should().Be($"hello from {name}\n");
            Get(sandbox.Inside(name), "127.0.0.1:8080").Should().Be($"hello from {name}\n");
        }
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 8080, Patience).Should().Be(Place.Refused, "8080 is theirs, not the host's");
        sandbox.Host.Ask("tcp", "127.0.0.1", 8080, Patience).Should().Be(Place.Refused);
    }

    private static void ReverseProxy(Sandbox sandbox)
    {
        foreach ((Place from, string address) in (ReadOnlySpan<(Place, string)>)[(sandbox.Outside, Sandbox.HostAddress), (sandbox.Host, "127.0.0.1"), (sandbox.Host, Sandbox.HostAddress)])
        {
            string[] pages = [Get(from, $"{address}:6100/a"), Get(from, $"{address}:6100/a")];
            pages.Order(StringComparer.Ordinal).Should().Equal("worker1 answers /a\n", "worker2 answers /a\n");
        }
        foreach (int port in (ReadOnlySpan<int>)[9001, 9002])
        {
            sandbox.Outside.Ask("tcp", Sandbox.HostAddress, port, Patience).Should().Be(Place.Refused, "workers are the proxy's");
            sandbox.Host.Ask("tcp", Sandbox.HostAddress, port, Patience).Should().Be(Place.Refused);
            sandbox.Host.Ask("tcp", "127.0.0.1", port, Patience).Should().Be(Place.Refused);
        }
    }

    private static void Udp(Sandbox sandbox)
    {
        const string Asked = "?";
        sandbox.Outside.Ask("udp", Sandbox.HostAddress, 6200).Should().Be(Asked);
        sandbox.Host.Ask("udp", "127.0.0.1", 6200).Should().Be(Asked);
        sandbox.Host.Ask("udp", Sandbox.HostAddress, 6200).Should().Be(Asked);
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6200, Patience).Should().Be(Place.Refused);
        sandbox.Outside.Ask("udp", Sandbox.HostAddress, 7, Patience).Should().Be(Place.Refused);
    }

    private static void AdminPort(Sandbox sandbox)
    {
        Get(sandbox.Outside, $"{Sandbox.HostAddress}:6300").Should().Be("the shop\n");
        Get(sandbox.Host, "127.0.0.1:6300").Should().Be("the shop\n");
        Get(sandbox.Host, $"{Sandbox.HostAddress}:6300").Should().Be("the shop\n");
        Get(sandbox.Host, "127.0.0.1:6301").Should().Be("the shop's books\n");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6301, Patience).Should().Be(Place.Refused);
        sandbox.Host.Ask("tcp", Sandbox.HostAddress, 6301, Patience).Should().Be(Place.Refused);
    }

    private static void Listening(Sandbox sandbox)
    {
        string outside = sandbox.Outside.Do($"ip -o route get {Sandbox.HostAddress} | sed 's/.* src \\([^ ]*\\) .*/\\1/'").Trim();
        Get(sandbox.Outside, $"{Sandbox.HostAddress}:6400").Should().BeOneOf($"web1 sees {outside}\n", $"web2 sees {outside}\n");
        Get(sandbox.Host, "127.0.0.1:6400").Should().EndWith(" sees 127.0.0.1\n");
        Get(sandbox.Host, "'[::1]:6400'").Should().EndWith(" sees ::1\n");
        sandbox.Do("warren ports").Should().Contain("6400/tcp  web1       fd of service web1\n").And.Contain("6400/tcp  web2       fd of service web2\n");
        // without the first, the other has all callers
        sandbox.Do("timeout 20 sh -c 'until test $(ip netns pids web1 | wc -l) = 3; do sleep 0.02; done'; kill -STOP $(ip netns pids web1)");
        for (int i = 0; i < 4; i++)
            Get(sandbox.Host, "127.0.0.1:6400").Should().StartWith("web2 ");
        sandbox.Do("kill -CONT $(ip netns pids web1)");
    }

    private static void WalkThrough(Sandbox sandbox)
    {
        TwoFlasks(sandbox, "netns1", "netns2");
        foreach ((string name, string subnet) in (ReadOnlySpan<(string, string)>)[("netns1", "192.168.0"), ("netns2", "192.168.1")])
        {
            Place inside = sandbox.Inside(name);
            inside.Do("ip -4 -o addr show eth0").Should().Contain($"{subnet}.2/24");
            inside.Do("ip -4 route").Should().Contain($"default via {subnet}.1 dev eth0");
            inside.Pings("127.0.0.1").Should().BeTrue();
            inside.Pings(Sandbox.InternetAddress).Should().BeTrue();
            sandbox.Host.Pings($"{subnet}.2").Should().BeTrue();
        }
    }

    private static string Get(Place from, string url) => from.Do($"curl -sS --max-time 10 http://{url}");

    private static Sandbox Start(string name)
    {
        Sandbox.Need("curl");
        Sandbox sandbox = Sandbox.Start();
        foreach (string program in (string[])["flask", "gunicorn"])
        {
            if (!File.ReadAllText(FileOf(name)).Contains(program + " ", StringComparison.Ordinal) || sandbox.Sh(program + " --version").ExitCode == 0)
                continue;
            sandbox.Dispose();
            Assert.Skip($"{program} is not installed");
        }
        return sandbox;
    }

    private static string FileOf(string name) => Path.Combine(s_folder, name, "warren.yaml");

    private static string RepositoryRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "warren.slnx")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException($"{AppContext.BaseDirectory} is in no clone of the repository.");
    }
}
