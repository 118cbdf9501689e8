namespace Warren.Model;

/// <summary>The Ethernet addresses of a link's two ends. They follow from the namespace's name: network managers and neighbour
/// tables see no change when it is made again.</summary>
internal static class LinkAddress
{
    /// <summary>The host end's, as <c>ip link</c> writes it.</summary>
    public static string OfHostEnd(string name) => Local(NamespaceName.Hash(name, 1));

    /// <summary>The other end's.</summary>
    public static string OfInsideEnd(string name) => Local(NamespaceName.Hash(name, 2));

    // locally administered, and not a group's (IEEE 802, 8.2)
    private static string Local(ulong seed)
    {
        byte first = (byte)(((seed >> 40) & 0xfc) | 0x02);
        return $"{first:x2}:{(byte)(seed >> 32):x2}:{(byte)(seed >> 24):x2}:{(byte)(seed >> 16):x2}:{(byte)(seed >> 8):x2}:{(byte)seed:x2}";
    }
}
