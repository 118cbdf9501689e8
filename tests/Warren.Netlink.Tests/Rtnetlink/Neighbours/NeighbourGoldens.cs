using System.Net;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Tests.Rtnetlink;

/// <summary>Captured with <c>strace -e trace=sendto,sendmsg,recvmsg -e write=all -e read=all</c>; ip of iproute2 6.1, Linux
/// 6.18; v0 is link 3.</summary>
public class NeighbourGoldens
{
    private static readonly IPAddress Address = IPAddress.Parse("10.0.0.2");
    private static readonly MacAddress LinkAddress = new([2, 0, 0, 0, 0, 2]);

    // ip neigh replace 10.0.0.2 lladdr 02:00:00:00:00:02 dev v0 nud permanent
    private const string Replace = """
        30 00 00 00  1c 00  05 05  00 00 00 00  00 00 00 00   # RTM_NEWNEIGH, REQUEST | ACK | REPLACE | CREATE
        02 00 00 00                    # ndm_family AF_INET, padding
        03 00 00 00                    # ndm_ifindex 3
        80 00  00  00                  # ndm_state NUD_PERMANENT, ndm_flags, ndm_type
        08 00 01 00  0a 00 00 02       # NDA_DST 10.0.0.2
        0a 00 02 00  02 00 00 00 00 02 00 00   # NDA_LLADDR, two bytes of padding
        """;

    // ip neigh del 10.0.0.2 dev v0
    private const string Delete = """
        24 00 00 00  1d 00  05 00  00 00 00 00  00 00 00 00   # RTM_DELNEIGH, REQUEST | ACK
        02 00 00 00  03 00 00 00  80 00 00 00
        08 00 01 00  0a 00 00 02
        """;

    // ip neigh show dev v0: the request
    private const string Show = """
        24 00 00 00  1e 00  01 03  00 00 00 00  00 00 00 00   # RTM_GETNEIGH, REQUEST | DUMP
        00 00 00 00  00 00 00 00  00 00 00 00                 # ndmsg, all zero
        08 00 08 00  03 00 00 00       # NDA_IFINDEX 3
        """;

    // the same: the answer
    private const string Shown = """
        4c 00 00 00  1c 00  22 00  00 00 00 00  00 00 00 00   # RTM_NEWNEIGH, MULTI | DUMP_FILTERED
        02 00 00 00  03 00 00 00
        80 00  00  01                  # NUD_PERMANENT, no flags, RTN_UNICAST
        08 00 01 00  0a 00 00 02       # NDA_DST
        0a 00 02 00  02 00 00 00 00 02 00 00   # NDA_LLADDR
        08 00 04 00  00 00 00 00       # NDA_PROBES
        14 00 03 00  00 00 00 00  01 00 00 00  01 00 00 00  00 00 00 00   # NDA_CACHEINFO
        14 00 00 00  03 00  02 00  00 00 00 00  00 00 00 00   # NLMSG_DONE
        00 00 00 00
        """;

    internal static IEnumerable<byte[]> Answers => [Golden.Bytes(Shown)];

    [Fact]
    public void Requests_are_what_ip_sends()
    {
        var batch = new NetlinkBatch();
        batch.AddNeighbour(3, Address, LinkAddress);
        batch.DeleteNeighbour(3, Address);
        batch.DumpNeighbours(3);
        Golden.Text(batch.Bytes).Should().Be(Golden.Text(Golden.Bytes($"{Replace}\n{Delete}\n{Show}")));
    }

    [Fact]
    public void A_neighbour_is_read() =>
        Golden
            .Parse<Neighbour>(Golden.Bytes(Shown), Neighbour.Parse)
            .Should()
            .Equal(new Neighbour(3, Address, LinkAddress, NeighbourState.Permanent));
}
