using System.Net;
using System.Net.Sockets;
using Warren.Firewall.Neighbours;
using Warren.Netlink.Namespaces;
using Warren.Netlink.Nftables;
using Warren.Planning;

namespace Warren.Kernel.Tests.Neighbours;

public class RealPackets
{
    // the host between a guest on a Warren link and a neighbour on the LAN
    private const string Topology = """
        ip netns add guest
        ip netns add lan
        ip link add wrn-web1 type veth peer name eth0 netns guest
        ip link add uplink0 type veth peer name eth0 netns lan
        ip addr add 10.77.1.1/24 dev wrn-web1
        ip addr add 10.77.2.1/24 dev uplink0
        ip link set wrn-web1 up
        ip link set uplink0 up
        ip -n guest addr add 10.77.1.2/24 dev eth0
        ip -n guest link set eth0 up
        ip -n guest route add default via 10.77.1.1
        ip -n lan addr add 10.77.2.2/24 dev eth0
        ip -n lan link set eth0 up
        ip -n lan route add default via 10.77.2.1
        echo 1 > /proc/sys/net/ipv4/ip_forward
        """;

    public static TheoryData<string> Blocking =>
        [
            "iptables-nft -P FORWARD DROP",
            "iptables-legacy -P FORWARD DROP",
            Scenarios.NftPolicy,
            Scenarios.Jumps,
            Scenarios.Docker,
            Scenarios.LegacyDocker,
            Scenarios.UfwReject,
            Scenarios.Firewalld,
            Scenarios.Docker + "\niptables-legacy -P FORWARD DROP\n" + Scenarios.LastRule,
            "iptables-nft -t mangle -P FORWARD DROP",
        ];

    [Theory]
    [MemberData(nameof(Blocking))]
    public void Pass_both_ways_when_and_only_when_the_obstacles_are_opened(string script) =>
        OwnNetwork.Run(() =>
        {
            OwnNetwork.Shell(Topology);
            Passes().Should().Be((true, true));
            OwnNetwork.Shell(script);
            Passes().Should().Be((false, false));

            using NftSocket nft = NftSocket.Open();
            foreach (Obstacle obstacle in Obstacles.Found(nft))
                Openings.Open(nft, obstacle.Chain);
            Passes().Should().Be((true, true));

            foreach (ForeignChain chain in Openings.FindOpen(nft, nft.Chains()))
                Openings.Close(nft, chain);
            Passes().Should().Be((false, false));
        });

    private static (bool Out, bool In) Passes()
    {
        using NetworkNamespace guest = NetworkNamespace.Open("guest");
        using NetworkNamespace lan = NetworkNamespace.Open("lan");
        return (Arrives(guest, lan, "10.77.2.2"), Arrives(lan, guest, "10.77.1.2"));
    }

    // ufw lets pings pass; so UDP
    private static bool Arrives(NetworkNamespace from, NetworkNamespace to, string address)
    {
        using Socket receiver = to.Run(NewSocket);
        // any port: a program that is just being started elsewhere may still hold the socket that was closed last
        receiver.Bind(new IPEndPoint(IPAddress.Any, 0));
        receiver.ReceiveTimeout = 10_000;
        using Socket sender = from.Run(NewSocket);
        using Socket host = NewSocket();
        var target = new IPEndPoint(IPAddress.Parse(address), ((IPEndPoint)receiver.LocalEndPoint!).Port);
        byte[] answer = new byte[16];
        // a marker that takes an open way tells, without a wait, that the datagram before it would have come; the ways
        // differ, so one that the marker overtook has further chances
        for (int attempt = 0; attempt < 3; attempt++)
        {
            sender.SendTo("through"u8, target);
            host.SendTo("marker"u8, target);
            if (answer.AsSpan(0, receiver.Receive(answer)).SequenceEqual("through"u8))
                return true;
        }
        return false;
    }

    private static Socket NewSocket() => new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
}
