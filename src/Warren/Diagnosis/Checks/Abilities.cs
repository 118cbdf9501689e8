using System.Globalization;

namespace Warren.Diagnosis.Checks;

/// <summary>What the kernel and this process can do.</summary>
internal static class Abilities
{
    private static readonly Version s_oldest = new(5, 14);

    public static IEnumerable<Finding> Check(Condition condition)
    {
        KernelFacts kernel = condition.Kernel;
        if (!kernel.Privileged)
        {
            yield return new Finding(Troubles.NoPrivilege, "the capabilities cap_net_admin and cap_sys_admin are missing")
            {
                Consequence = "neither namespaces nor rules can be looked at, or changed",
                Remedy = "sudo warren doctor",
            };
        }
        if (VersionOf(kernel.Release) is { } version && version < s_oldest)
        {
            yield return new Finding(Troubles.KernelTooOld, $"this is Linux {kernel.Release}; Warren needs {s_oldest} or newer")
            {
                Consequence = "steps may be refused, or do less than they say",
                Remedy = "uname -r, after a newer kernel is installed and booted",
            };
        }
        if (kernel.NoTables is { } why)
        {
            yield return new Finding(Troubles.NoTables, $"this kernel has no nf_tables: {why}")
            {
                Consequence = "no port can be published, and nothing from a namespace reaches the world",
                Remedy = "modprobe nf_tables, or a kernel with CONFIG_NF_TABLES",
            };
        }
        if (kernel.HasVeth == false)
        {
            yield return new Finding(Troubles.NoVeth, $"the modules of Linux {kernel.Release} have no veth")
            {
                Consequence = "no namespace can get a link",
                Remedy = "modprobe veth, or a kernel with CONFIG_VETH",
            };
        }
        if (kernel is { Privileged: true, SysctlFault: { } fault })
        {
            yield return new Finding(Troubles.SysctlsReadOnly, $"/proc/sys/net cannot be written: {fault}")
            {
                Consequence = "forwarding cannot be switched on, so packets stay where they are",
                Remedy = "mount -o remount,rw /proc/sys; in a container: start it with --privileged, or --sysctl net.ipv4.ip_forward=1",
            };
        }
    }

    // 6.1.0-18-amd64
    private static Version? VersionOf(string release)
    {
        string[] words = release.Split('.', '-');
        return words.Length > 1
            && int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major)
            && int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out int minor)
            ? new Version(major, minor)
            : null;
    }
}
