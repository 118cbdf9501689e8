namespace Warren.Netlink.Nftables;

/// <summary>What tells two lists of elements apart, in whatever order they are: how many, and a sum over all. Of a long list it is cheaper than
/// the list.</summary>
internal sealed class NftDigest
{
    private ulong _sum;

    /// <summary>How many elements were added; one that is there twice counts twice.</summary>
    public int Count { get; private set; }

    /// <summary>Adds an element.</summary>
    public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        // FNV-1a of 64 bits, and its bits mixed: sums of what it gives for keys in a row would be in a row
        ulong hash = 14695981039346656037;
        foreach (byte each in key)
            hash = (hash ^ each) * 1099511628211;
        foreach (byte each in value)
            hash = (hash ^ each) * 1099511628211;
        hash ^= hash >> 29;
        hash *= 0xbf58476d1ce4e5b9;
        hash ^= hash >> 32;
        _sum += hash;
        Count++;
    }

    /// <summary>Adds what is in another.</summary>
    public void Add(NftDigest other)
    {
        _sum += other._sum;
        Count += other.Count;
    }

    /// <summary>Whether both were made of the same elements.</summary>
    public bool Same(NftDigest other) => Count == other.Count && _sum == other._sum;
}
