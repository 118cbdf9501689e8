using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary><c>host: { forward-policy: drop }</c>: the host forwards nothing but what is of namespaces, as long as the project stands.</summary>
public sealed class HostPolicy
{
    private const string File = "/run/sandbox/warren.yaml";
    private const string Guest = "192.168.122.2";

    // a host that forwards for a guest of somebody else's; no bridge, for that has clocks that a snapshot would see
    private static Sandbox WithGuest()
    {
        Sandbox sandbox = Sandbox.Start();
        sandbox.Do(
            """
            : >/run/sandbox/guest
            unshare --net=/run/sandbox/guest ip link set lo up
            ip link add virbr0 type veth peer name eth0 netns /run/sandbox/guest
            ip addr add 192.168.122.1/24 dev virbr0
            ip link set virbr0 up
            nsenter --net=/run/sandbox/guest ip -batch - <<'EOI'
            addr add 192.168.122.2/24 dev eth0
            link set eth0 up
            route add default via 192.168.122.1
            EOI
            echo 1 >/proc/sys/net/ipv4/ip_forward
            """
        );
        sandbox.Outside.Do($"ip route add 192.168.122.0/24 via {Sandbox.HostAddress}");
        sandbox.Outside.Pings(Guest).Should().BeTrue("the host forwards for the guest");
        Write(sandbox, File, "shop", "web1", 6000, closes: true);
        return sandbox;
    }

    private static void Write(Sandbox sandbox, string path, string project, string name, int port, bool closes) =>
        sandbox.Do(
            $"printf '%s\\n' 'name: {project}' '{(closes ? "host: { forward-policy: drop }" : "")}' 'namespaces:' '  {name}: {{ ports: [\"{port}:8080\"] }}' >{path}"
        );

    [Fact]
    public void Others_are_cut_off_and_namespaces_are_not()
    {
        using Sandbox sandbox = WithGuest();
        string[] before = sandbox.Snapshot();
        Ending up = sandbox.Sh($"warren up -d -f {File}");
        up.Output.Should().Contain("host: forwards only what is of namespaces, for shop");
        up.Errors.Should().Contain("what the host forwards for others is dropped, of ens5, virbr0 (libvirt)");
        sandbox.Outside.Sh($"ping -n -c 1 -W 1 {Guest}").ExitCode.Should().NotBe(0);
        sandbox.Inside("web1").Serve("tcp", "8080");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("hello");
        sandbox.Inside("web1").Pings(Sandbox.InternetAddress).Should().BeTrue();
        sandbox.Do($"warren status -f {File}").Should().Contain("host  healthy");
        sandbox.Do($"warren up -d -f {File} 2>&1").Should().Be("already up to date: nothing to do\n");
        sandbox.Do($"warren down -f {File}");
        sandbox.Outside.Pings(Guest).Should().BeTrue("it goes with the project");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void What_is_gone_of_it_is_told_and_mended()
    {
        using Sandbox sandbox = WithGuest();
        sandbox.Do($"warren up -d -f {File}");
        foreach (string harm in (string[])["flush chain inet warren closed-shop", "flush chain inet warren closed-shop; delete chain inet warren closed-shop", "flush ruleset"])
        {
            sandbox.Do($"nft '{harm}'");
            sandbox.Sh($"warren status -f {File}").ExitCode.Should().Be(6, harm);
            sandbox.Do($"warren up -d -f {File}");
            sandbox.Do($"warren status -f {File}").Should().Contain("host  healthy");
            sandbox.Do("nft list chain inet warren closed-shop").Should().Contain("policy drop").And.Contain("oifname \"wrn-*\" accept");
        }
    }

    [Theory]
    [InlineData("flush chain inet warren closed-shop; delete chain inet warren closed-shop", "warren | [mended: forward policy drop for the whole host, for shop")]
    [InlineData("flush ruleset", "warren | [mended: table inet warren")]
    public void A_supervisor_mends_it_by_itself(string harm, string told)
    {
        using Sandbox sandbox = WithGuest();
        sandbox.Do($"sed -i 's/ports:/run: sleep 10003, ports:/' {File}");
        Launched up = sandbox.Host.Start($"exec warren up -f {File}");
        up.ReadLine("started");
        sandbox.Do($"nft '{harm}'");
        up.ReadLine(told);
        sandbox.Do("nft list chain inet warren closed-shop").Should().Contain("policy drop");
        up.Signal(2);
        up.End().ExitCode.Should().Be(0);
        sandbox.Outside.Pings(Guest).Should().BeTrue("it goes with the project");
    }

    [Fact]
    public void Of_two_projects_the_last_takes_it_away()
    {
        using Sandbox sandbox = WithGuest();
        const string Other = "/run/sandbox/till/warren.yaml";
        // one without a name of its own
        sandbox.Do("mkdir -p /run/sandbox/till");
        string[] before = sandbox.Snapshot();
        Write(sandbox, Other, "till", "till1", 6001, closes: true);
        sandbox.Do($"sed -i /^name:/d {Other}");
        sandbox.Do($"warren up -d -f {File} && warren up -d -f {Other} && warren add alone");
        sandbox.Do("nft list chains inet").Should().MatchRegex("closed-till/[0-9a-f]{6} ").And.Contain("closed-shop");
        sandbox.Do($"warren down -f {File}");
        sandbox.Outside.Sh($"ping -n -c 1 -W 1 {Guest}").ExitCode.Should().NotBe(0, "another project wants it too");
        Write(sandbox, Other, "till", "till1", 6001, closes: false);
        sandbox.Do($"sed -i /^name:/d {Other}");
        sandbox.Do($"warren up -d -f {Other}").Should().MatchRegex("host: forwards again what it did before till~");
        sandbox.Outside.Pings(Guest).Should().BeTrue("nobody wants it any more");
        sandbox.Do($"warren rm --all; rm {Other}");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void It_goes_with_the_last_namespace_of_its_project()
    {
        using Sandbox sandbox = WithGuest();
        sandbox.Do($"warren add alone; warren up -d -f {File}; warren rm web1");
        sandbox.Outside.Pings(Guest).Should().BeTrue();
        sandbox.Do("warren status").Should().Contain("alone").And.Contain("host   healthy");
    }

    [Fact]
    public void The_commands_that_are_printed_do_the_same()
    {
        using Sandbox sandbox = WithGuest();
        const string List = "nft list ruleset | sed 's/counter packets [0-9]* bytes [0-9]*/counter/' | sort";
        sandbox.Do($"warren up -d -f {File}");
        string rules = sandbox.Do(List);
        sandbox.Do($"warren down -f {File} && warren up -f {File} --shell 2>/dev/null >/run/sandbox/script && sh -e /run/sandbox/script");
        sandbox.Do(List).Should().Be(rules);
        sandbox.Do($"warren add alone; warren plan down -f {File} --shell >/run/sandbox/script && sh -e /run/sandbox/script");
        sandbox.Outside.Pings(Guest).Should().BeTrue();
    }
}
