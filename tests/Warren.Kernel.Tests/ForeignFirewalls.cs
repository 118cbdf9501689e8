using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary>Other firewalls on the same host: properties 1, 5, 11 and 20.</summary>
public sealed class ForeignFirewalls
{
    private const string NativeDrop =
        "nft -f - <<'EOF'\ntable inet filter {\n chain forward { type filter hook forward priority 0; policy drop; }\n}\nEOF";

    private const string NativeRule =
        "nft -f - <<'EOF'\ntable ip mine {\n chain pass { type filter hook forward priority 10; policy accept; ct state established accept; drop; }\n}\nEOF";

    private const string RejectLater =
        "iptables-nft -A FORWARD -o docker0 -j ACCEPT; iptables-nft -A FORWARD -j REJECT --reject-with icmp-host-prohibited";

    public static TheoryData<string, string, string, string> Obstacles =>
        new()
        {
            { "iptables-nft", "iptables-nft -P FORWARD DROP", "filter", "FORWARD" },
            { "iptables-legacy", "iptables-legacy -P FORWARD DROP", "filter", "FORWARD" },
            { "iptables-nft", RejectLater, "filter", "FORWARD" },
            { "nft", NativeDrop, "filter", "forward" },
            { "nft", NativeRule, "mine", "pass" },
            { "iptables-legacy", "iptables-legacy -P FORWARD DROP; iptables-nft -P FORWARD DROP", "filter", "FORWARD" },
        };

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void A_chain_that_drops_lets_pass_or_is_named(string tool, string drops, string table, string chain)
    {
        Sandbox.Need(tool);
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(drops);
        string[] before = sandbox.Snapshot();
        string legacy = Legacy(sandbox);
        Ending added = sandbox.Run("warren add web1 -p 6000:8080");
        if (added.ExitCode == 0)
        {
            Place inside = sandbox.Inside("web1");
            inside.Serve("tcp", "8080", "web1");
            inside.Pings(Sandbox.InternetAddress).Should().BeTrue("it was said to be done");
            sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("web1");
            sandbox.Run("warren add web1").Output.Should().Be("nothing to do\n");
            // a second namespace needs no second opening
            string one = Rules(sandbox);
            sandbox.Do("warren add web2; warren rm web2");
            Rules(sandbox).Should().Be(one);
            sandbox.Do("warren rm web1");
        }
        else
        {
            added.ExitCode.Should().Be(3);
            added.Errors.Should().Contain(table).And.Contain(chain);
        }
        sandbox.ShouldBe(before);
        Legacy(sandbox).Should().Be(legacy);
    }

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void An_opening_opens_nothing_but_what_is_published(string tool, string drops, string table, string chain)
    {
        Sandbox.Need(tool);
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(drops);
        Ending added = sandbox.Run("warren add web1 --subnet 192.168.0.0/24 -p 6000:8080");
        Assert.SkipWhen(added.ExitCode == 3, $"table {table}, chain {chain} is not opened");
        sandbox.Inside("web1").Serve("tcp", "8080-8081", "web1");
        sandbox.Outside.Do($"ip route add 192.168.0.0/24 via {Sandbox.HostAddress}");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("web1");
        sandbox.Outside.Ask("tcp", "192.168.0.2", 8081, 0.7).Should().Be(Place.Silent);
    }

    [Theory]
    [InlineData("iptables-nft", "iptables-nft -t nat -A PREROUTING -p tcp --dport 6000 -j DNAT --to-destination 10.0.0.2:80", "PREROUTING")]
    [InlineData("iptables-legacy", "iptables-legacy -t nat -A PREROUTING -p tcp --dport 6000 -j DNAT --to-destination 10.0.0.2:80", "PREROUTING")]
    [InlineData("nft", "nft -f - <<'EOF'\ntable ip mine {\n chain pre { type nat hook prerouting priority -150; tcp dport 6000 dnat to 10.0.0.2:80; }\n}\nEOF", "mine")]
    public void A_forward_of_others_for_the_port_is_named(string tool, string forward, string place)
    {
        Sandbox.Need(tool);
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(forward);
        string[] before = sandbox.Snapshot();
        Ending refused = sandbox.Run("warren add web1 -p 6000:8080");
        refused.ExitCode.Should().Be(3);
        refused.Errors.Should().Contain("6000").And.Contain(place);
        sandbox.ShouldBe(before);
        sandbox.Do("warren add web1 -p 6001:8080");
    }

    [Theory]
    [InlineData("")]
    [InlineData("iptables-nft -A INPUT -p tcp --dport 22 -j ACCEPT")]
    public void Looking_makes_no_legacy_table(string before)
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(before);
        string tables = Legacy(sandbox);
        sandbox.Do("warren add web1 -p 6000:8080; warren ls; warren ports; warren show web1; warren rm web1");
        Legacy(sandbox).Should().Be(tables);
    }

    // to list a legacy table is to make it: only those that are there
    private static string Legacy(Sandbox sandbox) =>
        sandbox.Do("cat /proc/net/ip_tables_names 2>/dev/null | sort | while read t; do echo $t; iptables-legacy -t $t -S; done");

    private static string Rules(Sandbox sandbox) => Legacy(sandbox) + sandbox.Do("nft -s list ruleset");
}
