using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary><c>warren enable --persist</c>: forwarding is on from the boot on, and counts as Warren's all the same.</summary>
public sealed class PersistentForwarding
{
    private const string File = "/etc/shop/warren.yaml";
    private const string DropIn = "/etc/sysctl.d/90-warren-shop.conf";
    private const string Value = "cat /proc/sys/net/ipv4/conf/ens5/forwarding";
    private const double Patience = 0.5;

    private static Sandbox WithFile(string namespaces = "web1: { ports: ['6000:8080'] }")
    {
        Sandbox sandbox = Sandbox.Start();
        sandbox.Install();
        // folders of an overlay that something was in once are there in its upper part
        sandbox.Do("mkdir -p /etc/shop /etc/sysctl.d /etc/systemd/system/multi-user.target.wants; for d in sysctl.d systemd/system systemd/system/multi-user.target.wants; do touch /etc/$d/x; rm /etc/$d/x; done");
        sandbox.Do($"printf 'name: shop\\nnamespaces:\\n' >{File}; cat >>{File} <<'EOF'\n  {namespaces}\nEOF");
        return sandbox;
    }

    [Fact]
    public void Is_a_file_that_comes_and_goes()
    {
        using Sandbox sandbox = WithFile();
        sandbox.Do($"warren enable -f {File}");
        string[] without = sandbox.Snapshot();
        sandbox.Do($"warren plan enable --persist -f {File}").Should().Be(
            $"""
            host
              + {DropIn}: forwarding of ens5 from the boot on
            Plan: 1 to add, 0 to change, 0 to remove. Nothing was changed.

            """
        );
        sandbox.ShouldBe(without, "that was only a plan");
        sandbox.Do($"sh -e -c \"$(warren enable --persist -f {File} --shell)\"");
        sandbox.Do($"warren enable --persist -f {File}").Should().Be("nothing to do\n");
        sandbox.Do($"stat -c %a {DropIn}; cat {DropIn}").Should().Be(
            "644\n# made by warren for project shop\n# warren disable shop removes it\n\n-net/ipv4/conf/ens5/forwarding = 1\n"
        );
        sandbox.Do(Value).Should().Be("0\n", "it is for the next boot");
        sandbox.Do($"warren enable -f {File}").Should().Contain($"host: - {DropIn}");
        sandbox.ShouldBe(without);
        sandbox.Do($"warren disable shop; warren enable --persist -f {File}").Should().Contain($"host: + {DropIn}: forwarding of ens5 from the boot on");
        sandbox.Do("warren disable shop").Should().Contain($"host: - {DropIn}");
        sandbox.Do("ls -A /etc/sysctl.d").Should().NotContain("warren");
    }

    [Fact]
    public void After_a_boot_the_host_is_no_open_router()
    {
        using Sandbox sandbox = WithFile();
        Place lan = AddLan(sandbox);
        sandbox.Do($"warren enable --persist -f {File}");
        Boot(sandbox);
        sandbox.Do(Value).Should().Be("1\n");
        string[] booted = sandbox.Snapshot();
        lan.Serve("udp", "7000", "lan");
        Launched atLan = lan.Capture("eth0");
        sandbox.Outside.Ask("udp", "10.9.0.2", 7000, Patience);
        atLan.ReadLine(" 10.0.0.2:").Should().Contain("10.9.0.2:7000", "else this proves nothing: so is a host with that sysctl");

        sandbox.Do($"warren up -d -f {File}");
        sandbox.Do("nft list set inet warren switched_on").Should().Contain("\"ens5\"");
        sandbox.Outside.Ask("udp", "10.9.0.2", 7000, Patience).Should().NotStartWith("lan");
        sandbox.Host.Ask("udp", "10.9.0.2", 7000).Should().StartWith("lan");
        List<string> seen = [];
        atLan.ReadLine("udp 10.9.0.1:", seen);
        seen.Should().NotContain(line => line.Contains(" 10.0.0.2:", StringComparison.Ordinal));
        sandbox.Inside("web1").Serve("tcp", "8080", "web1");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("web1");
        sandbox.Inside("web1").Pings(Sandbox.InternetAddress).Should().BeTrue();
        sandbox.Do($"warren up -d -f {File}").Should().Contain("nothing to do");
        sandbox.Do($"warren status -f {File}; warren doctor --json >/dev/null || [ $? = 6 ]");

        // as it was booted
        sandbox.Do($"warren down -f {File} --dry-run").Should().Contain($"~ forwarding of ens5: stays 1, by {DropIn}");
        sandbox.Do($"warren down -f {File}");
        sandbox.ShouldBe(booted);
        sandbox.Do("warren disable shop").Should().Contain("~ forwarding of ens5: 1 -> 0");
        sandbox.Do(Value).Should().Be("0\n");
    }

    [Fact]
    public void Without_the_drop_in_the_last_namespace_puts_it_back()
    {
        using Sandbox sandbox = WithFile();
        string[] before = sandbox.Snapshot();
        sandbox.Do($"warren enable --persist -f {File}");
        Boot(sandbox);
        sandbox.Do($"warren up -d -f {File}; nft flush ruleset");
        sandbox.Do("warren disable shop").Should().NotContain("forwarding of");
        sandbox.Do(Value).Should().Be("1\n", "web1 needs it");
        sandbox.Do($"warren up -d -f {File}");
        sandbox.Do("nft list set inet warren switched_on").Should().Contain("\"ens5\"");
        sandbox.Do($"warren down -f {File}");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void It_stays_closed_under_another_name_and_when_it_comes_later()
    {
        using Sandbox sandbox = WithFile("web1: { uplink: wlan0 }");
        sandbox.Do($"warren enable --persist -f {File}").Should().Contain($"host: + {DropIn}: forwarding of ens5, wlan0 from the boot on");
        Boot(sandbox);
        sandbox.Do($"warren up -d -f {File}");
        sandbox.Do("nft list set inet warren switched_on").Should().Contain("\"wlan0\"").And.Contain("\"ens5\"");
        sandbox.Do("warren status");
        sandbox.Do("ip link add wlan0 type veth peer name wlan1; ip addr add 10.1.0.173/24 dev wlan0; ip link set wlan0 up; ip link set wlan1 up");
        // as systemd-udevd does when a link comes
        Boot(sandbox);
        sandbox.Do($"warren up -d -f {File}; warren status -f {File}");
        sandbox.Do("ip link set wlan0 down; ip link set wlan0 name wlan9; ip link set wlan9 up");
        sandbox.Do($"warren up -d -f {File}");
        sandbox.Do("nft list set inet warren switched_on").Should().Contain("\"ens5\"").And.Contain("\"wlan9\"");
        sandbox.Do($"warren down -f {File}; cat /proc/sys/net/ipv4/conf/wlan9/forwarding; {Value}").Should().EndWith("0\n1\n", "no drop-in names wlan9");
        sandbox.Do("find /run/warren 2>/dev/null || :").Should().BeEmpty();
    }

    [Fact]
    public void On_a_host_that_forwards_there_is_nothing_to_keep()
    {
        using Sandbox sandbox = WithFile();
        sandbox.Do("echo 1 >/proc/sys/net/ipv4/ip_forward");
        sandbox.Do($"warren enable --persist -f {File}").Should().Contain("no sysctl drop-in: the host forwards by itself");
        sandbox.Do("ls -A /etc/sysctl.d").Should().NotContain("warren");
    }

    [Fact]
    public void A_drop_in_of_somebody_else_stays()
    {
        using Sandbox sandbox = WithFile();
        sandbox.Do($"echo '-net/ipv4/conf/ens5/forwarding = 1' >{DropIn}");
        string[] before = sandbox.Snapshot();
        foreach (string verb in (string[])["enable", "enable --persist", "disable"])
        {
            Ending refused = sandbox.Sh($"warren {verb} -f {File}");
            refused.ExitCode.Should().Be(3);
            refused.Errors.Should().Contain($"{DropIn} is there, and Warren did not make it");
        }
        sandbox.ShouldBe(before);
        // and what it switched on is somebody else's too
        Boot(sandbox);
        sandbox.Do($"warren up -d -f {File}; nft list set inet warren switched_on").Should().NotContain("ens5");
        sandbox.Do($"warren down -f {File}; {Value}").Should().EndWith("1\n");
    }

    // What systemd-sysctl does at boot; that one takes no offence at a link that is not there, as the '-' says.
    private static void Boot(Sandbox sandbox)
    {
        Sandbox.Need("sysctl");
        sandbox.Do($"sysctl -q -e -p {DropIn}");
    }

    private static Place AddLan(Sandbox sandbox)
    {
        sandbox.Do(
            """
            ip netns add lan
            ip link add lan0 type veth peer name eth0 netns lan
            ip addr add 10.9.0.1/24 dev lan0
            ip link set lan0 up
            ip -n lan addr add 10.9.0.2/24 dev eth0
            ip -n lan link set eth0 up
            ip -n lan route add default via 10.9.0.1
            """
        );
        sandbox.Outside.Do("ip route add 10.9.0.0/24 via 10.0.0.173");
        return sandbox.Inside("lan");
    }
}
