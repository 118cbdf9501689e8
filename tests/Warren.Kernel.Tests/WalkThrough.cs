using System.Text.Json;
using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary>What the hand-made walk-through gives, row by row, from one command.</summary>
public sealed class WalkThrough
{
    private const string Add = "warren add netns1 --subnet 192.168.0.0/24 -p 6000:8080";

    [Fact]
    public void One_command_gives_loopback_link_addresses_route_internet_and_a_published_port()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(Add);
        Place inside = sandbox.Inside("netns1");
        inside.Pings("127.0.0.1").Should().BeTrue("lo is up");
        inside.Pings("192.168.0.1").Should().BeTrue("the host end answers");
        sandbox.Host.Pings("192.168.0.2").Should().BeTrue("the namespace answers the host");
        inside.Do("ip -4 route").Should().Contain("default via 192.168.0.1 dev eth0");
        inside.Pings(Sandbox.InternetAddress).Should().BeTrue("packets go to the internet and come back");
        inside.Serve("tcp", "8080", "one");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().Be($"one {Sandbox.OutsideAddress} at 8080", "the caller's address is kept");
    }

    [Fact]
    public void Two_namespaces_both_serve_8080_at_6000_and_6001()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(Add);
        sandbox.Do("warren add netns2 -p 6001:8080");
        sandbox.Inside("netns1").Serve("tcp", "8080", "one");
        sandbox.Inside("netns2").Serve("tcp", "8080", "two");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("one");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6001).Should().StartWith("two");
        sandbox.Inside("netns2").Pings(Sandbox.InternetAddress).Should().BeTrue();
    }

    [Fact]
    public void Two_Flask_servers_answer_HTTP()
    {
        Sandbox.Need("curl");
        using Sandbox sandbox = Sandbox.Start();
        Assert.SkipUnless(sandbox.Sh("python3 -c 'import flask'").ExitCode == 0, "flask cannot be imported by python3");
        sandbox.Do(Add);
        sandbox.Do("warren add netns2 -p 6001:8080");
        foreach ((string space, string word) in (ReadOnlySpan<(string, string)>)[("netns1", "one"), ("netns2", "two")])
        {
            sandbox.Do($"printf \"from flask import Flask\\napp = Flask('x')\\n@app.route('/')\\ndef x(): return '{word}'\\n\" >/run/{word}.py");
            // flask says that it runs on standard error
            Launched server = sandbox.Host.Start($"exec warren exec {space} -- python3 -u -m flask --app /run/{word}.py run --host 0.0.0.0 --port 8080 2>&1");
            server.ReadLine("Running on");
        }
        sandbox.Outside.Do($"curl -sS --max-time 10 http://{Sandbox.HostAddress}:6000/").Should().Be("one");
        sandbox.Outside.Do($"curl -sS --max-time 10 http://{Sandbox.HostAddress}:6001/").Should().Be("two");
        sandbox.Do($"curl -sS --max-time 10 http://127.0.0.1:6001/").Should().Be("two");
    }

    [Fact]
    public void Ordinary_tools_see_everything()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(Add);
        sandbox.Do("ip netns").Should().Contain("netns1");
        sandbox.Do("ip netns exec netns1 ip -o addr show eth0").Should().Contain("192.168.0.2/24");
        using JsonDocument addresses = JsonDocument.Parse(sandbox.Do("ip -j addr"));
        addresses.RootElement.EnumerateArray().Select(link => link.GetProperty("ifname").GetString()).Should().Contain("wrn-netns1");
        using JsonDocument rules = JsonDocument.Parse(sandbox.Do("nft -j list ruleset"));
        rules.RootElement.GetProperty("nftables").GetArrayLength().Should().BeGreaterThan(10);
        string text = sandbox.Do("nft list ruleset");
        text.Should().Contain("dnat").And.Contain("tcp . 6000 : 192.168.0.2 . 8080");
        text.Should().NotContain("@nh").And.NotContain("@ll").And.NotContain("@th", "every rule reads as nft writes it");
    }

    [Fact]
    public void Nft_takes_back_what_it_lists()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(Add);
        sandbox.Inside("netns1").Serve("tcp", "8080", "one");
        sandbox.Do("nft -s list ruleset >/run/rules && nft flush ruleset && nft -f /run/rules && nft -s list ruleset | diff /run/rules -");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("one");
        sandbox.Run(Add).Output.Should().Be("nothing to do\n", "rules that went through nft are still Warren's");
    }

    [Theory]
    [InlineData("iptables-nft")]
    [InlineData("iptables-legacy")]
    public void Iptables_still_lists_its_tables(string iptables)
    {
        Sandbox.Need(iptables);
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(Add);
        foreach (string table in (string[])["filter", "nat"])
        {
            Ending listed = sandbox.Run($"{iptables} -t {table} -S");
            listed.ExitCode.Should().Be(0, listed.Errors);
            listed.Errors.Should().NotContain("incompatible");
        }
    }
}
