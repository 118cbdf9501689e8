using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary>What leaves, what passes, what is switched on for it: properties 9, 23, 24 and 26.</summary>
public sealed class Packets
{
    [Fact]
    public void What_belongs_to_no_flow_never_leaves_with_a_private_source()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren add web1 --subnet 192.168.0.0/24 -p 6000:8080");
        sandbox.Outside.Serve("udp", "5000", "marker", Sandbox.InternetAddress);
        Place inside = sandbox.Inside("web1");
        string gateway = sandbox.Host.Mac("wrn-web1");
        Launched capture = sandbox.Outside.Capture("eth0");
        foreach (string flags in (string[])["ACK", "RST", "RST+ACK", "FIN+ACK", "SYN+ACK", "FIN", "", "FIN+PSH", "SYN+FIN", "SYN+RST"])
            inside.Inject("eth0", gateway, "tcp", "192.168.0.2:4000", "8.8.8.8:80", flags);
        inside.Inject("eth0", gateway, "tcp", "192.168.0.2:8080", "10.0.0.2:4444", "ACK");
        inside.Ask("udp", Sandbox.InternetAddress, 5000).Should().StartWith("marker");
        List<string> seen = [];
        capture.ReadLine("udp ", seen);
        seen.Should().NotContain(line => line.Contains(" 192.168.", StringComparison.Ordinal));
    }

    [Fact]
    public void What_claims_another_source_never_leaves_with_it()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren add web1 --subnet 192.168.0.0/24");
        sandbox.Outside.Serve("udp", "5000", "marker", Sandbox.InternetAddress);
        Place inside = sandbox.Inside("web1");
        string gateway = sandbox.Host.Mac("wrn-web1");
        Launched capture = sandbox.Outside.Capture("eth0");
        foreach (string source in (string[])["192.168.77.7:4000", "10.0.0.99:4000", "172.16.5.5:4000"])
        {
            inside.Inject("eth0", gateway, "udp", source, "8.8.8.8:80");
            inside.Inject("eth0", gateway, "tcp", source, "8.8.8.8:80", "SYN");
        }
        inside.Ask("udp", Sandbox.InternetAddress, 5000).Should().StartWith("marker");
        List<string> seen = [];
        capture.ReadLine(":5000", seen);
        seen.Select(line => line.Split(' ')[1].Split(':')[0]).Should().NotContain(["192.168.77.7", "10.0.0.99", "172.16.5.5"]);
        // nor translated: the answer would come back for an address that is not the namespace's
        seen.Should().NotContain(line => line.Contains("8.8.8.8:80", StringComparison.Ordinal));
    }

    [Fact]
    public void Only_uplink_and_links_gain_forwarding()
    {
        using Sandbox sandbox = Sandbox.Start();
        AddLan(sandbox);
        string[] before = Forwarding(sandbox);
        before.Should().OnlyContain(line => line.EndsWith(":0", StringComparison.Ordinal), "else this proves nothing");
        sandbox.Do("warren add web1");
        string[] after = Forwarding(sandbox);
        after.Except(before).Should().BeEquivalentTo(
            [
                "/proc/sys/net/ipv4/conf/ens5/forwarding:1",
                "/proc/sys/net/ipv4/conf/wrn-web1/forwarding:1",
                "/proc/sys/net/ipv6/conf/wrn-web1/forwarding:0",
            ]
        );
        sandbox.Do("cat /proc/sys/net/ipv4/ip_forward").Should().Be("0\n");
        sandbox.Do("cat /proc/sys/net/ipv4/conf/all/route_localnet /proc/sys/net/ipv4/conf/default/route_localnet").Should().Be("0\n0\n");
        sandbox.Do("warren rm web1");
        Forwarding(sandbox).Should().Equal(before);
    }

    [Fact]
    public void Uplink_and_another_lan_stay_closed_to_each_other()
    {
        using Sandbox sandbox = Sandbox.Start();
        Place lan = AddLan(sandbox);
        sandbox.Do("warren add web1 -p 6000:8080");
        sandbox.Inside("web1").Pings(Sandbox.InternetAddress).Should().BeTrue();
        Launched served = lan.Serve("udp", "7000", "lan");
        Launched serving = sandbox.Outside.Serve("udp", "7000", "outside");
        Launched atLan = lan.Capture("eth0");
        Launched atOutside = sandbox.Outside.Capture("eth0");
        const double Patience = 0.5;
        sandbox.Outside.Ask("udp", "10.9.0.2", 7000, Patience).Should().NotStartWith("lan");
        lan.Ask("udp", Sandbox.OutsideAddress, 7000, Patience).Should().NotStartWith("outside");
        lan.Ask("udp", Sandbox.InternetAddress, 7000, Patience).Should().NotStartWith("outside");
        // the host reaches both; what passed before would be there before it
        sandbox.Host.Ask("udp", "10.9.0.2", 7000).Should().StartWith("lan");
        sandbox.Host.Ask("udp", Sandbox.OutsideAddress, 7000).Should().StartWith("outside");
        served.ReadLine("from").Should().Contain("from 10.9.0.1 ");
        serving.ReadLine("from").Should().Contain($"from {Sandbox.HostAddress} ");
        List<string> seen = [];
        atLan.ReadLine("udp 10.9.0.1:", seen);
        seen.Should().NotContain(line => line.Contains(" 10.0.0.2:", StringComparison.Ordinal));
        seen.Clear();
        atOutside.ReadLine("udp 10.0.0.173:", seen);
        seen.Should().NotContain(line => line.Contains(" 10.9.0.2:", StringComparison.Ordinal));
    }

    [Fact]
    public void A_host_that_forwards_anyway_is_left_as_it_is()
    {
        using Sandbox sandbox = Sandbox.Start();
        Place lan = AddLan(sandbox);
        sandbox.Do("echo 1 >/proc/sys/net/ipv4/ip_forward");
        sandbox.Outside.Serve("udp", "7000", "outside");
        lan.Serve("udp", "7000", "lan");
        string[] before = sandbox.Snapshot();
        sandbox.Do("warren add web1");
        lan.Ask("udp", Sandbox.OutsideAddress, 7000).Should().StartWith("outside 10.9.0.2 ", "as before, and not translated");
        sandbox.Outside.Ask("udp", "10.9.0.2", 7000).Should().StartWith("lan");
        sandbox.Inside("web1").Pings(Sandbox.InternetAddress).Should().BeTrue();
        sandbox.Do("warren rm web1");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void Forwarding_that_others_switched_on_stays_on()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("echo 1 >/proc/sys/net/ipv4/conf/ens5/forwarding");
        string[] before = sandbox.Snapshot();
        sandbox.Do("warren add web1");
        sandbox.Do("warren rm web1");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void Forwarding_goes_with_the_last_namespace_and_not_before()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren add web1");
        sandbox.Do("warren add web2");
        sandbox.Do("warren rm web1");
        sandbox.Do("cat /proc/sys/net/ipv4/conf/ens5/forwarding").Should().Be("1\n");
        sandbox.Inside("web2").Pings(Sandbox.InternetAddress).Should().BeTrue();
        sandbox.Do("warren rm web2");
        sandbox.Do("cat /proc/sys/net/ipv4/conf/ens5/forwarding").Should().Be("0\n");
    }

    [Fact]
    public void The_guard_is_there_before_a_link_may_route_loopback_addresses()
    {
        Sandbox.Need("strace");
        using Sandbox sandbox = Sandbox.Start();
        Ending traced = sandbox.Sh("strace -f -o /run/trace -e trace=sendto,sendmsg,recvfrom,recvmsg,openat -s 4096 warren add web1 -p 127.0.0.1:6000:8080");
        Assert.SkipUnless(traced.ExitCode == 0, $"strace does not work here: {traced.Errors}");
        string[] trace = sandbox.Do("cat /run/trace").Split('\n');
        // the answer to the last request of the transaction, of which the rules are a part
        int asked = Array.FindLastIndex(trace, line => line.Contains("send", StringComparison.Ordinal) && line.Contains("NFT_MSG_NEWRULE", StringComparison.Ordinal));
        int guard = asked < 0 ? -1 : Array.FindIndex(trace, asked, line => line.Contains("error=0", StringComparison.Ordinal) && line.Contains("NFT_MSG_NEW", StringComparison.Ordinal));
        Assert.SkipUnless(guard >= 0, "this strace does not read nf_tables messages");
        int[] switches =
        [
            .. Enumerable.Range(0, trace.Length)
                .Where(i =>
                    trace[i].Contains("route_localnet", StringComparison.Ordinal)
                    || (trace[i].Contains("send", StringComparison.Ordinal) && trace[i].Contains("IFLA_INET_CONF", StringComparison.Ordinal))
                ),
        ];
        switches.Should().NotBeEmpty().And.OnlyContain(i => i > guard);
        sandbox.Do("cat /proc/sys/net/ipv4/conf/all/route_localnet").Should().Be("0\n");
    }

    private static Place AddLan(Sandbox sandbox)
    {
        sandbox.Do("ip netns add lan; ip link add lan0 type veth peer name eth0 netns lan");
        sandbox.Do("ip addr add 10.9.0.1/24 dev lan0; ip link set lan0 up; ip -n lan addr add 10.9.0.2/24 dev eth0; ip -n lan link set eth0 up");
        sandbox.Do("ip -n lan route add default via 10.9.0.1");
        sandbox.Outside.Do($"ip route add 10.9.0.0/24 via {Sandbox.HostAddress}");
        return sandbox.Inside("lan");
    }

    private static string[] Forwarding(Sandbox sandbox) =>
        sandbox.Do("grep -r '' /proc/sys/net/ipv4/conf/*/forwarding /proc/sys/net/ipv6/conf/*/forwarding").Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
