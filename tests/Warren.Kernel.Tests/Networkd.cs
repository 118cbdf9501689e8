using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary>Beside systemd-networkd, which looks at every link that comes: property 27.</summary>
public sealed class Networkd
{
    private const string Program = "/lib/systemd/systemd-networkd";

    [Fact]
    public void Leaves_links_and_keeps_its_own()
    {
        if (!File.Exists(Program))
            Assert.Skip("systemd-networkd is not installed");
        using Sandbox sandbox = Sandbox.Start();
        // or it takes the address that is there for its own, again and again
        sandbox.Do("ip addr flush dev ens5");
        sandbox.Do("mount -o remount,bind,ro /sys");
        sandbox.Do("mkdir -p /run/systemd/network /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/netif/lldp; chown -R systemd-network: /run/systemd/netif");
        sandbox.Do("printf '[Match]\\nName=ens5\\n[Network]\\nAddress=10.0.0.173/24\\nGateway=10.0.0.2\\nLinkLocalAddressing=no\\nIPv6AcceptRA=no\\n' >/run/systemd/network/10-ens5.network");
        Launched networkd = sandbox.Host.Start($"SYSTEMD_LOG_LEVEL=debug exec {Program} 2>&1");
        networkd.ReadLine("ens5: State changed: configuring -> configured");

        sandbox.Do("warren add web1 -p 6000:8080");
        string[] before = Addresses(sandbox);
        networkd.ReadLine("wrn-web1: State changed: initialized -> unmanaged");
        Addresses(sandbox).Should().Equal(before);
        sandbox.Inside("web1").Serve("tcp", "8080", "web1");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("web1");
        sandbox.Inside("web1").Pings(Sandbox.InternetAddress).Should().BeTrue();

        // made again, it is the same: who knows the neighbour by its hardware address finds it
        sandbox.Do("warren rm web1; warren add web1 -p 6000:8080");
        Addresses(sandbox).Should().Equal(before);
        sandbox.Do("warren rm web1; ip route").Should().Contain("default via 10.0.0.2 dev ens5 proto static");
    }

    private static string[] Addresses(Sandbox sandbox) =>
        [
            sandbox.Host.Mac("ens5"),
            sandbox.Host.Mac("wrn-web1"),
            sandbox.Inside("web1").Mac("eth0"),
            .. sandbox.Do("ip -4 -o addr show ens5; ip -4 -o addr show wrn-web1; ip -n web1 -4 -o addr show eth0").Split('\n').Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(3))),
        ];
}
