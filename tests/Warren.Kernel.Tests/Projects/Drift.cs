using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests.Projects;

/// <summary>Whatever others change of what a file made, `status` tells and `up` mends: property 18.</summary>
public sealed class Drift
{
    private const string Text = """
        name: drift
        namespaces:
          web1:
            subnet: 192.168.7.0/24
            ports: ["6000:8080", "127.0.0.1:6001:8080"]
            dns: [1.1.1.1]
          web2: {ports: ["6002:8080"]}
        """;

    // what is done by hand; whom `status` names; what it says
    [Theory]
    [InlineData("nft flush ruleset", "host", "missing: table inet warren")]
    [InlineData("nft delete table inet warren", "host", "missing: table inet warren")]
    [InlineData("nft add table inet warren '{ flags dormant; }'", "host", "dormant")]
    [InlineData("nft flush chain inet warren forward", "host", "differs: table inet warren")]
    [InlineData("nft delete rule inet warren guard handle $(nft -a list chain inet warren guard | grep -o 'handle [0-9]*$' | tail -1 | cut -d' ' -f2)", "host", "differs: table inet warren")]
    [InlineData("nft insert rule inet warren forward drop", "host", "differs: table inet warren")]
    [InlineData("nft delete element inet warren forwards4 '{ tcp . 6000 }'", "web1", "missing: publish 6000/tcp -> 192.168.7.2:8080")]
    [InlineData("nft delete element inet warren forwards4 '{ tcp . 6000 }' && nft add element inet warren forwards4 '{ tcp . 6000 : 192.168.7.2 . 9 }'", "web1", "publish 6000/tcp -> 192.168.7.2:8080")]
    [InlineData("nft delete element inet warren forwards4 '{ tcp . 6000 }' && nft add element inet warren forwards4 '{ tcp . 6000 : 10.213.0.2 . 8080 }'", "web1", "publish 6000/tcp -> 192.168.7.2:8080")]
    [InlineData("nft add element inet warren forwards4 '{ tcp . 6666 : 192.168.7.2 . 22 }'", "web1", "too much: unpublish 6666/tcp -> 192.168.7.2:22")]
    [InlineData("nft add element inet warren forwards4 '{ tcp . 6666 : 172.30.0.9 . 22 }'", "host", "too much: unpublish 6666/tcp -> 172.30.0.9:22")]
    [InlineData("nft delete element inet warren targets4 '{ 192.168.7.2 . tcp . 8080 }'", "web1", "missing: other namespaces reach 192.168.7.2:8080/tcp")]
    [InlineData("nft add element inet warren targets4 '{ 192.168.7.2 . tcp . 22 }'", "web1", "too much: other namespaces no longer reach 192.168.7.2:22/tcp")]
    [InlineData("nft add element inet warren targets4 '{ 172.30.0.9 . tcp . 22 }'", "host", "too much: other namespaces no longer reach 172.30.0.9:22/tcp")]
    [InlineData("warren publish web1 6666:9000", "web1", "6666/tcp")]
    [InlineData("warren unpublish web1 6000:8080", "web1", "publish 6000/tcp -> 192.168.7.2:8080")]
    [InlineData("ip -n web1 addr del 192.168.7.2/24 dev eth0", "web1", "missing: address 192.168.7.2/24 on eth0 inside")]
    [InlineData("ip -n web1 route del default", "web1", "missing: default route via 192.168.7.1 inside")]
    [InlineData("ip route del 192.168.7.0/24", "web1", "missing: route to 192.168.7.0/24 by wrn-web1")]
    [InlineData("ip -n web1 route flush table main", "web1", "missing: default route via 192.168.7.1 inside")]
    [InlineData("ip -n web1 link set lo down", "web1", "differs: link lo inside up")]
    [InlineData("ip -n web1 link set eth0 down", "web1", "differs: link eth0 inside up")]
    [InlineData("ip -n web1 link set eth0 down && ip -n web1 link set eth0 name wan", "web1", "link wan inside up")]
    [InlineData("ip -n web1 link set eth0 netns web2 name moved", "web1", "wrn-web1")]
    [InlineData("ip link set wrn-web1 down", "web1", "differs: link wrn-web1 is down")]
    [InlineData("ip addr del 192.168.7.1/24 dev wrn-web1", "web1", "missing: address 192.168.7.1/24 on wrn-web1")]
    [InlineData("ip link del wrn-web1", "web1", "missing: link wrn-web1")]
    [InlineData("ip link set wrn-web1 alias ''", "web1", "link wrn-web1")]
    [InlineData("echo 0 >/proc/sys/net/ipv4/conf/ens5/forwarding", "host", "forwarding of ens5")]
    [InlineData("echo 0 >/proc/sys/net/ipv4/conf/wrn-web1/forwarding", "web1", "wrn-web1 is down, or does not pass packets on")]
    [InlineData("echo 0 >/proc/sys/net/ipv4/conf/wrn-web1/route_localnet", "web1", "wrn-web1 is down, or does not pass packets on")]
    [InlineData("echo 1 >/proc/sys/net/ipv4/ip_forward && echo 0 >/proc/sys/net/ipv4/ip_forward", "web1", "does not pass packets on")]
    [InlineData("ip netns del web1", "web1", "missing: namespace web1")]
    [InlineData("umount /run/netns/web1", "web1", "namespace web1")]
    [InlineData("echo nameserver 6.6.6.6 >>/etc/netns/web1/resolv.conf", "web1", "/etc/netns/web1/resolv.conf")]
    [InlineData("rm /etc/netns/web1/resolv.conf", "web1", "/etc/netns/web1/resolv.conf")]
    [InlineData("rm /etc/netns/web1/hosts", "web1", "missing: /etc/netns/web1/hosts -> /run/warren/projects/drift/hosts")]
    [InlineData("ln -sfn /run/warren/projects/shop/hosts /etc/netns/web1/hosts", "web1", "differs: /etc/netns/web1/hosts -> /run/warren/projects/drift/hosts")]
    [InlineData("sed -i /web2/d /run/warren/projects/drift/hosts", "host", "differs: /run/warren/projects/drift/hosts: web1 192.168.7.2, web2 10.213.0.2")]
    [InlineData("echo 10.0.0.9 nobody >>/run/warren/projects/drift/hosts", "host", "differs: /run/warren/projects/drift/hosts")]
    [InlineData("echo nonsense >/run/warren/projects/drift/hosts", "host", "differs: /run/warren/projects/drift/hosts")]
    [InlineData("rm -r /run/warren/projects", "host", "missing: /run/warren/projects/drift/hosts")]
    [InlineData("rm -r /etc/netns", "web1", "/etc/netns/web1/resolv.conf")]
    public void Is_told_and_mended(string hand, string name, string thing)
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] before = sandbox.Snapshot();
        string path = ProjectFiles.Write(sandbox, "drift", Text);
        ProjectFiles.Converge(sandbox, path, "from nothing");
        sandbox.Do(hand);

        Ending status = sandbox.Run($"warren status -f {path}");
        status.ExitCode.Should().Be(6, status.Output + status.Errors);
        string[] told = status.Output.Split('\n');
        int at = Array.FindIndex(told, line => line.StartsWith(name + " ", StringComparison.Ordinal));
        at.Should().BeGreaterThanOrEqualTo(0, status.Output);
        told[at].Should().NotContain("healthy", status.Output);
        string.Join('\n', told.Skip(at + 1).TakeWhile(line => line.StartsWith(' '))).Should().Contain(thing, status.Output);

        ProjectFiles.Converge(sandbox, path, hand);
        Place inside = sandbox.Inside("web1");
        inside.Serve("tcp", "8080", "web1");
        sandbox.Inside("web2").Serve("tcp", "8080", "web2");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("web1");
        sandbox.Host.Ask("tcp", "127.0.0.1", 6001).Should().StartWith("web1");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6002).Should().StartWith("web2");
        inside.Pings(Sandbox.InternetAddress).Should().BeTrue();
        inside.Pings("127.0.0.1").Should().BeTrue();
        sandbox.Do("nft list map inet warren forwards4").Should().NotContain("6666");
        sandbox.Run("warren status").ExitCode.Should().Be(0, "nor does what stands differ from its marks");
        sandbox.Do($"warren down -f {path}; rm {path}");
        // an interface's own values follow the general ones
        if (!hand.Contains("ip_forward", StringComparison.Ordinal))
            sandbox.ShouldBe(before, hand);
    }

    [Fact]
    public void Is_told_without_a_file()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren status").Should().StartWith("no namespaces");
        sandbox.Do("warren add web1 -p 6000:8080 && warren add web2");
        sandbox.Do("warren status").Should().Contain("web1  healthy").And.Contain("web2  healthy");
        sandbox.Do("nft flush ruleset; ip -n web2 link set lo down");
        Ending status = sandbox.Run("warren status");
        status.ExitCode.Should().Be(6);
        status.Output.Should().Contain("missing: table inet warren").And.Contain("web2  drifted").And.Contain("link lo inside up");
        sandbox.Run("warren status web1").ExitCode.Should().Be(6, "the table is what web1 needs too");
        Ending unknown = sandbox.Run("warren status web9");
        unknown.ExitCode.Should().Be(4);
        unknown.Errors.Should().Contain("web9");
        sandbox.Do("warren ls").Should().Contain("web1").And.Contain("web2");
    }
}
