using System.Runtime.InteropServices;
using System.Text;
using Warren.Netlink.Wire;

namespace Warren.Running;

/// <summary>Which descriptors a child gets, under which numbers. No other is open in it but those without FD_CLOEXEC.</summary>
internal sealed unsafe class Inheritance
{
    private readonly List<(int Descriptor, int Number)> _all = [];

    /// <summary>What is started; this same program, if nothing is said.</summary>
    public string Program { get; init; } = "/proc/self/exe";

    /// <summary>In which folder; the one that this process is in, if nothing is said.</summary>
    public string? Folder { get; init; }

    /// <summary>The child gets a descriptor of this process under a number.</summary>
    public void Add(int descriptor, int number) => _all.Add((descriptor, number));

    /// <summary>posix_spawn(3).</summary>
    /// <param name="attributes">What else is said of the child; may be null.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Its environment.</param>
    /// <param name="child">Its process id.</param>
    /// <returns>0, or why there is none.</returns>
    public Errno Spawn(void* attributes, byte** arguments, byte** environment, out int child)
    {
        byte* path = NativeText.Copy(Encoding.UTF8.GetBytes(Program));
        byte* folder = Folder is null ? null : NativeText.Copy(Encoding.UTF8.GetBytes(Folder));
        List<int> moved = [];
        // posix_spawn_file_actions_t has 80 bytes
        byte* actions = stackalloc byte[512];
        _ = SystemCalls.posix_spawn_file_actions_init(actions);
        try
        {
            int free = 0;
            foreach ((_, int number) in _all)
                free = Math.Max(free, number + 1);
            foreach ((int descriptor, int number) in _all)
            {
                // one that stands where another will go would be written over before its turn
                int from = descriptor;
                if (from < free)
                {
                    from = SystemCalls.fcntl(descriptor, SystemCalls.F_DUPFD_CLOEXEC, free);
                    if (from < 0)
                    {
                        child = 0;
                        return Errno.Last;
                    }
                    moved.Add(from);
                }
                _ = SystemCalls.posix_spawn_file_actions_adddup2(actions, from, number);
            }
            if (folder is not null)
                _ = SystemCalls.posix_spawn_file_actions_addchdir_np(actions, folder);
            bool any = _all.Count > 0 || folder is not null;
            return new Errno(SystemCalls.posix_spawn(out child, path, any ? actions : null, attributes, arguments, environment));
        }
        finally
        {
            foreach (int descriptor in moved)
                _ = SystemCalls.close(descriptor);
            _ = SystemCalls.posix_spawn_file_actions_destroy(actions);
            NativeMemory.Free(path);
            NativeMemory.Free(folder);
        }
    }
}
