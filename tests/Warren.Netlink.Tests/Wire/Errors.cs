using System.Net;
using System.Runtime.InteropServices;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Tests.Wire;

public class Errors
{
    [Fact]
    public void An_error_names_the_operation_the_object_and_the_kernels_words()
    {
        var error = new NetlinkException(Errno.Exists, "create link", "wrn-web1", "Device name is taken", 36);
        error
            .Message.Should()
            .Be("create link wrn-web1: File exists (EEXIST); the kernel says: Device name is taken");
        error.Operation.Should().Be("create link");
        error.Subject.Should().Be("wrn-web1");
        error.KernelMessage.Should().Be("Device name is taken");
        error.Offset.Should().Be(36);
    }

    [Fact]
    public void What_is_not_known_is_left_out()
    {
        new NetlinkException(Errno.NotPermitted, "list conntrack flows", "")
            .Message.Should()
            .Be("list conntrack flows: Operation not permitted (EPERM)");
        new NetlinkException(new Errno(200), "x", "y", "").Message.Should().Be("x y: Unknown error 200 (errno 200)");
    }

    [Fact]
    public void The_kernels_words_reach_the_error() =>
        InNamespace.Run(() =>
        {
            using var socket = NetlinkSocket.Open(NetlinkProtocol.Route);
            var batch = new NetlinkBatch();
            // RTM_GETNEIGH with a header that is cut off
            using (MessageWriter message = batch.Begin(30, MessageFlags.Dump, "list neighbours"))
                message.Header(0u);
            Action list = () => socket.Dump<object>(batch, (in Message _) => null);
            NetlinkException refused = list.Should().Throw<NetlinkException>().Which;
            refused.Errno.Should().Be(Errno.Invalid);
            refused.KernelMessage.Should().Be("Invalid header for neighbor dump request");
            refused.Message.Should().EndWith("(EINVAL); the kernel says: Invalid header for neighbor dump request");
        });

    [Fact]
    public void The_socket_works_after_a_refusal_and_later_requests_are_carried_out() =>
        InNamespace.Run(() =>
        {
            using var socket = NetlinkSocket.Open(NetlinkProtocol.Route);
            var batch = new NetlinkBatch();
            for (int i = 0; i < 250; i++)
                batch.DeleteLink(1000 + i, $"absent{i}");
            Action delete = () => socket.Execute(batch);
            NetlinkException refused = delete.Should().Throw<NetlinkException>().Which;
            refused.Errno.Should().Be(Errno.NoDevice);
            refused.Subject.Should().Be("absent0");
            socket.Traffic.SentDatagrams.Should().Be(3, "250 requests by the hundred");
            InNamespace.SetLoopbackUp();
        });

    [Fact]
    public void The_last_request_is_acknowledged_for_all_and_a_refusal_before_it_is_told() =>
        InNamespace.Run(() =>
        {
            using var socket = NetlinkSocket.Open(NetlinkProtocol.Route);
            var batch = new NetlinkBatch();
            for (int i = 1; i <= 20; i++)
                batch.AddAddress(1, "lo", new IPAddress([127, 0, 1, (byte)i]), 32);
            socket.Execute(batch);
            socket.Traffic.ReceivedDatagrams.Should().Be(1);
            batch.Clear();
            batch.AddAddress(1, "lo", IPAddress.Parse("127.0.2.1"), 32);
            batch.AddAddress(1, "lo", IPAddress.Parse("127.0.1.7"), 32);
            batch.AddAddress(1, "lo", IPAddress.Parse("127.0.2.2"), 32);
            Action add = () => socket.Execute(batch);
            add.Should().Throw<NetlinkException>().Which.Errno.Should().Be(Errno.Exists);
            // what was not read of the answers is none to the next request
            batch.Clear();
            batch.AddAddress(1, "lo", IPAddress.Parse("127.0.2.3"), 32);
            socket.Execute(batch);
            batch.Clear();
            batch.DumpAddresses(AddressFamily.IPv4);
            socket.Dump(batch, InterfaceAddress.Parse).Select(each => each.Address.ToString()).Should().Contain(["127.0.2.1", "127.0.2.2", "127.0.2.3"]);
        });

    [Fact]
    public void An_exclusive_request_that_asks_for_no_answer_waits_for_none() =>
        InNamespace.Run(() =>
        {
            using var socket = NetlinkSocket.Open(NetlinkProtocol.Route);
            var batch = new NetlinkBatch();
            batch.AddNeighbour(index: 1, IPAddress.Loopback, default);
            const MessageFlags Flags = MessageFlags.Request | MessageFlags.Create | MessageFlags.Exclusive;
            MemoryMarshal.Write(batch.Writable(6, 2), Flags);
            socket.Execute(batch);
            socket.Traffic.ReceivedDatagrams.Should().Be(0);
            batch.Clear();
            batch.DumpNeighbours(1);
            socket.Dump(batch, Neighbour.Parse).Should().Contain(n => n.State == NeighbourState.Permanent);
        });

    [Fact]
    public void The_socket_works_after_a_parser_failed_in_the_middle_of_a_list() =>
        InNamespace.Run(() =>
        {
            using var socket = NetlinkSocket.Open(NetlinkProtocol.Route);
            var batch = new NetlinkBatch();
            batch.DumpLinks();
            // as many links as do not fit one datagram
            var links = new NetlinkBatch();
            for (int i = 0; i < 40; i++)
                links.AddVeth(new VethEnd($"a{i}"), new VethEnd($"b{i}"));
            socket.Execute(links);
            MessageParser<object> broken = (in Message _) => throw new MalformedMessageException("a bug");
            MessageParser<object> works = (in Message _) => new object();

            Action list = () => socket.Dump(batch, broken);
            list.Should().Throw<MalformedMessageException>();
            int before = socket.Traffic.ReceivedDatagrams;
            socket.Dump(batch, works).Should().HaveCount(1 + (2 * 40));
            (socket.Traffic.ReceivedDatagrams - before).Should().BeGreaterThan(2, "the list takes several datagrams");
        });
}
