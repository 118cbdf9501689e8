using System.Net;
using System.Net.Sockets;
using AwesomeAssertions;
using Warren.Netlink.Nftables;
using Warren.Netlink.Nftables.Trace;
using static Warren.Netlink.Nftables.NftStatements;

namespace Warren.Netlink.Tests.Nftables;

/// <summary>The kernel tells the way of a real packet; a table that is owned goes with its socket.</summary>
public class TraceInNamespace
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);
    private static readonly NftTable Table = new(NftFamily.Inet, "follow") { Owned = true };

    [Fact]
    public void A_packet_is_followed_to_the_policy_that_drops_it() =>
        InNamespace.Run(() =>
        {
            InNamespace.SetLoopbackUp();
            using NftSocket nft = NftSocket.Open();
            var transaction = new NftTransaction();
            transaction.Add(Table);
            transaction.Add(new NftChain(Table, "first") { Type = "filter", Hook = NftHook.Output, Priority = -10 });
            transaction.Add(new NftChain(Table, "last") { Type = "filter", Hook = NftHook.Output, Priority = 10, PolicyDrop = true });
            NftExpression[] mark = [new NftImmediate(null, new NftValue([1]), 1), new NftMeta(NftMetaKey.Trace, 1, IsStore: true)];
            transaction.Append(Table.Rule("first", IpDaddr(IPAddress.Loopback, 32), mark));
            nft.Commit(transaction);

            using NftTraceSocket trace = NftTraceSocket.Open();
            using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            sender.Bind(new IPEndPoint(IPAddress.Loopback, 4000));
            // output that is dropped is refused (EPERM)
            Action send = () => sender.SendTo("x"u8, new IPEndPoint(IPAddress.Loopback, 9));
            send.Should().Throw<SocketException>();

            List<NftTraceEvent> heard = [];
            while (!heard.Exists(step => step.Policy is { IsDrop: true }))
            {
                List<NftTraceEvent> more = trace.Listen(Bound);
                more.Should().NotBeEmpty(string.Join(" / ", heard));
                heard.AddRange(more);
            }
            heard.Should().OnlyContain(step => step.Table.Name == "follow" && step.Id == heard[0].Id);
            heard[0].Packet.Should().Be(new NftTracePacket(IPAddress.Loopback, IPAddress.Loopback, 17, 4000, 9));
            heard[0].OutputLink.Should().Be(1);
            heard[0].RuleHandle.Should().Be(nft.Rules(Table).Single().Handle);
            heard.Where(step => step.Kind == NftTraceKind.Policy).Select(step => step.Chain).Should().Equal("first", "last");
            trace.Lost.Should().BeFalse();
        });

    [Fact]
    public void Without_a_packet_nothing_is_heard() =>
        InNamespace.Run(() =>
        {
            using NftTraceSocket trace = NftTraceSocket.Open();
            trace.Listen(TimeSpan.FromMilliseconds(1)).Should().BeEmpty();
        });

    [Fact]
    public void An_owned_table_goes_with_the_socket_that_made_it() =>
        InNamespace.Run(() =>
        {
            using NftSocket other = NftSocket.Open();
            using (NftSocket nft = NftSocket.Open())
            {
                var transaction = new NftTransaction();
                transaction.Add(Table);
                nft.Commit(transaction);
                other.Table(NftFamily.Inet, "follow").Should().Be(Table);
            }
            other.Table(NftFamily.Inet, "follow").Should().BeNull();
        });
}
