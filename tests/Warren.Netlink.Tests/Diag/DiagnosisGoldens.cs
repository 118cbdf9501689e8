using System.Net;
using Warren.Netlink.Diag;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Tests.Diag;

/// <summary>Captured with <c>strace -e trace=sendmsg,recvmsg -e write=all -e read=all</c>; ss of iproute2 6.1, Linux 6.18.</summary>
public class DiagnosisGoldens
{
    // ss -Hnt state listening 'sport >= :6000 and sport <= :6000', second request
    private const string ListTcp6Port6000 = """
        5c 00 00 00                    # nlmsg_len 92
        14 00                          # nlmsg_type SOCK_DIAG_BY_FAMILY
        01 03                          # nlmsg_flags NLM_F_REQUEST | NLM_F_DUMP
        00 00 00 00  00 00 00 00       # nlmsg_seq, nlmsg_pid
        0a                             # sdiag_family AF_INET6
        06                             # sdiag_protocol IPPROTO_TCP
        00 00                          # idiag_ext, pad
        00 04 00 00                    # idiag_states 1 << TCP_LISTEN
        00 00  00 00                   # idiag_sport, idiag_dport
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00   # idiag_src
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00   # idiag_dst
        00 00 00 00                    # idiag_if
        00 00 00 00 00 00 00 00        # idiag_cookie
        14 00 01 00                    # nla_len 20, INET_DIAG_REQ_BYTECODE
        02 08 14 00                    # S_GE, yes 8, no 20
        00 00 70 17                    # 6000, machine order
        03 08 0c 00                    # S_LE, yes 8, no 12
        00 00 70 17                    # 6000
        """;

    // ss -Hnu state close 'sport >= :5353 and sport <= :5353', first request
    private const string ListUdp4Port5353 = """
        5c 00 00 00  14 00  01 03  00 00 00 00  00 00 00 00
        02 11 00 00                    # AF_INET, IPPROTO_UDP
        80 00 00 00                    # idiag_states 1 << TCP_CLOSE
        00 00 00 00
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00  00 00 00 00 00 00 00 00
        14 00 01 00
        02 08 14 00  00 00 e9 14       # at least 5353
        03 08 0c 00  00 00 e9 14       # at most 5353
        """;

    // ss -Hltnep, the answer with IPv4 sockets:
    // LISTEN 127.0.0.1:6001 ino:15754
    private const string Tcp4Answer = """
        7c 00 00 00  14 00  02 00  00 00 00 00  00 00 00 00
        02 0a 00 00                    # AF_INET, TCP_LISTEN, timer, retrans
        17 71                          # idiag_sport 6001, network order
        00 00                          # idiag_dport
        7f 00 00 01 00 00 00 00 00 00 00 00 00 00 00 00   # idiag_src 127.0.0.1
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00   # idiag_dst
        00 00 00 00                    # idiag_if
        49 10 00 00 00 00 00 00        # idiag_cookie
        00 00 00 00                    # idiag_expires
        00 00 00 00  80 00 00 00       # idiag_rqueue, idiag_wqueue
        00 00 00 00                    # idiag_uid
        8a 3d 00 00                    # idiag_inode 15754
        05 00 08 00 00 00 00 00        # INET_DIAG_SHUTDOWN
        08 00 0f 00 00 00 00 00        # INET_DIAG_MARK
        0c 00 15 00 01 00 00 00 00 00 00 00   # INET_DIAG_CGROUP_ID
        06 00 16 00 52 00 00 00        # INET_DIAG_SOCKOPT
        """;

    // the same command, the answer with IPv6 sockets:
    // LISTEN *:6000      ino:15752 v6only:0
    // LISTEN [::1]:6002  ino:15753 v6only:1
    private const string Tcp6Answer = """
        84 00 00 00  14 00  02 00  00 00 00 00  00 00 00 00
        0a 0a 00 00  17 70  00 00      # AF_INET6, TCP_LISTEN, port 6000
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00   # ::
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00  4a 10 00 00 00 00 00 00  00 00 00 00  00 00 00 00  80 00 00 00
        00 00 00 00  88 3d 00 00       # uid 0, inode 15752
        05 00 08 00 00 00 00 00
        05 00 0b 00 00 00 00 00        # INET_DIAG_SKV6ONLY 0
        08 00 0f 00 00 00 00 00
        0c 00 15 00 01 00 00 00 00 00 00 00
        06 00 16 00 12 00 00 00

        84 00 00 00  14 00  02 00  00 00 00 00  00 00 00 00
        0a 0a 00 00  17 72  00 00      # AF_INET6, TCP_LISTEN, port 6002
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01   # ::1
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00  4b 10 00 00 00 00 00 00  00 00 00 00  00 00 00 00  80 00 00 00
        00 00 00 00  89 3d 00 00       # uid 0, inode 15753
        05 00 08 00 00 00 00 00
        05 00 0b 00 01 00 00 00        # INET_DIAG_SKV6ONLY 1
        08 00 0f 00 00 00 00 00
        0c 00 15 00 01 00 00 00 00 00 00 00
        06 00 16 00 12 00 00 00

        14 00 00 00  03 00  02 00  00 00 00 00  00 00 00 00   # NLMSG_DONE
        00 00 00 00
        """;

    public static TheoryData<byte, TransportProtocol, ushort, string> Requests =>
        new()
        {
            { 10, TransportProtocol.Tcp, 6000, ListTcp6Port6000 },
            { 2, TransportProtocol.Udp, 5353, ListUdp4Port5353 },
        };

    internal static IEnumerable<byte[]> Answers => [Golden.Bytes(Tcp4Answer), Golden.Bytes(Tcp6Answer)];

    [Theory]
    [MemberData(nameof(Requests))]
    public void A_request_for_a_port_is_what_ss_sends(byte family, TransportProtocol protocol, ushort port, string golden)
    {
        var batch = new NetlinkBatch();
        DiagnosisSocket.WriteRequest(batch, family, protocol, port);
        Golden.Text(batch.Bytes).Should().Be(Golden.Text(Golden.Bytes(golden)));
    }

    [Fact]
    public void A_request_for_all_ports_has_no_filter()
    {
        var batch = new NetlinkBatch();
        DiagnosisSocket.WriteRequest(batch, 10, TransportProtocol.Tcp, null);
        byte[] golden = Golden.Bytes(ListTcp6Port6000)[..72];
        golden[0] = 72;
        Golden.Text(batch.Bytes).Should().Be(Golden.Text(golden));
    }

    [Fact]
    public void Sockets_of_both_families_are_read()
    {
        MessageParser<ListeningSocket> parse = (in Message m) => DiagnosisSocket.Parse(in m, TransportProtocol.Tcp);

        Golden
            .Parse(Golden.Bytes(Tcp4Answer), parse)
            .Should()
            .Equal(new ListeningSocket(IPAddress.Loopback, 6001, TransportProtocol.Tcp, 15754, 0));
        Golden
            .Parse(Golden.Bytes(Tcp6Answer), parse)
            .Should()
            .Equal(
                new ListeningSocket(IPAddress.IPv6Any, 6000, TransportProtocol.Tcp, 15752, 0, V6Only: false),
                new ListeningSocket(IPAddress.IPv6Loopback, 6002, TransportProtocol.Tcp, 15753, 0, V6Only: true)
            );
    }

    [Fact]
    public void A_message_that_is_cut_off_is_malformed()
    {
        byte[] golden = Golden.Bytes(Tcp4Answer)[..80];
        golden[0] = 80;
        Action parse = () =>
            Golden.Parse(golden, (in Message m) => DiagnosisSocket.Parse(in m, TransportProtocol.Tcp));
        parse.Should().Throw<MalformedMessageException>().WithMessage("*64 bytes, its header has 72*");
    }
}
