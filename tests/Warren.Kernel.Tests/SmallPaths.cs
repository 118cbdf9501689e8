using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary>Paths that take smaller packets than the uplink does, and tell nobody: property 28.</summary>
public sealed class SmallPaths
{
    private const string FarAddress = "203.0.113.2";
    private const int Size = 10_000_000;

    // The sender in the namespace finds out by itself. What the far side sends is for the far side to find out, but for a host that
    // knows of the path, by its route: then both ways are.
    [Fact]
    public void What_a_namespace_sends_arrives()
    {
        using Sandbox sandbox = Sandbox.Start();
        Place far = AddBlackHole(sandbox);
        sandbox.Do("warren add web1 -p 6000:8080");
        sandbox.Inside("web1").ServeBulk(8080);
        far.ServeBulk(7000);
        sandbox.Inside("web1").Transfer(FarAddress, 7000, fetch: false, Size).Should().Be(Size);
        far.Transfer(Sandbox.HostAddress, 6000, fetch: true, Size).Should().Be(Size, "the namespace is who sends");
    }

    [Fact]
    public void With_the_routes_mtu_both_ways_arrive()
    {
        using Sandbox sandbox = Sandbox.Start();
        Place far = AddBlackHole(sandbox);
        sandbox.Do("ip route replace default via 10.0.0.2 mtu 1400");
        sandbox.Do("warren add web1 -p 6000:8080");
        Both(sandbox, far);
    }

    [Fact]
    public void With_a_small_uplink_both_ways_arrive()
    {
        using Sandbox sandbox = Sandbox.Start();
        Place far = AddBlackHole(sandbox);
        sandbox.Do("ip link set ens5 mtu 1400");
        sandbox.Do("warren add web1 -p 6000:8080");
        Both(sandbox, far);
    }

    private static void Both(Sandbox sandbox, Place far)
    {
        sandbox.Inside("web1").ServeBulk(8080);
        far.ServeBulk(7000);
        foreach (bool fetch in (bool[])[false, true])
        {
            sandbox.Inside("web1").Transfer(FarAddress, 7000, fetch, Size).Should().Be(Size);
            far.Transfer(Sandbox.HostAddress, 6000, fetch, Size).Should().Be(Size);
        }
    }

    // host -1500- outside -1400- middle -1500- far, where nobody between says that a packet was too large
    private static Place AddBlackHole(Sandbox sandbox)
    {
        sandbox.Do("ip netns add middle; ip netns add far; ip -n far link set lo up");
        sandbox.Outside.Do("ip link add narrow type veth peer name narrow netns /run/netns/middle; ip addr add 198.18.0.1/30 dev narrow; ip link set narrow mtu 1400 up");
        sandbox.Inside("middle").Do("ip addr add 198.18.0.2/30 dev narrow; ip link set narrow mtu 1400 up; ip route add default via 198.18.0.1");
        sandbox.Do("ip -n middle link add wide type veth peer name eth0 netns far");
        sandbox.Inside("middle").Do("ip addr add 203.0.113.1/24 dev wide; ip link set wide up");
        sandbox.Inside("far").Do($"ip addr add {FarAddress}/24 dev eth0; ip link set eth0 up; ip route add default via 203.0.113.1");
        sandbox.Outside.Do("ip route add 203.0.113.0/24 via 198.18.0.2");
        foreach (Place router in (Place[])[sandbox.Outside, sandbox.Inside("middle")])
            router.Do("echo 1 >/proc/sys/net/ipv4/ip_forward; nft 'add table ip mute; add chain ip mute output { type filter hook output priority 0; }; add rule ip mute output icmp type destination-unreachable drop'");
        sandbox.Sh($"ping -n -c 1 -W 1 -M do -s 1372 {FarAddress}").ExitCode.Should().Be(0, "1400 bytes pass");
        sandbox.Sh($"ping -n -c 1 -W 1 -M do -s 1373 {FarAddress}").ExitCode.Should().Be(1, "a packet of 1401 bytes vanishes");
        return sandbox.Inside("far");
    }
}
