using System.Net;
using Warren.Firewall.Neighbours;
using Warren.Netlink.Nftables;

namespace Warren.Kernel.Tests.Neighbours;

/// <summary>Rules of others that lead to an address, however far the way to them is.</summary>
public class Leading
{
    private const string Nat = "nft add table ip t; nft 'add chain ip t c { type nat hook prerouting priority -100; }'; nft ";

    public static TheoryData<string, string> Rules =>
        new()
        {
            { Scenarios.Docker, "iifname \"docker0\" inverted, tcp 6000 -> 172.17.0.2:80; own iifname \"docker0\" inverted, tcp 6000 -> 172.17.0.2:80" },
            { Scenarios.LegacyDocker, "iifname \"docker0\" inverted, tcp 6000 -> 172.17.0.2:80" },
            { Nat + "'add rule ip t c ip saddr 10.0.0.0/8 udp dport 5000-5009 dnat to 172.17.0.2'", "from 10.0.0.0-10.255.255.255, udp 5000-65535 0-5009 -> 172.17.0.2" },
            { Nat + "'add rule ip t c ip saddr 10.0.0.1-10.0.0.9 tcp dport 80 dnat to 172.17.0.2'", "from 10.0.0.1-255.255.255.255, from 0.0.0.0-10.0.0.9, tcp 80 -> 172.17.0.2" },
            { Nat + "'add rule ip t c ip daddr 10.0.0.1 tcp dport 80 dnat to 172.17.0.2:1-9'", "to 10.0.0.1-10.0.0.1, tcp 80 -> 172.17.0.2:1-9" },
            { Nat + "'add rule ip t c dnat ip to tcp dport map { 1 : 172.17.0.2 . 11, 2 : 172.17.0.3 . 12 }'", "tcp 1,2 1 -> 172.17.0.2:11" },
            { Nat + "'add map ip t m { type inet_service : ipv4_addr; flags interval; elements = { 10-19 : 172.17.0.2, 30-39 : 172.17.0.3 }; }; add rule ip t c dnat to tcp dport map @m'", "tcp 10-19,30-39 10-19 -> 172.17.0.2" },
            // another address, another family, behind what takes all, by a circle
            { Nat + "'add rule ip t c tcp dport 80 dnat to 172.17.0.3'", "" },
            { Nat + "'add rule ip t c accept; add rule ip t c tcp dport 80 dnat to 172.17.0.2'", "" },
            { Nat + "'add rule ip t c ip saddr 10.0.0.1 accept; add rule ip t c tcp dport 80 dnat to 172.17.0.2'", "tcp 80 -> 172.17.0.2" },
            { Nat + "'add chain ip t d; add rule ip t d tcp dport 80 dnat to 172.17.0.2; add rule ip t c iifname \"a\" jump d; add rule ip t c goto d; add rule ip t c dnat to 172.17.0.2'", "iifname \"a\", tcp 80 -> 172.17.0.2; tcp 80 -> 172.17.0.2" },
            { "nft 'add table inet warren; add chain inet warren c { type nat hook prerouting priority -100; }; add rule inet warren c tcp dport 80 dnat ip to 172.17.0.2'", "" },
        };

    [Theory]
    [MemberData(nameof(Rules))]
    public void Are_listed_with_all_that_the_packets_must_be(string script, string expected) =>
        OwnNetwork.Run(() =>
        {
            OwnNetwork.Shell(script);
            string before = OwnNetwork.Rules();
            using NftSocket nft = NftSocket.Open();
            var addresses = new HashSet<IPAddress> { IPAddress.Parse("172.17.0.2") };
            string.Join("; ", ForeignTranslations.Find(nft, nft.Chains(), addresses).Select(Words)).Should().Be(expected);
            OwnNetwork.Rules().Should().Be(before);
        });

    [Fact]
    public void Come_in_the_order_in_which_packets_meet_them() =>
        OwnNetwork.Run(() =>
        {
            OwnNetwork.Shell(
                "nft 'add table ip late; add chain ip late c { type nat hook prerouting priority -10; }; add rule ip late c tcp dport 3 dnat to 172.17.0.2';"
                    + "nft 'add table ip own; add chain ip own c { type nat hook output priority -190; }; add rule ip own c tcp dport 4 dnat to 172.17.0.2';"
                    + "iptables-legacy -t nat -A PREROUTING -p tcp --dport 2 -j DNAT --to 172.17.0.2;"
                    + "nft 'add table ip early; add chain ip early c { type nat hook prerouting priority -150; }; add rule ip early c tcp dport 1 dnat to 172.17.0.2'"
            );
            using NftSocket nft = NftSocket.Open();
            var addresses = new HashSet<IPAddress> { IPAddress.Parse("172.17.0.2") };
            string.Join("; ", ForeignTranslations.Find(nft, nft.Chains(), addresses).Select(Words))
                .Should().Be("tcp 1 -> 172.17.0.2; tcp 2 -> 172.17.0.2; tcp 3 -> 172.17.0.2; own tcp 4 -> 172.17.0.2");
        });

    [Theory]
    [InlineData("iptables-nft -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to 172.17.0.2", "nft delete rule ip nat PREROUTING handle ")]
    [InlineData("iptables-legacy -t nat -A PREROUTING ! -i a+ -p tcp -m multiport --dports 80,90:99 -j DNAT --to 172.17.0.2:1", "iptables-legacy -t nat -D PREROUTING ! -i a+ -p tcp ")]
    // what is not all known, or could be more than a word to a shell, is no command
    [InlineData("iptables-legacy -t nat -A PREROUTING -p tcp --dport 80 -m limit --limit 1/s -j DNAT --to 172.17.0.2", "")]
    [InlineData("iptables-legacy -t nat -A PREROUTING -p tcp --dport 80 -m comment --comment '$(reboot)' -j DNAT --to 172.17.0.2", "")]
    public void Tell_the_command_that_takes_them_away(string script, string removal) =>
        OwnNetwork.Run(() =>
        {
            OwnNetwork.Shell(script);
            using NftSocket nft = NftSocket.Open();
            var addresses = new HashSet<IPAddress> { IPAddress.Parse("172.17.0.2") };
            string told = ForeignTranslations.Find(nft, nft.Chains(), addresses).Should().ContainSingle().Subject.Removal;
            if (removal.Length == 0)
            {
                told.Should().BeEmpty();
                return;
            }
            told.Should().StartWith(removal);
            OwnNetwork.Shell(told);
            ForeignTranslations.Find(nft, nft.Chains(), addresses).Should().BeEmpty();
        });

    private static string Words(ForeignTranslation translation)
    {
        ForeignWay way = translation.Way;
        List<string> words = [];
        foreach (LinkCondition link in way.Links)
            words.Add($"iifname \"{link.Pattern}\"{(link.Pattern.Inverted ? " inverted" : "")},");
        foreach (AddressCondition test in way.Sources)
            words.Add($"from {Address(test.First)}-{Address(test.Last)},");
        foreach (AddressCondition test in way.Destinations.Where(test => !test.Inverted))
            words.Add($"to {Address(test.First)}-{Address(test.Last)},");
        words.AddRange(way.Protocols.Select(test => test.Protocol == 6 ? "tcp" : "udp").Distinct());
        words.AddRange(way.Ports.Select(test => string.Join(',', test.Ports.Select(range => $"{range}".Replace(':', '-')))));
        string ports = translation.Ports is { } own ? ":" + $"{own}".Replace(':', '-') : "";
        return $"{(translation.OfHost ? "own " : "")}{(way.Untold ? "untold " : "")}{string.Join(' ', words)} -> {translation.Address}{ports}";
    }

    private static IPAddress Address(uint number) => new(IPAddress.HostToNetworkOrder((int)number) & 0xffffffffL);
}
