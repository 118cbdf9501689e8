using System.Net;
using System.Net.Sockets;

namespace Warren.Netlink.Conntrack;

/// <summary>Which flows are meant: those that agree with everything that is set.</summary>
public sealed record FlowFilter
{
    /// <summary>The protocol.</summary>
    public TransportProtocol? Protocol { get; init; }

    /// <summary>The port that the first packet was sent to, before translation. The kernel filters by it only together with
    /// <see cref="TransportProtocol.Tcp"/> or <see cref="TransportProtocol.Udp"/>; otherwise it costs a longer list.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such port.</exception>
    public int? OriginalDestinationPort
    {
        get;
        init =>
            field =
                value is null or (>= 0 and <= ushort.MaxValue)
                    ? value
                    : throw new ArgumentOutOfRangeException(nameof(value), value, "A port is 0 to 65,535.");
    }

    /// <summary>The address that the first packet was sent to, before translation.</summary>
    public IPAddress? OriginalDestination { get; init; }

    /// <summary>The address that the first packet came from, before translation.</summary>
    public IPAddress? OriginalSource { get; init; }

    /// <summary>The address that answers, which is where the first packet went after translation.</summary>
    public IPAddress? ReplySource { get; init; }

    /// <summary>IPv4 (<see cref="AddressFamily.InterNetwork"/>), IPv6 (<see cref="AddressFamily.InterNetworkV6"/>), or both
    /// when not set or <see cref="AddressFamily.Unspecified"/>.</summary>
    public AddressFamily? Family { get; init; }

    /// <summary>Whether nothing is set but perhaps the family, so that every flow is meant.</summary>
    public bool IsEmpty => Protocol is null && OriginalDestinationPort is null && !NamesAddress;

    private bool NamesAddress => OriginalDestination is not null || OriginalSource is not null || ReplySource is not null;

    /// <summary>Whether a flow agrees with everything that is set.</summary>
    public bool Matches(Flow flow)
    {
        ArgumentNullException.ThrowIfNull(flow);
        return (Family is null or AddressFamily.Unspecified || Family == flow.Family)
            && (Protocol is null || Protocol == flow.Protocol)
            && (OriginalDestinationPort is null || OriginalDestinationPort == flow.Original.DestinationPort)
            && (OriginalDestination is null || OriginalDestination.Equals(flow.Original.Destination))
            && (OriginalSource is null || OriginalSource.Equals(flow.Original.Source))
            && (ReplySource is null || ReplySource.Equals(flow.Reply.Source));
    }

    /// <summary>The families to ask the kernel for. It filters by tuple within one family only, so a filter that names no
    /// family but has something to filter by asks for each.</summary>
    internal List<AddressFamily> Families()
    {
        List<AddressFamily> families =
            Family is { } one and not AddressFamily.Unspecified ? [one]
            : Protocol is null && !NamesAddress ? [AddressFamily.Unspecified]
            : [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6];
        families.RemoveAll(family =>
            Differs(OriginalDestination, family) || Differs(OriginalSource, family) || Differs(ReplySource, family)
        );
        return families;
    }

    private static bool Differs(IPAddress? address, AddressFamily family) =>
        address is not null && address.AddressFamily != family;
}
