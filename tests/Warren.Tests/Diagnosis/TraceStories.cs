using System.Net;
using AwesomeAssertions;
using Warren.Diagnosis;
using Warren.Model;
using Warren.Netlink.Nftables;
using Warren.Planning;
using Xunit;

namespace Warren.Tests.Diagnosis;

/// <summary>The sentence out of recorded ways. What real packets meet is in Warren.Kernel.Tests, TraceVerb.</summary>
public sealed class TraceStories
{
    private const string Client = "192.0.2.9:40000";
    private const string Asked = "192.0.2.1:6000";
    private const string Inside = "10.213.0.2:8080";

    private static readonly TraceQuestion s_question = new(new HostPort(null, 6000, Protocol.Tcp), TraceOrigin.Outside);

    private static readonly TraceTarget s_web1 = new("web1", new Target(IPAddress.Parse("10.213.0.2"), 8080), "wrn-web1")
    {
        Stands = true,
        LinkUp = true,
    };

    private static readonly TraceHop s_dnat = new(NftHook.Prerouting, "inet", "warren", "publish", HopVerdict.Accepts)
    {
        Rule = "dnat ip to meta l4proto . th dport map @forwards4",
        Owner = "warren",
        At = new Waypoint(Client, Asked, "eth0", ""),
    };

    private static readonly TraceLeg s_through = Leg(
        "",
        [s_dnat],
        [NftHook.Prerouting, NftHook.Forward, NftHook.Postrouting],
        [NftHook.Prerouting, NftHook.Forward, NftHook.Postrouting],
        Asked,
        Inside
    );

    private static readonly TraceLeg s_delivered = Leg(
        "web1",
        [],
        [NftHook.Prerouting, NftHook.Input],
        [NftHook.Prerouting, NftHook.Input],
        Inside,
        Inside
    );

    [Fact]
    public void Delivered_and_connected() =>
        Tell(ClientEnd.Answer, [s_through, s_delivered], Listening("flask (pid 8)", "0.0.0.0", 8080, takes: true))
            .Should()
            .Be(new TraceVerdict(true, "translated to 10.213.0.2:8080, delivered, connected to flask (pid 8) in web1"));

    [Fact]
    public void The_nearest_three_of_other_ports_are_named() =>
        Tell(
                ClientEnd.Refusal,
                [s_through, s_delivered],
                [
                    .. Listening("a (pid 1)", "0.0.0.0", 80, takes: true),
                    .. Listening("b (pid 2)", "0.0.0.0", 8081, takes: true),
                    .. Listening("c (pid 3)", "0.0.0.0", 9000, takes: true),
                    .. Listening("d (pid 4)", "0.0.0.0", 8000, takes: true),
                    .. Listening("e (pid 5)", "127.0.0.1", 8082, takes: false),
                ]
            )
            .Sentence.Should()
            .Be(
                "translated to 10.213.0.2:8080, delivered, connection refused: nothing listens on 8080 in web1 (b (pid 2) listens on 0.0.0.0:8081, d (pid 4) listens on 0.0.0.0:8000, c (pid 3) listens on 0.0.0.0:9000)"
            );

    [Fact]
    public void A_queue_that_is_full() =>
        Tell(
                ClientEnd.Silence,
                [s_through, s_delivered],
                [new TraceListener("flask (pid 8)", "0.0.0.0", 8080, true, 129)]
            )
            .Sentence.Should()
            .Be("translated to 10.213.0.2:8080, delivered, and not answered: the queue of flask (pid 8) in web1 is full, 129 wait");

    [Fact]
    public void What_others_translate_is_said_to_be_theirs()
    {
        TraceHop docker = s_dnat with { Family = "ip", Table = "nat", Chain = "DOCKER", Owner = "docker" };
        TraceLeg leg = s_through with { Hops = [docker], Last = new Waypoint(Client, "172.17.0.2:80", "eth0", "docker0") };
        Tell(ClientEnd.Silence, [leg], [], target: null)
            .Sentence.Should()
            .Be("translated to 172.17.0.2:80 by chain DOCKER in table ip nat (docker), sent out by docker0, no answer");
    }

    [Theory]
    [InlineData("", "lost in hook forward, and not by nf_tables: conntrack, IPVS or BPF can do that")]
    [InlineData("filter", "lost in hook forward, and not by nf_tables: legacy tables (filter) can do that")]
    public void What_vanishes_in_a_hook_is_said_to(string legacy, string sentence)
    {
        TraceLeg leg = Leg("", [s_dnat], [NftHook.Prerouting, NftHook.Forward], [NftHook.Prerouting], Asked, Inside);
        var facts = new TraceFacts(s_question, ClientEnd.Silence)
        {
            Legs = [leg],
            Target = s_web1,
            LegacyTables = legacy.Length > 0 ? [legacy] : [],
            // of another hook: not this packet
            LegacyDrops = [new LegacyDrop(NftHook.Input, "policy of chain INPUT in legacy table filter")],
        };
        TraceStory.Tell(facts).Sentence.Should().Be("translated to 10.213.0.2:8080, " + sentence);
    }

    [Fact]
    public void A_queue_rule_is_named()
    {
        var queue = new TraceHop(NftHook.Forward, "ip", "filter", "FORWARD", HopVerdict.Queues) { Rule = "queue" };
        TraceLeg leg = Leg("", [s_dnat, queue], [NftHook.Prerouting, NftHook.Forward], [NftHook.Prerouting], Asked, Inside);
        Tell(ClientEnd.Silence, [leg], [])
            .Sentence.Should()
            .Be("translated to 10.213.0.2:8080, handed to a program by rule 'queue' of chain FORWARD in table ip filter");
    }

    [Fact]
    public void Without_a_way_it_is_said_to_where()
    {
        TraceLeg leg = Leg("", [s_dnat], [NftHook.Prerouting], [NftHook.Prerouting], Asked, Inside);
        Tell(ClientEnd.Unreachable, [leg], [])
            .Should()
            .Be(new TraceVerdict(false, "translated to 10.213.0.2:8080, lost: the kernel found no way to 10.213.0.2", "ip route get 10.213.0.2"));
    }

    [Fact]
    public void Texts_of_others_are_made_fit_for_a_terminal()
    {
        var hop = new TraceHop(NftHook.Forward, "ip", "mine\x1b[2J", "x", HopVerdict.Drops) { IsPolicy = true };
        TraceLeg leg = Leg("", [hop], [NftHook.Prerouting, NftHook.Forward], [NftHook.Prerouting], Asked, Asked);
        TraceVerdict told = Tell(ClientEnd.Silence, [leg], []);
        told.Sentence.Should().Be("dropped by policy of chain x in table ip mine\\x1b[2J");
        told.Remedy.Should().NotContain("\x1b");
    }

    [Theory]
    [InlineData("6000", "6000/tcp")]
    [InlineData("53/udp", "53/udp")]
    [InlineData("10.0.0.1:6000/tcp", "10.0.0.1:6000/tcp")]
    public void A_port_is_read(string text, string port)
    {
        TraceQuestion.TryParsePort(text, out HostPort read, out string? fault).Should().BeTrue(fault);
        read.ToString().Should().Be(port);
    }

    [Theory]
    [InlineData("", "'' is not a port; ports are 1 to 65535")]
    [InlineData("65536", "'65536' is not a port; ports are 1 to 65535")]
    [InlineData("-1", "'-1' is not a port; ports are 1 to 65535")]
    [InlineData("80/icmp", "'icmp' is not a protocol; type /tcp or /udp")]
    [InlineData("host:80", "'host' is not an IPv4 address")]
    [InlineData("::1:80", "'::1' is not an IPv4 address")]
    public void What_is_no_port_is_said_to_be_none(string text, string expected)
    {
        TraceQuestion.TryParsePort(text, out _, out string? fault).Should().BeFalse();
        fault.Should().Be(expected);
    }

    private static TraceVerdict Tell(ClientEnd end, IReadOnlyList<TraceLeg> legs, IReadOnlyList<TraceListener> listeners) =>
        Tell(end, legs, listeners, s_web1);

    private static TraceVerdict Tell(ClientEnd end, IReadOnlyList<TraceLeg> legs, IReadOnlyList<TraceListener> listeners, TraceTarget? target) =>
        TraceStory.Tell(new TraceFacts(s_question, end) { Legs = legs, Target = target is null ? null : target with { Listeners = listeners } });

    private static TraceListener[] Listening(string program, string address, int port, bool takes) =>
        [new TraceListener(program, address, port, takes, 0)];

    private static TraceLeg Leg(string place, TraceHop[] hops, NftHook[] reached, NftHook[] passed, string first, string last) =>
        new(place, false, hops, reached, passed)
        {
            First = new Waypoint(Client, first, "eth0", ""),
            Last = new Waypoint(Client, last, "eth0", place.Length == 0 ? "wrn-web1" : ""),
        };
}
