using System.Net;
using System.Net.Sockets;
using Warren.Netlink.Conntrack;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Tests.Conntrack;

/// <summary>Captured with <c>strace -e trace=sendto,recvmsg -e write=all -e read=all</c>; conntrack 1.4.7, Linux 6.18.</summary>
public class ConntrackGoldens
{
    // conntrack -L: the answer, one flow each of UDP over IPv4, ICMP and UDP over IPv6
    // udp  17 29 src=127.0.0.1 dst=127.0.0.1 sport=40000 dport=5353 src=127.0.0.1 dst=127.0.0.1 sport=5353 dport=40000
    private const string Udp4 = """
        a4 00 00 00  00 01  02 00  00 00 00 00  00 00 00 00   # 164 bytes, IPCTNL_MSG_CT_NEW, NLM_F_MULTI
        02 00 00 00                    # nfgenmsg: AF_INET, version 0, res_id 0
        34 00 01 80                    # 52 bytes, CTA_TUPLE_ORIG
          14 00 01 80                  #   CTA_TUPLE_IP
            08 00 01 00  7f 00 00 01   #     CTA_IP_V4_SRC 127.0.0.1
            08 00 02 00  7f 00 00 01   #     CTA_IP_V4_DST 127.0.0.1
          1c 00 02 80                  #   CTA_TUPLE_PROTO
            05 00 01 00  11 00 00 00   #     CTA_PROTO_NUM 17
            06 00 02 00  9c 40 00 00   #     CTA_PROTO_SRC_PORT 40000
            06 00 03 00  14 e9 00 00   #     CTA_PROTO_DST_PORT 5353
        34 00 02 80                    # CTA_TUPLE_REPLY
          14 00 01 80
            08 00 01 00  7f 00 00 01
            08 00 02 00  7f 00 00 01
          1c 00 02 80
            05 00 01 00  11 00 00 00
            06 00 02 00  14 e9 00 00   #     CTA_PROTO_SRC_PORT 5353
            06 00 03 00  9c 40 00 00   #     CTA_PROTO_DST_PORT 40000
        08 00 03 00  00 00 00 0a       # CTA_STATUS IPS_CONFIRMED | IPS_SEEN_REPLY
        08 00 08 00  00 00 00 00       # CTA_MARK
        08 00 0c 00  8e c5 00 6c       # CTA_ID
        08 00 0b 00  00 00 00 01       # CTA_USE
        08 00 07 00  00 00 00 1d       # CTA_TIMEOUT 29 s
        """;

    // icmp  1 29 src=127.0.0.1 dst=127.0.0.1 type=8 code=0 id=6417 src=127.0.0.1 dst=127.0.0.1 type=0 code=0 id=6417
    private const string Icmp = """
        b4 00 00 00  00 01  02 00  00 00 00 00  00 00 00 00
        02 00 00 00
        3c 00 01 80
          14 00 01 80  08 00 01 00  7f 00 00 01  08 00 02 00  7f 00 00 01
          24 00 02 80
            05 00 01 00  01 00 00 00   #     CTA_PROTO_NUM 1
            06 00 04 00  19 11 00 00   #     CTA_PROTO_ICMP_ID 6417
            05 00 05 00  08 00 00 00   #     CTA_PROTO_ICMP_TYPE 8
            05 00 06 00  00 00 00 00   #     CTA_PROTO_ICMP_CODE 0
        3c 00 02 80
          14 00 01 80  08 00 01 00  7f 00 00 01  08 00 02 00  7f 00 00 01
          24 00 02 80
            05 00 01 00  01 00 00 00
            06 00 04 00  19 11 00 00
            05 00 05 00  00 00 00 00
            05 00 06 00  00 00 00 00
        08 00 03 00  00 00 00 0a
        08 00 08 00  00 00 00 00
        08 00 0c 00  14 37 99 16
        08 00 0b 00  00 00 00 01
        08 00 07 00  00 00 00 1d
        """;

    // udp  17 29 src=::1 dst=::1 sport=40001 dport=5353 [UNREPLIED] src=::1 dst=::1 sport=5353 dport=40001
    private const string Udp6 = """
        d4 00 00 00  00 01  02 00  00 00 00 00  00 00 00 00
        0a 00 00 00                    # AF_INET6
        4c 00 01 80
          2c 00 01 80
            14 00 03 00  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01   # CTA_IP_V6_SRC ::1
            14 00 04 00  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01   # CTA_IP_V6_DST ::1
          1c 00 02 80
            05 00 01 00  11 00 00 00
            06 00 02 00  9c 41 00 00   #     40001
            06 00 03 00  14 e9 00 00   #     5353
        4c 00 02 80
          2c 00 01 80
            14 00 03 00  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01
            14 00 04 00  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01
          1c 00 02 80
            05 00 01 00  11 00 00 00
            06 00 02 00  14 e9 00 00
            06 00 03 00  9c 41 00 00
        08 00 03 00  00 00 00 08       # CTA_STATUS IPS_CONFIRMED
        08 00 08 00  00 00 00 00
        08 00 0c 00  f6 53 a8 8f
        08 00 0b 00  00 00 00 01
        08 00 07 00  00 00 00 1d
        """;

    // conntrack -L -f ipv6: the request
    private const string ListV6 = """
        14 00 00 00  01 01  01 03  00 00 00 00  00 00 00 00   # 20 bytes, IPCTNL_MSG_CT_GET, REQUEST | DUMP
        0a 00 00 00                    # nfgenmsg: AF_INET6
        """;

    // No tool at hand sends CTA_FILTER: laid out by linux/netfilter/nfnetlink_conntrack.h, and a test in a namespace holds
    // that the kernel filters by it.
    private const string ListFiltered = """
        64 00 00 00  01 01  01 03  00 00 00 00  00 00 00 00
        02 00 00 00                    # AF_INET
        2c 00 01 80                    # CTA_TUPLE_ORIG
          14 00 01 80                  #   CTA_TUPLE_IP
            08 00 01 00  0a 00 00 02   #     CTA_IP_V4_SRC 10.0.0.2
            08 00 02 00  0a 00 00 01   #     CTA_IP_V4_DST 10.0.0.1
          14 00 02 80                  #   CTA_TUPLE_PROTO
            05 00 01 00  06 00 00 00   #     CTA_PROTO_NUM 6
            06 00 03 00  17 70 00 00   #     CTA_PROTO_DST_PORT 6000
        10 00 02 80                    # CTA_TUPLE_REPLY
          0c 00 01 80                  #   CTA_TUPLE_IP
            08 00 01 00  c0 a8 00 02   #     CTA_IP_V4_SRC 192.168.0.2
        14 00 19 80                    # CTA_FILTER
          08 00 01 00  2b 00 00 00     #   CTA_FILTER_ORIG_FLAGS source | destination | protocol | destination port
          08 00 02 00  01 00 00 00     #   CTA_FILTER_REPLY_FLAGS source
        """;

    // conntrack -D -p udp -f ipv4 --orig-port-dst 5353 sends the same tuple, with NLA_F_NESTED, and the reply tuple, status,
    // timeout and mark in place of the id.
    private const string DeleteIcmp = """
        58 00 00 00  02 01  05 00  00 00 00 00  00 00 00 00   # 88 bytes, IPCTNL_MSG_CT_DELETE, REQUEST | ACK
        02 00 00 00                    # AF_INET
        3c 00 01 00                    # CTA_TUPLE_ORIG, as the kernel gave it
          14 00 01 80  08 00 01 00  7f 00 00 01  08 00 02 00  7f 00 00 01
          24 00 02 80
            05 00 01 00  01 00 00 00
            06 00 04 00  19 11 00 00
            05 00 05 00  08 00 00 00
            05 00 06 00  00 00 00 00
        08 00 0c 00  14 37 99 16       # CTA_ID
        """;

    internal static IEnumerable<byte[]> Answers => [Golden.Bytes(Udp4), Golden.Bytes(Icmp), Golden.Bytes(Udp6)];

    [Fact]
    public void Flows_are_read()
    {
        List<FoundFlow> found = Golden.Parse<FoundFlow>(Golden.Bytes(Udp4 + "\n" + Icmp + "\n" + Udp6), ConntrackEncoding.Parse);

        IPAddress v4 = IPAddress.Loopback;
        IPAddress v6 = IPAddress.IPv6Loopback;
        FlowStatus answered = FlowStatus.Confirmed | FlowStatus.SeenReply;
        TransportProtocol icmp = (TransportProtocol)1;
        found
            .Select(f => f.Flow)
            .Should()
            .Equal(
                new Flow(
                    TransportProtocol.Udp,
                    new FlowTuple(v4, v4, 40000, 5353),
                    new FlowTuple(v4, v4, 5353, 40000),
                    0x8ec5006c,
                    answered
                ),
                new Flow(icmp, new FlowTuple(v4, v4, null, null), new FlowTuple(v4, v4, null, null), 0x14379916, answered),
                new Flow(
                    TransportProtocol.Udp,
                    new FlowTuple(v6, v6, 40001, 5353),
                    new FlowTuple(v6, v6, 5353, 40001),
                    0xf653a88f,
                    FlowStatus.Confirmed
                )
            );
        found[2].Flow.Family.Should().Be(AddressFamily.InterNetworkV6);
    }

    [Fact]
    public void A_request_without_a_filter_is_what_conntrack_sends()
    {
        var batch = new NetlinkBatch();
        ConntrackEncoding.WriteList(batch, AddressFamily.InterNetworkV6, new FlowFilter());
        Golden.Text(batch.Bytes).Should().Be(Golden.Text(Golden.Bytes(ListV6)));
    }

    [Fact]
    public void A_request_with_a_filter_names_each_part()
    {
        var filter = new FlowFilter
        {
            Protocol = TransportProtocol.Tcp,
            OriginalSource = IPAddress.Parse("10.0.0.2"),
            OriginalDestination = IPAddress.Parse("10.0.0.1"),
            OriginalDestinationPort = 6000,
            ReplySource = IPAddress.Parse("192.168.0.2"),
        };
        filter.Families().Should().Equal(AddressFamily.InterNetwork);
        var batch = new NetlinkBatch();
        ConntrackEncoding.WriteList(batch, AddressFamily.InterNetwork, filter);
        Golden.Text(batch.Bytes).Should().Be(Golden.Text(Golden.Bytes(ListFiltered)));
    }

    [Fact]
    public void A_flow_is_deleted_by_its_tuple_and_id()
    {
        FoundFlow found = Golden.Parse<FoundFlow>(Golden.Bytes(Icmp), ConntrackEncoding.Parse).Single();
        var batch = new NetlinkBatch();
        ConntrackEncoding.WriteDelete(batch, found);
        Golden.Text(batch.Bytes).Should().Be(Golden.Text(Golden.Bytes(DeleteIcmp)));
    }

    [Fact]
    public void A_flow_without_its_tuples_is_malformed()
    {
        // the second attribute, CTA_TUPLE_REPLY, becomes number 63, which nobody knows
        byte[] bytes = Golden.Bytes(Udp4);
        bytes[20 + 52 + 2] = 63;
        Action parse = () => Golden.Parse<FoundFlow>(bytes, ConntrackEncoding.Parse);
        parse.Should().Throw<MalformedMessageException>().WithMessage("*without both its tuples*");
    }
}
