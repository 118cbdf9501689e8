using System.Net;
using Warren.Netlink.Nftables;
using Warren.Netlink.Wire;
using static Warren.Netlink.Nftables.NftStatements;

namespace Warren.Netlink.Tests.Nftables;

/// <summary>Against nft and the kernel: what nft loads we read as nft lists it, what we load nft lists, what we write we read.</summary>
public class NftInNamespace
{
    private static readonly NftTable Table = new(NftFamily.Inet, "t", "a table");
    private static readonly NftSet Map = new(Table, "m", [NftType.Protocol, NftType.Port], [NftType.IPv4Address, NftType.Port]);
    private static readonly NftSet MapAt = new(Table, "a", [NftType.IPv4Address, NftType.Protocol, NftType.Port], [NftType.IPv4Address, NftType.Port]);
    private static readonly NftSet Places = new(Table, "places", [NftType.IPv4Address, NftType.Protocol, NftType.Port], []);
    private static readonly NftSet Names = new(Table, "names", [NftType.LinkName], []);

    // each line as nft lists it
    private static readonly string[] FilterInet =
    [
        "accept",
        "drop",
        "return",
        "counter drop",
        "jump other",
        "goto other",
        "iifname \"eth0\" accept",
        "iifname != \"lo\" ip daddr 127.0.0.0/8 counter drop",
        "iifname \"wrn-*\" oifname != \"wrn-*\" accept",
        "iifname @names goto other",
        "iifname != @names drop",
        "oifname \"eth0\" oifname \"eth1\" accept",
        "ip saddr 10.0.0.1 accept",
        "ip saddr 10.0.0.0/8 ip daddr 192.168.0.0/24 accept",
        "ip saddr 10.213.0.0/20 accept",
        "ip daddr != 10.0.0.0/8 accept",
        "ip6 saddr fd00::1 accept",
        "ip6 daddr fd00::/64 drop",
        "ip6 daddr fd00::/10 drop",
        "meta nfproto ipv4 accept",
        "meta nfproto ipv6 drop",
        "meta l4proto tcp accept",
        "meta l4proto udp drop",
        "tcp dport 80 accept",
        "tcp dport != 80 accept",
        "tcp dport 8000-8009 accept",
        "tcp dport != 8000-8009 accept",
        "udp sport 53 accept",
        "ip saddr 10.0.0.1 tcp dport 80 accept",
        "ct state established,related accept",
        "ct state invalid drop",
        "ct state new accept",
        "ct status dnat accept",
        "fib daddr type local accept",
        "tcp dport 80 meta nftrace set 1",
        "meta mark set 0x00000001 accept",
        "accept comment \"words of mine\"",
    ];

    private static readonly string[] FilterIp =
    [
        "ip saddr 10.0.0.0/8 accept",
        "ip daddr 10.0.0.1 tcp dport 80 accept",
        "ip protocol icmp accept",
        "udp dport 53 drop",
    ];

    private static readonly string[] FilterIp6 =
    [
        "ip6 saddr fe80::/10 accept",
        "tcp dport 22 accept",
    ];

    private static readonly string[] AfterInet =
    [
        "masquerade",
        "iifname \"wrn-*\" oifname != \"wrn-*\" masquerade",
        "ip saddr 127.0.0.0/8 oifname \"wrn-*\" masquerade",
        "snat ip to 10.0.0.1",
    ];

    private static readonly string[] BeforeInet =
    [
        "dnat ip to 10.0.0.1",
        "tcp dport 80 dnat ip to 10.0.0.1:8080",
        "tcp dport 80 dnat ip to 10.0.0.1-10.0.0.9:8080-8089",
        "dnat ip6 to fd00::1",
        "dnat ip to meta l4proto . th dport map @m",
        "dnat ip to ip daddr . meta l4proto . th dport map @a",
        "tcp dport 80 redirect to :8080",
        "redirect",
    ];

    private static readonly string[] BeforeIp =
    [
        "tcp dport 6000 dnat to 172.17.0.2:80",
    ];

    private static readonly string[] AfterIp =
    [
        "snat to 10.0.0.1",
    ];

    [Fact]
    public void A_transaction_is_answered_after_one_that_was_refused_a_thousand_times() =>
        InNamespace.Run(() =>
        {
            using NftSocket nft = NftSocket.Open();
            for (int round = 0; round < 3; round++)
            {
                var refused = new NftTransaction();
                for (int i = 0; i < 1000; i++)
                    refused.Delete(new NftTable(NftFamily.Inet, $"none{i}"));
                Action commit = () => nft.Commit(refused);
                commit.Should().Throw<NetlinkException>().WithMessage("delete table none0: *").Which.Errno.Should().Be(Errno.NotFound);
                var next = new NftTransaction();
                next.Add(new NftTable(NftFamily.Inet, $"some{round}"));
                nft.Commit(next);
                nft.Table(NftFamily.Inet, $"some{round}").Should().NotBeNull();
            }
        });

    [Fact]
    public void Rules_read_as_nft_lists_them() =>
        InNamespace.Run(() =>
        {
            Compare("inet", FilterInet, "type filter hook prerouting priority 0;");
            Compare("ip", FilterIp, "type filter hook prerouting priority 0;");
            Compare("ip6", FilterIp6, "type filter hook prerouting priority 0;");
            Compare("inet", AfterInet, "type nat hook postrouting priority 100;");
            Compare("inet", BeforeInet, "type nat hook prerouting priority -100;");
            Compare("ip", BeforeIp, "type nat hook prerouting priority -100;");
            Compare("ip", AfterIp, "type nat hook postrouting priority 100;");
        });

    [Fact]
    public void Every_expression_is_read_as_it_was_written() =>
        InNamespace.Run(() =>
        {
            NftExpression[][] all =
            [
                Accept,
                Drop,
                Counter,
                Masquerade,
                CtStatusDnat,
                FibDaddrLocal,
                IPv4,
                Jump("other"),
                Goto("other"),
                IifName("eth0"),
                IifName("wrn-*"),
                IifNameNot("lo"),
                OifName("a"),
                OifNameNot("fifteen-letters"),
                IifNameIn(Names),
                IpDaddrAndPortIn(Places),
                CtState(NftState.Established | NftState.Related | NftState.Untracked),
                IpSaddr(IPAddress.Parse("10.0.0.0"), 8),
                IpDaddr(IPAddress.Parse("10.1.2.3"), 32),
                [new NftMeta(NftMetaKey.Mark), new NftBitwise(new NftValue([1, 0, 0, 0]), new NftValue([0, 0, 0, 0])), new NftCompare(NftOperator.NotEqual, new NftValue([0, 0, 0, 0]))],
                [new NftMeta(NftMetaKey.Mark), new NftMeta(NftMetaKey.Mark, 1, IsStore: true)],
                [new NftMeta(NftMetaKey.TransportProtocol), new NftCompare(NftOperator.Equal, new NftValue([6])), new NftPayload(NftBase.Transport, 2, 2), new NftRange(true, new NftValue([0, 80]), new NftValue([0, 90]))],
                [new NftMeta(NftMetaKey.InputLinkName), new NftLookup("names", 1, null, Inverted: true)],
                [new NftImmediate(NftVerdict.Return)],
            ];
            NftExpression[][] translations = [DnatByPort(Map), DnatByAddressAndPort(MapAt), [new NftRedirect((uint?)null)]];
            using NftSocket nft = NftSocket.Open();
            var transaction = new NftTransaction();
            AddAll(transaction);
            transaction.Add(Places);
            foreach (NftExpression[] each in all)
                transaction.Append(Table.Rule(each == Masquerade ? "post" : "filter", each));
            foreach (NftExpression[] each in translations)
                transaction.Append(Table.Rule("pre", each));
            nft.Commit(transaction);

            // registers 1 to 4 are 8, 12, 16, 20 by another name, and the kernel tells the first names
            List<NftExpression[]> read = [.. nft.Rules(Table).Where(rule => rule.Chain == "filter").Select(rule => rule.Expressions.ToArray())];
            NftExpression[][] written = [.. all.Where(each => each != Masquerade)];
            read.Should().HaveCount(written.Length);
            for (int i = 0; i < written.Length; i++)
                read[i].Should().Equal(written[i]);
            nft.Rules(Table, "post").Single().Expressions.Should().Equal(Masquerade);
            nft.Rules(Table, "pre").Select(rule => rule.Expressions.ToArray()).Should().BeEquivalentTo(translations, options => options.WithStrictOrdering());
        });

    [Fact]
    public void Tables_chains_and_sets_are_what_nft_lists() =>
        InNamespace.Run(() =>
        {
            using NftSocket nft = NftSocket.Open();
            var transaction = new NftTransaction();
            AddAll(transaction);
            nft.Commit(transaction);
            nft.Table(NftFamily.Inet, "t").Should().Be(Table);
            nft.Table(NftFamily.Ip, "t").Should().BeNull();
            nft.Tables().Should().Equal(Table);
            InNamespace
                .Command("nft", "list", "ruleset")
                .Should()
                .Be(
                    """
                    table inet t {
                    	comment "a table"
                    	map m {
                    		type inet_proto . inet_service : ipv4_addr . inet_service
                    	}

                    	map a {
                    		type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service
                    	}

                    	set names {
                    		type ifname
                    	}

                    	chain other {
                    	}

                    	chain filter {
                    		type filter hook forward priority filter + 5; policy drop;
                    	}

                    	chain post {
                    		type nat hook postrouting priority srcnat; policy accept;
                    	}

                    	chain pre {
                    		type nat hook prerouting priority dstnat; policy accept;
                    	}
                    }

                    """
                );
            List<NftChain> chains = nft.Chains();
            chains.Select(chain => chain.Name).Should().BeEquivalentTo("other", "filter", "post", "pre");
            chains.Single(chain => chain.Name == "filter").HookText.Should().Be("type filter hook forward priority 5; policy drop;");
        });

    [Fact]
    public void Elements_are_added_found_listed_and_deleted() =>
        InNamespace.Run(() =>
        {
            using NftSocket nft = NftSocket.Open();
            var transaction = new NftTransaction();
            AddAll(transaction);
            // more than fit into one message, and into one datagram of the answer
            NftElement[] many = [.. Enumerable.Range(1, 3000).Select(port => Element(port, "10.213.0.2"))];
            transaction.Add(Map, many);
            nft.Commit(transaction);
            nft.Elements(Map).ToHashSet().SetEquals(many).Should().BeTrue();
            nft.Find(Map, [Key(7), Key(40_000), Key(9)]).Should().Equal(many[6], many[8]);
            InNamespace.Command("nft", "get element inet t m { tcp . 7 }").Should().Contain("tcp . 7 : 10.213.0.2 . 8080");

            transaction = new NftTransaction();
            transaction.Delete(Map, [.. many.Skip(1).Select(element => new NftElement(element.Key))]);
            nft.Commit(transaction);
            nft.Elements(Map).Should().Equal(many[0]);
        });

    [Fact]
    public void An_element_may_be_added_again_but_not_with_another_value() =>
        InNamespace.Run(() =>
        {
            using NftSocket nft = NftSocket.Open();
            var transaction = new NftTransaction();
            AddAll(transaction);
            transaction.Add(Map, [Element(80, "10.213.0.2")]);
            transaction.Add(Names, [Name("eth0")]);
            nft.Commit(transaction);

            transaction = new NftTransaction();
            transaction.Add(Map, [Element(80, "10.213.0.2")]);
            transaction.Add(Names, [Name("eth0")]);
            nft.Commit(transaction);
            nft.Elements(Names).Should().Equal(Name("eth0"));

            transaction = new NftTransaction();
            transaction.Add(Names, [Name("eth1")]);
            transaction.Add(Map, [Element(80, "10.213.0.6")]);
            Action other = () => nft.Commit(transaction);
            other.Should().Throw<NetlinkException>().Which.Errno.Should().Be(Errno.Exists);
            nft.Elements(Map).Should().Equal(Element(80, "10.213.0.2"));
            nft.Elements(Names).Should().Equal([Name("eth0")], "all of it happens, or nothing");

            // taken away and given to another in one transaction: nobody is ever led astray
            transaction = new NftTransaction();
            transaction.Delete(Map, [Key(80)]);
            transaction.Add(Map, [Element(80, "10.213.0.6")]);
            nft.Commit(transaction);
            nft.Elements(Map).Should().Equal(Element(80, "10.213.0.6"));
        });

    [Fact]
    public void Rules_are_inserted_deleted_and_flushed() =>
        InNamespace.Run(() =>
        {
            using NftSocket nft = NftSocket.Open();
            var transaction = new NftTransaction();
            AddAll(transaction);
            transaction.Append(Table.Rule("filter", IifName("b"), Accept));
            transaction.Append(Table.Rule("filter", IifName("c"), Accept));
            transaction.Insert(Table.Rule("filter", IifName("a"), Accept));
            nft.Commit(transaction);
            Texts(nft, "filter").Should().Equal("iifname \"a\" accept", "iifname \"b\" accept", "iifname \"c\" accept");

            transaction = new NftTransaction();
            transaction.Delete(nft.Rules(Table, "filter")[1]);
            nft.Commit(transaction);
            Texts(nft, "filter").Should().Equal("iifname \"a\" accept", "iifname \"c\" accept");

            transaction = new NftTransaction();
            transaction.Flush(new NftChain(Table, "filter"));
            nft.Commit(transaction);
            Texts(nft, "filter").Should().BeEmpty();

            transaction = new NftTransaction();
            transaction.Delete(Table);
            nft.Commit(transaction);
            nft.Tables().Should().BeEmpty();
            Action again = () =>
            {
                var once = new NftTransaction();
                once.Delete(Table);
                nft.Commit(once);
            };
            again.Should().Throw<NetlinkException>().WithMessage("delete table t: *").Which.Errno.Should().Be(Errno.NotFound);
        });

    private static void AddAll(NftTransaction transaction)
    {
        transaction.Add(Table);
        transaction.Add(Map);
        transaction.Add(MapAt);
        transaction.Add(Names);
        transaction.Add(new NftChain(Table, "other"));
        transaction.Add(new NftChain(Table, "filter") { Type = "filter", Hook = NftHook.Forward, Priority = 5, PolicyDrop = true });
        transaction.Add(new NftChain(Table, "post") { Type = "nat", Hook = NftHook.Postrouting, Priority = 100 });
        transaction.Add(new NftChain(Table, "pre") { Type = "nat", Hook = NftHook.Prerouting, Priority = -100 });
    }

    private static void Compare(string family, string[] lines, string hook)
    {
        string script = $$"""
            table {{family}} t {
                map m { type inet_proto . inet_service : ipv4_addr . inet_service; }
                map a { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }
                set names { type ifname; }
                chain other { }
                chain c { {{hook}}
                    {{string.Join('\n', lines)}}
                }
            }
            """;
        InNamespace.Command("nft", script);
        // the head, the lines, two braces
        string[] listed = [.. InNamespace.Command("nft", "-s", "list", "chain", family, "t", "c").Split('\n').Skip(3).SkipLast(3).Select(each => each.Trim())];
        listed.Should().Equal(lines, "that is how nft lists them");
        using NftSocket nft = NftSocket.Open();
        NftTable table = nft.Tables().Single();
        nft.Rules(table, "c").Select(rule => rule.ToString()).Should().Equal(listed);
        InNamespace.Command("nft", "delete", "table", family, "t");
    }

    private static string[] Texts(NftSocket nft, string chain) => [.. nft.Rules(Table, chain).Select(rule => rule.ToString())];

    private static NftElement Key(int port) => new(Element(port, "0.0.0.0").Key);

    private static NftElement Name(string name)
    {
        var key = new NftData(stackalloc byte[16]);
        key.AddLinkName(name);
        return new NftElement(key.Bytes);
    }

    private static NftElement Element(int port, string address)
    {
        var key = new NftData(stackalloc byte[8]);
        key.Add(TransportProtocol.Tcp);
        key.AddPort(port);
        var value = new NftData(stackalloc byte[8]);
        value.Add(IPAddress.Parse(address));
        value.AddPort(8080);
        return new NftElement(key.Bytes, value.Bytes);
    }
}
