using Warren.Firewall.Neighbours;
using Warren.Netlink.Nftables;
using Warren.Planning;

namespace Warren.Kernel.Tests.Neighbours;

public class Obstacles
{
    public static TheoryData<string, string, string, string> Blocking =>
        new()
        {
            { "iptables-nft -P FORWARD DROP", "chain FORWARD of table ip filter (iptables-nft)", "policy drop", "" },
            { "iptables-legacy -P FORWARD DROP", "chain FORWARD of table filter (iptables-legacy)", "policy drop", "" },
            { Scenarios.NftPolicy, "chain forward of table inet filter", "policy drop", "" },
            { Scenarios.LastRule, "chain forward of table inet filter", "log drop", "" },
            { Scenarios.Jumps, "chain pass of table ip custom", "reject, in chain three", "" },
            { Scenarios.Docker, "chain FORWARD of table ip filter (iptables-nft), there in DOCKER-USER", "policy drop", "docker" },
            { Scenarios.LegacyDocker, "chain FORWARD of table filter (iptables-legacy), there in DOCKER-USER", "policy drop", "docker" },
            { Scenarios.Ufw, "chain FORWARD of table ip filter (iptables-nft)", "policy drop", "ufw" },
            {
                Scenarios.UfwReject,
                "chain FORWARD of table ip filter (iptables-nft)",
                "-j REJECT --reject-with icmp-port-unreachable, in chain ufw-reject-forward",
                "ufw"
            },
            { Scenarios.Firewalld, "chain filter_FORWARD of table inet firewalld", "reject with icmpx admin-prohibited, in chain filter_FWD_public", "firewalld" },
            { "iptables-nft -t mangle -P FORWARD DROP", "chain FORWARD of table ip mangle (iptables-nft)", "policy drop", "" },
            { "iptables-nft -t raw -P PREROUTING DROP", "chain PREROUTING of table ip raw (iptables-nft)", "policy drop", "" },
            { "iptables-nft -t mangle -P POSTROUTING DROP", "chain POSTROUTING of table ip mangle (iptables-nft)", "policy drop", "" },
            { "iptables-legacy -t raw -P PREROUTING DROP", "chain PREROUTING of table raw (iptables-legacy)", "policy drop", "" },
            {
                "iptables-legacy -N last; iptables-legacy -A FORWARD -i eth0 -j ACCEPT; iptables-legacy -A FORWARD -g last; "
                    + "iptables-legacy -A last -m comment --comment 'no more' -j DROP",
                "chain FORWARD of table filter (iptables-legacy)",
                "-A last -m comment --comment \"no more\" -j DROP, in chain last",
                ""
            },
            {
                "nft 'add table ip t; add chain ip t c { type filter hook postrouting priority 300; policy drop; }'",
                "chain c of table ip t",
                "policy drop",
                ""
            },
            { "iptables-nft -A FORWARD -m conntrack --ctstate DNAT -j DROP", "chain FORWARD of table ip filter (iptables-nft)", "-m conntrack --ctstate DNAT drop", "" },
            {
                "nft 'add table ip t; add chain ip t c { type filter hook forward priority 0; }; add rule ip t c ct status dnat accept; add rule ip t c drop'",
                "chain c of table ip t",
                "drop",
                ""
            },
            // one direction is enough
            { "iptables-nft -A FORWARD -i wrn-+ -j DROP", "chain FORWARD of table ip filter (iptables-nft)", "iifname \"wrn-*\" drop", "" },
            { "iptables-nft -A FORWARD -o wrn-+ -j DROP", "chain FORWARD of table ip filter (iptables-nft)", "oifname \"wrn-*\" drop", "" },
            { "iptables-nft -A FORWARD ! -o docker0 -i w+ -m conntrack --ctstate NEW -j ACCEPT; iptables-nft -P FORWARD DROP",
              "chain FORWARD of table ip filter (iptables-nft)", "policy drop", "" },
        };

    [Theory]
    [MemberData(nameof(Blocking))]
    public void Are_found_opened_kept_and_closed_without_a_trace(string script, string chain, string cause, string owner) =>
        OwnNetwork.Run(() =>
        {
            OwnNetwork.Shell(script);
            // the tools themselves bring tables and chains into their own order
            SaveAndRestore();
            string before = OwnNetwork.Rules();
            using NftSocket nft = NftSocket.Open();

            Obstacle found = Found(nft).Should().ContainSingle().Subject;
            found.Chain.ToString().Should().Be(chain);
            found.Cause.Should().Be(cause);
            found.Owner.Should().Be(owner);
            found.Opened.Should().BeFalse();
            Openings.FindOpen(nft, nft.Chains()).Should().BeEmpty();
            OwnNetwork.Rules().Should().Be(before);

            Openings.Open(nft, found.Chain);
            Found(nft).Should().ContainSingle().Which.Should().Be(found with { Opened = true });
            Openings.FindOpen(nft, nft.Chains()).Should().Equal(found.Chain);
            string opened = OwnNetwork.Rules();

            SaveAndRestore();
            OwnNetwork.Rules().Should().Be(opened);
            Found(nft).Should().ContainSingle().Which.Opened.Should().BeTrue();

            Openings.Open(nft, found.Chain);
            OwnNetwork.Rules().Should().Be(opened, "opening twice doubles nothing");

            Openings.Close(nft, found.Chain);
            OwnNetwork.Rules().Should().Be(before);
            Found(nft).Should().ContainSingle().Which.Should().Be(found);
            Openings.FindOpen(nft, nft.Chains()).Should().BeEmpty();
        });

    [Theory]
    [MemberData(nameof(Blocking))]
    public void Are_opened_and_closed_by_the_printed_commands_in_the_same_way(string script, string chain, string cause, string owner) =>
        OwnNetwork.Run(() =>
        {
            _ = (chain, cause, owner);
            OwnNetwork.Shell(script);
            string before = OwnNetwork.Rules();
            using NftSocket nft = NftSocket.Open();
            ForeignChain place = Found(nft).Should().ContainSingle().Subject.Chain;
            Openings.Open(nft, place);
            string opened = OwnNetwork.Rules();
            Openings.Close(nft, place);

            OwnNetwork.Shell(string.Join('\n', Openings.OpenCommands(place)));
            OwnNetwork.Rules().Should().Be(opened);
            Found(nft).Should().ContainSingle().Which.Opened.Should().BeTrue();
            OwnNetwork.Shell(string.Join('\n', Openings.CloseCommands(place)));
            OwnNetwork.Rules().Should().Be(before);
        });

    [Theory]
    [InlineData("true")]
    // somebody's decision about some packets
    [InlineData("iptables-nft -A FORWARD -s 203.0.113.7 -j DROP")]
    [InlineData("iptables-nft -A FORWARD -i docker0 ! -o docker0 -j DROP")]
    [InlineData("iptables-nft -A FORWARD -i wrn-web1 -j DROP")]
    [InlineData("iptables-nft -A FORWARD -m conntrack --ctstate INVALID -j DROP")]
    [InlineData("iptables-nft -A FORWARD -p tcp -m multiport --dports 25,465 -j REJECT")]
    [InlineData("iptables-legacy -A FORWARD -p tcp --dport 25 -j REJECT; iptables-legacy -A FORWARD -f -j DROP")]
    [InlineData("iptables-legacy -A FORWARD -i eth0 -j DROP; iptables-legacy -A FORWARD -i docker0 -o eth0 -j DROP")]
    [InlineData("nft 'add table ip t; add chain ip t c { type filter hook forward priority 0; }; add rule ip t c limit rate over 9/second drop'")]
    [InlineData("nft 'add table ip t; add chain ip t c { type filter hook forward priority 0; }; add rule ip t c iifname { eth0, eth1 } drop'")]
    [InlineData("nft 'add table ip t; add chain ip t c { type filter hook forward priority 0; }; add rule ip t c meta mark 7 drop'")]
    [InlineData("nft 'add table inet t; add chain inet t c { type filter hook forward priority 0; }; add rule inet t c meta nfproto ipv6 drop'")]
    // accepted before
    [InlineData("iptables-nft -P FORWARD DROP; iptables-nft -A FORWARD -j ACCEPT")]
    [InlineData("iptables-nft -P FORWARD DROP; iptables-nft -A FORWARD -i wrn-+ -j ACCEPT; iptables-nft -A FORWARD -o wrn-+ -j ACCEPT")]
    [InlineData("iptables-nft -A FORWARD -m conntrack --ctstate NEW -j ACCEPT; iptables-nft -A FORWARD -j DROP")]
    [InlineData("iptables-legacy -P FORWARD DROP; iptables-legacy -A FORWARD ! -i lo -m conntrack ! --ctstate INVALID -j ACCEPT")]
    [InlineData("iptables-nft -A FORWARD -j RETURN; iptables-nft -A FORWARD -j DROP")]
    // Warren lets nothing new pass to a link but what was translated
    [InlineData("iptables-nft -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT; iptables-nft -A FORWARD -i wrn-+ -j ACCEPT; iptables-nft -A FORWARD -j REJECT")]
    [InlineData("iptables-legacy -A FORWARD -m conntrack --ctstate DNAT -j ACCEPT; iptables-legacy -A FORWARD -i wrn-+ -j ACCEPT; iptables-legacy -A FORWARD -j REJECT")]
    [InlineData("iptables-nft -A FORWARD -m conntrack --ctstate DNAT -j RETURN; iptables-nft -A FORWARD -m conntrack ! --ctstate DNAT ! -i wrn-+ -j DROP")]
    [InlineData(Scenarios.Firewalld + "\nnft 'insert rule inet firewalld filter_FORWARD_ZONES iifname \"wrn-*\" goto filter_FWD_trusted'")]
    // not on the way
    [InlineData("iptables-nft -P INPUT DROP; iptables-nft -P OUTPUT DROP; iptables-legacy -P INPUT DROP")]
    [InlineData("ip6tables-nft -P FORWARD DROP")]
    [InlineData("nft 'add table inet warren; add chain inet warren forward { type filter hook forward priority 0; policy drop; }'")]
    [InlineData("nft 'add table ip t; add chain ip t c { type filter hook prerouting priority 0; }; add rule ip t c ct state invalid drop'")]
    [InlineData("iptables-nft -N unused; iptables-nft -A unused -j DROP; iptables-nft -A FORWARD -i eth0 -j unused")]
    [InlineData("iptables-nft -A FORWARD -j LOG; iptables-nft -A FORWARD -j MARK --set-mark 1; iptables-nft -A FORWARD -i lo -j DROP")]
    public void Are_none_where_packets_pass_or_a_rule_cannot_be_told(string script) =>
        OwnNetwork.Run(() =>
        {
            OwnNetwork.Shell(script);
            using NftSocket nft = NftSocket.Open();
            Found(nft).Should().BeEmpty();
        });

    [Fact]
    public void Of_several_firewalls_are_all_found() =>
        OwnNetwork.Run(() =>
        {
            OwnNetwork.Shell(Scenarios.Docker + "\n" + Scenarios.NftPolicy + "\niptables-legacy -P FORWARD DROP\n" + Scenarios.Firewalld);
            using NftSocket nft = NftSocket.Open();
            Found(nft).Select(obstacle => obstacle.Chain.Backend).Should().BeEquivalentTo(
                [FirewallBackend.IptablesNft, FirewallBackend.Nft, FirewallBackend.Nft, FirewallBackend.IptablesLegacy]
            );
            foreach (Obstacle obstacle in Found(nft))
                Openings.Open(nft, obstacle.Chain);
            Found(nft).Should().HaveCount(4).And.OnlyContain(obstacle => obstacle.Opened);
            foreach (ForeignChain chain in Openings.FindOpen(nft, nft.Chains()))
                Openings.Close(nft, chain);
            Openings.FindOpen(nft, nft.Chains()).Should().BeEmpty();
        });

    [Fact]
    public void Looking_at_a_host_without_firewalls_asks_nothing_and_makes_nothing() =>
        OwnNetwork.Run(() =>
        {
            using NftSocket nft = NftSocket.Open();
            List<NftChain> chains = nft.Chains();
            var before = nft.Traffic;
            ForwardObstacles.Find(nft, chains).Should().BeEmpty();
            Openings.FindOpen(nft, chains).Should().BeEmpty();
            ForeignForwards.Find(nft, chains, [new Model.HostPort(null, 6000, Model.Protocol.Tcp)]).Should().BeEmpty();
            nft.Traffic.Should().Be(before);
            OwnNetwork.LegacyNames().Should().BeEmpty();
            OwnNetwork.Command("nft", "list", "ruleset").Should().BeEmpty();
        });

    internal static List<Obstacle> Found(NftSocket nft) => ForwardObstacles.Find(nft, nft.Chains());

    private static void SaveAndRestore() =>
        OwnNetwork.Shell(
            """
            iptables-nft-save > /run/saved && iptables-nft-restore < /run/saved
            if [ -s /proc/self/net/ip_tables_names ]; then iptables-legacy-save > /run/saved && iptables-legacy-restore < /run/saved; fi
            """
        );
}
