using Warren.Netlink.Nftables;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;

namespace Warren.Kernel;

/// <summary>
/// The host's network namespace, with its sockets, each opened when it is first needed. Opened on a thread that is in it, and used
/// by one thread at a time.
/// </summary>
internal sealed class HostSession : IDisposable
{
    private NetlinkSocket? _route;
    private LinkIndices? _indices;
    private NftSocket? _nft;
    private ulong? _cookie;

    public NetlinkSocket Route => _route ??= NetlinkSocket.Open(NetlinkProtocol.Route);

    public LinkIndices Indices => _indices ??= new LinkIndices();

    public NftSocket Nft => _nft ??= NftSocket.Open();

    /// <summary>The network namespace's number, unique until the next boot.</summary>
    public ulong Cookie => _cookie ??= Route.NamespaceCookie;

    /// <summary>Whether this process may change the network: it has the capabilities cap_net_admin and cap_sys_admin.</summary>
    public static unsafe bool HasPrivilege()
    {
        // capget(2): header { version 3, pid 0 }, content { effective, permitted, inheritable } twice
        const int NetAdmin = 12;
        const int SysAdmin = 21;
        uint* header = stackalloc uint[] { 0x20080522, 0 };
        uint* content = stackalloc uint[6];
        const uint Needed = (1u << NetAdmin) | (1u << SysAdmin);
        return Libc.capget(header, content) == 0 && (content[0] & Needed) == Needed;
    }

    public void Dispose()
    {
        _indices?.Dispose();
        _nft?.Dispose();
        _route?.Dispose();
    }
}
