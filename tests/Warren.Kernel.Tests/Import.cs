using System.Text.Json;
using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary><c>warren import</c>: what stands, made by hand or by Warren, as a file.</summary>
public sealed class Import
{
    private const string Iptables = """
        TOOL -t nat -A POSTROUTING -s 192.168.0.0/24 -o ens5 -j MASQUERADE
        TOOL -t nat -A POSTROUTING -s 192.168.1.0/24 -o ens5 -j MASQUERADE
        TOOL -t nat -A PREROUTING -p tcp -i ens5 --dport 6000 -j DNAT --to-destination 192.168.0.2:8080
        TOOL -t nat -A PREROUTING -p tcp -i ens5 --dport 6001 -j DNAT --to-destination 192.168.1.2:8080
        TOOL -A FORWARD -i ens5 -o va0 -j ACCEPT
        TOOL -A FORWARD -p tcp -d 192.168.0.2 --dport 8080 -m state --state NEW,ESTABLISHED,RELATED -j ACCEPT
        TOOL -P FORWARD DROP
        """;

    private const string Native = """
        nft -f - <<'E'
        table ip mine {
          chain pre { type nat hook prerouting priority dstnat; iifname "ens5" tcp dport 6000 dnat to 192.168.0.2:8080; tcp dport 6001 dnat to 192.168.1.2:8080; }
          chain post { type nat hook postrouting priority srcnat; ip saddr 192.168.0.0/24 oifname "ens5" masquerade; ip saddr 192.168.1.0/24 masquerade; }
          chain pass { type filter hook forward priority filter; policy drop; iifname "ens5" oifname "va0" accept; ip daddr 192.168.0.2 tcp dport 8080 ct state new accept; }
        }
        E
        """;

    public static TheoryData<string, string> Tools =>
        new()
        {
            { "iptables-nft", Iptables.Replace("TOOL", "iptables-nft") },
            { "iptables-legacy", Iptables.Replace("TOOL", "iptables-legacy") },
            { "nft", Native },
        };

    [Theory]
    [MemberData(nameof(Tools))]
    public void The_walk_through_made_by_hand_becomes_its_file(string tool, string rules)
    {
        Sandbox.Need(tool);
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(ByHand("netns1", 0) + ByHand("netns2", 1) + rules);
        string legacy = Legacy(sandbox);
        string[] before = sandbox.Snapshot();
        using Imported imported = Run(sandbox);
        imported.Of("netns1").Should().Be("netns1 192.168.0.0/24 - - 6000:8080");
        imported.Of("netns2").Should().Be("netns2 192.168.1.0/24 - - 6001:8080");
        imported.Names.Should().Equal("netns1", "netns2");
        string remarks = string.Join('\n', imported.Remarks);
        remarks.Should().Contain("ip netns del netns1").And.Contain("ip netns del netns2");
        imported.Remarks.Should().ContainSingle(remark => remark.StartsWith("netns1: table", StringComparison.Ordinal) && remark.Contains("6000") && remark.Contains("take it away: "));
        imported.Remarks.Should().ContainSingle(remark => remark.Contains("192.168.0.0/24") && remark.Contains("masquerades itself"));
        imported.Remarks.Should().ContainSingle(remark => remark.Contains("policy drop"));
        remarks.Should().NotContain("left out");
        sandbox.ShouldBe(before);
        Legacy(sandbox).Should().Be(legacy);
    }

    [Theory]
    [MemberData(nameof(Tools))]
    public void After_the_commands_that_are_told_nothing_is_in_the_way_of_the_file(string tool, string rules)
    {
        Sandbox.Need(tool);
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(ByHand("netns1", 0) + ByHand("netns2", 1) + rules);
        using (Imported imported = Run(sandbox))
        {
            const string Mark = "take it away: ";
            foreach (string remark in imported.Remarks.Where(remark => remark.Contains(Mark)))
                sandbox.Do(remark[(remark.IndexOf(Mark, StringComparison.Ordinal) + Mark.Length)..]);
        }
        sandbox.Do("warren add netns1 --subnet 192.168.0.0/24 -p 6000:8080; warren add netns2 --subnet 192.168.1.0/24 -p 6001:8080");
        using Imported again = Run(sandbox);
        again.Of("netns1").Should().Be("netns1 192.168.0.0/24 - - 6000:8080");
        again.Remarks.Should().BeEmpty();
        sandbox.Inside("netns1").Serve("tcp", "8080", "one");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("one");
    }

    [Fact]
    public void What_Warren_made_comes_back()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren add web1 --subnet 10.9.1.0/24 -p 6000:8080 -p 7000-7009:7000-7009 -p 127.0.0.1:53:5353/udp");
        sandbox.Do("warren add web2 --address 10.9.2.9/24 --gateway 10.9.2.1 -p 10.0.0.173:6000:80/udp -p 8000-8001:9000-9001/udp");
        sandbox.Do("ip netns add web3; warren add web3 --subnet 10.9.3.0/24 -p 6003:80; warren add web4");
        string[] before = sandbox.Snapshot();
        using Imported imported = Run(sandbox);
        imported.Of("web1").Should().Be("web1 10.9.1.0/24 - - 6000:8080 7000-7009:7000-7009 127.0.0.1:53:5353/udp");
        imported.Of("web2").Should().Be("web2 - 10.9.2.9/24 10.9.2.1 10.0.0.173:6000:80/udp 8000-8001:9000-9001/udp");
        imported.Of("web3").Should().Be("web3 10.9.3.0/24 - - 6003:80");
        imported.Of("web4").Should().MatchRegex("^web4 10\\.[0-9.]+/30 - -$");
        imported.Names.Should().Equal("web1", "web2", "web3", "web4");
        imported.Remarks.Should().BeEmpty();
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void A_mark_too_short_for_all_ports_is_no_end_of_them()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren add web1" + string.Concat(Enumerable.Range(0, 60).Select(i => $" -p {6000 + (2 * i)}:80")));
        using Imported imported = Run(sandbox);
        imported.Of("web1").Split(' ').Skip(4).Should().HaveCount(60).And.Contain("6000:80").And.Contain("6118:80");
    }

    [Theory]
    [InlineData("-p udp -i ens5 --dport 53 -j DNAT --to-destination 192.168.0.2", "53:53/udp")]
    [InlineData("-p tcp -d 10.0.0.173 --dport 6000 -j DNAT --to-destination 192.168.0.2:8080", "10.0.0.173:6000:8080")]
    [InlineData("-p tcp ! -d 127.0.0.0/8 --dport 6000 -j DNAT --to-destination 192.168.0.2:8080", "6000:8080")]
    [InlineData("-p tcp --dport 8000:8009 -j DNAT --to-destination 192.168.0.2", "8000-8009:8000-8009")]
    [InlineData("-p tcp --dport 8000:8009 -j DNAT --to-destination 192.168.0.2:8000-8009", "8000-8009:8000-8009")]
    [InlineData("-p tcp -m multiport --dports 80,443 -j DNAT --to-destination 192.168.0.2", "80:80 443:443")]
    [InlineData("-p tcp -m multiport --dports 80,8080 -j DNAT --to-destination 192.168.0.2:80", "80:80 8080:80")]
    [InlineData("-p tcp ! -i va0 -m addrtype --dst-type LOCAL --dport 6000 -j DNAT --to-destination 192.168.0.2:80", "6000:80")]
    [InlineData("-p tcp --dport 6000 -m state --state NEW -j DNAT --to-destination 192.168.0.2:80", "6000:80")]
    [InlineData("-p tcp -i lan0 --dport 6000 -j DNAT --to-destination 192.168.0.2:80", "10.5.0.1:6000:80", "only for what comes in by lan0")]
    // what a forward cannot carry is told, and never becomes more than it was
    [InlineData("-p tcp -s 10.0.0.2 --dport 6000 -j DNAT --to-destination 192.168.0.2:80", "", "-s 10.0.0.2|only for some who call")]
    [InlineData("-p tcp -i va0 --dport 6000 -j DNAT --to-destination 192.168.0.2:80", "", "does not lead out of this host")]
    [InlineData("-p tcp -d 10.0.0.99 --dport 6000 -j DNAT --to-destination 192.168.0.2:80", "", "an address that this host does not have")]
    [InlineData("-p tcp -m limit --limit 3/min --dport 6000 -j DNAT --to-destination 192.168.0.2:80", "", "conditions that a published port cannot have")]
    [InlineData("-p tcp --dport 6000 -j DNAT --to-destination 192.168.0.2:80-89", "", "any of several ports")]
    [InlineData("-p tcp --dport 6000 -j DNAT --to-destination 192.168.0.2-192.168.0.9:80", "", "several addresses")]
    [InlineData("-p tcp -j DNAT --to-destination 192.168.0.2", "", "every port")]
    [InlineData("-p icmp -j DNAT --to-destination 192.168.0.2", "", "neither for TCP nor for UDP")]
    // docker's, of no namespace with a name
    [InlineData("-p tcp --dport 6000 -j DNAT --to-destination 172.17.0.2:80", "")]
    public void A_rule_of_iptables_becomes_ports_or_a_remark(string rule, string ports, string remark = "")
    {
        foreach (string tool in (string[])["iptables-nft", "iptables-legacy"])
        {
            Sandbox.Need(tool);
            using Sandbox sandbox = Sandbox.Start();
            sandbox.Do(ByHand("web1", 0) + "ip link add lan0 type veth peer name lan1; ip addr add 10.5.0.1/24 dev lan0; ip link set lan0 up\n");
            sandbox.Do($"{tool} -t nat -A PREROUTING {rule}");
            using Imported imported = Run(sandbox);
            imported.Of("web1").Should().Be($"web1 192.168.0.0/24 - -{(ports.Length > 0 ? " " : "")}{ports}");
            string told = string.Join('\n', imported.Remarks.Where(each => each.StartsWith("web1: ", StringComparison.Ordinal)));
            if (ports.Length == 0)
                told.Contains("left out").Should().Be(remark.Length > 0, told);
            string[] expected = tool == "iptables-nft" ? remark.Split('|')[^1..] : remark.Split('|');
            foreach (string part in expected)
                told.Contains(part).Should().BeTrue(told);
        }
    }

    [Theory]
    [InlineData("tcp dport { 80, 443 } dnat to 192.168.0.2", "80:80 443:443")]
    [InlineData("dnat to tcp dport map { 6000 : 192.168.0.2, 6001 : 172.17.0.2 }", "6000:6000")]
    [InlineData("dnat ip to tcp dport map { 6000 : 192.168.0.2 . 8080, 7000 : 192.168.0.2 . 80 }", "6000:8080 7000:80")]
    [InlineData("meta l4proto tcp dnat to 192.168.0.2:tcp dport map { 6000 : 8080 }", "6000:8080")]
    [InlineData("ip daddr 10.0.0.173 udp dport 53 dnat to 192.168.0.2:5353", "10.0.0.173:53:5353/udp")]
    [InlineData("fib daddr type local meta l4proto tcp th dport 6000 dnat to 192.168.0.2:8080", "6000:8080")]
    [InlineData("meta l4proto { tcp, udp } th dport 53 dnat to 192.168.0.2", "", "conditions")]
    [InlineData("ip saddr 10.0.0.0/24 tcp dport 6000 dnat to 192.168.0.2:8080", "", "only for some who call")]
    [InlineData("tcp dport 6000 dnat to 192.168.0.2:8080-8089", "", "any of several ports")]
    [InlineData("tcp dport 6000 dnat to 192.168.0.1-192.168.0.9", "", "several addresses")]
    public void A_rule_of_nft_becomes_ports_or_a_remark(string rule, string ports, string remark = "")
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(ByHand("web1", 0) + $"nft -f - <<'E'\ntable ip t {{ chain c {{ type nat hook prerouting priority dstnat; {rule}; }}; }}\nE\n");
        using Imported imported = Run(sandbox);
        string told = string.Join('\n', imported.Remarks);
        imported.Of("web1").Should().Be($"web1 192.168.0.0/24 - -{(ports.Length > 0 ? " " : "")}{ports}", told);
        told.Contains("left out").Should().Be(remark.Length > 0, told);
        told.Contains(remark).Should().BeTrue(told);
    }

    [Fact]
    public void Rules_of_several_chains_come_together_and_the_first_counts()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(
            ByHand("web1", 0)
                + ByHand("web2", 1)
                + """
                iptables-nft -t nat -N WEB
                iptables-nft -t nat -A PREROUTING -i ens5 -p tcp -j WEB
                iptables-nft -t nat -A WEB -p tcp --dport 6000 -j DNAT --to-destination 192.168.0.2:80
                iptables-nft -t nat -A WEB -p tcp --dport 6000 -j DNAT --to-destination 192.168.0.2:80
                iptables-nft -t nat -A WEB -p tcp --dport 6000 -j DNAT --to-destination 192.168.1.2:80
                iptables-nft -t nat -A OUTPUT -o lo -p tcp --dport 6000 -j DNAT --to-destination 192.168.0.2:80
                iptables-nft -t nat -A OUTPUT -d 127.0.0.1 -p tcp --dport 7000 -j DNAT --to-destination 192.168.0.2:80
                iptables-nft -t nat -A OUTPUT -d 10.0.0.2 -p tcp --dport 7001 -j DNAT --to-destination 192.168.0.2:80
                """
        );
        using Imported imported = Run(sandbox);
        imported.Of("web1").Should().Be("web1 192.168.0.0/24 - - 6000:80 127.0.0.1:7000:80");
        imported.Of("web2").Should().Be("web2 192.168.1.0/24 - -");
        imported.Remarks.Should().ContainSingle(remark => remark.StartsWith("web2: ", StringComparison.Ordinal) && remark.Contains("leads to web1 already"));
        imported.Remarks.Should().ContainSingle(remark => remark.Contains("7001") && remark.Contains("left out"));
    }

    [Fact]
    public void Rules_for_each_of_two_uplinks_are_one_port()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(
            ByHand("web1", 0)
                + """
                ip link add wlan0 type veth peer name wlan1; ip link set wlan1 up; ip addr add 10.6.0.1/24 dev wlan0; ip link set wlan0 up; ip route add default via 10.6.0.2 metric 600
                iptables-nft -t nat -A PREROUTING -i ens5 -p tcp --dport 6000 -j DNAT --to-destination 192.168.0.2:80
                iptables-nft -t nat -A PREROUTING -i wlan0 -p tcp --dport 6000 -j DNAT --to-destination 192.168.0.2:80
                iptables-nft -t nat -A PREROUTING -i wlan0 -p tcp --dport 6001 -j DNAT --to-destination 192.168.0.2:81
                """
        );
        using Imported imported = Run(sandbox);
        imported.Of("web1").Should().Be("web1 192.168.0.0/24 - - 6000:80 10.6.0.1:6001:81");
    }

    [Fact]
    public void What_a_file_cannot_say_is_told_a_line_each()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(
            """
            ip netns add empty
            ip netns add '-odd'
            ip netns add again; ip netns attach alias $$; umount /run/netns/alias; mount --bind /run/netns/again /run/netns/alias
            : >/run/netns/half
            ip netns add bridged; ip link add br0 type bridge; ip addr add 10.7.0.1/24 dev br0
            ip link add vb type veth peer name eth0 netns bridged; ip link set vb master br0; ip -n bridged addr add 10.7.0.2/24 dev eth0
            ip netns add turned; ip link add vt type veth peer name eth0 netns turned
            ip addr add 10.8.0.9/24 dev vt; ip -n turned addr add 10.8.0.1/24 dev eth0
            ip netns add wide; ip link add vw type veth peer name eth0 netns wide; ip link add vx type veth peer name eth1 netns wide
            ip addr add 10.9.0.1/24 dev vw; ip -n wide addr add 10.9.0.2/24 dev eth0; ip -n wide addr add 10.9.0.3/24 dev eth0; ip -n wide addr add fd00::2/64 dev eth0
            ip link set vw up; ip -n wide link set eth0 up; ip -n wide route add default via 10.9.0.1
            """
        );
        using Imported imported = Run(sandbox);
        imported.Names.Should().BeEquivalentTo("bridged", "empty", "turned", "wide", "again");
        imported.Of("empty").Should().Be("empty - - -");
        imported.Of("bridged").Should().Be("bridged - - -");
        imported.Of("turned").Should().Be("turned - 10.8.0.1/24 10.8.0.9");
        imported.Of("wide").Should().Be("wide 10.9.0.0/24 - -");
        Told("empty: ").Should().Contain("no pair of veth links");
        Told("'-odd' ").Should().Contain("left out");
        Told("alias ").Should().Contain("another name of again");
        Told("half ").Should().Contain("without a namespace");
        Told("bridged: ").Should().Contain("vb is a port of br0");
        Told("turned: ").Should().Contain("no default route");
        Told("wide: ").Should().Contain("10.9.0.3/24").And.Contain("the link eth1 inside").And.Contain("fd00::2/64");

        string Told(string start) => string.Join('\n', imported.Remarks.Where(remark => remark.StartsWith(start, StringComparison.Ordinal)));
    }

    [Fact]
    public void A_pair_of_links_between_two_namespaces_is_not_taken_for_one_to_the_host()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(
            """
            ip netns add a; ip netns add b; ip netns add c
            ip link add h50 index 50 type veth peer name in netns a index 60
            ip -n c link add c50 index 50 type veth peer name in netns b index 60
            ip addr add 10.8.0.1/24 dev h50; ip -n a addr add 10.8.0.2/24 dev in; ip -n b addr add 10.8.0.3/24 dev in
            """
        );
        using Imported imported = Run(sandbox);
        imported.Of("a").Should().Be("a 10.8.0.0/24 - -");
        imported.Of("b").Should().Be("b - - -");
        imported.Of("c").Should().Be("c - - -");
    }

    [Fact]
    public void Programs_and_name_servers_are_found()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(ByHand("web1", 0) + ByHand("web2", 1));
        sandbox.Do(
            """
            mkdir -p /etc/netns/web1 /etc/netns/web2
            printf '# mine\nnameserver 9.9.9.9\nnameserver 2620:fe::fe\nsearch a.example b.example\n' >/etc/netns/web1/resolv.conf
            printf 'nameserver 9.9.9.9\noptions ndots:2\n' >/etc/netns/web2/resolv.conf
            """
        );
        Launched server = sandbox.Inside("web1").Serve("tcp", "8080", "it's\u001b[31m\nme");
        using Imported imported = Run(sandbox);
        JsonElement dns = imported.Space("web1").GetProperty("dns");
        dns.GetProperty("servers").EnumerateArray().Select(each => each.GetString()).Should().Equal("9.9.9.9", "2620:fe::fe");
        dns.GetProperty("search").EnumerateArray().Select(each => each.GetString()).Should().Equal("a.example", "b.example");
        imported.Space("web2").TryGetProperty("dns", out _).Should().BeFalse();
        imported.Remarks.Should().ContainSingle(remark => remark.StartsWith("web2: /etc/netns/web2/resolv.conf is not taken over", StringComparison.Ordinal) && remark.Contains("ndots"));
        string told = imported.Remarks.Should().ContainSingle(remark => remark.Contains("(pid ")).Subject;
        told.Should().StartWith($"web1: python3 (pid {server.ProcessId}) runs in it; add it as run: by hand: ").And.Contain("8080").And.Contain("\\x1b[31m\\x0a");
        sandbox.Do("warren import").Split('\n').Should().ContainSingle(line => line.Contains("(pid ")).Which.Should().StartWith("# web1: ");
    }

    [Fact]
    public void The_file_starts_with_how_to_keep_it_and_remarks_are_comments()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("ip netns add \"$(printf 'a\\nb: {}')\"; warren add web1");
        string[] lines = sandbox.Do("warren import").TrimEnd('\n').Split('\n');
        lines[0].Should().StartWith("# ").And.Contain("warren import > warren.yaml");
        lines[1].Should().StartWith("# ").And.Contain("a\\x0ab");
        lines.Should().NotContain(line => line.StartsWith('b'), "a name of others is no line of the file");
        string.Join('\n', lines[2..]).Should().Contain("web1");
    }

    [Fact]
    public void A_host_without_namespaces_gives_an_empty_file_and_no_legacy_table()
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] before = sandbox.Snapshot();
        using Imported imported = Run(sandbox);
        imported.Names.Should().BeEmpty();
        imported.Remarks.Should().BeEmpty();
        sandbox.ShouldBe(before);
        Legacy(sandbox).Should().BeEmpty();
    }

    // as the walk-through does it: 192.168.N.1 on vaN, 192.168.N.2 on vbN
    private static string ByHand(string name, int n) =>
        $"""
        ip netns add {name}; ip -n {name} link set lo up
        ip link add va{n} type veth peer name vb{n}; ip link set vb{n} netns {name}
        ip addr add 192.168.{n}.1/24 dev va{n}; ip link set va{n} up
        ip -n {name} addr add 192.168.{n}.2/24 dev vb{n}; ip -n {name} link set vb{n} up
        ip -n {name} route add default via 192.168.{n}.1

        """;

    private static Imported Run(Sandbox sandbox) => new(JsonDocument.Parse(sandbox.Do("warren import --json")));

    // to list a legacy table is to make it: only those that are there
    private static string Legacy(Sandbox sandbox) =>
        sandbox.Do("cat /proc/net/ip_tables_names 2>/dev/null | sort | while read t; do echo $t; iptables-legacy -t $t -S; done");

    private sealed class Imported(JsonDocument document) : IDisposable
    {
        public IEnumerable<string> Names => Spaces.Select(space => space.GetProperty("name").GetString()!);

        public IReadOnlyList<string> Remarks => [.. document.RootElement.GetProperty("remarks").EnumerateArray().Select(remark => remark.GetString()!)];

        private IEnumerable<JsonElement> Spaces => document.RootElement.GetProperty("namespaces").EnumerateArray();

        public JsonElement Space(string name) => Spaces.Single(space => space.GetProperty("name").GetString() == name);

        /// <summary>Name, subnet, address, gateway, ports; - for none.</summary>
        public string Of(string name)
        {
            JsonElement space = Space(name);
            IEnumerable<string> words = ((string[])["name", "subnet", "address", "gateway"]).Select(key => space.GetProperty(key).GetString() ?? "-");
            return string.Join(' ', words.Concat(space.GetProperty("ports").EnumerateArray().Select(port => port.GetString()!)));
        }

        public void Dispose() => document.Dispose();
    }
}
