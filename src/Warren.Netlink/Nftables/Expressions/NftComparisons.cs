using Warren.Netlink.Wire;

namespace Warren.Netlink.Nftables;

// Instructions that compare a register, or compute in it. A comparison that fails ends the rule.

/// <summary>NFT_CMP_*.</summary>
public enum NftOperator
{
    /// <summary>Equal.</summary>
    Equal = 0,

    /// <summary>Not equal.</summary>
    NotEqual = 1,

    /// <summary>Less.</summary>
    Less = 2,

    /// <summary>Less or equal.</summary>
    LessOrEqual = 3,

    /// <summary>Greater.</summary>
    Greater = 4,

    /// <summary>Greater or equal.</summary>
    GreaterOrEqual = 5,
}

/// <summary>Compares a register with a value; only as many bytes as the value has.</summary>
/// <param name="Operator">How.</param>
/// <param name="Value">With what.</param>
/// <param name="Register">Which register.</param>
public sealed record NftCompare(NftOperator Operator, NftValue Value, uint Register = 1) : NftExpression
{
    private static Be32Key Source => new(1);
    private static Be32Key OperatorKey => new(2);
    private static NestKey ValueKey => new(3);

    /// <inheritdoc/>
    public override string Name => "cmp";

    internal override void WriteData(MessageWriter message)
    {
        message.Put(Source, Register);
        message.Put(OperatorKey, (uint)Operator);
        using (message.Open(ValueKey))
            message.Put(NftaData.Value, Value.Bytes);
    }

    internal static NftCompare Parse(AttributeReader attribute)
    {
        uint register = 0;
        uint comparison = 0;
        NftValue value = default;
        while (attribute.Next())
        {
            if (attribute.Is(Source))
                register = attribute.Get(Source);
            else if (attribute.Is(OperatorKey))
                comparison = attribute.Get(OperatorKey);
            else if (attribute.Is(ValueKey))
                value = NftValue.Parse(attribute.Get(ValueKey));
        }
        return new NftCompare((NftOperator)comparison, value, register);
    }
}

/// <summary>Compares a register with a range.</summary>
/// <param name="Outside">Whether values outside the range pass.</param>
/// <param name="From">The first value of the range.</param>
/// <param name="To">The last value of the range.</param>
/// <param name="Register">Which register.</param>
public sealed record NftRange(bool Outside, NftValue From, NftValue To, uint Register = 1) : NftExpression
{
    private static Be32Key Source => new(1);
    private static Be32Key OperatorKey => new(2);
    private static NestKey FromKey => new(3);
    private static NestKey ToKey => new(4);

    /// <inheritdoc/>
    public override string Name => "range";

    internal override void WriteData(MessageWriter message)
    {
        message.Put(Source, Register);
        message.Put(OperatorKey, Outside ? 1u : 0u);
        using (message.Open(FromKey))
            message.Put(NftaData.Value, From.Bytes);
        using (message.Open(ToKey))
            message.Put(NftaData.Value, To.Bytes);
    }

    internal static NftRange Parse(AttributeReader attribute)
    {
        uint register = 0;
        bool outside = false;
        NftValue from = default;
        NftValue to = default;
        while (attribute.Next())
        {
            if (attribute.Is(Source))
                register = attribute.Get(Source);
            else if (attribute.Is(OperatorKey))
                outside = attribute.Get(OperatorKey) != 0;
            else if (attribute.Is(FromKey))
                from = NftValue.Parse(attribute.Get(FromKey));
            else if (attribute.Is(ToKey))
                to = NftValue.Parse(attribute.Get(ToKey));
        }
        return new NftRange(outside, from, to, register);
    }
}

/// <summary>Computes register = (register &amp; mask) ^ xor.</summary>
/// <param name="Mask">The mask.</param>
/// <param name="Xor">What is flipped after.</param>
/// <param name="Register">Which register, read and written.</param>
public sealed record NftBitwise(NftValue Mask, NftValue Xor, uint Register = 1) : NftExpression
{
    private static Be32Key Source => new(1);
    private static Be32Key Target => new(2);
    private static Be32Key LengthKey => new(3);
    private static NestKey MaskKey => new(4);
    private static NestKey XorKey => new(5);

    /// <inheritdoc/>
    public override string Name => "bitwise";

    internal override void WriteData(MessageWriter message)
    {
        message.Put(Source, Register);
        message.Put(Target, Register);
        message.Put(LengthKey, (uint)Mask.Bytes.Length);
        using (message.Open(MaskKey))
            message.Put(NftaData.Value, Mask.Bytes);
        using (message.Open(XorKey))
            message.Put(NftaData.Value, Xor.Bytes);
    }

    internal static NftBitwise Parse(AttributeReader attribute)
    {
        uint register = 0;
        NftValue mask = default;
        NftValue xor = default;
        while (attribute.Next())
        {
            if (attribute.Is(Target))
                register = attribute.Get(Target);
            else if (attribute.Is(MaskKey))
                mask = NftValue.Parse(attribute.Get(MaskKey));
            else if (attribute.Is(XorKey))
                xor = NftValue.Parse(attribute.Get(XorKey));
        }
        return new NftBitwise(mask, xor, register);
    }
}

/// <summary>Looks registers up in a set; in a map, the value goes into a register.</summary>
/// <param name="Set">The set's name.</param>
/// <param name="Register">The first register of the key.</param>
/// <param name="Target">Where the value goes: 0 for a verdict; null for a set.</param>
/// <param name="Inverted">Whether keys that are not in the set pass.</param>
public sealed record NftLookup(string Set, uint Register = 1, uint? Target = null, bool Inverted = false) : NftExpression
{
    private static TextKey SetKey => new(1);
    private static Be32Key Source => new(2);
    private static Be32Key TargetKey => new(3);
    private static Be32Key Flags => new(5);

    /// <inheritdoc/>
    public override string Name => "lookup";

    internal override void WriteData(MessageWriter message)
    {
        message.Put(Source, Register);
        if (Target is { } target)
            message.Put(TargetKey, target);
        message.Put(SetKey, Set);
        if (Inverted)
            message.Put(Flags, 1);
    }

    internal static NftLookup Parse(AttributeReader attribute)
    {
        string set = "";
        uint register = 0;
        uint? target = null;
        bool inverted = false;
        while (attribute.Next())
        {
            if (attribute.Is(SetKey))
                set = attribute.Get(SetKey);
            else if (attribute.Is(Source))
                register = attribute.Get(Source);
            else if (attribute.Is(TargetKey))
                target = attribute.Get(TargetKey);
            else if (attribute.Is(Flags))
                inverted = (attribute.Get(Flags) & 1) != 0;
        }
        return new NftLookup(set, register, target, inverted);
    }
}
