namespace Warren.Running.Services;

/// <summary>How much a change that was heard of says.</summary>
internal enum ChangeKind
{
    /// <summary>It cannot matter.</summary>
    None,

    /// <summary>Something of others that could stand in the way of Warren's packets: mostly it does not.</summary>
    Others,

    /// <summary>Something of ours, or that we lean on.</summary>
    Ours,
}

/// <summary>
/// When to look after what others changed. A burst of changes is one: looked at when it has been quiet for a moment, or has lasted. And
/// looking is bounded, however much changes: a few times at once, then so seldom that it costs next to nothing. Pure: time is given.
/// </summary>
internal sealed class HealPace
{
    /// <summary>How long it must be quiet, in milliseconds.</summary>
    public const int Quiet = 100;

    /// <summary>How long a burst is waited for at most.</summary>
    public const int Longest = 500;

    private const int ShortestRetry = 2_000;
    private const int LongestRetry = 600_000;

    // what is ours is healed at once, also several times; a fight with somebody who takes it away again and again is one of seconds
    private readonly Bucket _ours = new(capacity: 30, refill: 2_000, share: 20);

    // docker starts and stops containers all day
    private readonly Bucket _others = new(capacity: 4, refill: 15_000, share: 100);

    private long? _retryAt;
    private int _failures;
    private bool _busy;
    private long _began;

    /// <summary>Something changed.</summary>
    public void Note(long now, ChangeKind kind)
    {
        if (kind == ChangeKind.Ours)
            _ours.Note(now);
        else if (kind == ChangeKind.Others)
            _others.Note(now);
    }

    /// <summary>When to look next; null if nothing asks for it, or somebody is looking.</summary>
    public long? Due => _busy ? null : Earliest(_retryAt, Earliest(_ours.Due, _others.Due));

    /// <summary>Somebody begins to look: whatever was heard of until now is covered by that.</summary>
    public void Begin(long now)
    {
        _busy = true;
        _began = now;
        if (_ours.Pending)
            _ours.Take(now);
        else if (_others.Pending)
            _others.Take(now);
        _ours.Clear();
        _others.Clear();
        _retryAt = null;
    }

    /// <summary>It is over.</summary>
    /// <param name="now">Now.</param>
    /// <param name="failed">Whether it did not come to an end: then it is tried again, later each time.</param>
    public void End(long now, bool failed)
    {
        _busy = false;
        _ours.Took(now - _began);
        _others.Took(now - _began);
        _failures = failed ? _failures + 1 : 0;
        _retryAt = failed ? now + Math.Min((long)ShortestRetry << Math.Min(2 * (_failures - 1), 20), LongestRetry) : null;
    }

    private static long? Earliest(long? one, long? other) => one is null || other < one ? other : one;

    // As many times at once as it has room for, then once per refill (the generic cell rate algorithm).
    private sealed class Bucket(int capacity, int refill, int share)
    {
        private long? _first;
        private long _last;
        private long _refill = refill;
        private long _fullAgain;

        public bool Pending => _first is not null;

        public long? Due =>
            _first is { } first ? Math.Max(Math.Min(_last + Quiet, first + Longest), _fullAgain - ((capacity - 1) * _refill)) : null;

        public void Note(long now)
        {
            _first ??= now;
            _last = now;
        }

        public void Clear() => _first = null;

        public void Take(long now) => _fullAgain = Math.Max(_fullAgain, now) + _refill;

        // What takes long is done the more seldom.
        public void Took(long milliseconds) => _refill = Math.Max(refill, share * milliseconds);
    }
}
