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
            // RTM_NEWNEIGH with a header that is cut off
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
            {
                using MessageWriter message = batch.Begin(17, MessageFlags.Ack, "delete link", $"{1000 + i}");
                // struct ifinfomsg with an index that is not there
                message.Header((0u, 1000 + i, 0u, 0u));
            }
            Action delete = () => socket.Execute(batch);
            NetlinkException refused = delete.Should().Throw<NetlinkException>().Which;
            refused.Errno.Should().Be(Errno.NoDevice);
            refused.Subject.Should().Be("1000");
            socket.Traffic.SentDatagrams.Should().Be(3, "250 requests by the hundred");
            InNamespace.SetLoopbackUp();
        });
}
