using System.Net;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Tests.Rtnetlink;

public class NeighboursInNamespace
{
    private static readonly IPAddress V4 = IPAddress.Parse("10.0.0.2");
    private static readonly IPAddress V6 = IPAddress.Parse("fd00::2");
    private static readonly MacAddress First = new([2, 0, 0, 0, 0, 2]);
    private static readonly MacAddress Second = new([2, 0, 0, 0, 0, 3]);

    [Fact]
    public void Entries_are_added_replaced_listed_and_deleted() =>
        InNamespace.Run(() =>
        {
            InNamespace.Command("ip", "link", "add", "v0", "index", "10", "type", "veth", "peer", "v1", "index", "11");
            InNamespace.Command("ip", "link", "set", "v0", "up");
            InNamespace.Command("ip", "link", "set", "v1", "up");
            using var socket = NetlinkSocket.Open(NetlinkProtocol.Route);

            var batch = new NetlinkBatch();
            batch.AddNeighbour(10, V4, First);
            batch.AddNeighbour(10, V6, First);
            batch.AddNeighbour(10, V4, Second);
            batch.AddNeighbour(11, V4, First);
            socket.Execute(batch);

            Permanent(socket, 10)
                .Should()
                .BeEquivalentTo([
                    new Neighbour(10, V4, Second, NeighbourState.Permanent),
                    new Neighbour(10, V6, First, NeighbourState.Permanent),
                ]);
            InNamespace
                .Command("ip", "-4", "neigh", "show", "dev", "v0")
                .Trim()
                .Should()
                .Be("10.0.0.2 lladdr 02:00:00:00:00:03 PERMANENT");

            batch.Clear();
            batch.DeleteNeighbour(10, V4);
            socket.Execute(batch);
            Permanent(socket, 10).Should().Equal(new Neighbour(10, V6, First, NeighbourState.Permanent));
            Permanent(socket, 11).Should().Equal(new Neighbour(11, V4, First, NeighbourState.Permanent));

            Action again = () => socket.Execute(batch);
            again.Should().Throw<NetlinkException>().Which.Errno.Should().Be(Errno.NotFound);
        });

    [Fact]
    public void A_link_that_is_not_there_is_named_in_the_error() =>
        InNamespace.Run(() =>
        {
            using var socket = NetlinkSocket.Open(NetlinkProtocol.Route);
            var batch = new NetlinkBatch();
            batch.AddNeighbour(99, V4, First);
            Action add = () => socket.Execute(batch);
            NetlinkException refused = add.Should().Throw<NetlinkException>().Which;
            refused.Errno.Should().Be(Errno.NoDevice);
            refused.Message.Should().StartWith("add neighbour 10.0.0.2: No such device (ENODEV)");
        });

    private static List<Neighbour> Permanent(NetlinkSocket socket, int index)
    {
        var batch = new NetlinkBatch();
        batch.DumpNeighbours(index);
        return socket.Dump(batch, Neighbour.Parse).FindAll(neighbour => neighbour.State == NeighbourState.Permanent);
    }
}
