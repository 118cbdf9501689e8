using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary><c>warren doctor --fix</c>: what is Warren's is mended, and nothing else is touched.</summary>
public sealed class DoctorFixes
{
    public static TheoryData<string> Fixable =>
        [
            "nft flush ruleset",
            "nft flush chain inet warren guard",
            "nft 'add table inet warren { flags dormant; }'",
            "ip link set wrn-web1 down",
            "echo 0 >/proc/sys/net/ipv4/conf/wrn-web1/forwarding",
            "echo 1 >/proc/sys/net/ipv4/conf/all/forwarding; echo 0 >/proc/sys/net/ipv4/conf/all/forwarding",
            "ip -n web1 link set lo down; ip -n web1 route del default",
            "ip -n web1 addr flush dev eth0",
            "ip addr flush dev wrn-web1",
            "nft flush map inet warren forwards4",
            "nft add element inet warren forwards4 '{ tcp . 6001 : 10.213.0.2 . 8080, tcp . 6002 : 10.213.0.77 . 8080 }'",
            ": >/run/netns/half; ip link add wrn-web9 group 22354 type veth peer name x9",
            "ip -n web1 link set eth0 netns $$; ip link set eth0 name stray; ip netns add else; ip link set stray netns else",
            "iptables-nft -P FORWARD DROP",
            "iptables-nft -P FORWARD DROP; nft flush ruleset; iptables-nft -P FORWARD DROP; ip link set wrn-web1 down; ip -n web1 route del default; : >/run/netns/half",
        ];

    [Theory]
    [MemberData(nameof(Fixable))]
    public void The_plan_is_shown_done_and_what_was_wrong_is_no_longer(string breaks)
    {
        using Sandbox sandbox = Doctor.Standing();
        sandbox.Do(breaks);
        string[] broken = sandbox.Snapshot();
        Ending dry = sandbox.Run("warren doctor --fix --dry-run");
        dry.ExitCode.Should().Be(6);
        dry.Output.Should().Contain("Nothing was changed.");
        sandbox.ShouldBe(broken);
        Ending fixedNow = sandbox.Run("warren doctor --fix");
        fixedNow.ExitCode.Should().Be(0, fixedNow.Output + fixedNow.Errors);
        fixedNow.Output.Should().Contain("Plan: ").And.EndWith("Nothing is wrong: 1 namespace, 1 published port.\n");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("web1");
        sandbox.Inside("web1").Pings(Sandbox.InternetAddress).Should().BeTrue();
        sandbox.Run("warren status").ExitCode.Should().Be(0);
    }

    [Fact]
    public void What_others_made_stays()
    {
        using Sandbox sandbox = Doctor.Standing();
        sandbox.Do("iptables-nft -t nat -A PREROUTING -p tcp --dport 7000 -j DNAT --to-destination 192.168.0.2:80; ip link set ens5 mtu 1400; nft flush chain inet warren guard");
        string rules = sandbox.Do("nft -s list table ip nat");
        sandbox.Run("warren doctor --fix").ExitCode.Should().Be(6);
        Doctor.Told(sandbox, "").Should().BeEquivalentTo("dead-forward", "web1 uplink-mtu-smaller");
        sandbox.Do("nft -s list table ip nat").Should().Be(rules);
    }

    [Fact]
    public void A_namespace_that_lost_its_link_gets_one_and_its_programs_stay()
    {
        using Sandbox sandbox = Doctor.Standing();
        sandbox.Do("ip link del wrn-web1");
        Doctor.Told(sandbox, "").Should().BeEquivalentTo("web1 link-missing", "dead-forward");
        sandbox.Run("warren doctor --fix").ExitCode.Should().Be(0);
        sandbox.Do("warren publish web1 6000:8080");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("web1");
    }

    [Fact]
    public void What_is_left_of_the_last_namespace_goes()
    {
        using Sandbox sandbox = Doctor.Empty();
        string[] before = sandbox.Snapshot();
        sandbox.Do("warren add web1 -p 6000:8080; ip netns del web1; while ip link show wrn-web1 >/dev/null 2>&1; do :; done");
        Doctor.Told(sandbox, "").Should().BeEquivalentTo("table-leftover", "dead-forward");
        sandbox.Run("warren doctor --fix").ExitCode.Should().Be(0);
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void Of_one_namespace_only_that_is_mended()
    {
        using Sandbox sandbox = Doctor.Standing();
        sandbox.Do("warren add web2; ip -n web1 link set lo down; ip -n web2 link set lo down");
        sandbox.Run("warren doctor web2 --fix").ExitCode.Should().Be(0);
        Doctor.Told(sandbox, "").Should().Equal("web1 lo-down");
    }
}
