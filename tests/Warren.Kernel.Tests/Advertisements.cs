using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary>Router advertisements: the host keeps what it learned, and learns nothing from namespaces: properties 25 and 26.</summary>
public sealed class Advertisements
{
    [Fact]
    public void The_hosts_own_default_route_stays()
    {
        using Sandbox sandbox = Sandbox.Start();
        Launched monitor = Learning(sandbox);
        sandbox.Outside.Advertise("eth0");
        monitor.ReadLine("default via fe80::2 dev ens5 proto ra");
        string[] before = Switches(sandbox);
        sandbox.Do("warren add web1 -p 6000:8080; warren publish web1 6001:8081; warren add web2; warren rm web1");
        Routes(sandbox).Should().Contain("default via fe80::2 dev ens5 proto ra").And.Contain("2001:db8:77::/64 dev ens5 proto kernel");
        Switches(sandbox).Where(line => !line.Contains("wrn-", StringComparison.Ordinal)).Should().Equal(before);
        sandbox.Do("warren rm web2");
        Routes(sandbox).Should().Contain("default via fe80::2 dev ens5 proto ra");
        Switches(sandbox).Should().Equal(before);
        // and it goes on to learn
        sandbox.Do("ip -6 route flush proto ra");
        Routes(sandbox).Should().NotContain("default");
        Launched again = Learning(sandbox);
        sandbox.Outside.Advertise("eth0");
        again.ReadLine("default via fe80::2 dev ens5 proto ra");
    }

    [Fact]
    public void A_namespace_that_advertises_itself_changes_nothing_on_the_host()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren add web1; warren add web2");
        sandbox.Inside("web1").Do("ip -6 addr add fe80::77/64 dev eth0 nodad");
        // from everything but Warren's links the host would learn
        Launched monitor = Learning(sandbox);
        string[] before = sandbox.Snapshot();
        sandbox.Inside("web1").Advertise("eth0");
        sandbox.Inside("web1").Do("python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1); s.bind((\"\", 67)); s.sendto(bytes([2, 1, 6, 0]) + bytes(296), (\"255.255.255.255\", 68))'");
        // both went by the same link, in this order
        sandbox.Inside("web1").Pings("10.213.0.1").Should().BeTrue();
        sandbox.ShouldBe(before);
        Routes(sandbox).Should().NotContain("default");
        sandbox.Outside.Advertise("eth0");
        List<string> seen = [];
        monitor.ReadLine("default via fe80::2 dev ens5 proto ra", seen);
        seen.Should().NotContain(line => line.Contains("wrn-", StringComparison.Ordinal));
    }

    // as a host is that gets IPv6 from its router
    private static Launched Learning(Sandbox sandbox)
    {
        sandbox.Outside.Do("ip -6 addr replace fe80::2/64 dev eth0 nodad");
        sandbox.Do("echo 1 >/proc/sys/net/ipv6/conf/ens5/accept_ra");
        Launched monitor = sandbox.Host.Start("exec ip -6 monitor route");
        for (int i = 0; sandbox.Sh($"ss -f netlink -a | grep -q 'rtnl:ip/{monitor.ProcessId} '").ExitCode != 0; i++)
            i.Should().BeLessThan(500, "it listens soon");
        return monitor;
    }

    private static string Routes(Sandbox sandbox) => sandbox.Do("ip -6 route");

    private static string[] Switches(Sandbox sandbox) =>
        [
            .. sandbox.Do("grep -s '' /proc/sys/net/ipv6/conf/*/forwarding /proc/sys/net/ipv6/conf/*/accept_ra /proc/sys/net/ipv6/conf/*/force_forwarding || :")
                .Split('\n', StringSplitOptions.RemoveEmptyEntries),
        ];
}
