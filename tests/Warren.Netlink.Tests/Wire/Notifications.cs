using Warren.Netlink.Nftables;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Tests.Wire;

/// <summary>What a socket hears unasked.</summary>
public sealed class Notifications
{
    private static readonly TimeSpan s_bound = TimeSpan.FromSeconds(10);

    [Fact]
    public void It_hears_of_links_here_and_in_the_namespaces_at_the_other_ends_and_tells_them_apart() =>
        InNamespace.Run(
            () =>
            {
                InNamespace.Command("ip", "netns", "add", "far");
                using var heard = NotificationSocket.Open(NetlinkProtocol.Route, others: true, RtnetlinkGroup.Link, RtnetlinkGroup.IPv4Address);
                Assert.Equal(Received.Nothing, heard.Receive((in Message _, int? _) => { }));
                Assert.True(heard.HearsOthers);
                InNamespace.Command("ip", "link", "add", "here", "type", "veth", "peer", "name", "there", "netns", "far");
                int? number = null;
                Until(heard, (in Message message, int? id) => id is null && Link.Parse(in message) is { Name: "here", PeerNamespaceId: { } found } && (number = found) is not null);
                InNamespace.Command("ip", "-n", "far", "addr", "add", "192.0.2.1/24", "dev", "there");
                Until(heard, (in Message message, int? id) => id == number && InterfaceAddress.Parse(in message) is { Label: "there" });
                InNamespace.Command("ip", "addr", "add", "192.0.2.2/24", "dev", "here");
                Until(heard, (in Message message, int? id) => id is null && InterfaceAddress.Parse(in message) is { Label: "here" });
            },
            mounts: true
        );

    [Fact]
    public void It_hears_which_links_forward() =>
        InNamespace.Run(() =>
        {
            using var heard = NotificationSocket.Open(NetlinkProtocol.Route, others: false, RtnetlinkGroup.IPv4Netconf);
            Assert.False(heard.HearsOthers);
            InNamespace.Command("sh", "-c", "echo 1 >/proc/sys/net/ipv4/conf/lo/forwarding");
            Until(
                heard,
                (in Message message, int? _) =>
                {
                    if (message.Type != RtnetlinkMessage.NewNetconf)
                        return false;
                    int index = 0;
                    AttributeReader attribute = message.Attributes<NetconfHeader>();
                    while (attribute.Next())
                    {
                        if (attribute.Is(Netconfa.Index))
                            index = (int)attribute.Get(Netconfa.Index);
                    }
                    return index == 1;
                }
            );
        });

    [Fact]
    public void It_hears_of_tables_chains_and_rules() =>
        InNamespace.Run(() =>
        {
            using var heard = NotificationSocket.Open(NetlinkProtocol.Netfilter, others: false, NftNotice.Group);
            InNamespace.Command("nft", "add table inet x; add chain inet x y; add rule inet x y accept; add set inet x z { type mark; }; add element inet x z { 1 }");
            var kinds = new List<NftNoticeKind>();
            Until(
                heard,
                (in Message message, int? _) =>
                {
                    kinds.Add(NftNotice.KindOf(in message));
                    return kinds[^1] == NftNoticeKind.Other;
                }
            );
            Assert.Equal([NftNoticeKind.Table, NftNoticeKind.Chain, NftNoticeKind.Rule, NftNoticeKind.Set, NftNoticeKind.Element, NftNoticeKind.Other], kinds);
            InNamespace.Command("nft", "delete table inet x");
            Until(heard, (in Message message, int? _) => NftNotice.KindOf(in message) == NftNoticeKind.Rule);
        });

    [Fact]
    public void What_nobody_read_is_told_to_be_lost_and_what_comes_after_is_heard() =>
        InNamespace.Run(() =>
        {
            using var heard = NotificationSocket.Open(NetlinkProtocol.Route, others: false, RtnetlinkGroup.Link);
            using var socket = NetlinkSocket.Open(NetlinkProtocol.Route);
            var batch = new NetlinkBatch();
            for (int i = 0; i < 10_000; i++)
                batch.SetLink(1, "lo", new LinkChange { Up = i % 2 == 0 });
            socket.Execute(batch);
            var seen = new HashSet<Received>();
            for (Received got = Received.Messages; got != Received.Nothing;)
                seen.Add(got = heard.Receive((in Message _, int? _) => { }));
            Assert.Contains(Received.Lost, seen);
            InNamespace.SetLoopbackUp();
            Until(heard, (in Message message, int? _) => Link.Parse(in message) is { Name: "lo", IsUp: true });
        });

    [Fact]
    public void A_group_that_there_is_not_is_refused()
    {
        NetlinkException refused = Assert.Throws<NetlinkException>(() => NotificationSocket.Open(NetlinkProtocol.Route, others: false, 4000));
        Assert.Contains("netlink group 4000", refused.Message, StringComparison.Ordinal);
    }

    private delegate bool Awaited(in Message message, int? namespaceId);

    // A notification is there before the call that caused it returns, or very soon after.
    private static void Until(NotificationSocket socket, Awaited awaited)
    {
        long end = Environment.TickCount64 + (long)s_bound.TotalMilliseconds;
        bool found = false;
        while (!found)
        {
            Received got = socket.Receive((in Message message, int? id) => found |= awaited(in message, id));
            if (got == Received.Nothing && Environment.TickCount64 > end)
                throw new TimeoutException("it was not heard");
            if (got == Received.Nothing)
                Thread.Yield();
        }
    }
}
