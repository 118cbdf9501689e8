using System.Collections;
using Warren.Model;

namespace Warren.Planning;

/// <summary>Forwards in their order, each once. Those in a row are kept as one: ten thousand ports are a range, mostly, and are added and looked
/// up as such.</summary>
internal sealed class ForwardSet : IReadOnlyList<Forward>
{
    private const int Few = 32;

    private readonly List<Run> _runs = [];

    // of many runs: made when it is first needed
    private HashSet<Forward>? _hashed;

    /// <summary>Starts with some.</summary>
    public ForwardSet(IReadOnlyList<Forward> forwards)
    {
        if (forwards is ForwardSet other)
        {
            _runs.AddRange(other._runs);
            Count = other.Count;
            return;
        }
        foreach (Forward forward in forwards)
            Add(forward);
    }

    /// <inheritdoc/>
    public int Count { get; private set; }

    /// <inheritdoc/>
    public Forward this[int index]
    {
        get
        {
            foreach (Run run in _runs)
            {
                if (index < run.Length)
                    return run.At(index);
                index -= run.Length;
            }
            throw new ArgumentOutOfRangeException(nameof(index));
        }
    }

    /// <summary>Those in a row, as the first of them and how many there are.</summary>
    public IReadOnlyList<Run> Runs => _runs;

    /// <summary>Whether it is one of them.</summary>
    public bool Contains(Forward forward)
    {
        if (_runs.Count > Few)
            return (_hashed ??= [.. this]).Contains(forward);
        foreach (Run run in _runs)
        {
            if (run.Contains(forward))
                return true;
        }
        return false;
    }

    /// <summary>Adds one, at the end.</summary>
    public void Add(Forward forward)
    {
        if (Contains(forward))
            return;
        Append(new Run(forward, 1));
        _hashed?.Add(forward);
    }

    /// <summary>Adds as many as a request asks for, at the end.</summary>
    /// <param name="request">One that takes not any, but all.</param>
    public void Add(PortRequest request)
    {
        var run = new Run(
            new Forward(new HostPort(request.HostAddress, request.HostFirst, request.Protocol), request.First),
            request.HostLast - request.HostFirst + 1
        );
        if (_runs.Count <= Few && !_runs.Exists(run.Overlaps))
        {
            Append(run);
            return;
        }
        for (int i = 0; i < run.Length; i++)
            Add(run.At(i));
    }

    /// <summary>Takes some out.</summary>
    public void Remove(ForwardSet others)
    {
        if (others.Count == 0)
            return;
        Run[] before = [.. _runs];
        _runs.Clear();
        _hashed = null;
        Count = 0;
        foreach (Run run in before)
        {
            if (others._runs.Count <= Few && !others._runs.Exists(run.Overlaps))
            {
                Append(run);
                continue;
            }
            for (int i = 0; i < run.Length; i++)
            {
                if (!others.Contains(run.At(i)))
                    Append(new Run(run.At(i), 1));
            }
        }
    }

    /// <inheritdoc/>
    public IEnumerator<Forward> GetEnumerator()
    {
        foreach (Run run in _runs)
        {
            for (int i = 0; i < run.Length; i++)
                yield return run.At(i);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private void Append(Run run)
    {
        Count += run.Length;
        if (_runs.Count > 0 && _runs[^1] is var last && last.At(last.Length) == run.First)
            _runs[^1] = last with { Length = last.Length + run.Length };
        else
            _runs.Add(run);
    }

    /// <summary>Forwards in a row: the next host port, to the next port inside.</summary>
    /// <param name="First">The first.</param>
    /// <param name="Length">How many.</param>
    public readonly record struct Run(Forward First, int Length)
    {
        /// <summary>One of them.</summary>
        public Forward At(int index) => new(First.Host with { Port = First.Host.Port + index }, First.Port + index);

        /// <summary>Whether it is one of them.</summary>
        public bool Contains(Forward forward)
        {
            int index = forward.Host.Port - First.Host.Port;
            return index >= 0 && index < Length && At(index) == forward;
        }

        /// <summary>Whether one of them is one of the others.</summary>
        public bool Overlaps(Run other)
        {
            int start = other.First.Host.Port - First.Host.Port;
            return start < Length && start > -other.Length && At(start) == other.First;
        }
    }
}
