using System.Collections;
using Warren.Model;

namespace Warren.Planning;

/// <summary>Forwards in their order, each once. Those in a row are kept as one: ten thousand ports are a range, mostly, and are added and looked
/// up as such.</summary>
internal sealed class ForwardSet : IReadOnlyList<Forward>
{
    private const int Few = 32;

    // As many as there are, mostly: most namespaces have one.
    private Run[] _runs = [];
    private int _used;

    // of many runs: made when it is first needed
    private HashSet<Forward>? _hashed;

    /// <summary>Starts with some.</summary>
    public ForwardSet(IReadOnlyList<Forward> forwards)
    {
        if (forwards is ForwardSet other)
        {
            _runs = other.Runs.ToArray();
            _used = other._used;
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
            foreach (ref readonly Run run in Runs)
            {
                if (index < run.Length)
                    return run.At(index);
                index -= run.Length;
            }
            throw new ArgumentOutOfRangeException(nameof(index));
        }
    }

    /// <summary>Those in a row, as the first of them and how many there are.</summary>
    public ReadOnlySpan<Run> Runs => _runs.AsSpan(0, _used);

    /// <summary>Whether it is one of them.</summary>
    public bool Contains(Forward forward)
    {
        if (_used > Few)
            return (_hashed ??= [.. this]).Contains(forward);
        foreach (ref readonly Run run in Runs)
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
        if (_used <= Few && !Overlaps(run))
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
        Run[] before = Runs.ToArray();
        _used = 0;
        _hashed = null;
        Count = 0;
        foreach (Run run in before)
        {
            if (others._used <= Few && !others.Overlaps(run))
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
    public IEnumerator<Forward> GetEnumerator() => new Walk(this);

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private void Append(Run run)
    {
        Count += run.Length;
        if (_used > 0 && _runs[_used - 1] is var last && last.At(last.Length) == run.First)
        {
            _runs[_used - 1] = last with { Length = last.Length + run.Length };
            return;
        }
        if (_used == _runs.Length)
            Array.Resize(ref _runs, Math.Max(1, _used * 2));
        _runs[_used++] = run;
    }

    private bool Overlaps(Run run)
    {
        foreach (ref readonly Run each in Runs)
        {
            if (each.Overlaps(run))
                return true;
        }
        return false;
    }

    private sealed class Walk(ForwardSet set) : IEnumerator<Forward>
    {
        private int _run;
        private int _index = -1;

        public Forward Current => set._runs[_run].At(_index);

        object IEnumerator.Current => Current;

        public bool MoveNext()
        {
            if (_run >= set._used)
                return false;
            if (++_index < set._runs[_run].Length)
                return true;
            _index = 0;
            return ++_run < set._used;
        }

        public void Reset()
        {
            _run = 0;
            _index = -1;
        }

        public void Dispose()
        {
            // nothing is held
        }
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
