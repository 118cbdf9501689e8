using Warren.Netlink.Wire;

namespace Warren.Kernel;

/// <summary>
/// Writes settings of the network namespace that the thread is in. The kernel keeps what was looked up under /proc: an entry
/// <c>net/ipv4</c> for each namespace, all in one list that every later lookup walks. So a /proc that nobody else sees is
/// taken for every few of them; its entries go when it is closed. Not for two threads at a time.
/// </summary>
/// <param name="shared">So many settings are written through the /proc that all see, before one of its own is taken: it takes longer than they do.</param>
internal sealed class ProcSys(int shared = 0) : IDisposable
{
    private const int WritesPerMount = 200;
    private const string Root = "/proc/sys/";
    private const string OwnRoot = "sys/";

    private int _folder = -1;
    private int _writes = -shared;
    private bool _own = true;

    /// <summary>Writes a setting.</summary>
    /// <param name="name">Its name under /proc/sys.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="NetlinkException">See <see cref="SmallFile.Write"/>.</exception>
    public void Write(string name, string value)
    {
        bool own = _own && _writes >= 0;
        if (own && _writes % WritesPerMount == 0)
            Mount();
        _writes++;
        if (own && _own)
            SmallFile.Write(_folder, OwnRoot + name, value);
        else
            SmallFile.Write(Root + name, value);
    }

    /// <summary>Lets go of it: the kernel waits until nobody can be using it any more, 0.2 ms and more.</summary>
    public void Dispose()
    {
        if (_folder >= 0)
            _ = Libc.close(_folder);
        _folder = -1;
    }

    // fsopen(2), fsconfig(2), fsmount(2). Not allowed in a user namespace without processes of its own.
    private unsafe void Mount()
    {
        const nint CloseOnExec = 1;
        const nint Create = 6;
        Dispose();
        int context;
        fixed (byte* type = "proc\0"u8)
            context = (int)Libc.syscall(Libc.SYS_fsopen, (nint)type, CloseOnExec, 0, 0, 0);
        if (context >= 0)
        {
            if (Libc.syscall(Libc.SYS_fsconfig, context, Create, 0, 0, 0) == 0)
                _folder = (int)Libc.syscall(Libc.SYS_fsmount, context, CloseOnExec, 0, 0, 0);
            _ = Libc.close(context);
        }
        _own = _folder >= 0;
    }
}
