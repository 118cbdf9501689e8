using System.Net;
using AwesomeAssertions;
using Warren.Model;
using Warren.Planning;
using Xunit;

namespace Warren.Tests.Planning;

public sealed class PortBooks
{
    private static readonly LinkMark s_web1 = new("web1", Typed.Cidr("10.213.0.2/30"), []);
    private static readonly LinkMark s_web2 = new("web2", Typed.Cidr("10.213.0.6/30"), []);

    private static readonly Observed s_host = new()
    {
        Namespaces = [],
        HostAddresses = [IPAddress.Parse("192.0.2.10"), IPAddress.Parse("192.0.2.11")],
    };

    [Theory]
    [InlineData("6000:80", "6000:80/tcp")]
    [InlineData("8000-8002:80-82/udp", "8000:80/udp 8001:81/udp 8002:82/udp")]
    [InlineData("8000-8002:80", "8000:80/tcp")]
    [InlineData("80", "49153:80/tcp")]
    [InlineData("192.0.2.10:6000:80", "192.0.2.10:6000:80/tcp")]
    [InlineData("127.0.0.1:6000:80", "127.0.0.1:6000:80/tcp")]
    [InlineData("127.7.7.7:6000:80", "127.7.7.7:6000:80/tcp")]
    public void What_is_free_is_given(string request, string forwards) => Choose(s_host, request).Should().Be(forwards);

    [Fact]
    public void An_address_must_be_the_hosts() =>
        Choose(s_host, "192.0.2.12:6000:80").Should().Be("web1: 192.0.2.12 is not an address of this host | ip addr shows those it has");

    [Theory]
    [InlineData("6000:80", "127.0.0.1:6000:80", "web2: port 127.0.0.1:6000/tcp is asked for twice, as 6000:80/tcp for web1 too")]
    [InlineData("127.0.0.1:6000:80", "6000:80", "web2: port 6000/tcp is asked for twice, as 127.0.0.1:6000:80/tcp for web1 too")]
    [InlineData("6000:80", "6000:80", "web2: port 6000/tcp is asked for twice, as 6000:80/tcp for web1 too")]
    [InlineData("6000-6001:80-81", "6001:80", "web2: port 6001/tcp is asked for twice, as 6001:81/tcp for web1 too")]
    public void Two_of_one_plan_get_in_each_others_way(string first, string second, string refusal)
    {
        var book = new PortBook(s_host);
        var refusals = new List<Refusal>();
        book.Choose(Typed.Ports(first), s_web1, refusals).Should().NotBeEmpty();
        book.Choose(Typed.Ports(second), s_web2, refusals).Should().BeEmpty();
        refusals.Should().Equal(new Refusal(refusal, "another host port"));
    }

    [Theory]
    [InlineData("6000:80", "6000:80/udp")]
    [InlineData("192.0.2.10:6000:80", "192.0.2.11:6000:80")]
    [InlineData("6000:80", "6001:80")]
    [InlineData("6000-6010:80", "6000-6010:80")]
    public void Two_of_one_plan_stand_side_by_side(string first, string second)
    {
        var book = new PortBook(s_host);
        var refusals = new List<Refusal>();
        book.Choose(Typed.Ports(first), s_web1, refusals).Should().NotBeEmpty();
        book.Choose(Typed.Ports(second), s_web2, refusals).Should().NotBeEmpty();
        refusals.Should().BeEmpty();
    }

    [Fact]
    public void What_is_published_for_another_is_taken()
    {
        Observed observed = s_host with
        {
            Namespaces = [new ObservedNamespace("web2", Presence.Standing) { LinkName = "wrn-web2", Link = new ObservedLink("wrn-web2", 9) { Mark = s_web2 } }],
            Forwards = Forwards(("6000:80", "10.213.0.6"), ("192.0.2.10:7000:80", "10.213.0.10")),
        };
        Choose(observed, "6000:80").Should().Be("web1: port 6000/tcp is published already, for web2 (6000/tcp -> 10.213.0.6:80) | another host port");
        Choose(observed, "127.0.0.1:6000:80")
            .Should()
            .Be("web1: port 127.0.0.1:6000/tcp is published already, for web2 (6000/tcp -> 10.213.0.6:80) | another host port");
        Choose(observed, "7000:80")
            .Should()
            .Be("web1: port 7000/tcp is published already, for another namespace (192.0.2.10:7000/tcp -> 10.213.0.10:80) | another host port");
        Choose(observed, "192.0.2.11:7000:80").Should().Be("192.0.2.11:7000:80/tcp");
        Choose(observed, "6000-6002:80").Should().Be("6001:80/tcp");
    }

    [Fact]
    public void What_is_published_for_itself_is_no_obstacle_unless_it_leads_elsewhere()
    {
        LinkMark mark = s_web1 with { Forwards = [Typed.Forward("6000:80")] };
        Observed observed = s_host with
        {
            Namespaces = [new ObservedNamespace("web1", Presence.Standing) { LinkName = "wrn-web1", Link = new ObservedLink("wrn-web1", 9) { Mark = mark } }],
            Forwards = Forwards(("6000:80", "10.213.0.2")),
            Listeners = [new Listener(Typed.Forward("6000:80").Host, "nginx (pid 812)")],
        };
        Choose(observed, "6000:80", mark).Should().Be("6000:80/tcp");
        Choose(observed, "6000:81", mark)
            .Should()
            .Be(
                "web1: port 6000/tcp is published already, for web1 (6000/tcp -> 10.213.0.2:80)"
                    + " | warren unpublish web1 6000:80/tcp first, or another host port"
            );
    }

    [Fact]
    public void Any_free_port_is_the_one_that_stands()
    {
        LinkMark mark = s_web1 with { Forwards = [Typed.Forward("6001:80")] };
        Observed observed = s_host with { Forwards = Forwards(("6001:80", "10.213.0.2")) };
        Choose(observed, "6000-6009:80", mark).Should().Be("6001:80/tcp");
        Choose(observed, "6000-6009:81", mark).Should().Be("6000:81/tcp");
    }

    [Theory]
    [InlineData("6000:80", true)]
    [InlineData("192.0.2.10:6000:80", true)]
    [InlineData("6000:80/udp", false)]
    [InlineData("6001:80", false)]
    public void A_listening_process_is_in_the_way(string request, bool refused)
    {
        Observed observed = s_host with { Listeners = [new Listener(Typed.Forward("6000:1").Host, "ngi\x1b[31mnx (pid 812)")] };
        string expected = @"web1: ngi\x1b[31mnx (pid 812) listens on the host's port 6000/tcp | another host port, or stop that program";
        (Choose(observed, request) == expected).Should().Be(refused);
    }

    [Fact]
    public void A_process_on_another_address_is_not() =>
        Choose(s_host with { Listeners = [new Listener(Typed.Forward("192.0.2.11:6000:1").Host, "nginx (pid 812)")] }, "192.0.2.10:6000:80")
            .Should()
            .Be("192.0.2.10:6000:80/tcp");

    [Fact]
    public void A_rule_of_another_firewall_is_in_the_way() =>
        Choose(s_host with { ForeignForwards = [new ForeignForward(Typed.Forward("6000:1").Host, "table ip nat, chain DOCKER: tcp dport 6000")] }, "6000:80")
            .Should()
            .Be("web1: port 6000/tcp is taken by another firewall's rule: table ip nat, chain DOCKER: tcp dport 6000 | another host port");

    [Fact]
    public void None_of_several_is_free() =>
        Choose(s_host with { Listeners = [new Listener(Typed.Forward("6000:1").Host, "a (pid 1)"), new Listener(Typed.Forward("6001:1").Host, "b (pid 2)")] }, "6000-6001:80")
            .Should()
            .Be("web1: no port from 6000 to 6001/tcp is free | other host ports");

    // a thousand lines help nobody
    [Fact]
    public void A_range_of_taken_ports_is_not_listed_to_its_end()
    {
        Observed observed = s_host with { Listeners = [.. Enumerable.Range(6000, 1000).Select(port => new Listener(new HostPort(null, port, Protocol.Tcp), "x (pid 1)"))] };
        var refusals = new List<Refusal>();
        new PortBook(observed).Choose(Typed.Ports("6000-6999:6000-6999"), s_web1, refusals).Should().BeEmpty();
        refusals.Should().HaveCount(21);
    }

    // what a program listens on itself: nobody else may have it, and it may have nothing of others
    [Theory]
    [InlineData("6000:80", "web1: port 6000/tcp is asked for twice, to listen on it for web2 too | another host port")]
    [InlineData("127.0.0.1:6000:80", "web1: port 127.0.0.1:6000/tcp is asked for twice, to listen on it for web2 too | another host port")]
    [InlineData("6000:80/udp", "6000:80/udp")]
    [InlineData("6001:80", "6001:80/tcp")]
    [InlineData("6000-6001:80", "6001:80/tcp")]
    public void A_port_that_is_listened_on_is_taken(string request, string expected)
    {
        var refusals = new List<Refusal>();
        var ports = new PortBook(s_host);
        ports.Listen(new HostPort(null, 6000, Protocol.Tcp), "web2", refusals);
        IReadOnlyList<Forward> forwards = ports.Choose(Typed.Ports(request), s_web1, refusals);
        (refusals.Count == 0 ? string.Join(' ', forwards) : Told(refusals)).Should().Be(expected);
    }

    [Theory]
    [InlineData("6000", "web1: nginx (pid 812) listens on the host's port 6000/tcp | another host port, or stop that program")]
    [InlineData("127.0.0.1:6000", "web1: nginx (pid 812) listens on the host's port 6000/tcp | another host port, or stop that program")]
    [InlineData("6001", "web1: port 6001/tcp is published already, for web2 (6001/tcp -> 10.213.0.6:80) | another host port")]
    [InlineData("6002", "web1: port 6002/tcp is taken by another firewall's rule: table ip nat, chain DOCKER: tcp dport 6002 | another host port")]
    [InlineData("6003", "")]
    [InlineData("6004", "")]
    [InlineData("127.0.0.1:6004", "web1: port 127.0.0.1:6004/tcp is asked for twice, to listen on 6004/tcp for web2/db too | the same address for both, or another host port")]
    [InlineData("198.51.100.9:6003", "web1: 198.51.100.9 is not an address of this host | ip addr shows those it has")]
    public void What_is_taken_cannot_be_listened_on(string port, string expected)
    {
        Observed observed = s_host with
        {
            Namespaces = [new ObservedNamespace("web2", Presence.Standing) { LinkName = "wrn-web2", Link = new ObservedLink("wrn-web2", 9) { Mark = s_web2 } }],
            Forwards = Forwards(("6001:80", "10.213.0.6"), ("6003:80", "10.213.0.6")),
            Listeners = [new Listener(Typed.Forward("6000:1").Host, "nginx (pid 812)")],
            ForeignForwards = [new ForeignForward(Typed.Forward("6002:1").Host, "table ip nat, chain DOCKER: tcp dport 6002")],
        };
        var ports = new PortBook(observed);
        ports.Release(Typed.Forward("6003:80").Host);
        ports.KeepListening(new HostPort(null, 6004, Protocol.Tcp), "web2/db");
        var refusals = new List<Refusal>();
        ports.Listen(Typed.Forward(port + ":1").Host, "web1", refusals);
        Told(refusals).Should().Be(expected);
    }

    private static string Told(List<Refusal> refusals) => string.Join('\n', refusals.Select(refusal => $"{refusal.What} | {refusal.Remedy}"));

    private static Dictionary<HostPort, Target> Forwards(params (string Forward, string Address)[] all) =>
        all.ToDictionary(
            each => Typed.Forward(each.Forward).Host,
            each => new Target(IPAddress.Parse(each.Address), Typed.Forward(each.Forward).Port)
        );

    // the forwards, or the refusals with what to type
    private static string Choose(Observed observed, string request, LinkMark? mark = null)
    {
        var refusals = new List<Refusal>();
        IReadOnlyList<Forward> forwards = new PortBook(observed).Choose(Typed.Ports(request), mark ?? s_web1, refusals);
        return refusals.Count == 0
            ? string.Join(' ', forwards)
            : string.Join('\n', refusals.Select(refusal => $"{refusal.What} | {refusal.Remedy}"));
    }
}
