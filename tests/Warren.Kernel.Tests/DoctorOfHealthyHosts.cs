using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary><c>warren doctor</c> where nothing is wrong: then it finds nothing.</summary>
public sealed class DoctorOfHealthyHosts
{
    private const string Docker = """
        echo 1 >/proc/sys/net/ipv4/ip_forward
        ip link add docker0 type veth peer name docker1; ip addr add 172.17.0.1/16 dev docker0; ip link set docker0 up
        iptables-nft -N DOCKER; iptables-nft -N DOCKER-USER; iptables-nft -N DOCKER-FORWARD
        iptables-nft -A FORWARD -j DOCKER-USER; iptables-nft -A FORWARD -j DOCKER-FORWARD
        iptables-nft -A DOCKER-USER -j RETURN
        iptables-nft -A DOCKER-FORWARD -i docker0 -j ACCEPT; iptables-nft -A DOCKER -d 172.17.0.2 ! -i docker0 -o docker0 -p tcp --dport 80 -j ACCEPT
        iptables-nft -t nat -N DOCKER; iptables-nft -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER; iptables-nft -t nat -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
        iptables-nft -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
        iptables-nft -t nat -A DOCKER ! -i docker0 -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
        iptables-nft -P FORWARD DROP
        """;

    private const string ByHand = """
        ip netns add hand; ip link add h0 type veth peer name h1 netns hand; ip addr add 192.168.7.1/24 dev h0; ip link set h0 up
        ip -n hand addr add 192.168.7.2/24 dev h1; ip -n hand link set h1 up; ip -n hand link set lo up; ip -n hand route add default via 192.168.7.1
        iptables-nft -t nat -A POSTROUTING -s 192.168.7.0/24 -o ens5 -j MASQUERADE
        iptables-nft -t nat -A PREROUTING -i ens5 -p tcp --dport 7000 -j DNAT --to-destination 192.168.7.2:80
        iptables-nft -A FORWARD -i ens5 -o h0 -j ACCEPT; iptables-nft -A FORWARD -i h0 -o ens5 -j ACCEPT
        ip netns add bare; ip netns add bare2
        """;

    private const string SecondUplink =
        "ip link add wan0 type veth peer name wan1; ip addr add 10.6.0.1/24 dev wan0; ip link set wan0 up; ip link set wan1 up; ip route add default via 10.6.0.2 metric 600; echo 2 >/proc/sys/net/ipv4/conf/wan0/rp_filter";

    [Theory]
    [InlineData("")]
    [InlineData(Docker)]
    [InlineData(ByHand)]
    [InlineData(SecondUplink)]
    [InlineData("echo 1 >/proc/sys/net/ipv4/ip_forward")]
    [InlineData("iptables-nft -P FORWARD DROP; iptables-nft -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT; iptables-nft -A INPUT -p tcp --dport 22 -j ACCEPT")]
    [InlineData("nft -f - <<'E'\ntable inet filter { chain forward { type filter hook forward priority 0; policy drop; }; chain input { type filter hook input priority 0; policy drop; ct state established accept; iif lo accept; tcp dport 22 accept; }; }\nE")]
    [InlineData("ip link set ens5 mtu 1400")]
    [InlineData("ip rule add from 10.9.0.0/16 table 77; ip route add default via 10.0.0.2 table 77; ip route add 10.0.0.0/9 via 10.0.0.2")]
    [InlineData("ip netns add web1; ip -n web1 link set lo up")]
    [InlineData("iptables-nft -t nat -A PREROUTING -p tcp --dport 7000 -j DNAT --to-destination 10.0.0.2:80; iptables-nft -t nat -A PREROUTING -p tcp --dport 7001 -j DNAT --to-destination 10.99.0.2:80")]
    [InlineData("mkdir -p /etc/netns/web1; echo nameserver 10.0.0.2 >/etc/netns/web1/resolv.conf; echo nameserver 127.0.0.53 >/etc/resolv.conf")]
    public void Nothing_is_found(string others)
    {
        using Sandbox sandbox = Doctor.Empty();
        sandbox.Do(others);
        Doctor.Told(sandbox, "").Should().BeEmpty("no namespace of Warren's stands yet");
        sandbox.Run("warren doctor").Output.Should().Be("Nothing is wrong. No namespace of Warren's stands.\n");
        sandbox.Do("warren add web1 -p 6000:8080 -p 127.0.0.1:6001:8080 -p 10.0.0.173:6002:8080 -p 5353:53/udp");
        sandbox.Inside("web1").Serve("tcp", "8080", "web1");
        sandbox.Inside("web1").Serve("udp", "53", "web1");
        string[] before = sandbox.Snapshot();
        string legacy = Doctor.Legacy(sandbox);
        foreach (string about in (string[])["", "web1", "6000", "5353/udp", "--verbose"])
            Doctor.Told(sandbox, about).Should().BeEmpty();
        sandbox.Run("warren doctor").Output.Should().Be("Nothing is wrong: 1 namespace, 4 published ports.\n");
        sandbox.Run("warren doctor --fix").Output.Should().Be("Nothing is wrong: 1 namespace, 4 published ports.\n");
        sandbox.ShouldBe(before);
        Doctor.Legacy(sandbox).Should().Be(legacy);
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("web1");
        Doctor.Told(sandbox, "").Should().BeEmpty("a flow is no fault");
    }

    [Fact]
    public void Other_firewalls_are_notes_that_are_shown_on_demand()
    {
        using Sandbox sandbox = Doctor.Empty();
        sandbox.Do(Docker);
        sandbox.Do("warren add web1");
        sandbox.Run("warren doctor").Output.Should().Be("Nothing is wrong: 1 namespace, 0 published ports.\n");
        Ending verbose = sandbox.Run("warren doctor --verbose");
        verbose.ExitCode.Should().Be(0);
        verbose.Output.Should().Contain("kept by docker").And.Contain("[neighbour-opened]");
    }

    [Fact]
    public void A_project_with_its_services_is_healthy()
    {
        using Sandbox sandbox = Doctor.Empty();
        sandbox.Do(
            """
            mkdir /run/p; cat >/run/p/warren.yaml <<'E'
            name: shop
            namespaces:
              web1:
                ports: ["6000:8080"]
                services:
                  page:
                    command: python3 -m http.server 8080
                    ready: { port: 8080 }
                  once:
                    command: "true"
              web2:
                dns: [10.0.0.2]
            E
            cd /run/p && warren up -d
            """
        );
        Doctor.Told(sandbox, "").Should().BeEmpty();
        Doctor.Told(sandbox, "web1").Should().BeEmpty();
        sandbox.Do("cd /run/p && warren down");
        Doctor.Told(sandbox, "").Should().BeEmpty();
    }

    [Fact]
    public void Nothing_is_found_of_a_namespace_that_is_pinned_to_the_link_where_its_routes_lead()
    {
        using Sandbox sandbox = Doctor.Empty();
        sandbox.Do(SecondUplink);
        sandbox.Do("warren add web1 --uplink wan0; ip rule add iif wrn-web1 table 100; ip route add default via 10.6.0.2 table 100");
        sandbox.Do("warren add web2 --uplink ens5");
        Doctor.Told(sandbox, "").Should().BeEmpty();
    }
}
