using Warren.Netlink.Namespaces;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Rtnetlink;

/// <summary>One end of a veth pair that is to be made.</summary>
/// <param name="Name">15 bytes at most.</param>
public readonly record struct VethEnd(string Name)
{
    /// <summary>The index that it shall have, or 0 for the next free one.</summary>
    public int Index { get; init; }

    /// <summary>Switch it on at once.</summary>
    public bool Up { get; init; }

    /// <summary>The MAC address; the kernel chooses one by chance if it is null.</summary>
    public MacAddress? Address { get; init; }

    /// <summary>The largest packet in bytes; 0 for the kernel's default of 1,500.</summary>
    public uint Mtu { get; init; }

    /// <summary>The group number.</summary>
    public uint Group { get; init; }

    /// <summary>Where it shall be; null for the socket's own namespace.</summary>
    public NetworkNamespace? Namespace { get; init; }
}

/// <summary>What to change on a link; a null changes nothing.</summary>
public readonly record struct LinkChange
{
    /// <summary>On or off.</summary>
    public bool? Up { get; init; }

    /// <summary>The alias; empty removes it. 255 bytes at most.</summary>
    public string? Alias { get; init; }

    /// <summary>The largest packet in bytes.</summary>
    public uint? Mtu { get; init; }

    /// <summary>The group number.</summary>
    public uint? Group { get; init; }

    /// <summary>net.ipv4.conf.IFACE.forwarding. Unlike the sysctl file, this leaves LRO as it is: for virtual links.</summary>
    public bool? Forwarding { get; init; }

    /// <summary>net.ipv4.conf.IFACE.route_localnet.</summary>
    public bool? RouteLocalnet { get; init; }
}

/// <summary>Requests about links. See rtnetlink(7) and linux/if_link.h.</summary>
public static class LinkRequests
{
    /// <summary>What an error about <see cref="AddVeth"/> calls it.</summary>
    public const string CreateOperation = "create link";

    private const int LongestName = 15;
    private const int LongestAlias = 255;

    // Neither counters nor virtual functions are listed: they are most of the bytes.
    private const uint SkipStatistics = 1 << 3;

    /// <summary>Makes a veth pair, each end in its namespace from the start: nothing is moved, so the kernel waits for nothing.</summary>
    /// <remarks>
    /// <code>
    /// nlmsghdr | ifinfomsg | IFNAME ADDRESS MTU GROUP NET_NS_FD | LINKINFO { INFO_KIND "veth", INFO_DATA {
    ///     VETH_INFO_PEER { ifinfomsg, IFNAME ADDRESS MTU GROUP NET_NS_FD } } }
    /// </code>
    /// </remarks>
    /// <param name="batch">Where the request goes.</param>
    /// <param name="end">The end in the socket's namespace, unless it names another.</param>
    /// <param name="peer">The other end; it cannot be switched on at once, as the kernel makes it before it has an other end.</param>
    /// <exception cref="ArgumentException">A name is too long, or the peer is to be up.</exception>
    public static void AddVeth(this NetlinkBatch batch, in VethEnd end, in VethEnd peer)
    {
        if (peer.Up)
            throw new ArgumentException("The peer cannot be up from the start (ENOTCONN): switch it on afterwards.", nameof(peer));
        const MessageFlags Flags = MessageFlags.Create | MessageFlags.Exclusive | MessageFlags.Ack;
        using MessageWriter message = batch.Begin(RtnetlinkMessage.NewLink, Flags, CreateOperation, peer.Name);
        PutEnd(message, end);
        using (message.Open(Ifla.LinkInfo))
        {
            message.Put(Ifla.Kind, "veth");
            using (message.Open(Ifla.KindSettings))
            using (message.Open(Ifla.VethPeer))
                PutEnd(message, peer);
        }
    }

    /// <summary>Changes a link.</summary>
    public static void SetLink(this NetlinkBatch batch, int index, string name, in LinkChange change)
    {
        using MessageWriter message = batch.Begin(RtnetlinkMessage.NewLink, MessageFlags.Ack, "set link", name);
        message.Header(
            new LinkHeader
            {
                Index = index,
                Flags = change.Up == true ? LinkFlags.Up : LinkFlags.None,
                Change = change.Up is null ? LinkFlags.None : LinkFlags.Up,
            }
        );
        if (change.Alias is not null)
            message.Put(Ifla.Alias, Fitting(change.Alias, LongestAlias));
        if (change.Mtu is { } mtu)
            message.Put(Ifla.Mtu, mtu);
        if (change.Group is { } group)
            message.Put(Ifla.Group, group);
        if (change.Forwarding is null && change.RouteLocalnet is null)
            return;
        using (message.Open(Ifla.FamilySettings))
        using (message.Open(Ifla.IPv4Settings))
        using (message.Open(Ifla.IPv4Sysctls))
        {
            if (change.Forwarding is { } forwarding)
                message.Put(IPv4Sysctl.Forwarding, forwarding ? 1u : 0u);
            if (change.RouteLocalnet is { } localnet)
                message.Put(IPv4Sysctl.RouteLocalnet, localnet ? 1u : 0u);
        }
    }

    /// <summary>Asks for one link by name.</summary>
    public static void GetLink(this NetlinkBatch batch, string name)
    {
        using MessageWriter message = batch.Begin(RtnetlinkMessage.GetLink, MessageFlags.Ack, "get link", name);
        message.Header(default(LinkHeader));
        message.Put(Ifla.Name, Fitting(name, LongestName));
        message.Put(Ifla.ExtendedMask, SkipStatistics);
    }

    /// <summary>Asks for one link by index.</summary>
    public static void GetLink(this NetlinkBatch batch, int index)
    {
        using MessageWriter message = batch.Begin(RtnetlinkMessage.GetLink, MessageFlags.Ack, "get link");
        message.Header(new LinkHeader { Index = index });
        message.Put(Ifla.ExtendedMask, SkipStatistics);
    }

    /// <summary>Asks for all links.</summary>
    public static void DumpLinks(this NetlinkBatch batch)
    {
        using MessageWriter message = batch.Begin(RtnetlinkMessage.GetLink, MessageFlags.Dump, "list links");
        message.Header(default(LinkHeader));
        message.Put(Ifla.ExtendedMask, SkipStatistics);
    }

    /// <summary>Removes a link, and with it its other half.</summary>
    public static void DeleteLink(this NetlinkBatch batch, int index, string name)
    {
        using MessageWriter message = batch.Begin(RtnetlinkMessage.DeleteLink, MessageFlags.Ack, "delete link", name);
        message.Header(new LinkHeader { Index = index });
    }

    /// <summary>Removes a link by its name, and with it its other half.</summary>
    public static void DeleteLink(this NetlinkBatch batch, string name)
    {
        using MessageWriter message = batch.Begin(RtnetlinkMessage.DeleteLink, MessageFlags.Ack, "delete link", name);
        message.Header(default(LinkHeader));
        message.Put(Ifla.Name, Fitting(name, LongestName));
    }

    /// <summary>Puts a link into a group, by its name.</summary>
    public static void SetLinkGroup(this NetlinkBatch batch, string name, uint group)
    {
        // RTM_SETLINK: to RTM_NEWLINK a group without an index may mean all that are in it
        using MessageWriter message = batch.Begin(RtnetlinkMessage.SetLink, MessageFlags.Ack, "set link", name);
        message.Header(default(LinkHeader));
        message.Put(Ifla.Name, Fitting(name, LongestName));
        message.Put(Ifla.Group, group);
    }

    /// <summary>Removes all links of a group in one go: the kernel waits once for all of them instead of 20 ms for each.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Group 0, to which every link belongs that was not put elsewhere.</exception>
    public static void DeleteLinkGroup(this NetlinkBatch batch, uint group)
    {
        ArgumentOutOfRangeException.ThrowIfZero(group);
        using MessageWriter message = batch.Begin(RtnetlinkMessage.DeleteLink, MessageFlags.Ack, "delete link group", $"{group}");
        message.Header(default(LinkHeader));
        message.Put(Ifla.Group, group);
    }

    private static void PutEnd(MessageWriter message, in VethEnd end)
    {
        LinkFlags flags = end.Up ? LinkFlags.Up : LinkFlags.None;
        message.Header(new LinkHeader { Index = end.Index, Flags = flags, Change = flags });
        message.Put(Ifla.Name, Fitting(end.Name, LongestName));
        if (end.Address is { } address)
        {
            Span<byte> bytes = stackalloc byte[MacAddress.Length];
            address.Write(bytes);
            message.Put(Ifla.Address, bytes);
        }
        if (end.Mtu != 0)
            message.Put(Ifla.Mtu, end.Mtu);
        if (end.Group != 0)
            message.Put(Ifla.Group, end.Group);
        if (end.Namespace is not null)
            message.Put(Ifla.NamespaceFd, (uint)end.Namespace.Descriptor);
        // one queue each way: per-processor queues cost memory and are of use to traffic shaping only
        message.Put(Ifla.TransmitQueues, 1);
        message.Put(Ifla.ReceiveQueues, 1);
    }

    private static string Fitting(string text, int longest)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(text) > longest)
            throw new ArgumentException($"'{text}' is longer than {longest} bytes.", nameof(text));
        return text;
    }
}
