using System.Text.Json;
using System.Text.RegularExpressions;
using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary>Why a port does not answer: one sentence for every way to break it. Each leaves the host as it was.</summary>
public sealed class TraceVerb
{
    private const string Refused = "translated to 10.213.0.2:8080, delivered, connection refused: ";
    private const string Connected = "translated to 10.213.0.2:8080, delivered, connected to python3 (pid N) in web1";

    [Theory]
    [InlineData("--from outside")]
    [InlineData("--from host")]
    [InlineData("--from web2")]
    [InlineData("--from web1")]
    [InlineData("")]
    public void A_port_that_answers_answers(string from)
    {
        using Sandbox sandbox = Start();
        sandbox.Do("warren add web2");
        sandbox.Inside("web1").Serve("tcp", "8080");
        Tell(sandbox, $"6000 {from}").Should().Be((0, Connected));
    }

    [Theory]
    [InlineData("")]
    [InlineData("--from host")]
    [InlineData("--from web1")]
    [InlineData("--live")]
    public void Nothing_is_sent_to_an_address_of_others(string from)
    {
        using Sandbox sandbox = Start();
        Ending refused = sandbox.Run($"warren trace 8.8.8.8:6000 {from}");
        refused.Errors.Should().Be("warren trace: 8.8.8.8 is not an address of this host\n  type: ip addr shows those it has\n");
        refused.ExitCode.Should().Be(3);
        refused.Output.Should().BeEmpty();
    }

    [Theory]
    [InlineData("--from outside")]
    [InlineData("--from host")]
    public void A_port_of_udp_that_answers_answers(string from)
    {
        using Sandbox sandbox = Start("-p 6000:8080/udp");
        sandbox.Inside("web1").Serve("udp", "8080");
        Tell(sandbox, $"6000/udp {from}")
            .Should()
            .Be((0, "translated to 10.213.0.2:8080, delivered, answered by python3 (pid N) in web1"));
    }

    [Fact]
    public void A_server_on_localhost_inside_is_named()
    {
        using Sandbox sandbox = Start();
        sandbox.Inside("web1").Serve("tcp", "8080", address: "127.0.0.1");
        Tell(sandbox, "6000")
            .Should()
            .Be((1, Refused + "nothing listens on 10.213.0.2:8080 in web1 (python3 (pid N) listens on 127.0.0.1:8080 only)"));
    }

    [Fact]
    public void A_server_on_another_port_is_named()
    {
        using Sandbox sandbox = Start();
        sandbox.Inside("web1").Serve("tcp", "8081");
        Tell(sandbox, "6000").Should().Be((1, Refused + "nothing listens on 8080 in web1 (python3 (pid N) listens on 0.0.0.0:8081)"));
    }

    // the way is whole, and nobody is at its end; or somebody cuts it. {0} is the number of a process.
    public static TheoryData<string, string, string> Broken =>
        new()
        {
            { "true", "6000", Refused + "nothing listens on 8080 in web1" },
            { "true", "6000 --from host", Refused + "nothing listens on 8080 in web1" },
            {
                "true",
                "6001",
                "delivered to the host itself, connection refused: 6001/tcp is not published, and nothing listens on it on the host; published: 6000/tcp for web1"
            },
            {
                "true",
                "6000/udp",
                "delivered to the host itself, refused: 6000/udp is not published, and nothing listens on it on the host; published: 6000/tcp for web1"
            },
            {
                Native("inet filter", "forward", "type filter hook forward priority 10;", "tcp dport 8080 drop"),
                "6000",
                "translated to 10.213.0.2:8080, dropped by rule 'tcp dport 8080 drop' of chain forward in table inet filter"
            },
            {
                Native("inet filter", "forward", "type filter hook forward priority -1;", "tcp dport 8080 reject with tcp reset"),
                "6000",
                "translated to 10.213.0.2:8080, rejected by rule 'tcp dport 8080 reject' of chain forward in table inet filter"
            },
            {
                Native("inet firewalld", "filter_FORWARD", "type filter hook forward priority 10; policy drop;", "ct state established accept"),
                "6000 --from outside",
                "translated to 10.213.0.2:8080, dropped by policy of chain filter_FORWARD in table inet firewalld (firewalld)"
            },
            {
                Native("ip mine", "in", "type filter hook input priority 0;", "tcp dport 6001 drop"),
                "6001",
                "dropped by rule 'tcp dport 6001 drop' of chain in in table ip mine"
            },
            {
                Native("ip mine", "early", "type filter hook prerouting priority -300;", "tcp dport 6000 counter drop"),
                "6000",
                "dropped by rule 'tcp dport 6000 counter drop' of chain early in table ip mine"
            },
            {
                Native("ip mine", "out", "type filter hook output priority -300;", "tcp dport 6000 drop"),
                "6000 --from host",
                "dropped by rule 'tcp dport 6000 drop' of chain out in table ip mine"
            },
            {
                "iptables-nft -P FORWARD DROP; iptables-nft -N DOCKER-USER; iptables-nft -A FORWARD -j DOCKER-USER",
                "6000",
                "translated to 10.213.0.2:8080, dropped by policy of chain FORWARD in table ip filter (docker)"
            },
            {
                "iptables-nft -N ufw-user-forward; iptables-nft -A FORWARD -j ufw-user-forward; iptables-nft -A ufw-user-forward -j DROP",
                "6000",
                "translated to 10.213.0.2:8080, dropped by rule 'counter drop' of chain ufw-user-forward in table ip filter (ufw)"
            },
            {
                "iptables-legacy -P FORWARD DROP",
                "6000",
                "translated to 10.213.0.2:8080, dropped by policy of chain FORWARD in legacy table filter, which nf_tables does not show"
            },
            {
                "iptables-legacy -N DOCKER; iptables-legacy -A FORWARD -j DOCKER; iptables-legacy -A DOCKER -p tcp -j DROP",
                "6000",
                "translated to 10.213.0.2:8080, dropped by rule '-A DOCKER -p tcp -j DROP' of chain DOCKER in legacy table filter (docker), which nf_tables does not show"
            },
            {
                "iptables-legacy -t nat -A PREROUTING -p tcp --dport 6001 -j DNAT --to-destination 10.0.0.2:81",
                "6001",
                "translated to 10.0.0.2:81 by legacy table nat, sent out by ens5, no answer"
            },
            {
                "iptables-legacy -t raw -A PREROUTING -p tcp --dport 6000 -j DROP",
                "6000",
                "dropped by rule '-A PREROUTING -p tcp -m tcp --dport 6000 -j DROP' of chain PREROUTING in legacy table raw, which nf_tables does not show"
            },
            {
                "nft flush ruleset",
                "6000",
                "delivered to the host itself, connection refused: 6000/tcp is published for web1, but Warren's table is gone"
            },
            {
                "nft flush table inet warren",
                "6000",
                "delivered to the host itself, connection refused: 6000/tcp is published for web1, but Warren's table is damaged"
            },
            {
                "nft delete element inet warren forwards4 '{ tcp . 6000 }'",
                "6000",
                "delivered to the host itself, connection refused: 6000/tcp is published for web1, but Warren's maps do not have it"
            },
            {
                "ip link set wrn-web1 down",
                "6000",
                "translated to 10.213.0.2:8080, sent out by ens5: link wrn-web1 of web1 is down"
            },
            {
                "ip -n web1 link set eth0 down",
                "6000",
                "translated to 10.213.0.2:8080, sent out by wrn-web1: eth0 inside web1 is down"
            },
            {
                "ip -n web1 addr flush dev eth0",
                "6000",
                "translated to 10.213.0.2:8080, sent out by wrn-web1, and did not come in inside web1: its address is gone"
            },
            {
                "echo 0 >/proc/sys/net/ipv4/conf/ens5/forwarding",
                "6000",
                "translated to 10.213.0.2:8080, not passed on: forwarding is off on ens5 (net.ipv4.conf.ens5.forwarding is 0)"
            },
            {
                "ip netns del web1; until ! ip link show wrn-web1 >/dev/null 2>&1; do :; done",
                "6000",
                "translated to 10.213.0.2:8080, sent out by ens5: the namespace that had 10.213.0.2 is gone"
            },
            {
                "ip netns exec web1 " + Native("ip own", "in", "type filter hook input priority 0;", "tcp dport 8080 drop"),
                "6000",
                "translated to 10.213.0.2:8080, dropped by rule 'tcp dport 8080 drop' of chain in in table ip own inside web1"
            },
            {
                "ip -n web1 route del default; ip -n web1 link set lo down",
                "6000 --from web1",
                "web1 could not send it: Network is unreachable"
            },
        };

    [Theory]
    [MemberData(nameof(Broken))]
    public void What_is_broken_is_told(string breaks, string question, string sentence)
    {
        if (breaks.Contains("iptables-legacy", StringComparison.Ordinal))
            Sandbox.Need("iptables-legacy");
        using Sandbox sandbox = Start();
        sandbox.Do(breaks);
        if (question.EndsWith("--from web1", StringComparison.Ordinal))
            sandbox.Do("ip -n web1 route flush table main");
        Tell(sandbox, question).Should().Be((1, sentence));
    }

    // the command that is told is the one that helps
    [Theory]
    [InlineData("nft flush ruleset")]
    [InlineData("nft flush table inet warren")]
    [InlineData("ip link set wrn-web1 down")]
    [InlineData("ip -n web1 link set eth0 down")]
    [InlineData("ip -n web1 addr flush dev eth0")]
    [InlineData("ip -n web1 route del default")]
    [InlineData("echo 0 >/proc/sys/net/ipv4/conf/ens5/forwarding")]
    [InlineData("iptables-nft -P FORWARD DROP")]
    public void What_is_told_to_type_mends_it(string breaks)
    {
        using Sandbox sandbox = Start();
        sandbox.Inside("web1").Serve("tcp", "8080");
        sandbox.Do(breaks);
        Ending told = sandbox.Run("warren trace 6000");
        told.ExitCode.Should().Be(1, told.Output);
        string remedy = told.Lines[^1].Should().StartWith("  type: ").And.Subject[8..].Split(", which ")[0];
        sandbox.Do(remedy);
        // a link that came up a moment ago may lose the first packet; TCP sends it again
        Tell(sandbox, "6000 --timeout 10s").Should().Be((0, Connected), remedy);
    }

    [Fact]
    public void A_namespace_without_a_way_back_is_told()
    {
        using Sandbox sandbox = Start();
        sandbox.Inside("web1").Serve("tcp", "8080");
        sandbox.Do("ip -n web1 route del default");
        (int code, string sentence) = Tell(sandbox, "6000");
        code.Should().Be(1);
        sentence
            .Should()
            .MatchRegex("^translated to 10.213.0.2:8080, delivered, and not answered: web1 has no way back to 198\\.51\\.100\\.[0-9]+, its default route is gone$");
        // the host's own packet comes from the gateway, to which there is a way
        Tell(sandbox, "6000 --from host").Should().Be((0, Connected));
    }

    [Fact]
    public void An_answer_that_is_dropped_is_told()
    {
        using Sandbox sandbox = Start();
        sandbox.Inside("web1").Serve("tcp", "8080");
        sandbox.Do(Native("ip mine", "back", "type filter hook forward priority 0;", "iifname \"wrn-web1\" drop"));
        Tell(sandbox, "6000")
            .Should()
            .Be(
                (
                    1,
                    "translated to 10.213.0.2:8080, delivered, answered in web1, and the answer was dropped by rule 'iifname \"wrn-web1\" drop' of chain back in table ip mine"
                )
            );
    }

    [Theory]
    [InlineData("taken = s.accept(); s.accept()", 0, Connected + ", which says nothing before it is asked")]
    [InlineData(
        "import signal; signal.pause()",
        1,
        "translated to 10.213.0.2:8080, delivered, connected, but python3 (pid N) in web1 does not take the connection: 1 waits for it"
    )]
    public void A_server_that_says_nothing_is_told(string does, int code, string sentence)
    {
        using Sandbox sandbox = Start();
        Launched server = sandbox
            .Inside("web1")
            .StartCommand("python3", "-c", $"import socket; s = socket.create_server(('0.0.0.0', 8080)); print('ready', flush=True); {does}");
        server.ReadLine("ready");
        Tell(sandbox, "6000").Should().Be((code, sentence));
    }

    [Theory]
    [InlineData(false, "translated to 10.213.0.2:8080, delivered, refused: nothing listens on 8080/udp in web1")]
    [InlineData(
        true,
        "translated to 10.213.0.2:8080, delivered, and not answered by python3 (pid N) in web1 within 0.5 s: many answer only what they understand"
    )]
    public void A_datagram_that_nobody_answers_is_told(bool listens, string sentence)
    {
        using Sandbox sandbox = Start("-p 6000:8080/udp");
        if (listens)
        {
            const string Deaf = "import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.bind(('', 8080)); print('ready', flush=True); s.recv(9); s.recv(9)";
            sandbox.Inside("web1").StartCommand("python3", "-c", Deaf).ReadLine("ready");
        }
        Tell(sandbox, "6000/udp --timeout 500ms").Should().Be((1, sentence));
    }

    [Fact]
    public void A_server_of_the_host_is_named()
    {
        using Sandbox sandbox = Start();
        sandbox.Host.Serve("tcp", "7000");
        Tell(sandbox, "7000")
            .Should()
            .Be((0, "delivered, connected to python3 (pid N) on the host; Warren does not publish the port"));
    }

    [Fact]
    public void A_port_of_one_address_is_tried_there()
    {
        using Sandbox sandbox = Start("-p 127.0.0.1:6000:8080");
        sandbox.Inside("web1").Serve("tcp", "8080");
        Tell(sandbox, "127.0.0.1:6000").Should().Be((0, Connected));
        Tell(sandbox, "6000")
            .Should()
            .Be(
                (
                    1,
                    "delivered to the host itself, connection refused: 6000/tcp is not published, and nothing listens on it on the host; published: 127.0.0.1:6000/tcp for web1"
                )
            );
    }

    [Fact]
    public void Where_nothing_is_of_warrens_ports_are_traced_too()
    {
        using Sandbox sandbox = Sandbox.Start();
        Tell(sandbox, "22").Should().Be((1, "delivered to the host itself, connection refused: 22/tcp is not published, and nothing listens on it on the host"));
    }

    [Fact]
    public void A_rule_that_names_the_uplink_is_told()
    {
        using Sandbox sandbox = Start();
        sandbox.Inside("web1").Serve("tcp", "8080");
        sandbox.Do(Native("ip mine", "early", "type filter hook prerouting priority -300;", "iifname \"ens5\" tcp dport 6000 drop"));
        Ending told = sandbox.Run("warren trace 6000");
        told.ExitCode.Should().Be(0);
        Plain(told.Output)
            .Should()
            .Contain(
                "it came by wrntraceN, a link made for it, so this did not count: 'iifname \"ens5\" tcp dport 6000 drop' of chain early in table ip mine; warren trace --live follows what comes by ens5\n"
            );
    }

    [Fact]
    public void Json_has_the_hops_and_the_verdict()
    {
        using Sandbox sandbox = Start();
        sandbox.Do(Native("ip mine", "early", "type filter hook prerouting priority -300;", "tcp dport 6000 drop"));
        Ending told = sandbox.Run("warren trace 6000 --json");
        told.ExitCode.Should().Be(1);
        using JsonDocument json = JsonDocument.Parse(told.Output);
        JsonElement root = json.RootElement;
        root.GetProperty("answered").GetBoolean().Should().BeFalse();
        root.GetProperty("verdict").GetString().Should().Be("dropped by rule 'tcp dport 6000 drop' of chain early in table ip mine");
        JsonElement leg = root.GetProperty("legs").EnumerateArray().Single();
        JsonElement hop = leg.GetProperty("hops").EnumerateArray().Last();
        hop.GetProperty("hook").GetString().Should().Be("prerouting");
        hop.GetProperty("chain").GetString().Should().Be("early");
        hop.GetProperty("verdict").GetString().Should().Be("drop");
    }

    [Theory]
    [InlineData("0", 2)]
    [InlineData("6000/sctp", 2)]
    [InlineData("6000 --live --from host", 2)]
    [InlineData("6000 --timeout soon", 2)]
    [InlineData("127.0.0.1:6000 --from outside", 2)]
    [InlineData("6000 --from nobody", 4)]
    public void What_cannot_be_meant_is_refused(string words, int code)
    {
        using Sandbox sandbox = Start();
        string[] before = sandbox.Snapshot();
        Ending ending = sandbox.Run("warren trace " + words);
        ending.ExitCode.Should().Be(code, ending.Output);
        ending.Errors.Should().StartWith("warren trace: ").And.Contain("\n  type: ");
        sandbox.ShouldBe(before);
    }

    internal static Sandbox Start(string ports = "-p 6000:8080")
    {
        Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren add web1 " + ports);
        return sandbox;
    }

    /// <summary>Exit code and sentence, with the numbers of processes made N; the host must be as it was.</summary>
    internal static (int Code, string Sentence) Tell(Sandbox sandbox, string question)
    {
        string[] before = sandbox.Snapshot();
        Ending ending = sandbox.Run("warren trace " + question);
        sandbox.ShouldBe(before);
        ending.Errors.Should().BeEmpty();
        return (ending.ExitCode, Sentence(ending.Output));
    }

    /// <summary>The last line that is not a remedy.</summary>
    internal static string Sentence(string output) =>
        Plain(output).Split('\n', StringSplitOptions.RemoveEmptyEntries).Last(line => !line.StartsWith("  ", StringComparison.Ordinal));

    private static string Plain(string output) =>
        Regex.Replace(output, "(?<=pid |wrntrace)[0-9]+", "N", RegexOptions.None, TimeSpan.FromSeconds(1));

    private static string Native(string table, string chain, string head, string rule) =>
        $"nft -f - <<'EOF'\ntable {table} {{\n chain {chain} {{ {head} {rule}; }}\n}}\nEOF";
}
