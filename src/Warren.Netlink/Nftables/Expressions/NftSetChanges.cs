using Warren.Netlink.Wire;

namespace Warren.Netlink.Nftables;

// Instructions by which packets themselves change a set, and what an element of such a set can carry.

/// <summary>Adds registers to a set as an element; one that is there stays. The set must be <see cref="NftSet.Dynamic"/>. A packet for
/// which the set has no room, or for which the condition is false, does not match the rule.</summary>
/// <param name="Set">The set's name.</param>
/// <param name="Register">The first register of the key.</param>
/// <param name="Condition">What each element keeps an account of, and what the packet is asked; null for none.</param>
/// <param name="Updates">Whether an element that is there gets its whole time again (<c>update</c>, not <c>add</c>).</param>
public sealed record NftSetAdd(string Set, uint Register = 1, NftExpression? Condition = null, bool Updates = false) : NftExpression
{
    private static TextKey SetKey => new(1);
    private static Be32Key OperationKey => new(3);
    private static Be32Key Source => new(4);
    private static NestKey ConditionKey => new(7);

    /// <inheritdoc/>
    public override string Name => "dynset";

    internal override void WriteData(MessageWriter message)
    {
        message.Put(Source, Register);
        message.Put(OperationKey, Updates ? 1u : 0u);
        message.Put(SetKey, Set);
        if (Condition is null)
            return;
        using (message.Open(ConditionKey))
            Condition.Write(message);
    }

    internal static NftSetAdd Parse(AttributeReader attribute)
    {
        string set = "";
        uint register = 0;
        uint operation = 0;
        NftExpression? condition = null;
        while (attribute.Next())
        {
            if (attribute.Is(SetKey))
                set = attribute.Get(SetKey);
            else if (attribute.Is(OperationKey))
                operation = attribute.Get(OperationKey);
            else if (attribute.Is(Source))
                register = attribute.Get(Source);
            else if (attribute.Is(ConditionKey))
                condition = ParseOne(attribute.Get(ConditionKey));
        }
        return new NftSetAdd(set, register, condition, operation == 1);
    }
}

/// <summary>Passes packets while as many flows as a number, or fewer, are alive; as the condition of a <see cref="NftSetAdd"/>, of those of
/// an element. CONFIG_NFT_CONNLIMIT.</summary>
/// <param name="Count">How many.</param>
/// <param name="Over">The other way round: passes packets while there are more.</param>
public sealed record NftFlowCount(uint Count, bool Over) : NftExpression
{
    private static Be32Key CountKey => new(1);
    private static Be32Key Flags => new(2);

    /// <inheritdoc/>
    public override string Name => "connlimit";

    internal override void WriteData(MessageWriter message)
    {
        message.Put(CountKey, Count);
        message.Put(Flags, Over ? 1u : 0u);
    }

    internal static NftFlowCount Parse(AttributeReader attribute)
    {
        uint count = 0;
        uint flags = 0;
        while (attribute.Next())
        {
            if (attribute.Is(CountKey))
                count = attribute.Get(CountKey);
            else if (attribute.Is(Flags))
                flags = attribute.Get(Flags);
        }
        return new NftFlowCount(count, (flags & 1) != 0);
    }
}
