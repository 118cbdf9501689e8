namespace Warren.Running;

/// <summary>How many descriptors this process may have: RLIMIT_NOFILE.</summary>
internal static unsafe class OpenFileLimit
{
    /// <summary>Takes as many as may be had.</summary>
    /// <returns>How many there were before, which is what children shall have; null if nothing was changed.</returns>
    public static ulong? Raise()
    {
        // the soft limit, then the hard one
        ulong* limits = stackalloc ulong[2];
        if (SystemCalls.getrlimit(SystemCalls.RLIMIT_NOFILE, limits) != 0 || limits[0] == limits[1])
            return null;
        ulong before = limits[0];
        limits[0] = limits[1];
        _ = SystemCalls.setrlimit(SystemCalls.RLIMIT_NOFILE, limits);
        return before;
    }

    /// <summary>Takes at most so many.</summary>
    public static void Lower(ulong soft)
    {
        ulong* limits = stackalloc ulong[2];
        if (SystemCalls.getrlimit(SystemCalls.RLIMIT_NOFILE, limits) != 0)
            return;
        limits[0] = Math.Min(soft, limits[1]);
        _ = SystemCalls.setrlimit(SystemCalls.RLIMIT_NOFILE, limits);
    }
}
