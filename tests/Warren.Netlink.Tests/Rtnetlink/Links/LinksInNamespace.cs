using System.Net;
using System.Text.Json;
using Warren.Netlink.Namespaces;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Tests.Rtnetlink;

/// <summary>Links, addresses and routes against <c>ip -j</c> and the kernel.</summary>
public class LinksInNamespace
{
    private static readonly MacAddress First = new([2, 0, 0, 0, 0, 1]);
    private static readonly MacAddress Second = new([2, 0, 0, 0, 0, 2]);

    [Fact]
    public void What_asks_for_nothing_is_not_waited_for() =>
        InNamespace.Run(() =>
        {
            using var socket = NetlinkSocket.Open(NetlinkProtocol.Route);
            var batch = new NetlinkBatch();
            batch.DeleteLink("nobody");
            socket.Invoking(each => each.Get(batch, Link.Parse, Errno.NoDevice)).Should().Throw<ArgumentException>().WithMessage("*delete link*");
        });

    [Fact]
    public void A_pair_has_its_ends_where_they_were_asked_for() =>
        InNamespace.Run(() =>
        {
            using NetworkNamespace other = Another();
            using var socket = NetlinkSocket.Open(NetlinkProtocol.Route);
            var batch = new NetlinkBatch();
            batch.AddVeth(
                new VethEnd("eth0") { Index = 20, Up = true, Mtu = 1400, Address = First, Namespace = null },
                new VethEnd("wrn-web1") { Mtu = 1400, Address = Second, Group = 0x5752, Namespace = other }
            );
            socket.Execute(batch);

            Link here = Get(socket, "eth0");
            here.Should()
                .BeEquivalentTo(
                    new
                    {
                        Index = 20,
                        Name = "eth0",
                        Kind = "veth",
                        Mtu = 1400u,
                        Address = First,
                        Group = 0u,
                        IsUp = true,
                        Alias = "",
                        Master = 0,
                    }
                );
            using NetlinkSocket there = other.Run(() => NetlinkSocket.Open(NetlinkProtocol.Route));
            Link host = Get(there, "wrn-web1");
            host.Should().BeEquivalentTo(new { Index = here.PeerIndex, Mtu = 1400u, Address = Second, Group = 0x5752u, IsUp = false, PeerIndex = 20 });
            JsonElement shown = Show("link", "show", "eth0");
            shown.GetProperty("address").GetString().Should().Be("02:00:00:00:00:01");
            shown.GetProperty("mtu").GetInt32().Should().Be(1400);
            shown.GetProperty("linkinfo").GetProperty("info_kind").GetString().Should().Be("veth");
            shown.GetProperty("num_tx_queues").GetInt32().Should().Be(1);

            // one end takes the other with it
            batch.Clear();
            batch.DeleteLink("eth0");
            socket.Execute(batch);
            Names(there).Should().Equal("lo");
        });

    [Fact]
    public void A_name_and_whether_it_is_up_are_told_without_the_rest() =>
        InNamespace.Run(() =>
        {
            using var socket = NetlinkSocket.Open(NetlinkProtocol.Route);
            var batch = new NetlinkBatch();
            batch.AddVeth(new VethEnd("fifteen.letters") { Index = 20 }, new VethEnd("eth0") { Index = 21 });
            batch.SetLink(21, "eth0", new LinkChange { Up = true });
            socket.Execute(batch);
            socket.NameOf(1).Should().Be("lo");
            socket.NameOf(20).Should().Be("fifteen.letters");
            socket.NameOf(21).Should().Be("eth0");
            socket.NameOf(22).Should().BeNull();
            socket.IsUp("lo").Should().BeFalse();
            socket.IsUp("fifteen.letters").Should().BeFalse();
            socket.IsUp("eth0").Should().BeTrue();
            socket.IsUp("nobody").Should().BeNull();
            socket.Invoking(each => each.IsUp("sixteen..letters")).Should().Throw<ArgumentException>();
        });

    [Fact]
    public void A_name_that_is_taken_is_refused_by_name() =>
        InNamespace.Run(() =>
        {
            using var socket = NetlinkSocket.Open(NetlinkProtocol.Route);
            var batch = new NetlinkBatch();
            batch.AddVeth(new VethEnd("a"), new VethEnd("b"));
            socket.Execute(batch);
            Action again = () => socket.Execute(batch);
            NetlinkException refused = again.Should().Throw<NetlinkException>().Which;
            refused.Errno.Should().Be(Errno.Exists);
            refused.Operation.Should().Be(LinkRequests.CreateOperation);
            refused.Message.Should().StartWith("create link b: File exists (EEXIST)");
            Names(socket).Should().BeEquivalentTo("lo", "a", "b");
        });

    [Fact]
    public void A_link_is_changed() =>
        InNamespace.Run(() =>
        {
            using var socket = NetlinkSocket.Open(NetlinkProtocol.Route);
            var batch = new NetlinkBatch();
            batch.AddVeth(new VethEnd("a") { Index = 10 }, new VethEnd("b") { Index = 11 });
            string alias = "größer 🐇 " + new string('x', 240);
            batch.SetLink(
                10,
                "a",
                new LinkChange { Up = true, Alias = alias, Mtu = 1280, Group = 7, Forwarding = true, RouteLocalnet = true }
            );
            socket.Execute(batch);
            Get(socket, "a").Should().BeEquivalentTo(new { IsUp = true, Alias = alias, Mtu = 1280u, Group = 7u });
            Show("link", "show", "a").GetProperty("ifalias").GetString().Should().Be(alias);
            Sysctl("a", "forwarding").Should().Be("1");
            Sysctl("a", "route_localnet").Should().Be("1");
            Sysctl("b", "forwarding").Should().Be("0");
            Sysctl("all", "forwarding").Should().Be("0");

            batch.Clear();
            batch.SetLink(10, "a", new LinkChange { Up = false, Alias = "", Forwarding = false });
            socket.Execute(batch);
            Get(socket, "a").Should().BeEquivalentTo(new { IsUp = false, Alias = "", Mtu = 1280u, Group = 7u });
            Sysctl("a", "forwarding").Should().Be("0");
            Sysctl("a", "route_localnet").Should().Be("1");
        });

    [Fact]
    public void What_does_not_fit_is_refused_before_it_is_sent()
    {
        var batch = new NetlinkBatch();
        Action name = () => batch.GetLink("sixteen-letters!");
        name.Should().Throw<ArgumentException>();
        Action alias = () => batch.SetLink(1, "lo", new LinkChange { Alias = new string('ä', 128) });
        alias.Should().Throw<ArgumentException>();
        Action group = () => batch.DeleteLinkGroup(0);
        group.Should().Throw<ArgumentOutOfRangeException>();
        // the kernel would say ENOTCONN
        Action up = () => batch.AddVeth(new VethEnd("a"), new VethEnd("b") { Up = true });
        up.Should().Throw<ArgumentException>();
    }

    [Fact]
    public void A_group_is_deleted_and_nothing_else() =>
        InNamespace.Run(() =>
        {
            using var socket = NetlinkSocket.Open(NetlinkProtocol.Route);
            var batch = new NetlinkBatch();
            for (int i = 0; i < 20; i++)
                batch.AddVeth(new VethEnd($"in{i}"), new VethEnd($"out{i}") { Group = 0x5752 });
            batch.AddVeth(new VethEnd("mine0"), new VethEnd("mine1") { Group = 8 });
            socket.Execute(batch);
            Names(socket).Should().HaveCount(43);
            batch.Clear();
            batch.DeleteLinkGroup(0x5752);
            socket.Execute(batch);
            Names(socket).Should().BeEquivalentTo("lo", "mine0", "mine1");
            Action none = () => socket.Execute(batch);
            none.Should().Throw<NetlinkException>().Which.Errno.Should().Be(Errno.NoDevice);
        });

    [Fact]
    public void A_link_that_is_not_there_is_none() =>
        InNamespace.Run(() =>
        {
            using var socket = NetlinkSocket.Open(NetlinkProtocol.Route);
            var batch = new NetlinkBatch();
            batch.GetLink("ghost");
            socket.Get(batch, Link.Parse, Errno.NoDevice).Should().BeEmpty();
        });

    [Fact]
    public void Addresses_are_what_ip_shows() =>
        InNamespace.Run(() =>
        {
            using var socket = NetlinkSocket.Open(NetlinkProtocol.Route);
            var batch = new NetlinkBatch();
            batch.AddVeth(new VethEnd("a") { Index = 10, Up = true }, new VethEnd("b") { Index = 11 });
            batch.SetLink(11, "b", new LinkChange { Up = true });
            batch.AddAddress(10, "a", IPAddress.Parse("10.213.0.1"), 30);
            batch.AddAddress(10, "a", IPAddress.Parse("fd00::1"), 64);
            batch.AddAddress(11, "b", IPAddress.Parse("10.213.0.2"), 30);
            socket.Execute(batch);
            Addresses(socket, AddressFamily.IPv4, 10).Should().Equal("10.213.0.1/30");
            Addresses(socket, AddressFamily.IPv4, 0).Should().Equal("10.213.0.1/30", "10.213.0.2/30");
            Addresses(socket, AddressFamily.IPv6, 10).Should().Contain("fd00::1/64");
            JsonElement shown = Show("addr", "show", "dev", "a");
            shown
                .GetProperty("addr_info")
                .EnumerateArray()
                .Select(each => $"{each.GetProperty("local").GetString()}/{each.GetProperty("prefixlen").GetInt32()} {each.TryGetProperty("tentative", out _)}")
                .Should()
                .Contain(["10.213.0.1/30 False", "fd00::1/64 False"]);

            Action again = () =>
            {
                var once = new NetlinkBatch();
                once.AddAddress(10, "a", IPAddress.Parse("10.213.0.1"), 30);
                socket.Execute(once);
            };
            again.Should().Throw<NetlinkException>().Which.Errno.Should().Be(Errno.Exists);
            batch.Clear();
            batch.DeleteAddress(10, "a", IPAddress.Parse("10.213.0.1"), 30);
            socket.Execute(batch);
            Addresses(socket, AddressFamily.IPv4, 10).Should().BeEmpty();
        });

    [Fact]
    public void Routes_are_what_ip_shows() =>
        InNamespace.Run(() =>
        {
            InNamespace.SetLoopbackUp();
            using var socket = NetlinkSocket.Open(NetlinkProtocol.Route);
            var batch = new NetlinkBatch();
            batch.AddVeth(new VethEnd("a") { Index = 10, Up = true }, new VethEnd("b") { Index = 11 });
            batch.SetLink(11, "b", new LinkChange { Up = true });
            batch.AddAddress(10, "a", IPAddress.Parse("10.213.0.2"), 30);
            batch.AddDefaultRoute(10, IPAddress.Parse("10.213.0.1"));
            socket.Execute(batch);
            InNamespace.Command("ip", "route", "add", "192.0.2.0/24", "via", "10.213.0.1", "metric", "50", "table", "1000");
            InNamespace.Command("ip", "route", "add", "blackhole", "198.51.100.0/24");
            InNamespace.Command("ip", "addr", "add", "10.9.0.1/24", "dev", "b");
            InNamespace.Command("ip", "route", "add", "203.0.113.0/24", "nexthop", "via", "10.213.0.1", "dev", "a", "nexthop", "via", "10.9.0.2", "dev", "b");

            InNamespace.Command("ip", "route", "show", "default").Trim().Should().Be("default via 10.213.0.1 dev a");
            batch.Clear();
            batch.DumpRoutes(AddressFamily.IPv4);
            List<Route> routes = socket.Dump(batch, Route.Parse);
            Route own = routes.Single(route => route.IsDefault);
            own.Gateway.Should().Be(IPAddress.Parse("10.213.0.1"));
            own.Links.Should().Equal(10);
            own.Table.Should().Be(Route.MainTable);
            Route far = routes.Single(route => route.Table == 1000);
            (far.Destination, far.PrefixLength, far.Priority).Should().Be((IPAddress.Parse("192.0.2.0"), 24, 50u));
            routes.Single(route => route.Type == RouteType.Blackhole).Links.Should().BeEmpty();
            routes.Single(route => route.Links.Count == 2).Links.Should().Equal(10, 11);
            // as many as ip counts, and every one where ip has it
            string[] shown = InNamespace.Command("ip", "-4", "route", "show", "table", "all").Split('\n', StringSplitOptions.RemoveEmptyEntries);
            routes.Should().HaveCount(shown.Count(line => !line.StartsWith('\t')));
        });

    private static NetworkNamespace Another()
    {
        // on a thread of its own, whose namespace lives on as long as it is open
        NetworkNamespace? opened = null;
        var thread = new Thread(() => InNamespace.Run(() => opened = NetworkNamespace.OpenCurrent()));
        thread.Start();
        thread.Join();
        return opened!;
    }

    private static Link Get(NetlinkSocket socket, string name)
    {
        var batch = new NetlinkBatch();
        batch.GetLink(name);
        return socket.Get(batch, Link.Parse).Single();
    }

    private static List<string> Names(NetlinkSocket socket)
    {
        var batch = new NetlinkBatch();
        batch.DumpLinks();
        return [.. socket.Dump(batch, Link.Parse).Select(link => link.Name)];
    }

    private static List<string> Addresses(NetlinkSocket socket, AddressFamily family, int index)
    {
        var batch = new NetlinkBatch();
        batch.DumpAddresses(family, index);
        return [.. socket.Dump(batch, InterfaceAddress.Parse).Select(each => $"{each.Address}/{each.PrefixLength}")];
    }

    private static JsonElement Show(params string[] arguments) =>
        JsonDocument.Parse(InNamespace.Command("ip", ["-j", "-d", .. arguments])).RootElement[0];

    private static string Sysctl(string link, string name) =>
        File.ReadAllText($"/proc/sys/net/ipv4/conf/{link}/{name}").Trim();
}
