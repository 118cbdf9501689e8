using System.Net;
using System.Net.Sockets;
using Warren.Netlink.Diag;

namespace Warren.Netlink.Tests.Diag;

public class DiagnosisInNamespace
{
    private const TransportProtocol Tcp = TransportProtocol.Tcp;
    private const TransportProtocol Udp = TransportProtocol.Udp;

    [Fact]
    public void Tcp_listeners_of_both_families_are_listed() =>
        InNamespace.Run(() =>
        {
            InNamespace.SetLoopbackUp();
            using var v4 = Listen(new IPEndPoint(IPAddress.Loopback, 6000));
            using var v6 = Listen(new IPEndPoint(IPAddress.IPv6Loopback, 6000), v6Only: true);
            using var any = Listen(new IPEndPoint(IPAddress.IPv6Any, 6001), v6Only: false);
            using var anyV6 = Listen(new IPEndPoint(IPAddress.IPv6Any, 6002), v6Only: true);
            using var diagnosis = DiagnosisSocket.Open();

            diagnosis
                .Listening(Tcp, 6000)
                .Should()
                .Equal(
                    new ListeningSocket(IPAddress.Loopback, 6000, Tcp, Inode(v4), 0),
                    new ListeningSocket(IPAddress.IPv6Loopback, 6000, Tcp, Inode(v6), 0, V6Only: true)
                );
            diagnosis
                .Listening(Tcp, 6001)
                .Should()
                .Equal(new ListeningSocket(IPAddress.IPv6Any, 6001, Tcp, Inode(any), 0, V6Only: false));
            diagnosis.Listening(Tcp, 6002).Single().V6Only.Should().BeTrue();
            diagnosis.Listening(Tcp).Select(s => s.Port).Should().BeEquivalentTo([6000, 6000, 6001, 6002]);
            diagnosis.Listening(Udp).Should().BeEmpty();
        });

    [Fact]
    public void Neighbouring_ports_and_connections_are_not_listed() =>
        InNamespace.Run(() =>
        {
            InNamespace.SetLoopbackUp();
            using var below = Listen(new IPEndPoint(IPAddress.Any, 5999));
            using var above = Listen(new IPEndPoint(IPAddress.Any, 6001));
            using var last = Listen(new IPEndPoint(IPAddress.Any, 65535));
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            client.Bind(new IPEndPoint(IPAddress.Loopback, 6000));
            client.Connect(IPAddress.Loopback, 6001);
            using var diagnosis = DiagnosisSocket.Open();

            diagnosis.Listening(Tcp, 6000).Should().BeEmpty();
            diagnosis.Listening(Tcp, 5999).Should().ContainSingle();
            diagnosis.Listening(Tcp, 65535).Should().ContainSingle();
            diagnosis.Listening(Tcp, 1).Should().BeEmpty();
        });

    [Fact]
    public void Udp_sockets_are_listed_until_they_have_a_peer() =>
        InNamespace.Run(() =>
        {
            InNamespace.SetLoopbackUp();
            using var waiting = new UdpClient(new IPEndPoint(IPAddress.Loopback, 5353));
            using var connected = new UdpClient(new IPEndPoint(IPAddress.Loopback, 5354));
            connected.Connect(IPAddress.Loopback, 5353);
            using var any = new UdpClient(new IPEndPoint(IPAddress.IPv6Any, 5355));
            using var diagnosis = DiagnosisSocket.Open();

            diagnosis
                .Listening(Udp, 5353)
                .Should()
                .Equal(new ListeningSocket(IPAddress.Loopback, 5353, Udp, Inode(waiting.Client), 0));
            diagnosis.Listening(Udp, 5354).Should().BeEmpty();
            diagnosis.Listening(Udp, 5355).Single().Address.Should().Be(IPAddress.IPv6Any);
            diagnosis.Listening(Tcp, 5353).Should().BeEmpty();
        });

    [Fact]
    public void The_kernel_picks_the_port_out_of_many() =>
        InNamespace.Run(() =>
        {
            List<Socket> sockets = [];
            for (int port = 10_000; port < 10_500; port++)
                sockets.Add(Listen(new IPEndPoint(IPAddress.Any, port)));
            using var diagnosis = DiagnosisSocket.Open();

            diagnosis.Listening(Tcp, 10_250).Should().ContainSingle();
            long one = diagnosis.Traffic.ReceivedBytes;
            diagnosis.Listening(Tcp).Should().HaveCount(500);
            long all = diagnosis.Traffic.ReceivedBytes - one;

            // one socket and the ends of two lists, against 500 sockets
            one.Should().BeLessThan(256);
            all.Should().BeGreaterThan(500 * 72);
            sockets.ForEach(s => s.Dispose());
        });

    [Fact]
    public void A_port_that_cannot_be_is_refused() =>
        InNamespace.Run(() =>
        {
            using var diagnosis = DiagnosisSocket.Open();
            foreach (int port in (int[])[-1, 0, 65536])
            {
                Action list = () => diagnosis.Listening(Tcp, port);
                list.Should().Throw<ArgumentOutOfRangeException>();
            }
        });

    [Fact]
    public void A_protocol_that_the_kernel_cannot_list_has_no_sockets() =>
        InNamespace.Run(() =>
        {
            using var diagnosis = DiagnosisSocket.Open();
            diagnosis.Listening((TransportProtocol)253).Should().BeEmpty();
        });

    private static Socket Listen(IPEndPoint end, bool? v6Only = null)
    {
        var socket = new Socket(end.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (v6Only is { } only)
            socket.DualMode = !only;
        socket.Bind(end);
        socket.Listen();
        return socket;
    }

    private static uint Inode(Socket socket)
    {
        string target = File.ResolveLinkTarget($"/proc/self/fd/{(int)socket.Handle}", false)!.Name;
        return uint.Parse(target["socket:[".Length..^1]);
    }
}
