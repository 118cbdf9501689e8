using Warren.Planning.Steps;

namespace Warren.Planning;

/// <summary>What will be done, in order. Pure data: a function of what was observed and what was wished for.</summary>
/// <param name="Steps">The steps.</param>
public sealed record Plan(IReadOnlyList<Step> Steps)
{
    /// <summary>Whether all is as it should be already.</summary>
    public bool IsEmpty => Steps.Count == 0;

    /// <summary>Chains of others that drop what Warren forwards, and that are left so because it was asked for.</summary>
    public IReadOnlyList<Obstacle> LeftDropping { get; init; } = [];

    /// <summary>What is left as it is although something is missed by it, and what to do about it.</summary>
    public IReadOnlyList<Refusal> Remarks { get; init; } = [];

    /// <summary>Namespaces from which nothing leaves, for the uplink that they are pinned to is not there.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> CutOff { get; init; } = [];
}

/// <summary>What kind of refusal; it decides about the exit code.</summary>
public enum RefusalKind
{
    /// <summary>What was typed cannot be meant: exit code 2.</summary>
    Usage,

    /// <summary>Something is in the way: exit code 3.</summary>
    Conflict,

    /// <summary>It is not there: exit code 4.</summary>
    NotFound,

    /// <summary>No privilege, or the kernel lacks something: exit code 5.</summary>
    Unable,
}

/// <summary>One reason why a wish was refused, before anything was changed.</summary>
/// <param name="What">What is wrong, of what.</param>
/// <param name="Remedy">What to type next; may be empty.</param>
public readonly record struct Refusal(string What, string Remedy);

/// <summary>A wish that cannot be fulfilled; nothing was changed.</summary>
/// <param name="kind">What kind of refusal.</param>
/// <param name="refusals">All reasons, not only the first.</param>
public sealed class RefusedException(RefusalKind kind, params IReadOnlyList<Refusal> refusals)
    : Exception(string.Join("; ", refusals.Select(refusal => refusal.What)))
{
    /// <summary>What kind of refusal.</summary>
    public RefusalKind Kind { get; } = kind;

    /// <summary>All reasons.</summary>
    public IReadOnlyList<Refusal> Refusals { get; } = refusals;
}
