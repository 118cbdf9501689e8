using Warren.Model;

namespace Warren.Planning;

/// <summary>Forwards in their order, each once. A few are compared, many are hashed: most namespaces have a few.</summary>
internal sealed class ForwardSet
{
    private const int Few = 32;

    private readonly List<Forward> _forwards;
    private HashSet<Forward>? _hashed;

    /// <summary>Starts with some.</summary>
    public ForwardSet(IReadOnlyList<Forward> forwards)
    {
        _forwards = [.. forwards];
        HashMany();
    }

    /// <summary>Whether it is one of them.</summary>
    public bool Contains(Forward forward) => _hashed?.Contains(forward) ?? _forwards.Contains(forward);

    /// <summary>Adds one, at the end.</summary>
    public void Add(Forward forward)
    {
        if (Contains(forward))
            return;
        _forwards.Add(forward);
        _hashed?.Add(forward);
        HashMany();
    }

    /// <summary>Takes some out.</summary>
    public void Remove(ForwardSet others)
    {
        _forwards.RemoveAll(others.Contains);
        _hashed = null;
        HashMany();
    }

    /// <summary>All of them, in their order.</summary>
    public List<Forward> ToList() => [.. _forwards];

    private void HashMany()
    {
        if (_hashed is null && _forwards.Count > Few)
            _hashed = [.. _forwards];
    }
}
