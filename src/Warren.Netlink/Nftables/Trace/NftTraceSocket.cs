using Warren.Netlink.Wire;

namespace Warren.Netlink.Nftables.Trace;

/// <summary>
/// Hears of the ways that packets with <c>meta nftrace set 1</c> take through the rules of the network namespace of the thread that
/// opened it, as <c>nft monitor trace</c> does. It hears from the moment on that it is opened.
/// </summary>
public sealed class NftTraceSocket : IDisposable
{
    // linux/netfilter/nfnetlink.h
    private const int NFNLGRP_NFTRACE = 9;

    private readonly NetlinkSocket _socket;

    private NftTraceSocket(NetlinkSocket socket) => _socket = socket;

    /// <summary>Whether steps were lost, as they came faster than they were read.</summary>
    public bool Lost { get; private set; }

    /// <summary>Opens a socket in the calling thread's network namespace.</summary>
    /// <exception cref="NetlinkException">The kernel lacks nf_tables or its trace (EINVAL), or no privilege (EPERM).</exception>
    public static NftTraceSocket Open()
    {
        NetlinkSocket socket = NetlinkSocket.Open(NetlinkProtocol.Netfilter);
        try
        {
            socket.Subscribe(NFNLGRP_NFTRACE);
            return new NftTraceSocket(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Waits for the next steps.</summary>
    /// <param name="patience">How long.</param>
    /// <returns>Steps in the order in which they were made; none if none came in time.</returns>
    public List<NftTraceEvent> Listen(TimeSpan patience)
    {
        try
        {
            return _socket.Listen<NftTraceEvent>(NftTraceEvent.Parse, patience);
        }
        catch (NetlinkException e) when (e.Errno == Errno.NoBufferSpace)
        {
            Lost = true;
            return [];
        }
    }

    /// <summary>Closes the socket.</summary>
    public void Dispose() => _socket.Dispose();
}
