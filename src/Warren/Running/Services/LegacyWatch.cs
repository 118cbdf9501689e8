using System.Buffers.Binary;
using Warren.Netlink.Wire;

namespace Warren.Running.Services;

/// <summary>
/// Hears of changes to the legacy tables, of which the kernel tells nobody: whoever changes them holds the lock of their tools, and closes its
/// file afterwards. See the --wait option in iptables(8), and inotify(7). It never blocks.
/// </summary>
internal sealed class LegacyWatch : IDisposable
{
    private const string Folder = "/run";
    private const string LockFile = Folder + "/xtables.lock";

    // struct inotify_event { int wd; u32 mask, cookie, len; char name[len]; }
    private const int EventSize = 16;

    private int _inotify;
    private int _lock = -1;

    /// <summary>Hears from now on.</summary>
    /// <exception cref="NetlinkException">No descriptors or watches are left.</exception>
    public LegacyWatch()
    {
        _inotify = Libc.inotify_init1(Libc.O_NONBLOCK | Libc.O_CLOEXEC);
        // the file comes with the first tool that needs it, and may be removed by hand
        if (_inotify < 0 || Libc.inotify_add_watch(_inotify, Folder, Libc.IN_CREATE | Libc.IN_MOVED_TO) < 0)
        {
            Errno errno = Errno.Last;
            Dispose();
            throw new NetlinkException(errno, "watch", LockFile);
        }
        WatchLock();
    }

    /// <summary>What can be waited for.</summary>
    public int Descriptor => _inotify;

    /// <summary>Reads what has happened.</summary>
    /// <returns>Whether legacy tables may have changed.</returns>
    public bool Read()
    {
        Span<byte> happenings = stackalloc byte[4096];
        bool used = false;
        int length = Libc.Read(_inotify, happenings);
        for (int at = 0; at + EventSize <= length;)
        {
            ReadOnlySpan<byte> one = happenings[at..length];
            int watch = BinaryPrimitives.ReadInt32LittleEndian(one);
            int nameSize = BinaryPrimitives.ReadInt32LittleEndian(one[12..]);
            if (watch == _lock)
            {
                used = true;
            }
            else if (one.Slice(EventSize, nameSize).TrimEnd((byte)0).SequenceEqual("xtables.lock"u8))
            {
                // who made it may be done already
                used = true;
                WatchLock();
            }
            at += EventSize + nameSize;
        }
        return used;
    }

    public void Dispose() => Libc.Close(ref _inotify);

    private void WatchLock() => _lock = Libc.inotify_add_watch(_inotify, LockFile, Libc.IN_CLOSE_WRITE | Libc.IN_CLOSE_NOWRITE);
}
