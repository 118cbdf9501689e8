namespace Warren.Netlink.Namespaces;

/// <summary>What statx(2) says of a file, in one system call and without opening it.</summary>
/// <param name="Device">The file system that it is in, or that is mounted on it.</param>
/// <param name="Inode">Its inode.</param>
/// <param name="IsLink">Whether it is a symbolic link.</param>
internal readonly record struct FileStatus(ulong Device, ulong Inode, bool IsLink)
{
    private const int WorkingFolder = -100;
    private const int EmptyPath = 0x1000;
    private const int NoFollow = 0x100;
    private const uint TypeAndInode = 0x101;

    /// <summary>Of a path, whose last part is not followed; null with an error number.</summary>
    public static FileStatus? Of(string path) => Of(WorkingFolder, path, NoFollow);

    /// <summary>Of a path that leads to it; null with an error number.</summary>
    public static FileStatus? At(string path) => Of(WorkingFolder, path, 0);

    /// <summary>Of an open file; null with an error number.</summary>
    public static FileStatus? Of(int descriptor) => Of(descriptor, "", EmptyPath);

    private static unsafe FileStatus? Of(int folder, string path, int flags)
    {
        // struct statx, 256 bytes: u16 mode at 28, u64 ino at 32, u32 dev_major at 136, u32 dev_minor at 140
        const int TypeMask = 0xf000;
        const int Link = 0xa000;
        byte* buffer = stackalloc byte[256];
        return Libc.statx(folder, path, flags, TypeAndInode, buffer) == 0
            ? new FileStatus(*(ulong*)(buffer + 136), *(ulong*)(buffer + 32), (*(ushort*)(buffer + 28) & TypeMask) == Link)
            : null;
    }
}
