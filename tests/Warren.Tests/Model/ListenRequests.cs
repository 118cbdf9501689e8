using System.Net;
using AwesomeAssertions;
using CsCheck;
using Warren.Model;
using Xunit;

namespace Warren.Tests.Model;

public sealed class ListenRequests
{
    [Theory]
    [InlineData("6000:fd", null, 6000, 6000, "tcp")]
    [InlineData("6000:fd/tcp", null, 6000, 6000, "tcp")]
    [InlineData("53:fd/udp", null, 53, 53, "udp")]
    [InlineData("127.0.0.1:6000:fd", "127.0.0.1", 6000, 6000, "tcp")]
    [InlineData("0.0.0.0:6000:fd", null, 6000, 6000, "tcp")]
    [InlineData("8000-8009:fd", null, 8000, 8009, "tcp")]
    [InlineData("10.0.0.1:8000-8009:fd/udp", "10.0.0.1", 8000, 8009, "udp")]
    public void Are_read(string text, string? address, int first, int last, string protocol)
    {
        ListenRequest.IsMeant(text).Should().BeTrue();
        ListenRequest.TryParse(text, out ListenRequest? request, out string? fault).Should().BeTrue(fault);
        request.Should().Be(new ListenRequest(address is null ? null : IPAddress.Parse(address), first, last, protocol == "udp" ? Protocol.Udp : Protocol.Tcp));
    }

    [Theory]
    [InlineData("fd", "a listening socket needs its port on the host, as in 6000:fd")]
    [InlineData(":fd", "a listening socket needs its port on the host, as in 6000:fd")]
    [InlineData("127.0.0.1::fd", "a listening socket needs its port on the host, as in 6000:fd")]
    [InlineData("fd/udp", "a listening socket needs its port on the host, as in 6000:fd")]
    [InlineData("0:fd", "'0' is not a host port; ports are 1 to 65535")]
    [InlineData("65536:fd", "'65536' is not a host port; ports are 1 to 65535")]
    [InlineData("x:fd", "'x' is not a host port; ports are 1 to 65535")]
    [InlineData("8009-8000:fd", "the range 8009-8000 ends before it begins")]
    [InlineData("6000:fd/sctp", "'sctp' is not a protocol; type /tcp or /udp")]
    [InlineData("1.2.3:6000:fd", "'1.2.3' is not an IPv4 address")]
    [InlineData("fd:6000:fd", "'fd' is not an IPv4 address")]
    public void Mistakes_are_told(string text, string expected)
    {
        ListenRequest.IsMeant(text).Should().BeTrue("it is no other port");
        ListenRequest.TryParse(text, out ListenRequest? request, out string? fault).Should().BeFalse();
        request.Should().BeNull();
        fault.Should().Be(expected);
    }

    [Theory]
    [InlineData("6000")]
    [InlineData("6000:8080")]
    [InlineData("fd:6000")]
    [InlineData("6000:fd0")]
    [InlineData("6000:FD")]
    [InlineData("")]
    public void Others_are_none(string text)
    {
        ListenRequest.IsMeant(text).Should().BeFalse();
        ListenRequest.TryParse(text, out _, out string? fault).Should().BeFalse();
        fault.Should().Be("it does not end with :fd, as 6000:fd does");
    }

    [Fact]
    public void Are_no_ports_to_publish()
    {
        PortRequest.TryParse("6000:fd", out _, out string? fault).Should().BeFalse();
        fault.Should().Be("'fd' hands a listening socket to a program, and here none is started");
    }

    [Fact]
    public void Are_written_as_they_are_read() =>
        PortRequests.Any.Sample(like =>
        {
            var request = new ListenRequest(like.HostAddress, like.HostFirst, like.HostLast, like.Protocol);
            ListenRequest.TryParse(request.ToString(), out ListenRequest? again, out string? fault).Should().BeTrue(fault);
            again.Should().Be(request);
            ListenRequest.Of([.. request.Hosts]).Should().Equal(request);
        });

    [Fact]
    public void Ports_in_a_row_are_told_as_one_range()
    {
        HostPort[] ports = [Port(80), Port(81), Port(82), Port(84), Port(85, Protocol.Udp), Port(86, Protocol.Udp), new(IPAddress.Loopback, 87, Protocol.Udp), Port(83)];
        ListenRequest.Of(ports).Select(request => request.ToString()).Should().Equal("80-82:fd", "84:fd", "85-86:fd/udp", "127.0.0.1:87:fd/udp", "83:fd");
        ListenRequest.Of(ports).SelectMany(request => request.Hosts).Should().Equal(ports);
        ListenRequest.Of([]).Should().BeEmpty();
    }

    private static HostPort Port(int port, Protocol protocol = Protocol.Tcp) => new(null, port, protocol);
}
