using Warren.Netlink.Namespaces;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Tests.Namespaces;

public class NamespaceIds
{
    [Fact]
    public void Are_those_that_ip_shows_and_tell_where_a_link_leads() =>
        InNamespace.Run(
            () =>
            {
                foreach (string name in (string[])["a", "b", "c"])
                    InNamespace.Command("ip", "netns", "add", name);
                InNamespace.Command("ip", "link", "add", "ha", "type", "veth", "peer", "name", "ina", "netns", "a");
                InNamespace.Command("ip", "netns", "set", "b", "7");
                InNamespace.Command("ip", "link", "add", "hb", "type", "veth", "peer", "name", "inb", "netns", "b");
                InNamespace.Command("ip", "link", "add", "x", "type", "veth", "peer", "name", "y");
                using var socket = NetlinkSocket.Open(NetlinkProtocol.Route);
                var batch = new NetlinkBatch();
                batch.DumpLinks();
                List<Link> links = socket.Dump(batch, Link.Parse);

                links.Single(link => link.Name == "ha").PeerNamespaceId.Should().NotBeNull().And.Be(Id(socket, "a"));
                links.Single(link => link.Name == "hb").PeerNamespaceId.Should().Be(7).And.Be(Id(socket, "b"));
                links.Single(link => link.Name == "x").PeerNamespaceId.Should().BeNull("the other half is here");
                string before = InNamespace.Command("ip", "netns", "list-id");
                Id(socket, "c").Should().BeNull("no link leads there");
                InNamespace.Command("ip", "netns", "list-id").Should().Be(before, "to ask gives no number").And.Contain("nsid 7 (iproute2 netns name: b)");
            },
            mounts: true
        );

    private static int? Id(NetlinkSocket socket, string name)
    {
        using NetworkNamespace space = NetworkNamespace.Open(name);
        var batch = new NetlinkBatch();
        batch.GetNamespaceId(space);
        return socket.Get(batch, NamespaceId.Parse).Should().ContainSingle().Subject.Id;
    }
}
