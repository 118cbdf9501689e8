using System.Net;
using AwesomeAssertions;
using Warren.Netlink.Nftables;
using Warren.Netlink.Nftables.Trace;

namespace Warren.Netlink.Tests.Nftables;

/// <summary>Steps of a packet's way as a kernel 6.18 told them: a SYN from 10.0.0.2 to a published port, dropped by a policy.</summary>
public class TraceGoldens
{
    // the first step in a base chain tells the packet too: rule 13 of chain prerouting, jump publish
    private const string Jump = """
        d8 00 00 00 11 0a 00 00 00 00 00 00 00 00 00 00  # nlmsghdr: NFNL_SUBSYS_NFTABLES, NFT_MSG_TRACE
        01 00 00 00                                      # nfgenmsg
        08 00 0f 00 00 00 00 02  # NFTA_TRACE_NFPROTO
        08 00 04 00 00 00 00 03  # NFTA_TRACE_TYPE
        08 00 06 00 0a 60 02 6a  # NFTA_TRACE_ID
        0f 00 02 00 70 72 65 72 6f 75 74 69 6e 67 00 00  # NFTA_TRACE_CHAIN "prerouting"
        0b 00 01 00 77 61 72 72 65 6e 00 00  # NFTA_TRACE_TABLE "warren"
        0c 00 03 00 00 00 00 00 00 00 00 0d  # NFTA_TRACE_RULE_HANDLE
        18 00 05 00 08 00 01 00 ff ff ff fd 0c 00 02 00 70 75 62 6c 69 73 68 00  # NFTA_TRACE_VERDICT
        08 00 0a 00 00 00 00 02  # NFTA_TRACE_IIF
        06 00 0b 00 00 01 00 00  # NFTA_TRACE_IIFTYPE
        18 00 08 00 45 00 00 3c b7 a2 40 00 40 06 6e 6b 0a 00 00 02 0a 00 00 ad  # NFTA_TRACE_NETWORK_HEADER
        18 00 09 00 e9 fe 17 70 26 af d2 d8 00 00 00 00 a0 02 fa f0 14 dd 00 00  # NFTA_TRACE_TRANSPORT_HEADER
        12 00 07 00 ee 8e 13 8a b9 1e 3e 1a e6 1f de c5 08 00 00 00  # NFTA_TRACE_LL_HEADER
        08 00 15 00 00 00 00 08  # NFTA_TRACE_CT_STATE
        05 00 13 00 00 00 00 00  # NFTA_TRACE_CT_DIRECTION
        08 00 12 00 0c ea fa a4  # NFTA_TRACE_CT_ID
        """;

    // the next step in the same call: rule 16 of chain publish, which translates and so accepts
    private const string Translation = """
        5c 00 00 00 11 0a 00 00 00 00 00 00 00 00 00 00  # nlmsghdr: NFNL_SUBSYS_NFTABLES, NFT_MSG_TRACE
        01 00 00 00                                      # nfgenmsg
        08 00 0f 00 00 00 00 02  # NFTA_TRACE_NFPROTO
        08 00 04 00 00 00 00 03  # NFTA_TRACE_TYPE
        08 00 06 00 0a 60 02 6a  # NFTA_TRACE_ID
        0c 00 02 00 70 75 62 6c 69 73 68 00  # NFTA_TRACE_CHAIN "publish"
        0b 00 01 00 77 61 72 72 65 6e 00 00  # NFTA_TRACE_TABLE "warren"
        0c 00 03 00 00 00 00 00 00 00 00 10  # NFTA_TRACE_RULE_HANDLE
        0c 00 05 00 08 00 01 00 00 00 00 01  # NFTA_TRACE_VERDICT
        """;

    // a chain without rules that the packet meets: the packet, translated, with the link that it would leave by
    private const string Arrival = """
        d4 00 00 00 11 0a 00 00 00 00 00 00 00 00 00 00  # nlmsghdr: NFNL_SUBSYS_NFTABLES, NFT_MSG_TRACE
        02 00 00 00                                      # nfgenmsg
        08 00 0f 00 00 00 00 02  # NFTA_TRACE_NFPROTO
        08 00 04 00 00 00 00 03  # NFTA_TRACE_TYPE
        08 00 06 00 0a 60 02 6a  # NFTA_TRACE_ID
        0c 00 02 00 46 4f 52 57 41 52 44 00  # NFTA_TRACE_CHAIN "FORWARD"
        0b 00 01 00 66 69 6c 74 65 72 00 00  # NFTA_TRACE_TABLE "filter"
        0c 00 05 00 08 00 01 00 ff ff ff ff  # NFTA_TRACE_VERDICT
        08 00 0a 00 00 00 00 02  # NFTA_TRACE_IIF
        06 00 0b 00 00 01 00 00  # NFTA_TRACE_IIFTYPE
        08 00 0c 00 00 00 00 03  # NFTA_TRACE_OIF
        06 00 0d 00 00 01 00 00  # NFTA_TRACE_OIFTYPE
        18 00 08 00 45 00 00 3c b7 a2 40 00 3f 06 6f 41 0a 00 00 02 0a d5 00 02  # NFTA_TRACE_NETWORK_HEADER
        18 00 09 00 e9 fe 1f 90 26 af d2 d8 00 00 00 00 a0 02 fa f0 15 07 00 00  # NFTA_TRACE_TRANSPORT_HEADER
        12 00 07 00 ee 8e 13 8a b9 1e 3e 1a e6 1f de c5 08 00 00 00  # NFTA_TRACE_LL_HEADER
        08 00 15 00 00 00 00 08  # NFTA_TRACE_CT_STATE
        05 00 13 00 00 00 00 00  # NFTA_TRACE_CT_DIRECTION
        08 00 12 00 0c ea fa a4  # NFTA_TRACE_CT_ID
        08 00 14 00 00 00 01 20  # NFTA_TRACE_CT_STATUS
        """;

    private const string Policy = """
        4c 00 00 00 11 0a 00 00 00 00 00 00 00 00 00 00  # nlmsghdr: NFNL_SUBSYS_NFTABLES, NFT_MSG_TRACE
        02 00 00 00                                      # nfgenmsg
        08 00 0f 00 00 00 00 02  # NFTA_TRACE_NFPROTO
        08 00 04 00 00 00 00 01  # NFTA_TRACE_TYPE
        08 00 06 00 0a 60 02 6a  # NFTA_TRACE_ID
        0c 00 02 00 46 4f 52 57 41 52 44 00  # NFTA_TRACE_CHAIN "FORWARD"
        0b 00 01 00 66 69 6c 74 65 72 00 00  # NFTA_TRACE_TABLE "filter"
        08 00 10 00 00 00 00 00  # NFTA_TRACE_POLICY
        """;

    internal static IEnumerable<byte[]> Answers => [Golden.Bytes(Jump), Golden.Bytes(Translation), Golden.Bytes(Arrival), Golden.Bytes(Policy)];

    [Fact]
    public void A_rule_that_jumps_is_told_with_the_packet() =>
        Read(Jump)
            .Should()
            .Be(
                new NftTraceEvent(new NftTable(NftFamily.Inet, "warren"), "prerouting", NftTraceKind.Rule, 0x0a60026a)
                {
                    RuleHandle = 13,
                    Verdict = NftVerdict.Jump("publish"),
                    InputLink = 2,
                    Packet = Packet("10.0.0.173", 6000),
                }
            );

    [Fact]
    public void A_rule_that_translates_accepts() =>
        Read(Translation)
            .Should()
            .Be(
                new NftTraceEvent(new NftTable(NftFamily.Inet, "warren"), "publish", NftTraceKind.Rule, 0x0a60026a)
                {
                    RuleHandle = 16,
                    Verdict = NftVerdict.Accept,
                }
            );

    [Fact]
    public void What_only_goes_on_has_no_verdict() =>
        Read(Arrival)
            .Should()
            .Be(
                new NftTraceEvent(new NftTable(NftFamily.Ip, "filter"), "FORWARD", NftTraceKind.Rule, 0x0a60026a)
                {
                    InputLink = 2,
                    OutputLink = 3,
                    Packet = Packet("10.213.0.2", 8080),
                }
            );

    [Fact]
    public void A_policy_is_told() =>
        Read(Policy)
            .Should()
            .Be(
                new NftTraceEvent(new NftTable(NftFamily.Ip, "filter"), "FORWARD", NftTraceKind.Policy, 0x0a60026a)
                {
                    Policy = NftVerdict.Drop,
                }
            );

    [Theory]
    [InlineData("", "")]
    [InlineData("45", "1770")]
    [InlineData("45 00 00 3c", "")]
    [InlineData("60 00 00 00 00 14 06 40  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00", "17 70 17 71")]
    [InlineData("75 00 00 3c b7 a2 40 00 40 06 6e 6b 0a 00 00 02 0a 00 00 ad", "e9 fe 17 70")]
    public void Headers_that_are_cut_off_are_no_packet(string network, string transport) =>
        NftTracePacket.Read(Golden.Bytes(network), Golden.Bytes(transport.Length == 4 ? "17 70" : transport)).Should().BeNull();

    [Fact]
    public void An_error_of_icmp_has_type_and_code_and_no_ports() =>
        NftTracePacket
            .Read(Golden.Bytes("45 00 00 38 00 00 40 00 40 01 00 00 0a d5 00 02 0a 00 00 02"), Golden.Bytes("03 0d 00 00 00 00 00 00"))
            .Should()
            .Be(
                new NftTracePacket(IPAddress.Parse("10.213.0.2"), IPAddress.Parse("10.0.0.2"), 1, 0, 0) { IcmpType = 3, IcmpCode = 13 }
            );

    private static NftTracePacket Packet(string destination, int port) =>
        new(IPAddress.Parse("10.0.0.2"), IPAddress.Parse(destination), 6, 59902, port) { TcpFlags = 2 };

    private static NftTraceEvent Read(string golden) => Golden.Parse<NftTraceEvent>(Golden.Bytes(golden), NftTraceEvent.Parse).Single();
}
