using Warren.Netlink.Nftables;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Xtables;

/// <summary>
/// A legacy IPv4 table of the calling thread's network namespace, which nf_tables does not show. To ask the kernel for a table
/// makes it: only tables that <see cref="Names"/> gives may be read. linux/netfilter_ipv4/ip_tables.h.
/// </summary>
/// <param name="Name">Its name: <c>filter</c>.</param>
/// <param name="Chains">Its chains, those with a hook first.</param>
public sealed record LegacyTable(string Name, IReadOnlyList<LegacyChain> Chains)
{
    // of the thread: /proc/net is that of the process's first thread
    private const string NamesFile = "/proc/thread-self/net/ip_tables_names";
    private const int Attempts = 16;

    /// <summary>The tables that are there. One read of a file of /proc; no file means no table.</summary>
    /// <exception cref="NetlinkException">The file is not ours to read (EACCES).</exception>
    public static unsafe IReadOnlyList<string> Names()
    {
        int fd = Libc.open(NamesFile, Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        // not there: a kernel without legacy tables; not ours to read: a user namespace that has none of its own
        if (fd < 0)
            return Errno.Last == Errno.NotFound || Errno.Last == Errno.Denied ? [] : throw new NetlinkException(Errno.Last, "read", NamesFile);
        byte* buffer = stackalloc byte[1024];
        nint length = Libc.read(fd, buffer, 1024);
        Errno errno = Errno.Last;
        _ = Libc.close(fd);
        if (length < 0)
            throw new NetlinkException(errno, "read", NamesFile);
        return length == 0
            ? []
            : System.Text.Encoding.UTF8.GetString(buffer, (int)length).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Reads a table.</summary>
    /// <returns>Null if there is none with this name; none is made.</returns>
    /// <exception cref="NetlinkException">No privilege (EPERM), or the table changed at every one of 16 attempts (EAGAIN).</exception>
    /// <exception cref="MalformedMessageException">The kernel's answer has not the shape of a table.</exception>
    public static unsafe LegacyTable? Read(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!Names().Contains(name, StringComparer.Ordinal))
            return null;
        int fd = Libc.socket(Libc.AF_INET, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, Libc.IPPROTO_RAW);
        if (fd < 0)
            throw new NetlinkException(Errno.Last, "open raw socket for table", name);
        try
        {
            for (int attempt = 1; ; attempt++)
            {
                byte[] info = new byte[LegacyLayout.InfoSize];
                System.Text.Encoding.UTF8.GetBytes(name, info.AsSpan(0, LegacyLayout.NameSize - 1));
                Get(fd, Libc.IPT_SO_GET_INFO, info, name);
                int size = LegacyLayout.EntriesSize(info);
                byte[] entries = new byte[LegacyLayout.EntriesHeader + size];
                info.AsSpan(0, LegacyLayout.NameSize + sizeof(int)).CopyTo(entries);
                BitConverter.TryWriteBytes(entries.AsSpan(LegacyLayout.NameSize), size);
                try
                {
                    Get(fd, Libc.IPT_SO_GET_ENTRIES, entries, name);
                }
                catch (NetlinkException e) when (e.Errno == Errno.Again && attempt < Attempts)
                {
                    continue;
                }
                return Parse(info, entries);
            }
        }
        finally
        {
            _ = Libc.close(fd);
        }
    }

    /// <summary>The chain with a name, or null.</summary>
    public LegacyChain? Chain(string name)
    {
        foreach (LegacyChain chain in Chains)
        {
            if (chain.Name == name)
                return chain;
        }
        return null;
    }

    /// <summary>As <c>iptables -S</c> writes it, as far as this package knows the matches.</summary>
    public override string ToString()
    {
        var text = new System.Text.StringBuilder();
        foreach (LegacyChain chain in Chains)
            text.Append(chain).Append('\n');
        foreach (LegacyChain chain in Chains)
        {
            foreach (LegacyRule rule in chain.Rules)
                text.Append(rule).Append('\n');
        }
        return text.ToString();
    }

    /// <summary>Reads a table out of the answers to IPT_SO_GET_INFO and IPT_SO_GET_ENTRIES.</summary>
    internal static LegacyTable Parse(ReadOnlySpan<byte> info, ReadOnlySpan<byte> entries) =>
        LegacyLayout.Parse(info, entries);

    private static unsafe void Get(int fd, int option, byte[] buffer, string name)
    {
        uint length = (uint)buffer.Length;
        fixed (byte* start = buffer)
        {
            if (Libc.getsockopt(fd, Libc.IPPROTO_IP, option, start, ref length) != 0)
                throw new NetlinkException(Errno.Last, "read legacy table", name);
        }
        if (length != (uint)buffer.Length)
            throw new MalformedMessageException($"iptables: {length} bytes where {buffer.Length} were due");
    }
}
