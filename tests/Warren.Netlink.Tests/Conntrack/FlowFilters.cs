using System.Net;
using System.Net.Sockets;
using Warren.Netlink.Conntrack;

namespace Warren.Netlink.Tests.Conntrack;

/// <summary>What an older kernel leaves to user space.</summary>
public class FlowFilters
{
    private static readonly Flow Forwarded = new(
        TransportProtocol.Udp,
        new FlowTuple(IPAddress.Parse("198.51.100.7"), IPAddress.Parse("192.0.2.1"), 40000, 5353),
        new FlowTuple(IPAddress.Parse("10.0.0.2"), IPAddress.Parse("198.51.100.7"), 53, 40000),
        Id: 1,
        FlowStatus.DestinationNat
    );

    public static TheoryData<FlowFilter, bool> Filters =>
        new()
        {
            { new FlowFilter(), true },
            { new FlowFilter { Protocol = TransportProtocol.Udp }, true },
            { new FlowFilter { Protocol = TransportProtocol.Tcp }, false },
            { new FlowFilter { OriginalDestinationPort = 5353 }, true },
            { new FlowFilter { OriginalDestinationPort = 53 }, false },
            { new FlowFilter { OriginalDestination = IPAddress.Parse("192.0.2.1") }, true },
            { new FlowFilter { OriginalDestination = IPAddress.Parse("10.0.0.2") }, false },
            { new FlowFilter { OriginalSource = IPAddress.Parse("198.51.100.7") }, true },
            { new FlowFilter { OriginalSource = IPAddress.Parse("192.0.2.1") }, false },
            { new FlowFilter { ReplySource = IPAddress.Parse("10.0.0.2") }, true },
            { new FlowFilter { ReplySource = IPAddress.Parse("192.0.2.1") }, false },
            { new FlowFilter { Family = AddressFamily.Unspecified }, true },
            { new FlowFilter { Family = AddressFamily.InterNetwork }, true },
            { new FlowFilter { Family = AddressFamily.InterNetworkV6 }, false },
            { new FlowFilter { Protocol = TransportProtocol.Udp, OriginalDestinationPort = 5353 }, true },
            { new FlowFilter { Protocol = TransportProtocol.Udp, OriginalDestinationPort = 5354 }, false },
        };

    [Theory]
    [MemberData(nameof(Filters), DisableDiscoveryEnumeration = true)]
    public void A_filter_means_what_it_names(FlowFilter filter, bool expected) =>
        filter.Matches(Forwarded).Should().Be(expected);

    [Fact]
    public void The_kernel_is_asked_for_one_family_at_a_time_when_it_is_to_filter()
    {
        IPAddress v4 = IPAddress.Loopback;
        IPAddress v6 = IPAddress.IPv6Loopback;
        new FlowFilter().Families().Should().Equal(AddressFamily.Unspecified);
        new FlowFilter { OriginalDestinationPort = 1 }.Families().Should().Equal(AddressFamily.Unspecified);
        new FlowFilter { Protocol = TransportProtocol.Tcp }
            .Families()
            .Should()
            .Equal(AddressFamily.InterNetwork, AddressFamily.InterNetworkV6);
        new FlowFilter { ReplySource = v6 }.Families().Should().Equal(AddressFamily.InterNetworkV6);
        new FlowFilter { ReplySource = v6, OriginalSource = v4 }.Families().Should().BeEmpty();
        new FlowFilter { Family = AddressFamily.InterNetwork, OriginalSource = v6 }.Families().Should().BeEmpty();
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(65536)]
    public void A_port_that_cannot_be_is_refused(int port)
    {
        Action make = () => _ = new FlowFilter { OriginalDestinationPort = port };
        make.Should().Throw<ArgumentOutOfRangeException>();
    }
}
