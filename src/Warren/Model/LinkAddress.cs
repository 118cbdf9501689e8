namespace Warren.Model;

/// <summary>The Ethernet addresses of a link's two ends. They follow from the namespace's name: network managers and neighbour
/// tables see no change when it is made again.</summary>
internal static class LinkAddress
{
    /// <summary>The host end's, as <c>ip link</c> writes it.</summary>
    public static string OfHostEnd(string name) => Local(NamespaceName.Hash(name, 1));

    /// <summary>The other end's.</summary>
    public static string OfInsideEnd(string name) => Local(NamespaceName.Hash(name, 2));

    // locally administered, and not a group's (IEEE 802, 8.2); not interpolated, see Words
    private static string Local(ulong seed)
    {
        const string Digits = "0123456789abcdef";
        seed = (seed & ~(3ul << 40)) | (2ul << 40);
        Span<char> text = stackalloc char[17];
        text.Fill(':');
        for (int i = 0; i < 6; i++)
        {
            int part = (int)(seed >> (40 - (8 * i))) & 0xff;
            text[3 * i] = Digits[part >> 4];
            text[(3 * i) + 1] = Digits[part & 15];
        }
        return new string(text);
    }
}
