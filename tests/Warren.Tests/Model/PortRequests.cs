using System.Net;
using AwesomeAssertions;
using CsCheck;
using Warren.Model;
using Xunit;

namespace Warren.Tests.Model;

public sealed class PortRequests
{
    internal static readonly Gen<PortRequest> Any = Gen.Select(
        Gen.OneOf(Gen.Const((IPAddress?)null), Gen.UInt[1, uint.MaxValue].Select(number => (IPAddress?)Cidrs.V4(number))),
        Gen.Int[1, 65535],
        Gen.Int[1, 65535],
        Gen.OneOf(Gen.Const(0), Gen.Int[0, 300]),
        Gen.Bool,
        Gen.Bool.Select(udp => udp ? Protocol.Udp : Protocol.Tcp),
        (address, host, port, more, single, protocol) =>
        {
            more = Math.Min(more, 65535 - Math.Max(host, port));
            return new PortRequest(address, host, host + more, port, single ? port : port + more, protocol);
        }
    );

    [Theory]
    [InlineData("6000:8080", null, 6000, 6000, 8080, 8080, "tcp")]
    [InlineData("6000:8080/tcp", null, 6000, 6000, 8080, 8080, "tcp")]
    [InlineData("53:5353/udp", null, 53, 53, 5353, 5353, "udp")]
    [InlineData("127.0.0.1:6000:8080", "127.0.0.1", 6000, 6000, 8080, 8080, "tcp")]
    [InlineData("192.0.2.1:53:53/udp", "192.0.2.1", 53, 53, 53, 53, "udp")]
    [InlineData("0.0.0.0:6000:8080", null, 6000, 6000, 8080, 8080, "tcp")]
    [InlineData("8000-8009:8000-8009", null, 8000, 8009, 8000, 8009, "tcp")]
    [InlineData("8000-8009:9000-9009/udp", null, 8000, 8009, 9000, 9009, "udp")]
    [InlineData("10.0.0.1:8000-8009:9000-9009", "10.0.0.1", 8000, 8009, 9000, 9009, "tcp")]
    [InlineData("8000-8009:80", null, 8000, 8009, 80, 80, "tcp")]
    [InlineData("8000-8000:80", null, 8000, 8000, 80, 80, "tcp")]
    [InlineData("80", null, 49153, 65535, 80, 80, "tcp")]
    [InlineData("80/udp", null, 49153, 65535, 80, 80, "udp")]
    [InlineData(":80", null, 49153, 65535, 80, 80, "tcp")]
    [InlineData("127.0.0.1::80", "127.0.0.1", 49153, 65535, 80, 80, "tcp")]
    [InlineData("1:65535", null, 1, 1, 65535, 65535, "tcp")]
    [InlineData("1-65535:1-65535", null, 1, 65535, 1, 65535, "tcp")]
    public void Are_read(string text, string? address, int hostFirst, int hostLast, int first, int last, string protocol)
    {
        PortRequest.TryParse(text, out PortRequest? request, out string? fault).Should().BeTrue(fault);
        request
            .Should()
            .Be(
                new PortRequest(
                    address is null ? null : IPAddress.Parse(address),
                    hostFirst,
                    hostLast,
                    first,
                    last,
                    protocol == "udp" ? Protocol.Udp : Protocol.Tcp
                )
            );
        fault.Should().BeNull();
    }

    [Theory]
    [InlineData("", "'' is not a port inside the namespace; ports are 1 to 65535")]
    [InlineData("x", "'x' is not a port inside the namespace; ports are 1 to 65535")]
    [InlineData("0", "'0' is not a port inside the namespace; ports are 1 to 65535")]
    [InlineData("65536", "'65536' is not a port inside the namespace; ports are 1 to 65535")]
    [InlineData("-1", "'-1' is not a port inside the namespace; ports are 1 to 65535")]
    [InlineData("080", "'080' is not a port inside the namespace; ports are 1 to 65535")]
    [InlineData(" 80", "' 80' is not a port inside the namespace; ports are 1 to 65535")]
    [InlineData("+80", "'+80' is not a port inside the namespace; ports are 1 to 65535")]
    [InlineData("٨٠", "'٨٠' is not a port inside the namespace; ports are 1 to 65535")]
    [InlineData("99999999999999999999", "'99999999999999999999' is not a port inside the namespace; ports are 1 to 65535")]
    [InlineData("6000:", "'' is not a port inside the namespace; ports are 1 to 65535")]
    [InlineData("0:80", "'0' is not a host port; ports are 1 to 65535")]
    [InlineData("http:80", "'http' is not a host port; ports are 1 to 65535")]
    [InlineData("70000:80", "'70000' is not a host port; ports are 1 to 65535")]
    [InlineData("1-2-3:80", "'1-2-3' is not a host port; ports are 1 to 65535")]
    [InlineData("8000-:80", "'8000-' is not a host port; ports are 1 to 65535")]
    [InlineData("6000:80\x1b[31m", @"'80\x1b[31m' is not a port inside the namespace; ports are 1 to 65535")]
    [InlineData("8009-8000:80", "the range 8009-8000 ends before it begins")]
    [InlineData("8000-8009:90-80", "the range 90-80 ends before it begins")]
    [InlineData("8000-8009", "a range needs its host ports, as in 8000-8009:8000-8009")]
    [InlineData("127.0.0.1::8000-8009", "a range needs its host ports, as in 8000-8009:8000-8009")]
    [InlineData("8000-8001:80-89", "2 host ports for 10 ports inside; give as many of one as of the other")]
    [InlineData("8000:80-89", "1 host ports for 10 ports inside; give as many of one as of the other")]
    [InlineData("1:2:3:4", "it has more than three parts; type [HOSTIP:]HOSTPORT:PORT, as in 127.0.0.1:6000:8080")]
    [InlineData("::1:6000:8080", "it has more than three parts; type [HOSTIP:]HOSTPORT:PORT, as in 127.0.0.1:6000:8080")]
    [InlineData("eth0:6000:8080", "'eth0' is not an IPv4 address")]
    [InlineData("10.1:6000:8080", "'10.1' is not an IPv4 address")]
    [InlineData(":6000:8080", "'' is not an IPv4 address")]
    [InlineData("[::1]:6000:8080", "publishing on an IPv6 address is not supported yet; leave the address out, or give an IPv4 address")]
    [InlineData("[::]:6000:8080", "publishing on an IPv6 address is not supported yet; leave the address out, or give an IPv4 address")]
    [InlineData("[::1", "an IPv6 address is written [ADDRESS]:HOSTPORT:PORT")]
    [InlineData("[::1]6000", "an IPv6 address is written [ADDRESS]:HOSTPORT:PORT")]
    [InlineData("6000:8080/sctp", "'sctp' is not a protocol; type /tcp or /udp")]
    [InlineData("6000:8080/", "'' is not a protocol; type /tcp or /udp")]
    [InlineData("6000:8080/TCP", "'TCP' is not a protocol; type /tcp or /udp")]
    [InlineData("6000/udp:8080", "'udp:8080' is not a protocol; type /tcp or /udp")]
    public void Or_refused(string text, string message)
    {
        PortRequest.TryParse(text, out PortRequest? request, out string? fault).Should().BeFalse();
        fault.Should().Be(message);
        request.Should().BeNull();
    }

    [Fact]
    public void Are_written_as_they_are_read() =>
        Any.Sample(request => PortRequest.TryParse(request.ToString(), out PortRequest? read, out _) && read == request);

    [Fact]
    public void No_text_makes_the_reader_fail_and_every_refusal_says_why() =>
        Gen.OneOf(Gen.String, Gen.String[Gen.Char["0123456789.:-/[]tcpud "], 0, 30])
            .Sample(text =>
                PortRequest.TryParse(text, out PortRequest? request, out string? fault)
                    ? request is not null && fault is null && request.Forwards.All(forward => forward.Port is >= 1 and <= 65535)
                    : request is null && fault.Length > 0 && Terminal.Safe(fault) == fault
            );

    [Fact]
    public void A_forward_is_a_request_for_itself() =>
        Any.Where(request => !request.TakesAny)
            .Sample(request =>
                request.Forwards.All(forward =>
                    PortRequest.TryParse(forward.ToString(), out PortRequest? read, out _) && read.Forwards.Single() == forward
                )
            );

    [Fact]
    public void A_range_is_one_to_one_and_any_free_one_of_several_is_all_to_one()
    {
        PortRequest range = Typed.Ports("8000-8002:9000-9002");
        range.TakesAny.Should().BeFalse();
        range.Forwards.Select(forward => forward.ToString()).Should().Equal("8000:9000/tcp", "8001:9001/tcp", "8002:9002/tcp");
        PortRequest any = Typed.Ports("8000-8002:80");
        any.TakesAny.Should().BeTrue();
        any.Forwards.Select(forward => forward.ToString()).Should().Equal("8000:80/tcp", "8001:80/tcp", "8002:80/tcp");
    }

    [Theory]
    [InlineData("6000:1", "6000:2", true)]
    [InlineData("6000:1", "6000:1/udp", false)]
    [InlineData("6000:1", "6001:1", false)]
    [InlineData("6000:1", "127.0.0.1:6000:1", true)]
    [InlineData("127.0.0.1:6000:1", "192.0.2.1:6000:1", false)]
    [InlineData("127.0.0.1:6000:1", "127.0.0.1:6000:9", true)]
    public void Host_ports_overlap_when_a_packet_could_be_for_both(string a, string b, bool overlap)
    {
        HostPort first = Typed.Forward(a).Host;
        HostPort second = Typed.Forward(b).Host;
        first.Overlaps(second).Should().Be(overlap);
        second.Overlaps(first).Should().Be(overlap);
    }
}
