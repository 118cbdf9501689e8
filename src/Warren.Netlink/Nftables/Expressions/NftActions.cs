using Warren.Netlink.Wire;

namespace Warren.Netlink.Nftables;

// Instructions that do something: decide, translate, count.

/// <summary>A decision.</summary>
/// <param name="Code">NF_DROP, NF_ACCEPT, NFT_JUMP, NFT_GOTO or NFT_RETURN.</param>
/// <param name="Chain">Where to go, for the two that lead somewhere.</param>
public readonly record struct NftVerdict(uint Code, string Chain = "")
{
    internal const uint DropCode = 0;
    internal const uint AcceptCode = 1;
    internal const uint QueueCode = 3;
    private const uint JumpCode = unchecked((uint)-3);
    private const uint GotoCode = unchecked((uint)-4);
    private const uint ReturnCode = unchecked((uint)-5);

    /// <summary>Drop the packet, for good.</summary>
    public static NftVerdict Drop => new(DropCode);

    /// <summary>This base chain lets the packet pass; those after it are asked still.</summary>
    public static NftVerdict Accept => new(AcceptCode);

    /// <summary>Go on after the rule that jumped here; in a base chain, to its policy.</summary>
    public static NftVerdict Return => new(ReturnCode);

    /// <summary>Go to a chain and come back.</summary>
    public static NftVerdict Jump(string chain) => new(JumpCode, chain);

    /// <summary>Go to a chain and do not come back.</summary>
    public static NftVerdict Goto(string chain) => new(GotoCode, chain);

    /// <summary>Whether it drops.</summary>
    public bool IsDrop => Code == DropCode;

    /// <summary>Whether it leads into another chain.</summary>
    public bool Leads => Code is JumpCode or GotoCode;

    /// <summary>As nft writes it.</summary>
    public override string ToString() =>
        Code switch
        {
            DropCode => "drop",
            AcceptCode => "accept",
            JumpCode => "jump " + Chain,
            GotoCode => "goto " + Chain,
            ReturnCode => "return",
            _ when (Code & 0xff) == QueueCode => "queue",
            _ => $"verdict {(int)Code}",
        };
}

/// <summary>Decides, or puts a value into a register.</summary>
/// <param name="Verdict">The decision, or null.</param>
/// <param name="Value">The value, if there is no decision.</param>
/// <param name="Register">Where the value goes; 0 with a decision.</param>
public sealed record NftImmediate(NftVerdict? Verdict, NftValue Value = default, uint Register = 0) : NftExpression
{
    private static Be32Key Target => new(1);
    private static NestKey Content => new(2);

    /// <inheritdoc/>
    public override string Name => "immediate";

    internal override void WriteData(MessageWriter message)
    {
        message.Put(Target, Register);
        using (message.Open(Content))
        {
            if (Verdict is not { } verdict)
            {
                message.Put(NftaData.Value, Value.Bytes);
                return;
            }
            using (message.Open(NftaData.Verdict))
            {
                message.Put(NftaData.VerdictCode, verdict.Code);
                if (verdict.Chain.Length > 0)
                    message.Put(NftaData.VerdictChain, verdict.Chain);
            }
        }
    }

    internal static NftImmediate Parse(AttributeReader attribute)
    {
        uint register = 0;
        NftVerdict? verdict = null;
        NftValue value = default;
        while (attribute.Next())
        {
            if (attribute.Is(Target))
                register = attribute.Get(Target);
            else if (attribute.Is(Content))
            {
                AttributeReader content = attribute.Get(Content);
                while (content.Next())
                {
                    if (content.Is(NftaData.Value))
                        value = new NftValue(content.Get(NftaData.Value));
                    else if (content.Is(NftaData.Verdict))
                        verdict = ParseVerdict(content.Get(NftaData.Verdict));
                }
            }
        }
        return new NftImmediate(verdict, value, register);
    }

    internal static NftVerdict ParseVerdict(AttributeReader attribute)
    {
        uint code = 0;
        string chain = "";
        while (attribute.Next())
        {
            if (attribute.Is(NftaData.VerdictCode))
                code = attribute.Get(NftaData.VerdictCode);
            else if (attribute.Is(NftaData.VerdictChain))
                chain = attribute.Get(NftaData.VerdictChain);
        }
        return new NftVerdict(code, chain);
    }
}

/// <summary>Translates an address.</summary>
/// <param name="IsDestination">DNAT, not SNAT.</param>
/// <param name="Family">Of which family the address is.</param>
/// <param name="Address">The register of the address, or null.</param>
/// <param name="Port">The register of the port, or null.</param>
public sealed record NftNat(bool IsDestination, NftFamily Family, uint? Address, uint? Port) : NftExpression
{
    private static Be32Key TypeKey => new(1);
    private static Be32Key FamilyKey => new(2);
    private static Be32Key AddressKey => new(3);
    private static Be32Key LastAddressKey => new(4);
    private static Be32Key PortKey => new(5);
    private static Be32Key LastPortKey => new(6);

    /// <summary>The register of the last address of a range; null if there is only one.</summary>
    public uint? LastAddress { get; init; }

    /// <summary>The register of the last port of a range; null if there is only one.</summary>
    public uint? LastPort { get; init; }

    /// <inheritdoc/>
    public override string Name => "nat";

    internal override void WriteData(MessageWriter message)
    {
        message.Put(TypeKey, IsDestination ? 1u : 0u);
        message.Put(FamilyKey, (uint)Family);
        if (Address is { } address)
            message.Put(AddressKey, address);
        if (LastAddress is { } lastAddress)
            message.Put(LastAddressKey, lastAddress);
        if (Port is { } port)
            message.Put(PortKey, port);
        if (LastPort is { } lastPort)
            message.Put(LastPortKey, lastPort);
    }

    internal static NftNat Parse(AttributeReader attribute)
    {
        bool destination = false;
        uint family = 0;
        uint? address = null;
        uint? lastAddress = null;
        uint? port = null;
        uint? lastPort = null;
        while (attribute.Next())
        {
            if (attribute.Is(TypeKey))
                destination = attribute.Get(TypeKey) == 1;
            else if (attribute.Is(FamilyKey))
                family = attribute.Get(FamilyKey);
            else if (attribute.Is(AddressKey))
                address = attribute.Get(AddressKey);
            else if (attribute.Is(LastAddressKey))
                lastAddress = attribute.Get(LastAddressKey);
            else if (attribute.Is(PortKey))
                port = attribute.Get(PortKey);
            else if (attribute.Is(LastPortKey))
                lastPort = attribute.Get(LastPortKey);
        }
        // the kernel names the last in every answer
        return new NftNat(destination, (NftFamily)family, address, port)
        {
            LastAddress = lastAddress == address ? null : lastAddress,
            LastPort = lastPort == port ? null : lastPort,
        };
    }
}

/// <summary>Translates the source to the address of the link that the packet leaves by.</summary>
public sealed record NftMasquerade : NftExpression
{
    /// <inheritdoc/>
    public override string Name => "masq";

    internal override void WriteData(MessageWriter message) { }
}

/// <summary>Translates the destination to this host.</summary>
/// <param name="Port">The register of the port, or null.</param>
public sealed record NftRedirect(uint? Port) : NftExpression
{
    private static Be32Key PortKey => new(1);

    /// <inheritdoc/>
    public override string Name => "redir";

    internal override void WriteData(MessageWriter message)
    {
        if (Port is { } port)
            message.Put(PortKey, port);
    }

    internal static NftRedirect Parse(AttributeReader attribute)
    {
        while (attribute.Next())
        {
            if (attribute.Is(PortKey))
                return new NftRedirect(attribute.Get(PortKey));
        }
        return new NftRedirect((uint?)null);
    }
}

/// <summary>Refuses the packet with an answer to its sender.</summary>
/// <param name="Type">NFT_REJECT_*: 0 an ICMP message of the table's family, 1 a TCP reset, 2 an ICMP message of the packet's family.</param>
/// <param name="Code">The message's code; for type 2 NFT_REJECT_ICMPX_*.</param>
public sealed record NftReject(uint Type = NftReject.AnyFamily, byte Code = 1) : NftExpression
{
    internal const uint AnyFamily = 2;

    // NFT_REJECT_ICMPX_ADMIN_PROHIBITED
    internal const byte Prohibited = 3;

    private static Be32Key TypeKey => new(1);
    private static U8Key CodeKey => new(2);

    /// <inheritdoc/>
    public override string Name => "reject";

    internal override void WriteData(MessageWriter message)
    {
        message.Put(TypeKey, Type);
        message.Put(CodeKey, Code);
    }

    internal static NftReject Parse(AttributeReader attribute)
    {
        uint type = 0;
        byte code = 0;
        while (attribute.Next())
        {
            if (attribute.Is(TypeKey))
                type = attribute.Get(TypeKey);
            else if (attribute.Is(CodeKey))
                code = attribute.Get(CodeKey);
        }
        return new NftReject(type, code);
    }
}

/// <summary>Counts packets. Two counters are equal whatever they counted.</summary>
/// <param name="Packets">How many, in an answer.</param>
/// <param name="Bytes">Their bytes, in an answer.</param>
public sealed record NftCounter(ulong Packets = 0, ulong Bytes = 0) : NftExpression
{
    private static Be64Key BytesKey => new(1);
    private static Be64Key PacketsKey => new(2);

    /// <inheritdoc/>
    public override string Name => "counter";

    /// <inheritdoc/>
    public bool Equals(NftCounter? other) => other is not null;

    /// <inheritdoc/>
    public override int GetHashCode() => 0;

    internal override void WriteData(MessageWriter message) { }

    internal static NftCounter Parse(AttributeReader attribute)
    {
        ulong packets = 0;
        ulong bytes = 0;
        while (attribute.Next())
        {
            if (attribute.Is(BytesKey))
                bytes = attribute.Get(BytesKey);
            else if (attribute.Is(PacketsKey))
                packets = attribute.Get(PacketsKey);
        }
        return new NftCounter(packets, bytes);
    }
}
