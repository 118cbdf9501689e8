using System.Diagnostics;
using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary>Who gets an answer from a published port, and who does not: properties 7, 8, 10, 13, 22 and 29.</summary>
public sealed class PublishedPorts
{
    // long enough for any answer that comes; only what must stay silent takes it
    private const double Patience = 0.7;

    [Theory]
    [InlineData("tcp")]
    [InlineData("udp")]
    public void Answer_from_outside_loopback_host_sibling_and_the_namespace_itself(string protocol)
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do($"warren add web1 -p 6000:8080/{protocol}");
        sandbox.Do("warren add web2");
        sandbox.Inside("web1").Serve(protocol, "8080", "web1");
        sandbox.Do("ip addr add 10.0.0.174/24 dev ens5");

        sandbox.Outside.Ask(protocol, Sandbox.HostAddress, 6000).Should().StartWith("web1", "from outside");
        sandbox.Host.Ask(protocol, "127.0.0.1", 6000).Should().StartWith("web1", "from loopback");
        sandbox.Host.Ask(protocol, "127.0.0.1", 6000, source: "127.0.0.1").Should().StartWith("web1", "from loopback, bound to it");
        sandbox.Host.Ask(protocol, Sandbox.HostAddress, 6000).Should().StartWith("web1", "from the host to its own address");
        sandbox.Host.Ask(protocol, "10.0.0.174", 6000).Should().StartWith("web1", "an address that came later");
        sandbox.Inside("web2").Ask(protocol, Sandbox.HostAddress, 6000).Should().StartWith("web1", "from a sibling");
        sandbox.Inside("web1").Ask(protocol, Sandbox.HostAddress, 6000).Should().StartWith("web1", "from itself, through the host");
        sandbox.Host.Ask(protocol, "127.1.2.3", 6000).Should().StartWith("web1", "all of 127.0.0.0/8 is the host");
    }

    [Theory]
    [InlineData("tcp", "udp")]
    [InlineData("udp", "tcp")]
    public void One_protocol_does_not_open_the_other(string published, string other)
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do($"warren add web1 -p 6000:8080/{published}");
        Launched server = sandbox.Inside("web1").Serve(other, "8080", "wrong");
        sandbox.Outside.Ask(other, Sandbox.HostAddress, 6000, Patience).Should().Be(Place.Refused, "the host itself has nothing there");
        server.Signal(15);
        server.End().Output.Should().BeEmpty();
    }

    [Fact]
    public void Ranges_lead_one_to_one()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren add web1 -p 7000-7003:8000-8003");
        sandbox.Inside("web1").Serve("tcp", "7999-8004", "web1");
        for (int i = 0; i < 4; i++)
            sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 7000 + i).Should().EndWith($"at {8000 + i}");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6999, Patience).Should().Be(Place.Refused);
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 7004, Patience).Should().Be(Place.Refused);
    }

    [Fact]
    public void A_port_that_is_left_open_is_chosen_and_told()
    {
        using Sandbox sandbox = Sandbox.Start();
        string said = sandbox.Do("warren add web1 -p 8080");
        sandbox.Inside("web1").Serve("tcp", "8080", "web1");
        int port = int.Parse(said.Split("published ")[1].Split(':')[0]);
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, port).Should().StartWith("web1");
    }

    [Theory]
    [InlineData("tcp")]
    [InlineData("udp")]
    public void On_one_host_address_answer_there_only(string protocol)
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("ip addr add 10.0.0.174/24 dev ens5");
        sandbox.Do($"warren add web1 -p 10.0.0.174:6000:8080/{protocol}");
        sandbox.Do("warren add web2");
        sandbox.Inside("web1").Serve(protocol, "8080", "web1");
        foreach (Place from in (Place[])[sandbox.Outside, sandbox.Host, sandbox.Inside("web2"), sandbox.Inside("web1")])
        {
            from.Ask(protocol, "10.0.0.174", 6000).Should().StartWith("web1");
            from.Ask(protocol, Sandbox.HostAddress, 6000, Patience).Should().Be(Place.Refused);
        }
        sandbox.Host.Ask(protocol, "127.0.0.1", 6000, Patience).Should().Be(Place.Refused);
    }

    [Theory]
    [InlineData("tcp")]
    [InlineData("udp")]
    public void On_loopback_answer_the_host_and_no_packet_from_elsewhere(string protocol)
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do($"warren add web1 -p 127.0.0.1:6000:8080/{protocol} -p 6001:8081/udp");
        sandbox.Do("warren add web2");
        Place inside = sandbox.Inside("web1");
        Launched server = inside.Serve(protocol, "8080", "web1");
        inside.Serve("udp", "8081", "marker");
        sandbox.Host.Ask(protocol, "127.0.0.1", 6000).Should().StartWith("web1");
        server.ReadLine("from");

        Launched capture = inside.Capture("eth0");
        string uplink = sandbox.Host.Mac("ens5");
        foreach (string source in (string[])["10.0.0.2:4000", "127.0.0.1:4001", "8.8.8.8:4002"])
            sandbox.Outside.Inject("eth0", uplink, protocol, source, "127.0.0.1:6000", "SYN");
        sandbox.Outside.Ask(protocol, Sandbox.HostAddress, 6000, Patience).Should().Be(Place.Refused);
        Place sibling = sandbox.Inside("web2");
        string gateway = sandbox.Host.Mac("wrn-web2");
        string own = Address(sibling);
        foreach (string source in (string[])[own + ":4000", "127.0.0.1:4001"])
            sibling.Inject("eth0", gateway, protocol, source, "127.0.0.1:6000", "SYN");
        sibling.Ask(protocol, Sandbox.HostAddress, 6000, Patience).Should().Be(Place.Refused);
        inside.Inject("eth0", sandbox.Host.Mac("wrn-web1"), protocol, Address(inside) + ":4000", "127.0.0.1:6000", "SYN");

        // what was sent before it would be there before it
        sandbox.Outside.Ask("udp", Sandbox.HostAddress, 6001).Should().StartWith("marker");
        List<string> seen = [];
        capture.ReadLine(":8081", seen);
        seen.Should().NotContain(line => line.Contains(":8080", StringComparison.Ordinal));
        server.Signal(15);
        server.End().Output.Should().BeEmpty();
    }

    [Theory]
    [InlineData("tcp")]
    [InlineData("udp")]
    public void A_server_on_the_hosts_loopback_stays_unreachable(string protocol)
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren add web1 -p 127.0.0.1:6000:8080");
        sandbox.Do("cat /proc/sys/net/ipv4/conf/wrn-web1/route_localnet").Should().Be("1\n", "else this proves nothing");
        Launched server = sandbox.Host.Serve(protocol, "9000", "host", "127.0.0.1");
        Launched marker = sandbox.Host.Serve("udp", "9001", "marker", Sandbox.HostAddress);
        Place inside = sandbox.Inside("web1");
        Launched atInside = inside.Capture("eth0");
        Launched atOutside = sandbox.Outside.Capture("eth0");
        inside.Inject("eth0", sandbox.Host.Mac("wrn-web1"), protocol, Address(inside) + ":4000", "127.0.0.1:9000", "SYN");
        sandbox.Outside.Inject("eth0", sandbox.Host.Mac("ens5"), protocol, "10.0.0.2:4000", "127.0.0.1:9000", "SYN");
        inside.Ask("udp", Sandbox.HostAddress, 9001).Should().StartWith("marker", "what the host itself offers to all stays reachable");
        sandbox.Outside.Ask("udp", Sandbox.HostAddress, 9001).Should().StartWith("marker");
        marker.ReadLine("from");
        foreach (Launched capture in (Launched[])[atInside, atOutside])
        {
            List<string> seen = [];
            capture.ReadLine(":9001 >", seen);
            seen.Should().NotContain(line => line.Contains(":9000 >", StringComparison.Ordinal), "that would be an answer");
        }
        // both were seen and dropped
        string rules = sandbox.Do("nft list chain inet warren guard");
        rules.Should().MatchRegex("counter packets [2-9]");
        server.Signal(15);
        server.End().Output.Should().BeEmpty();
    }

    [Fact]
    public void The_lan_reaches_published_ports_only()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren add web1 --subnet 192.168.0.0/24 -p 6000:8080");
        Place inside = sandbox.Inside("web1");
        inside.Serve("tcp", "8080-8081", "web1");
        inside.Serve("udp", "8081", "web1");
        sandbox.Outside.Do($"ip route add 192.168.0.0/24 via {Sandbox.HostAddress}");
        sandbox.Outside.Ask("tcp", "192.168.0.2", 8081, Patience).Should().Be(Place.Silent);
        sandbox.Outside.Ask("udp", "192.168.0.2", 8081, Patience).Should().Be(Place.Silent);
        sandbox.Outside.Ask("tcp", "192.168.0.2", 8080, Patience).Should().Be(Place.Silent, "a published port answers at the host's address");
        sandbox.Outside.Pings("192.168.0.2").Should().BeFalse();
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("web1");
        sandbox.Host.Ask("tcp", "192.168.0.2", 8081).Should().StartWith("web1", "the host itself reaches all");
    }

    [Fact]
    public void Siblings_reach_published_ports_only()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren add web1 --subnet 192.168.0.0/24 -p 6000:8080");
        sandbox.Do("warren add web2");
        sandbox.Inside("web1").Serve("tcp", "8080-8081", "web1");
        sandbox.Inside("web2").Ask("tcp", "192.168.0.2", 8081, Patience).Should().Be(Place.Silent);
        sandbox.Inside("web2").Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("web1");
    }

    [Fact]
    public void What_passes_through_to_another_machines_port_is_left_alone()
    {
        using Sandbox sandbox = Sandbox.Start();
        // a host that is a router: another lan, whose machine calls port 6000 of the internet
        sandbox.Do("echo 1 >/proc/sys/net/ipv4/ip_forward; ip netns add lan; ip link add lan0 type veth peer name eth0 netns lan");
        sandbox.Do("ip addr add 10.9.0.1/24 dev lan0; ip link set lan0 up; ip -n lan addr add 10.9.0.2/24 dev eth0; ip -n lan link set eth0 up");
        sandbox.Do("ip -n lan route add default via 10.9.0.1");
        sandbox.Outside.Do($"ip route add 10.9.0.0/24 via {Sandbox.HostAddress}");
        sandbox.Do("warren add web1 -p 6000:8080");
        sandbox.Inside("web1").Serve("tcp", "8080", "web1");
        sandbox.Outside.Serve("tcp", "6000", "internet");
        sandbox.Inside("lan").Ask("tcp", Sandbox.InternetAddress, 6000).Should().Be("internet 10.9.0.2 at 6000");
        sandbox.Inside("web1").Ask("tcp", Sandbox.InternetAddress, 6000).Should().Be($"internet {Sandbox.HostAddress} at 6000");
        sandbox.Host.Ask("tcp", Sandbox.InternetAddress, 6000).Should().StartWith("internet");
        sandbox.Inside("lan").Ask("tcp", "10.9.0.1", 6000).Should().StartWith("web1", "that is the host");
    }

    [Theory]
    [InlineData("tcp", "warren unpublish web1 6000:8080/tcp")]
    [InlineData("udp", "warren unpublish web1 6000:8080/udp")]
    [InlineData("tcp", "warren rm web1")]
    [InlineData("udp", "warren rm web1")]
    public void Running_flows_of_a_removed_forward_stop_within_a_second(string protocol, string removal)
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do($"warren add web1 -p 6000:8080/{protocol} -p 6001:8081/{protocol}");
        sandbox.Inside("web1").Serve(protocol, "8080-8081", "web1");
        Launched outside = sandbox.Outside.Hold(protocol, Sandbox.HostAddress, 6000);
        Launched loopback = sandbox.Host.Hold(protocol, "127.0.0.1", 6000);
        sandbox.Do(removal);
        double removed = Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;
        foreach (Launched flow in (Launched[])[outside, loopback])
        {
            double last = double.Parse(flow.ReadLine("stopped ").Split(' ')[1]);
            (last - removed).Should().BeLessThan(1);
        }
        if (removal.Contains("unpublish", StringComparison.Ordinal))
            sandbox.Outside.Ask(protocol, Sandbox.HostAddress, 6001).Should().StartWith("web1", "other forwards go on");
        sandbox.Outside.Ask(protocol, Sandbox.HostAddress, 6000, Patience).Should().Be(Place.Refused);
    }

    [Theory]
    [InlineData("tcp")]
    [InlineData("udp")]
    public void Flows_of_other_forwards_go_on_when_one_is_removed(string protocol)
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do($"warren add web1 -p 6000:8080/{protocol} -p 6001:8081/{protocol}");
        sandbox.Inside("web1").Serve(protocol, "8080-8081", "web1");
        Launched goes = sandbox.Outside.Hold(protocol, Sandbox.HostAddress, 6000);
        Launched stays = sandbox.Outside.Hold(protocol, Sandbox.HostAddress, 6001);
        sandbox.Do($"warren unpublish web1 6000:8080/{protocol}");
        double wentOff = double.Parse(goes.ReadLine("stopped ").Split(' ')[1]);
        sandbox.Do("warren rm web1");
        double stopped = double.Parse(stays.ReadLine("stopped ").Split(' ')[1]);
        stopped.Should().BeGreaterThan(wentOff);
    }

    [Fact]
    public void Packets_leave_translated_by_whatever_uplink_leads_out()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren add web1");
        sandbox.Outside.Serve("udp", "5000", "internet", Sandbox.InternetAddress);
        sandbox.Inside("web1").Ask("udp", Sandbox.InternetAddress, 5000).Should().StartWith($"internet {Sandbox.HostAddress} ");
        sandbox.Do("ip link add wlan0 type veth peer name wlan netns /run/sandbox/outside");
        sandbox.Do("ip addr add 10.8.0.5/24 dev wlan0; ip link set wlan0 up");
        sandbox.Outside.Do("ip addr add 10.8.0.1/24 dev wlan; ip link set wlan up");
        sandbox.Do("ip route replace default via 10.8.0.1");
        sandbox.Do("warren add web1");
        sandbox.Inside("web1").Ask("udp", Sandbox.InternetAddress, 5000).Should().StartWith("internet 10.8.0.5 ");
    }

    private static string Address(Place place) => place.Do("ip -4 -o addr show eth0 | sed 's/.*inet \\([0-9.]*\\).*/\\1/'").Trim();
}
