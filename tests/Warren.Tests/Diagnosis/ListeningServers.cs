using System.Net;
using AwesomeAssertions;
using Warren.Diagnosis;
using Warren.Model;
using Xunit;

namespace Warren.Tests.Diagnosis;

public sealed class ListeningServers
{
    [Theory]
    [InlineData("0.0.0.0", 8080, "")]
    [InlineData("10.213.0.2", 8080, "")]
    [InlineData("::", 8080, "")]
    [InlineData("127.0.0.1", 8080, "server-on-loopback")]
    [InlineData("::1", 8080, "server-on-loopback")]
    [InlineData("10.9.9.9", 8080, "server-on-other-address")]
    [InlineData("0.0.0.0", 5000, "server-on-other-port")]
    [InlineData("127.0.0.1", 5000, "server-on-other-port")]
    public void Where_it_listens_decides(string address, int port, string id) =>
        string.Join(' ', Conditions.Of("6000:8080").With(Conditions.Server(address, port)).Ids()).Should().Be(id);

    [Fact]
    public void One_that_takes_IPv6_alone_is_elsewhere() =>
        Conditions.Of("6000:8080").With(Conditions.Server("::", 8080) with { V6Only = true }).Ids().Should().Equal("server-on-other-address");

    [Fact]
    public void Of_two_servers_one_that_others_reach_is_enough() =>
        Conditions.Of("6000:8080").With(Conditions.Server("127.0.0.1", 8080), Conditions.Server("10.213.0.2", 8080)).Ids().Should().BeEmpty();

    [Fact]
    public void Ports_on_which_nobody_listens_are_one_finding_for_each_protocol()
    {
        IReadOnlyList<Finding> told = Examination.Of(Conditions.Of("8000-8009:9000-9009 53:53/udp"));
        told.Select(finding => finding.What).Should().Equal("nothing listens on port 9000-9009 inside", "nothing listens on port 53/udp inside");
        told.Select(finding => finding.Consequence).Should().Equal("ports 8000-8009 of this host answer \"connection refused\"", "what is sent to UDP port 53 of this host is lost");
        told[0].Ports.Should().HaveCount(10);
    }

    [Theory]
    [InlineData("/usr/bin/python3 /usr/bin/flask run --port 8080", "flask run --host 0.0.0.0 --port 8080")]
    [InlineData("flask run -h 127.0.0.1 --port 8080", "flask run -h 0.0.0.0 --port 8080")]
    [InlineData("flask --app x run", "flask --app x run --host 0.0.0.0")]
    [InlineData("python3 -m http.server 8080 --bind 127.0.0.1", "python3 -m http.server 8080 --bind 0.0.0.0")]
    [InlineData("gunicorn --bind=127.0.0.1:8080 app", "gunicorn --bind=0.0.0.0:8080 app")]
    [InlineData("node server.js", "0.0.0.0 in place of 127.0.0.1")]
    [InlineData("x --peer 127.0.0.1:9999", "0.0.0.0 in place of 127.0.0.1")]
    public void The_command_that_mends_it_is_the_servers_own(string command, string mended)
    {
        Finding told = Conditions.Of("6000:8080").With(Conditions.Server("127.0.0.1", 8080, command)).Finding();
        told.Remedy.Should().Be("start it with an address that others reach: " + mended);
    }

    [Theory]
    [InlineData("web1", null, "server-on-loopback resolver-stub")]
    [InlineData("web1", 6000, "server-on-loopback")]
    [InlineData("web1", 6001, "")]
    [InlineData("web2", null, "")]
    public void What_was_asked_about_is_answered(string name, int? port, string ids)
    {
        Condition host = Conditions.Of("6000:8080 6001:8081").With(Conditions.Server("127.0.0.1", 8080), Conditions.Server("0.0.0.0", 8081)) with
        {
            NameServers = [IPAddress.Loopback],
            Projects = [new ProjectFacts("shop", ["gone"])],
        };
        host = host with { Aim = new Aim(name, port is { } number ? new HostPort(null, number, Protocol.Tcp) : null) };
        string.Join(' ', host.Ids()).Should().Be(ids);
    }
}
