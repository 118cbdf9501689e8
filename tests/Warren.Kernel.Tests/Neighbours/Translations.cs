using System.Net;
using Warren.Firewall.Neighbours;
using Warren.Model;
using Warren.Netlink.Nftables;
using Warren.Planning;

namespace Warren.Kernel.Tests.Neighbours;

public class Translations
{
    private const string Nat = "nft add table ip t; nft 'add chain ip t c { type nat hook prerouting priority -100; }'; nft ";

    public static TheoryData<string, string, string> Taken =>
        new()
        {
            { Scenarios.Docker, "6000/tcp", "table ip nat, chain DOCKER: iifname != \"docker0\" tcp dport 6000 dnat to 172.17.0.2:80" },
            {
                Scenarios.LegacyDocker,
                "6000/tcp",
                "table nat (iptables-legacy), chain DOCKER: "
                    + "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 6000 -j DNAT --to-destination 172.17.0.2:80"
            },
            {
                Scenarios.LegacyDocker,
                "5010/udp",
                "table nat (iptables-legacy), chain DOCKER: -A DOCKER -p udp -m multiport --dports 53,5000:5010 -j REDIRECT --to-ports 1053"
            },
            {
                "iptables-nft -t nat -A PREROUTING -i eth0 -p tcp --dport 6000 -j DNAT --to 192.168.0.2:8080",
                "6000/tcp",
                "table ip nat, chain PREROUTING: iifname \"eth0\" tcp dport 6000 dnat to 192.168.0.2:8080"
            },
            {
                "iptables-nft -t nat -A PREROUTING -p udp --dport 5990:6010 -j DNAT --to 192.168.0.2",
                "6000/udp",
                "table ip nat, chain PREROUTING: udp dport 5990-6010 dnat to 192.168.0.2"
            },
            {
                "iptables-nft -t nat -A OUTPUT -p tcp -m multiport --dports 22,6000,7000:7100 -j REDIRECT --to-ports 1",
                "7050/tcp",
                "table ip nat, chain OUTPUT: meta l4proto tcp -m multiport --dports 22,6000,7000:7100 redirect to 1"
            },
            { Nat + "add rule ip t c tcp dport 6000 dnat to 10.0.0.1:80", "6000/tcp", "table ip t, chain c: tcp dport 6000 dnat to 10.0.0.1:80" },
            { Nat + "add rule ip t c tcp dport 5990-6010 dnat to 10.0.0.1", "6000/tcp", "table ip t, chain c: tcp dport 5990-6010 dnat to 10.0.0.1" },
            { Nat + "add rule ip t c tcp dport 6000 redirect to :80", "6000/tcp", "table ip t, chain c: tcp dport 6000 redirect to :80" },
            { Nat + "'add rule ip t c tcp dport { 22, 6000 } dnat to 10.0.0.1'", "6000/tcp", "table ip t, chain c: tcp dport @__set0 dnat to 10.0.0.1" },
            { Nat + "'add rule ip t c tcp dport { 22, 5990-6000, 7000 } dnat to 10.0.0.1'", "5991/tcp", "table ip t, chain c: tcp dport @__set0 dnat to 10.0.0.1" },
            { Nat + "'add rule ip t c dnat to tcp dport map { 6000 : 10.0.0.1 }'", "6000/tcp", "table ip t, chain c: dnat to tcp dport map @__map0" },
            { Nat + "'add chain ip t d; add rule ip t c tcp dport 6000 goto d; add rule ip t d dnat to 10.0.0.1'", "6000/tcp", "table ip t, chain d: dnat to 10.0.0.1" },
            // everything that is for the host
            { "iptables-nft -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DNAT --to 10.0.0.1", "6000/tcp", "table ip nat, chain PREROUTING: -m addrtype*dnat to 10.0.0.1" },
            { "iptables-legacy -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DNAT --to 10.0.0.1", "192.0.2.1:6000/udp", "table nat (iptables-legacy), chain PREROUTING: *" },
            { Nat + "add rule ip t c fib daddr type local dnat to 10.0.0.1", "6000/tcp", "table ip t, chain c: fib daddr type local dnat to 10.0.0.1" },
            { Nat + "'add chain ip t d; add rule ip t d dnat to 10.0.0.1; add rule ip t c tcp dport vmap { 22 : accept, 6000 : jump d }'", "6000/tcp", "table ip t, chain d: dnat to 10.0.0.1" },
            { Nat + "'add chain ip t d; add rule ip t d dnat to 10.0.0.1; add rule ip t c fib daddr type local meta l4proto . th dport vmap { tcp . 6000 : goto d }'", "6000/tcp", "table ip t, chain d: dnat to 10.0.0.1" },
            { Nat + "'add map ip t m { type ipv4_addr . inet_proto . inet_service : verdict; }; add chain ip t d; add rule ip t d dnat to 10.0.0.1; add element ip t m { 192.0.2.1 . udp . 6000 : goto d }; add rule ip t c ip daddr . meta l4proto . th dport vmap @m'", "6000/udp", "table ip t, chain d: dnat to 10.0.0.1" },
            { Nat + "add rule ip t c dnat to 10.0.0.1", "6000/tcp", "table ip t, chain c: dnat to 10.0.0.1" },
            { Nat + "add rule ip t c ip daddr 192.0.2.1 dnat to 10.0.0.1", "192.0.2.1:6000/tcp", "table ip t, chain c: ip daddr 192.0.2.1 dnat to 10.0.0.1" },
            { Nat + "add rule ip t c ip daddr 192.0.2.1 tcp dport 6000 dnat to 10.0.0.1", "6000/tcp", "table ip t, chain c: ip daddr 192.0.2.1 tcp dport 6000 dnat to 10.0.0.1" },
            { Nat + "add rule ip t c ip daddr 192.0.2.0/25 tcp dport 6000 dnat to 10.0.0.1", "192.0.2.1:6000/tcp", "table ip t, chain c: ip daddr 192.0.2.0/25 tcp dport 6000 dnat to 10.0.0.1" },
            { Nat + "add rule ip t c ip daddr != 192.0.2.7 th dport 6000 meta l4proto 6 dnat to 10.0.0.1:1", "6000/tcp", "*" },
            { Nat + "add rule ip t c ip saddr 192.0.2.9 ip daddr 192.0.2.1 tcp sport 7 tcp dport 6000 dnat to 10.0.0.1", "6000/tcp", "*" },
            {
                "nft add table inet t; nft 'add chain inet t c { type nat hook output priority -100; }'; nft add rule inet t c tcp dport 6000 dnat ip to 10.0.0.1:80",
                "6000/tcp",
                "table inet t, chain c: tcp dport 6000 dnat ip to 10.0.0.1:80"
            },
        };

    [Theory]
    [MemberData(nameof(Taken))]
    public void Of_a_wanted_port_are_found(string script, string port, string place) =>
        OwnNetwork.Run(() =>
        {
            OwnNetwork.Shell("ip addr add 192.0.2.1/24 dev lo; ip link set lo up; " + script);
            string before = OwnNetwork.Rules();
            using NftSocket nft = NftSocket.Open();
            HostPort host = Port(port);
            ForeignForward found = ForeignForwards.Find(nft, nft.Chains(), [host, Port("1/tcp")])
                .Should().Contain(forward => forward.Host == host).Subject;
            found.Place.Should().Match(place);
            OwnNetwork.Rules().Should().Be(before);
        });

    [Theory]
    [InlineData("true", "6000/tcp")]
    [InlineData(Scenarios.Docker, "6001/tcp 6000/udp 80/tcp")]
    [InlineData(Scenarios.LegacyDocker, "6001/tcp 5010/tcp 5011/udp")]
    [InlineData(Nat + "add rule ip t c tcp dport 6000 dnat to 10.0.0.1", "6000/udp")]
    [InlineData(Nat + "add rule ip t c ip daddr 192.0.2.1 tcp dport 6000 dnat to 10.0.0.1", "127.0.0.1:6000/tcp 192.0.2.2:6000/tcp")]
    // a service's address, not one of the host's
    [InlineData(Nat + "add rule ip t c ip daddr 10.152.183.1 tcp dport 443 dnat to 10.1.0.1", "443/tcp 192.0.2.1:443/tcp")]
    [InlineData(Nat + "'add rule ip t c tcp dport { 22, 5990-5999, 6001 } dnat to 10.0.0.1'", "6000/tcp 5989/tcp 6002/tcp")]
    [InlineData(Nat + "'add rule ip t c tcp dport != 5990-6010 tcp dport 6000 dnat to 10.0.0.1'", "6000/tcp")]
    [InlineData(Nat + "'add chain ip t d; add rule ip t c tcp dport 7000 jump d; add rule ip t d dnat to 10.0.0.1'", "6000/tcp")]
    [InlineData(Nat + "'add rule ip t c tcp dport 6000 return; add rule ip t c tcp dport 1-65535 dnat to 10.0.0.1'", "6000/tcp")]
    [InlineData(Nat + "'add chain ip t d; add rule ip t d dnat to 10.0.0.1; add rule ip t c tcp dport vmap { 22 : jump d, 6000 : accept }'", "6000/tcp 22/udp")]
    [InlineData(Nat + "'add chain ip t d; add rule ip t d dnat to 10.0.0.1; add rule ip t c meta l4proto . th dport vmap { tcp . 6000 : jump d }'", "6000/udp 6001/tcp")]
    [InlineData(Nat + "'add chain ip t d; add rule ip t d dnat to 10.0.0.1; add rule ip t c ip saddr vmap { 192.0.2.9 : jump d }'", "6000/tcp")]
    [InlineData("iptables-nft -t nat -A PREROUTING ! -i eth0 -m addrtype --dst-type LOCAL -j DNAT --to 10.0.0.1", "6000/tcp")]
    [InlineData(Nat + "'add rule ip t c meta skuid 1000 dnat to 10.0.0.1'", "6000/tcp")]
    [InlineData(Nat + "'add rule ip t c ct state established tcp dport 6000 dnat to 10.0.0.1'", "6000/tcp")]
    [InlineData("iptables-nft -t nat -A POSTROUTING -p tcp --dport 6000 -j SNAT --to 10.0.0.1", "6000/tcp")]
    [InlineData("iptables-nft -t nat -N unused; iptables-nft -t nat -A unused -p tcp --dport 6000 -j DNAT --to 10.0.0.1", "6000/tcp")]
    [InlineData("iptables-nft -t nat -A PREROUTING -p tcp --sport 6000 -j DNAT --to 10.0.0.1", "6000/tcp")]
    [InlineData("nft add table inet warren; nft 'add chain inet warren c { type nat hook prerouting priority -100; }'; "
        + "nft add rule inet warren c tcp dport 6000 dnat ip to 10.0.0.1", "6000/tcp")]
    public void Of_other_ports_and_addresses_are_not(string script, string ports) =>
        OwnNetwork.Run(() =>
        {
            OwnNetwork.Shell("ip addr add 192.0.2.1/24 dev lo; ip link set lo up; " + script);
            using NftSocket nft = NftSocket.Open();
            HostPort[] wanted = [.. ports.Split(' ').Select(Port)];
            ForeignForwards.Find(nft, nft.Chains(), wanted).Should().BeEmpty();
        });

    [Fact]
    public void Are_looked_for_only_where_destinations_are_translated() =>
        OwnNetwork.Run(() =>
        {
            OwnNetwork.Shell(Scenarios.Ufw);
            using NftSocket nft = NftSocket.Open();
            List<NftChain> chains = nft.Chains();
            var before = nft.Traffic;
            ForeignForwards.Find(nft, chains, [Port("6000/tcp")]).Should().BeEmpty();
            ForeignForwards.Find(nft, chains, []).Should().BeEmpty();
            nft.Traffic.Should().Be(before);
        });

    private static HostPort Port(string text)
    {
        string[] parts = text.Split('/');
        int colon = parts[0].LastIndexOf(':');
        return new HostPort(
            colon < 0 ? null : IPAddress.Parse(parts[0][..colon]),
            int.Parse(parts[0][(colon + 1)..]),
            parts[1] == "tcp" ? Protocol.Tcp : Protocol.Udp
        );
    }
}
