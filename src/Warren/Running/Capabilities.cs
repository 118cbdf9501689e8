using Warren.Model;

namespace Warren.Running;

/// <summary>Sets of capabilities, a bit each. linux/capability.h, capabilities(7).</summary>
internal static class Capabilities
{
    // by their numbers
    private static readonly string[] Names =
    [
        "cap_chown",
        "cap_dac_override",
        "cap_dac_read_search",
        "cap_fowner",
        "cap_fsetid",
        "cap_kill",
        "cap_setgid",
        "cap_setuid",
        "cap_setpcap",
        "cap_linux_immutable",
        "cap_net_bind_service",
        "cap_net_broadcast",
        "cap_net_admin",
        "cap_net_raw",
        "cap_ipc_lock",
        "cap_ipc_owner",
        "cap_sys_module",
        "cap_sys_rawio",
        "cap_sys_chroot",
        "cap_sys_ptrace",
        "cap_sys_pacct",
        "cap_sys_admin",
        "cap_sys_boot",
        "cap_sys_nice",
        "cap_sys_resource",
        "cap_sys_time",
        "cap_sys_tty_config",
        "cap_mknod",
        "cap_lease",
        "cap_audit_write",
        "cap_audit_control",
        "cap_setfcap",
        "cap_mac_override",
        "cap_mac_admin",
        "cap_syslog",
        "cap_wake_alarm",
        "cap_block_suspend",
        "cap_audit_read",
        "cap_perfmon",
        "cap_bpf",
        "cap_checkpoint_restore",
    ];

    /// <summary>All names, in small letters: <c>cap_net_admin</c>.</summary>
    public static IReadOnlyList<string> All => Names;

    /// <summary>Whether there is such a capability: <c>cap_net_admin</c>, <c>NET_ADMIN</c>.</summary>
    public static bool Knows(string name) => Number(name) >= 0;

    /// <summary>The set of these names: <c>cap_net_admin</c>, <c>NET_ADMIN</c>.</summary>
    /// <exception cref="ExecException">There is no such capability.</exception>
    public static ulong Parse(IEnumerable<string> names)
    {
        ulong set = 0;
        foreach (string name in names)
        {
            int number = Number(name);
            if (number < 0)
                throw new ExecException(
                    ExecException.Failed,
                    $"no capability '{Terminal.Safe(name)}'; man 7 capabilities lists them, cap_net_admin for one"
                );
            set |= 1UL << number;
        }
        return set;
    }

    /// <summary>The names in a set: <c>cap_net_admin, cap_net_raw</c>.</summary>
    public static string Text(ulong set) => string.Join(", ", Names.Where((_, number) => (set & (1UL << number)) != 0));

    private static int Number(string name) =>
        Array.FindIndex(
            Names,
            known =>
                known.Equals(name, StringComparison.OrdinalIgnoreCase)
                || known.AsSpan(4).Equals(name, StringComparison.OrdinalIgnoreCase)
        );
}
