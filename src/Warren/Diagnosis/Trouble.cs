namespace Warren.Diagnosis;

/// <summary>How much a finding weighs.</summary>
internal enum Weight
{
    /// <summary>Good to know; nothing is wrong.</summary>
    Note,

    /// <summary>Something that will hurt, or hurts some.</summary>
    Warning,

    /// <summary>Something does not work.</summary>
    Error,
}

/// <summary>What a finding hinders: which questions it is an answer to.</summary>
internal enum Reach
{
    /// <summary>Nothing that was asked about; only the host's order.</summary>
    Host,

    /// <summary>Every namespace, and every published port.</summary>
    Everything,

    /// <summary>One namespace with all its ports.</summary>
    Namespace,

    /// <summary>What programs in one namespace reach, not who reaches them.</summary>
    Outbound,

    /// <summary>Some published ports.</summary>
    Port,
}

/// <summary>A kind of finding.</summary>
/// <param name="Id">Its short name, for programs and for looking it up: <c>server-on-loopback</c>.</param>
/// <param name="Weight">How much it weighs.</param>
/// <param name="Reach">What it hinders.</param>
/// <param name="Words">What it means, in a few words.</param>
internal sealed record Trouble(string Id, Weight Weight, Reach Reach, string Words)
{
    /// <summary>The weight in a word: <c>error</c>.</summary>
    public string Word => Weight.ToString().ToLowerInvariant();
}
