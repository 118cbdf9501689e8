using System.Net;
using AwesomeAssertions;
using Warren.Diagnosis;
using Warren.Model;
using Warren.Netlink.Nftables;
using Warren.Netlink.Nftables.Trace;
using Xunit;

namespace Warren.Tests.Diagnosis;

/// <summary>Steps as the kernel tells them become the legs of the first packet and the first answer.</summary>
public sealed class TraceReadings
{
    private const int Syn = 2;
    private const int Reset = 20;

    private static readonly TraceFlow s_flow = new(Protocol.Tcp, 6000, 8080, 40000);
    private static readonly NftTable s_own = TraceTable.Own;
    private static readonly NftTable s_filter = new(NftFamily.Ip, "filter");

    private static readonly TraceNames s_names = new(
        [
            .. new[] { NftHook.Prerouting, NftHook.Input, NftHook.Forward, NftHook.Output, NftHook.Postrouting }.SelectMany(hook =>
                new[] { Base(s_own, TraceTable.FirstOf(hook), hook), Base(s_own, TraceTable.LastOf(hook), hook) }
            ),
            Base(s_filter, "FORWARD", NftHook.Forward),
            new NftChain(s_filter, "USER"),
        ],
        [new NftRule(s_filter, "USER", [new NftReject()]) { Handle = 7 }],
        new Dictionary<int, string> { [2] = "eth0", [3] = "wrn-web1" },
        (_, _, _) => "docker"
    );

    [Fact]
    public void A_packet_is_followed_through_chains_that_others_jump_to()
    {
        List<TraceLeg> legs = Read(
            [
                .. Through(1, NftHook.Prerouting, "192.0.2.9:40000", "192.0.2.1:6000", Syn),
                .. First(1, NftHook.Forward, "192.0.2.9:40000", "10.213.0.2:8080", Syn),
                Step(s_filter, "FORWARD", NftTraceKind.Rule, 1) with { RuleHandle = 3, Verdict = NftVerdict.Jump("USER"), Packet = Packet("192.0.2.9:40000", "10.213.0.2:8080", Syn), OutputLink = 3 },
                Step(s_filter, "USER", NftTraceKind.Rule, 1) with { RuleHandle = 7, Verdict = NftVerdict.Drop },
            ]
        );
        TraceLeg leg = legs.Should().ContainSingle().Subject;
        leg.LostIn.Should().Be(NftHook.Forward);
        leg.First.Destination.Should().Be("192.0.2.1:6000");
        leg.Last.Should().Be(new Waypoint("192.0.2.9:40000", "10.213.0.2:8080", "eth0", "wrn-web1"));
        leg.End.Should()
            .Be(
                new TraceHop(NftHook.Forward, "ip", "filter", "USER", HopVerdict.Rejects)
                {
                    Owner = "docker",
                    Rule = "reject",
                    Handle = 7,
                    At = leg.Last,
                }
            );
        leg.Hops[0].Rule.Should().Be("rule 3, which is gone");
    }

    [Fact]
    public void What_is_sent_again_is_not_told_again()
    {
        List<TraceLeg> legs = Read(
            [
                .. Through(1, NftHook.Prerouting, "192.0.2.9:40000", "192.0.2.1:6000", Syn),
                .. Through(2, NftHook.Prerouting, "192.0.2.9:40000", "192.0.2.1:6000", Syn),
                .. Through(2, NftHook.Input, "192.0.2.9:40000", "192.0.2.1:6000", Syn),
            ]
        );
        legs.Should().ContainSingle().Which.Passed.Should().Equal(NftHook.Prerouting);
    }

    [Fact]
    public void The_answer_is_a_leg_of_its_own_and_says_whether_it_refuses()
    {
        List<TraceLeg> legs = Read(
            [
                .. Through(1, NftHook.Prerouting, "192.0.2.9:40000", "192.0.2.1:6000", Syn),
                .. Through(1, NftHook.Input, "192.0.2.9:40000", "192.0.2.1:6000", Syn),
                .. Through(9, NftHook.Output, "192.0.2.1:6000", "192.0.2.9:40000", Reset),
                .. Through(9, NftHook.Postrouting, "192.0.2.1:6000", "192.0.2.9:40000", Reset),
            ]
        );
        legs.Should().HaveCount(2);
        legs[0].Should().Match<TraceLeg>(leg => !leg.IsAnswer && leg.Delivered && !leg.Refuses);
        legs[1].Should().Match<TraceLeg>(leg => leg.IsAnswer && leg.Left && leg.Refuses);
    }

    [Fact]
    public void Packets_of_others_are_passed_over() =>
        Read(
                [
                    .. Through(1, NftHook.Prerouting, "192.0.2.9:40001", "192.0.2.1:6000", Syn),
                    Step(s_filter, "FORWARD", NftTraceKind.Policy, 5) with { Policy = NftVerdict.Drop },
                ]
            )
            .Should()
            .BeEmpty();

    [Fact]
    public void A_source_that_is_translated_is_the_same_packet_still()
    {
        List<TraceLeg> legs = Read(
            [
                .. Through(1, NftHook.Output, "127.0.0.1:40000", "127.0.0.1:6000", Syn),
                .. First(1, NftHook.Postrouting, "127.0.0.1:40000", "10.213.0.2:8080", Syn),
                .. Last(1, NftHook.Postrouting, "10.213.0.1:1024", "10.213.0.2:8080", Syn),
            ]
        );
        legs.Should().ContainSingle().Which.Last.Source.Should().Be("10.213.0.1:1024");
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(18, false)]
    [InlineData(16, false)]
    public void Of_a_client_that_is_not_known_only_the_first_packet_counts(int flags, bool counts) =>
        (s_flow with { Client = 0 }).IsPacket(Packet("192.0.2.9:5", "192.0.2.1:6000", flags)).Should().Be(counts);

    private static List<TraceLeg> Read(NftTraceEvent[] steps) => TraceReading.Read("", s_flow, s_names, steps);

    private static NftTraceEvent[] Through(uint id, NftHook hook, string source, string destination, int flags) =>
        [.. First(id, hook, source, destination, flags), .. Last(id, hook, source, destination, flags)];

    private static NftTraceEvent[] First(uint id, NftHook hook, string source, string destination, int flags) =>
        Passing(TraceTable.FirstOf(hook), id, source, destination, flags);

    private static NftTraceEvent[] Last(uint id, NftHook hook, string source, string destination, int flags) =>
        Passing(TraceTable.LastOf(hook), id, source, destination, flags);

    // the kernel tells the packet with a first step, and then the policy
    private static NftTraceEvent[] Passing(string chain, uint id, string source, string destination, int flags) =>
        [
            Step(s_own, chain, NftTraceKind.Rule, id) with { Packet = Packet(source, destination, flags), InputLink = 2 },
            Step(s_own, chain, NftTraceKind.Policy, id) with { Policy = NftVerdict.Accept },
        ];

    // as the kernel names tables: without comment and flags
    private static NftTraceEvent Step(NftTable table, string chain, NftTraceKind kind, uint id) =>
        new(new NftTable(table.Family, table.Name), chain, kind, id) { InputLink = 2 };

    private static NftTracePacket Packet(string source, string destination, int flags)
    {
        IPEndPoint from = IPEndPoint.Parse(source);
        IPEndPoint to = IPEndPoint.Parse(destination);
        return new NftTracePacket(from.Address, to.Address, 6, from.Port, to.Port) { TcpFlags = flags };
    }

    private static NftChain Base(NftTable table, string name, NftHook hook) => new(table, name) { Hook = hook, Type = "filter" };
}
