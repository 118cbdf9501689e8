using Warren.Netlink.Wire;

namespace Warren.Netlink.Nftables;

/// <summary>
/// One instruction of a rule. A rule is a small program over registers: load something, compare it, decide. Instructions
/// that this package does not know are kept as <see cref="NftUnknown"/>, never dropped.
/// </summary>
public abstract record NftExpression
{
    /// <summary>The kernel's name for it: <c>meta</c>, <c>cmp</c>.</summary>
    public abstract string Name { get; }

    // NFTA_EXPR_NAME, NFTA_EXPR_DATA { … }
    internal void Write(MessageWriter message)
    {
        message.Put(NftaRule.ExpressionName, Name);
        using (message.Open(NftaRule.ExpressionData))
            WriteData(message);
    }

    internal abstract void WriteData(MessageWriter message);

    internal static List<NftExpression> ParseList(AttributeReader list)
    {
        var expressions = new List<NftExpression>();
        while (list.Next())
        {
            if (list.Is(NftaRule.ListElement))
                expressions.Add(ParseOne(list.Get(NftaRule.ListElement)));
        }
        return expressions;
    }

    // NFTA_EXPR_NAME, NFTA_EXPR_DATA { … }
    internal static NftExpression ParseOne(AttributeReader attribute)
    {
        string name = "";
        ReadOnlySpan<byte> bytes = default;
        while (attribute.Next())
        {
            if (attribute.Is(NftaRule.ExpressionName))
                name = attribute.Get(NftaRule.ExpressionName);
            else if (attribute.Type == NftaRule.ExpressionData.Type)
                bytes = attribute.Value;
        }
        var data = new AttributeReader(bytes);
        return name switch
        {
            "meta" => NftMeta.Parse(data),
            "cmp" => NftCompare.Parse(data),
            "payload" => NftPayload.Parse(data),
            "bitwise" => NftBitwise.Parse(data),
            "lookup" => NftLookup.Parse(data),
            "immediate" => NftImmediate.Parse(data),
            "nat" => NftNat.Parse(data),
            "masq" => new NftMasquerade(),
            "redir" => NftRedirect.Parse(data),
            "counter" => NftCounter.Parse(data),
            "ct" => NftConntrack.Parse(data),
            "fib" => NftFib.Parse(data),
            "rt" => NftRouteLoad.Parse(data),
            "byteorder" => NftByteOrder.Parse(data),
            "exthdr" => NftTcpOptionWrite.Parse(data),
            "range" => NftRange.Parse(data),
            "reject" => NftReject.Parse(data),
            "dynset" => NftSetAdd.Parse(data),
            "connlimit" => NftFlowCount.Parse(data),
            "match" or "target" => NftExtension.Parse(name, data),
            _ => new NftUnknown(name, new NftValue(bytes)),
        };
    }
}

/// <summary>Bytes that compare by what they are.</summary>
public readonly struct NftValue : IEquatable<NftValue>
{
    private readonly byte[]? _bytes;

    /// <summary>Copies the bytes.</summary>
    public NftValue(ReadOnlySpan<byte> bytes) => _bytes = bytes.ToArray();

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <inheritdoc/>
    public bool Equals(NftValue other) => Bytes.SequenceEqual(other.Bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is NftValue other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    /// <summary>Whether the bytes are the same.</summary>
    public static bool operator ==(NftValue left, NftValue right) => left.Equals(right);

    /// <summary>Whether the bytes differ.</summary>
    public static bool operator !=(NftValue left, NftValue right) => !left.Equals(right);

    /// <summary>Hexadecimal.</summary>
    public override string ToString() => "0x" + Convert.ToHexStringLower(Bytes);

    // NFTA_DATA_VALUE
    internal static NftValue Parse(AttributeReader attribute)
    {
        while (attribute.Next())
        {
            if (attribute.Is(NftaData.Value))
                return new NftValue(attribute.Get(NftaData.Value));
        }
        return default;
    }
}

/// <summary>An instruction that this package does not know: its name and its attributes as bytes.</summary>
/// <param name="KernelName">The kernel's name for it.</param>
/// <param name="Content">Its attributes.</param>
public sealed record NftUnknown(string KernelName, NftValue Content) : NftExpression
{
    /// <inheritdoc/>
    public override string Name => KernelName;

    internal override void WriteData(MessageWriter message) =>
        throw new NotSupportedException($"A rule with the unknown expression '{KernelName}' can be read, not written.");
}

/// <summary>A match or target of iptables, wrapped: <c>-m comment</c>, <c>-j DNAT</c>. linux/netfilter/nf_tables_compat.h.</summary>
/// <param name="IsTarget">A target (<c>-j</c>), not a match (<c>-m</c>).</param>
/// <param name="Extension">Its name: <c>tcp</c>, <c>DNAT</c>.</param>
/// <param name="Revision">The revision of its structure.</param>
/// <param name="Content">Its structure, as linux/netfilter/xt_NAME.h gives it.</param>
public sealed record NftExtension(bool IsTarget, string Extension, uint Revision, NftValue Content) : NftExpression
{
    private static TextKey NameKey => new(1);
    private static Be32Key RevisionKey => new(2);
    private static BytesKey ContentKey => new(3);

    /// <inheritdoc/>
    public override string Name => IsTarget ? "target" : "match";

    internal override void WriteData(MessageWriter message)
    {
        message.Put(NameKey, Extension);
        message.Put(RevisionKey, Revision);
        message.Put(ContentKey, Content.Bytes);
    }

    internal static NftExtension Parse(string name, AttributeReader attribute)
    {
        string extension = "";
        uint revision = 0;
        NftValue content = default;
        while (attribute.Next())
        {
            if (attribute.Is(NameKey))
                extension = attribute.Get(NameKey);
            else if (attribute.Is(RevisionKey))
                revision = attribute.Get(RevisionKey);
            else if (attribute.Is(ContentKey))
                content = new NftValue(attribute.Get(ContentKey));
        }
        return new NftExtension(name == "target", extension, revision, content);
    }
}
