using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary>Uplinks that come, go, change and are renamed, and namespaces that are pinned to one: property 22.</summary>
public sealed class Uplinks
{
    private const string WirelessAddress = "10.1.0.173";
    private const string Private = " 10.213.";

    [Fact]
    public void New_flows_follow_the_default_route_and_nothing_leaves_untranslated()
    {
        using Sandbox sandbox = Sandbox.Start();
        AddWireless(sandbox);
        sandbox.Do("warren add web1");
        Place inside = sandbox.Inside("web1");
        sandbox.Outside.Serve("udp", "5000", "outside", Sandbox.InternetAddress);
        (Launched wired, Launched wireless) = (sandbox.Outside.Capture("eth0"), sandbox.Outside.Capture("eth1"));
        inside.Ask("udp", Sandbox.InternetAddress, 5000).Should().Be($"outside {Sandbox.HostAddress} at 5000");
        Launched flow = inside.Hold("udp", Sandbox.InternetAddress, 5000);

        // the cable is pulled; the host goes on by the other link, which no command of Warren has seen yet
        sandbox.Do("ip route replace default via 10.1.0.2 dev wlan0");
        sandbox.Run("warren status").ExitCode.Should().Be(6);
        sandbox.Do("warren add web1").Should().Contain("wlan0");
        inside.Ask("udp", Sandbox.InternetAddress, 5000).Should().Be($"outside {WirelessAddress} at 5000");
        inside.Ask("udp", Sandbox.InternetAddress, 5000).Should().Be($"outside {WirelessAddress} at 5000");

        // both at once, and back
        sandbox.Do("ip route add default via 10.0.0.2 dev ens5 metric 50; ip route replace default via 10.1.0.2 dev wlan0 metric 100");
        sandbox.Do("ip route del default via 10.1.0.2 dev wlan0 metric 0");
        inside.Ask("udp", Sandbox.InternetAddress, 5000).Should().Be($"outside {Sandbox.HostAddress} at 5000");
        flow.Signal(15);
        AllTranslated(wired, ":5000", sandbox.Host, Sandbox.OutsideAddress);
        AllTranslated(wireless, ":5000", sandbox.Host, "10.1.0.2");
    }

    [Fact]
    public void A_vpn_that_comes_and_goes_takes_new_flows_with_it()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren add web1");
        sandbox.Outside.Serve("udp", "5000", "outside", Sandbox.InternetAddress);
        sandbox.Outside.ServeBulk(7000);
        Place inside = sandbox.Inside("web1");
        inside.Ask("udp", Sandbox.InternetAddress, 5000).Should().Be($"outside {Sandbox.HostAddress} at 5000");

        // as VPNs do: two routes that are half of the default route each, and smaller packets
        sandbox.Do("ip link add vpn0 type veth peer name vpn1 netns /run/sandbox/outside; ip addr add 10.8.0.173/24 dev vpn0; ip link set vpn0 mtu 1400 up");
        sandbox.Outside.Do("ip addr add 10.8.0.2/24 dev vpn1; ip link set vpn1 mtu 1400 up");
        sandbox.Do("ip route add 0.0.0.0/1 via 10.8.0.2 dev vpn0; ip route add 128.0.0.0/1 via 10.8.0.2 dev vpn0");
        Launched capture = sandbox.Outside.Capture("vpn1");
        sandbox.Do("warren add web1").Should().Contain("vpn0");
        inside.Ask("udp", Sandbox.InternetAddress, 5000).Should().Be("outside 10.8.0.173 at 5000");
        inside.Transfer(Sandbox.InternetAddress, 7000, fetch: true, 1_000_000).Should().Be(1_000_000);
        inside.Transfer(Sandbox.InternetAddress, 7000, fetch: false, 1_000_000).Should().Be(1_000_000);
        AllTranslated(capture, ":5000", sandbox.Host, "10.8.0.2");

        sandbox.Do("ip link del vpn0");
        inside.Ask("udp", Sandbox.InternetAddress, 5000).Should().Be($"outside {Sandbox.HostAddress} at 5000");
        sandbox.Do("warren rm web1");
        sandbox.Do("nft list ruleset; find /run -path '*warren*'").Should().BeEmpty();
    }

    // ip_forward is 0 here
    [Fact]
    public void A_port_on_the_address_of_another_card_answers_there()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("ip link add lan0 type veth peer name lan1 netns /run/sandbox/outside; ip addr add 10.7.0.9/24 dev lan0; ip link set lan0 up");
        sandbox.Outside.Do("ip addr add 10.7.0.1/24 dev lan1; ip link set lan1 up");
        string[] before = sandbox.Snapshot();
        sandbox.Do("warren add web1 -p 6001:8080");
        sandbox.Inside("web1").Serve("tcp", "8080", "web1");
        sandbox.Do("cat /proc/sys/net/ipv4/conf/lan0/forwarding").Should().Be("0\n");
        sandbox.Run("warren doctor --verbose").Output.Should().Contain("lan0").And.Contain("[card-not-forwarding]");
        sandbox.Run("warren doctor").ExitCode.Should().Be(0, "nobody asked for more");

        sandbox.Do("warren publish web1 10.7.0.9:6000:8080").Should().Contain("lan0");
        sandbox.Outside.Ask("tcp", "10.7.0.9", 6000).Should().StartWith("web1 10.7.0.1");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().Be(Place.Refused, "it is published on that address only");
        sandbox.Do("nft list set inet warren switched_on").Should().Contain("lan0", "other traffic of that card stays closed");
        sandbox.Do("warren doctor --verbose").Should().NotContain("lan0");
        sandbox.Do("warren rm web1");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void A_pinned_namespace_leaves_by_its_uplink_or_not_at_all()
    {
        using Sandbox sandbox = Sandbox.Start();
        AddWireless(sandbox);
        sandbox.Outside.Serve("udp", "5000", "outside", Sandbox.InternetAddress);
        sandbox.Outside.Serve("tcp", "7000", "outside");
        sandbox.Do("warren add web1 --uplink wlan0 -p 6000:8080").Should().Contain("web1: leaves by wlan0 only");
        sandbox.Do("warren add web2");
        Place inside = sandbox.Inside("web1");
        inside.Serve("tcp", "8080", "web1");
        Launched capture = sandbox.Outside.Capture("eth0");

        // the host's routes lead elsewhere
        inside.Ask("tcp", Sandbox.InternetAddress, 7000).Should().StartWith("unreachable");
        inside.Pings(Sandbox.InternetAddress).Should().BeFalse();
        sandbox.Do("nft list chain inet warren egress").Should().MatchRegex("counter packets [1-9][0-9]* bytes [0-9]+ reject with icmpx admin-prohibited");
        sandbox.Inside("web2").Ask("udp", Sandbox.InternetAddress, 5000).Should().Be($"outside {Sandbox.HostAddress} at 5000");
        List<string> seen = [];
        capture.ReadLine(":5000", seen);
        seen.Should().NotContain(line => line.Contains(":7000", StringComparison.Ordinal) || line.StartsWith("1 ", StringComparison.Ordinal));

        // who calls gets an answer by the way the call came
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("web1");
        sandbox.Inside("web2").Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("web1");

        sandbox.Do("ip route replace default via 10.1.0.2 dev wlan0");
        inside.Ask("tcp", Sandbox.InternetAddress, 7000).Should().Be($"outside {WirelessAddress} at 7000");

        // it is in the alias, is shown, and is mended
        sandbox.Do("warren show web1").Should().Contain("uplink     wlan0 only");
        sandbox.Do("warren ls --json").Should().Contain("\"uplink\": \"wlan0\"");
        sandbox.Do("warren import").Should().Contain("uplink: wlan0");
        sandbox.Do("nft flush set inet warren pinned");
        Ending drift = sandbox.Run("warren status");
        drift.ExitCode.Should().Be(6);
        drift.Output.Should().Contain("web1: out by wlan0 only");
        sandbox.Do("warren add web1; warren status");
        sandbox.Do("ip route replace default via 10.0.0.2 dev ens5");
        inside.Ask("tcp", Sandbox.InternetAddress, 7000).Should().StartWith("unreachable");
        sandbox.Do("warren rm web1");
        sandbox.Do("nft list set inet warren pinned; nft list set inet warren pinned_to").Should().NotContain("wrn-web1");
    }

    [Fact]
    public void A_pinned_namespace_waits_for_a_link_that_is_not_there()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Outside.Serve("tcp", "7000", "outside");
        sandbox.Do("printf 'namespaces:\\n  web1: { uplink: wlan0 }\\n' >/run/warren.yaml");
        Ending up = sandbox.Run("warren up -d -f /run/warren.yaml");
        up.ExitCode.Should().Be(0, up.Errors);
        up.Errors.Should().Contain("there is no link wlan0 on this host; until there is, nothing leaves web1");
        Place inside = sandbox.Inside("web1");
        inside.Ask("tcp", Sandbox.InternetAddress, 7000).Should().StartWith("unreachable");

        AddWireless(sandbox);
        sandbox.Do("ip route replace default via 10.1.0.2 dev wlan0; warren up -d -f /run/warren.yaml");
        inside.Ask("tcp", Sandbox.InternetAddress, 7000).Should().Be($"outside {WirelessAddress} at 7000");

        sandbox.Do("printf 'namespaces:\\n  web1: {}\\n' >/run/warren.yaml; ip route replace default via 10.0.0.2 dev ens5; warren up -d -f /run/warren.yaml");
        inside.Ask("tcp", Sandbox.InternetAddress, 7000).Should().Be($"outside {Sandbox.HostAddress} at 7000");
        sandbox.Do("warren status -f /run/warren.yaml");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_uplink_that_was_renamed_is_closed_and_put_back(bool healed)
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren add web1");
        sandbox.Outside.Serve("udp", "5000", "outside", Sandbox.InternetAddress);
        sandbox.Do("ip link set ens5 down; ip link set ens5 name lan0; ip link set lan0 up; ip route add default via 10.0.0.2");
        sandbox.Do("cat /proc/sys/net/ipv4/conf/lan0/forwarding").Should().Be("1\n", "else this proves nothing");
        Ending drift = sandbox.Run("warren status");
        drift.ExitCode.Should().Be(6);
        drift.Output.Should().Contain("lan0 stays closed");
        if (healed)
        {
            sandbox.Do("warren add web1; warren status");
            sandbox.Do("nft -j list set inet warren switched_on").Should().Contain("\"lan0\"").And.NotContain("ens5");
            sandbox.Do("warren add web1").Should().Be("nothing to do\n");
        }
        sandbox.Inside("web1").Ask("udp", Sandbox.InternetAddress, 5000).Should().Be($"outside {Sandbox.HostAddress} at 5000");
        sandbox.Do("warren rm web1");
        sandbox.Do("cat /proc/sys/net/ipv4/conf/lan0/forwarding").Should().Be("0\n");
        sandbox.Do("nft list ruleset; find /run -path '*warren*'").Should().BeEmpty();
    }

    // a second way to the same outside, without a default route
    private static void AddWireless(Sandbox sandbox)
    {
        sandbox.Do("ip link add wlan0 type veth peer name eth1 netns /run/sandbox/outside; ip addr add 10.1.0.173/24 dev wlan0; ip link set wlan0 up");
        sandbox.Outside.Do("ip addr add 10.1.0.2/24 dev eth1; ip link set eth1 up");
    }

    // the host's own packet comes after all others
    private static void AllTranslated(Launched capture, string expected, Place host, string address)
    {
        host.Ask("udp", address, 5001, 0.2).Should().Be(Place.Refused);
        List<string> seen = [];
        capture.ReadLine(":5001", seen);
        seen.Should().Contain(line => line.Contains(expected, StringComparison.Ordinal), "else this proves nothing");
        seen.Should().NotContain(line => line.Contains(Private, StringComparison.Ordinal));
    }
}
