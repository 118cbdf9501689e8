using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Warren.Netlink.Conntrack;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Tests.Conntrack;

public class ConntrackInNamespace
{
    private const TransportProtocol Tcp = TransportProtocol.Tcp;
    private const TransportProtocol Udp = TransportProtocol.Udp;

    // the kernel tracks connections only while a rule needs it
    private const string Ruleset = """
        table inet test {
            chain output { type filter hook output priority 0; ct state new accept; }
            chain translate { type nat hook output priority -100; udp dport 5300 dnat ip to 127.0.0.1:5353; }
        }
        """;

    [Fact]
    public void A_flow_is_listed_and_deleted() =>
        Tracked(conntrack =>
        {
            int client = Exchange(IPAddress.Loopback, 5353);
            int other = Exchange(IPAddress.Loopback, 5354);
            int v6 = Exchange(IPAddress.IPv6Loopback, 5353);

            Flow flow = conntrack
                .List(new FlowFilter { OriginalDestinationPort = 5353, OriginalDestination = IPAddress.Loopback })
                .Single();
            flow.Protocol.Should().Be(Udp);
            flow.Original.Should().Be(new FlowTuple(IPAddress.Loopback, IPAddress.Loopback, client, 5353));
            flow.Reply.Should().Be(new FlowTuple(IPAddress.Loopback, IPAddress.Loopback, 5353, client));
            flow.Id.Should().NotBe(0);
            flow.Status.Should().HaveFlag(FlowStatus.SeenReply).And.HaveFlag(FlowStatus.Confirmed);
            SourcePorts(conntrack, new FlowFilter()).Should().BeEquivalentTo([client, other, v6]);

            conntrack.Delete(new FlowFilter { Protocol = Udp, OriginalDestinationPort = 5353 }).Should().Be(2);
            SourcePorts(conntrack, new FlowFilter()).Should().Equal(other);
            conntrack.Delete(new FlowFilter { Protocol = Udp, OriginalDestinationPort = 5353 }).Should().Be(0);
        });

    [Fact]
    public void The_answer_agrees_with_conntrack() =>
        Tracked(conntrack =>
        {
            Exchange(IPAddress.Loopback, 5353);
            Exchange(IPAddress.Loopback, 5300, answersAt: 5353);
            Exchange(IPAddress.IPv6Loopback, 5353);

            List<string> lines = [];
            foreach (Flow flow in conntrack.List(new FlowFilter()))
                lines.Add($"{Words(flow.Original)} {Words(flow.Reply)}");
            // udp 17 29 src=… dst=… sport=… dport=… src=… dst=… sport=… dport=… mark=0 use=1
            IEnumerable<string> oracle = InNamespace
                .Command("conntrack", "-L")
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line[line.IndexOf("src=")..line.IndexOf(" mark=")]);
            lines.Should().BeEquivalentTo(oracle);
            lines.Should().HaveCount(3);
        });

    [Fact]
    public void A_translated_flow_is_found_by_either_end() =>
        Tracked(conntrack =>
        {
            int client = Exchange(IPAddress.Loopback, 5300, answersAt: 5353);
            Exchange(IPAddress.Parse("127.0.0.9"), 5400);

            Flow flow = conntrack.List(new FlowFilter { Protocol = Udp, OriginalDestinationPort = 5300 }).Single();
            flow.Reply.SourcePort.Should().Be(5353);
            flow.Status.Should().HaveFlag(FlowStatus.DestinationNat);
            SourcePorts(conntrack, new FlowFilter { ReplySource = IPAddress.Loopback }).Should().Equal(client);
            SourcePorts(conntrack, new FlowFilter { OriginalDestination = IPAddress.Loopback }).Should().Equal(client);
            SourcePorts(conntrack, new FlowFilter { OriginalSource = IPAddress.Loopback }).Should().HaveCount(2);
            SourcePorts(conntrack, new FlowFilter { OriginalSource = IPAddress.Parse("127.0.0.9") }).Should().BeEmpty();
            SourcePorts(conntrack, new FlowFilter { Protocol = Tcp }).Should().BeEmpty();
            SourcePorts(conntrack, new FlowFilter { Family = AddressFamily.InterNetworkV6 }).Should().BeEmpty();
            SourcePorts(conntrack, new FlowFilter { Family = AddressFamily.InterNetwork }).Should().HaveCount(2);
        });

    [Fact]
    public void The_kernel_filters_and_deletes_go_out_together() =>
        Tracked(conntrack =>
        {
            const int Many = 250;
            for (int i = 0; i < Many; i++)
                Exchange(IPAddress.Loopback, 5353, client: 20_000 + i);
            Exchange(IPAddress.Loopback, 5354);

            long before = conntrack.Traffic.ReceivedBytes;
            conntrack.List(new FlowFilter { Protocol = Udp, OriginalDestinationPort = 5354 }).Should().ContainSingle();
            (conntrack.Traffic.ReceivedBytes - before).Should().BeLessThan(512, "the kernel sends one flow of 251");

            int sends = conntrack.Traffic.SentDatagrams;
            conntrack.Delete(new FlowFilter { Protocol = Udp, OriginalDestinationPort = 5353 }).Should().Be(Many);
            // a list for each family, and 250 deletes by the hundred
            (conntrack.Traffic.SentDatagrams - sends).Should().Be(2 + 3);
            conntrack.List(new FlowFilter()).Should().ContainSingle();
        });

    [Fact]
    public void An_icmp_flow_has_no_ports_and_is_deleted() =>
        Tracked(conntrack =>
        {
            using (var ping = new Ping())
                ping.Send(IPAddress.Loopback, 5000).Status.Should().Be(IPStatus.Success);
            var icmp = new FlowFilter { Protocol = (TransportProtocol)1 };
            Flow flow = conntrack.List(icmp).Single();
            flow.Original.Should().Be(new FlowTuple(IPAddress.Loopback, IPAddress.Loopback, null, null));
            conntrack.Delete(icmp).Should().Be(1);
            conntrack.List(icmp).Should().BeEmpty();
        });

    [Fact]
    public void A_flow_that_is_gone_is_no_error_and_does_not_hide_others() =>
        Tracked(conntrack =>
        {
            for (int i = 0; i < 3; i++)
                Exchange(IPAddress.Loopback, 5353, client: 20_000 + i);
            List<FoundFlow> found = conntrack.Find(new FlowFilter());
            found.Should().HaveCount(3);
            conntrack.DeleteTogether([found[0]]);

            conntrack.DeleteTogether(found);
            conntrack.List(new FlowFilter()).Should().BeEmpty();

            Action second = () => conntrack.DeleteTogether([found[1] with { OriginalTuple = [] }]);
            second.Should().Throw<NetlinkException>().Which.Errno.Should().Be(Errno.Invalid);
        });

    [Fact]
    public void Many_are_named_in_one_walk() =>
        Tracked(conntrack =>
        {
            for (int i = 0; i < 5; i++)
                Exchange(IPAddress.Loopback, 5353, client: 20_000 + i);
            conntrack
                .Delete(System.Net.Sockets.AddressFamily.InterNetwork, flow => flow.Original.SourcePort is 20_001 or 20_003)
                .Should()
                .Be(2);
            conntrack.List(new FlowFilter()).Select(flow => flow.Original.SourcePort).Should().BeEquivalentTo([20_000, 20_002, 20_004]);
        });

    [Fact]
    public void A_flow_with_the_same_tuple_and_another_id_stays() =>
        Tracked(conntrack =>
        {
            Exchange(IPAddress.Loopback, 5353);
            FoundFlow found = conntrack.Find(new FlowFilter()).Single();

            conntrack.DeleteTogether([found with { Flow = found.Flow with { Id = found.Flow.Id ^ 1 } }]);
            conntrack.List(new FlowFilter()).Should().ContainSingle();
            conntrack.DeleteTogether([found]);
            conntrack.List(new FlowFilter()).Should().BeEmpty();
        });

    [Fact]
    public void A_flow_of_another_zone_is_deleted() =>
        Tracked(conntrack =>
        {
            InNamespace.Command("nft", "add chain inet test leave { type filter hook output priority raw; }");
            InNamespace.Command("nft", "add chain inet test enter { type filter hook prerouting priority raw; }");
            InNamespace.Command("nft", "add rule inet test leave ct zone set 7");
            InNamespace.Command("nft", "add rule inet test enter ct zone set 7");
            Exchange(IPAddress.Loopback, 5353);
            conntrack.List(new FlowFilter()).Single().Zone.Should().Be(7);
            conntrack.Delete(new FlowFilter { Protocol = Udp }).Should().Be(1);
            conntrack.List(new FlowFilter()).Should().BeEmpty();
        });

    [Fact]
    public void Those_that_a_filter_means_are_deleted_without_a_list() =>
        Tracked(conntrack =>
        {
            Exchange(IPAddress.Loopback, 5353);
            int other = Exchange(IPAddress.Loopback, 5354);
            int v6 = Exchange(IPAddress.IPv6Loopback, 5353);
            Exchange(IPAddress.Loopback, 5300, answersAt: 5353);

            var filter = new FlowFilter { Protocol = Udp, OriginalDestinationPort = 5353, ReplySource = IPAddress.Loopback };
            Assert.SkipUnless(conntrack.TryDeleteUnlisted(filter), "this kernel deletes by no filter");
            SourcePorts(conntrack, new FlowFilter { OriginalDestinationPort = 5353 }).Should().Equal(v6);
            SourcePorts(conntrack, new FlowFilter { OriginalDestinationPort = 5300 }).Should().HaveCount(1);
            conntrack.TryDeleteUnlisted(filter).Should().BeTrue();
            conntrack.TryDeleteUnlisted(new FlowFilter { OriginalSource = IPAddress.Parse("127.0.0.9") }).Should().BeTrue();
            SourcePorts(conntrack, new FlowFilter { OriginalDestinationPort = 5354 }).Should().Equal(other);
            conntrack.TryDeleteUnlisted(new FlowFilter { ReplySource = IPAddress.Loopback }).Should().BeTrue();
            SourcePorts(conntrack, new FlowFilter()).Should().Equal(v6);
            conntrack.Invoking(each => each.TryDeleteUnlisted(new FlowFilter { Family = AddressFamily.InterNetwork })).Should().Throw<ArgumentException>();
            conntrack.Invoking(each => each.TryDeleteUnlisted(new FlowFilter())).Should().Throw<ArgumentException>();
            SourcePorts(conntrack, new FlowFilter()).Should().Equal(v6);
        });

    [Fact]
    public void A_filter_that_names_nothing_deletes_nothing() =>
        Tracked(conntrack =>
        {
            Exchange(IPAddress.Loopback, 5353);
            Action delete = () => conntrack.Delete(new FlowFilter { Family = AddressFamily.InterNetwork });
            delete.Should().Throw<ArgumentException>();
            conntrack.List(new FlowFilter()).Should().ContainSingle();
        });

    private static void Tracked(Action<ConntrackSocket> test) =>
        InNamespace.Run(() =>
        {
            InNamespace.SetLoopbackUp();
            InNamespace.Command("nft", Ruleset);
            using var conntrack = ConntrackSocket.Open();
            test(conntrack);
        });

    private static List<int> SourcePorts(ConntrackSocket conntrack, FlowFilter filter) =>
        conntrack.List(filter).ConvertAll(flow => flow.Original.SourcePort!.Value);

    private static string Words(FlowTuple tuple) =>
        $"src={tuple.Source} dst={tuple.Destination} sport={tuple.SourcePort} dport={tuple.DestinationPort}";

    /// <summary>Sends a UDP packet there and one back.</summary>
    /// <returns>The client's port.</returns>
    private static int Exchange(IPAddress server, int port, int? answersAt = null, int client = 0)
    {
        IPAddress any = server.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback;
        using UdpClient waiting = Bound(new IPEndPoint(server, answersAt ?? port));
        using var asking = new UdpClient(new IPEndPoint(any, client));
        waiting.Client.ReceiveTimeout = asking.Client.ReceiveTimeout = 5000;
        asking.Send([1], new IPEndPoint(server, port));
        IPEndPoint? from = null;
        waiting.Receive(ref from);
        waiting.Send([2], from);
        IPEndPoint? back = null;
        asking.Receive(ref back);
        return ((IPEndPoint)asking.Client.LocalEndPoint!).Port;
    }

    // A process that another test starts meanwhile holds copies of all descriptors from its fork to its exec: a port that was
    // closed is in use as long.
    private static UdpClient Bound(IPEndPoint address)
    {
        UdpClient? bound = null;
        bool Bind()
        {
            try
            {
                bound = new UdpClient(address);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // still held
            }
            return bound is not null;
        }
        return SpinWait.SpinUntil(Bind, TimeSpan.FromSeconds(5)) ? bound! : new UdpClient(address);
    }
}
