using System.Numerics;
using Warren.Netlink.Wire;

namespace Warren.Running;

/// <summary>
/// What a command may do. One rule for every caller: nothing that was not asked for on purpose. All calls act on the calling
/// thread alone, the one that goes on to execve(2). See credentials(7), capabilities(7).
/// </summary>
internal static unsafe class Privileges
{
    /// <summary>Makes the calling thread what the command shall be.</summary>
    /// <param name="subject">The namespace's name, for messages.</param>
    /// <param name="account">As whom.</param>
    /// <param name="kept">The capabilities to keep, in effect at once, and all that the command can ever have.</param>
    /// <exception cref="ExecException">The kernel refused a step; the thread is good for nothing more.</exception>
    public static void Reduce(string subject, Account account, ulong kept)
    {
        TakeGroups(subject, account);
        EmptyBoundingSet(subject, kept);
        if (kept != 0 && SystemCalls.prctl(SystemCalls.PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
            throw ExecException.Refused(subject, "keep capabilities", Errno.Last);
        TakeUser(subject, account);
        SetCapabilities(subject, kept);
        if (SystemCalls.prctl(SystemCalls.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
            throw ExecException.Refused(subject, "set no_new_privs", Errno.Last);
    }

    /// <summary>Makes the calling thread root's, with everything that this process has.</summary>
    /// <inheritdoc cref="Reduce"/>
    public static void KeepAll(string subject, Account root)
    {
        TakeGroups(subject, root);
        TakeUser(subject, root);
    }

    // Groups that are right already are left alone: a user namespace may forbid setgroups(2).
    private static void TakeGroups(string subject, Account account)
    {
        if (!account.IsCaller)
        {
            uint[] groups = [.. account.Groups];
            fixed (uint* first = groups)
            {
                if (SystemCalls.syscall(SystemCalls.SYS_setgroups, groups.Length, (nint)first, 0, 0) != 0)
                    throw Refused(subject, $"take the groups of {account}");
            }
        }
        nint gid = unchecked((nint)account.Gid);
        if (SystemCalls.syscall(SystemCalls.SYS_setresgid, gid, gid, gid, 0) != 0)
            throw Refused(subject, $"take gid {account.Gid}");
    }

    private static void TakeUser(string subject, Account account)
    {
        nint uid = unchecked((nint)account.Uid);
        if (SystemCalls.syscall(SystemCalls.SYS_setresuid, uid, uid, uid, 0) != 0)
            throw Refused(subject, $"become {account}");
    }

    private static void EmptyBoundingSet(string subject, ulong kept)
    {
        for (int number = 0; number < 64; number++)
        {
            int held = SystemCalls.prctl(SystemCalls.PR_CAPBSET_READ, (nuint)number, 0, 0, 0);
            // EINVAL: past the last capability of this kernel
            if (held < 0)
                break;
            if (held == 0 || (kept & (1UL << number)) != 0)
                continue;
            if (SystemCalls.prctl(SystemCalls.PR_CAPBSET_DROP, (nuint)number, 0, 0, 0) != 0)
                throw ExecException.Refused(subject, "empty the capability bounding set", Errno.Last);
        }
    }

    private static void SetCapabilities(string subject, ulong kept)
    {
        // struct __user_cap_header_struct: version 3, this thread; then twice effective, permitted, inheritable
        uint* header = stackalloc uint[] { 0x20080522, 0 };
        uint low = (uint)kept;
        uint high = (uint)(kept >> 32);
        uint* sets = stackalloc uint[] { low, low, low, high, high, high };
        if (SystemCalls.capset(header, sets) != 0)
            throw ExecException.Refused(
                subject,
                kept == 0 ? "drop all capabilities" : $"keep {Capabilities.Text(kept)}",
                Errno.Last,
                "only what this process has itself can be kept: grep Cap /proc/self/status"
            );
        _ = SystemCalls.prctl(SystemCalls.PR_CAP_AMBIENT, SystemCalls.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
        for (ulong rest = kept; rest != 0; rest &= rest - 1)
        {
            int number = BitOperations.TrailingZeroCount(rest);
            if (SystemCalls.prctl(SystemCalls.PR_CAP_AMBIENT, SystemCalls.PR_CAP_AMBIENT_RAISE, (nuint)number, 0, 0) != 0)
                throw ExecException.Refused(subject, $"keep {Capabilities.Text(1UL << number)}", Errno.Last);
        }
    }

    private static ExecException Refused(string subject, string step)
    {
        Errno errno = Errno.Last;
        bool unmapped = errno == Errno.Invalid || errno == Errno.NotPermitted && SystemCalls.geteuid() == 0;
        string advice = unmapped
            ? "this user namespace has no such user (/proc/self/uid_map, /proc/self/setgroups); try --user root"
            : "";
        return ExecException.Refused(subject, step, errno, advice);
    }
}
