using Warren.Firewall;
using Warren.Model;

namespace Warren.Planning.Steps;

/// <summary>What becomes of the table as a whole.</summary>
public enum TableChange
{
    /// <summary>It stays.</summary>
    None,

    /// <summary>It is made.</summary>
    Create,

    /// <summary>It is made again, because something of it was missing or too much.</summary>
    Repair,

    /// <summary>It goes.</summary>
    Delete,
}

/// <summary>A forward in force: from where to where.</summary>
/// <param name="Host">The host's port.</param>
/// <param name="Target">Where it leads.</param>
/// <param name="Namespace">Whose it is.</param>
public readonly record struct ForwardEntry(HostPort Host, Target Target, string Namespace)
{
    /// <summary><c>6000/tcp -> 10.213.0.2:8080</c></summary>
    public override string ToString() => $"{Host} -> {Target}";
}

/// <summary>A port inside that other namespaces may call.</summary>
/// <param name="Inside">Which.</param>
/// <param name="Namespace">Whose it is; empty for nobody's.</param>
public readonly record struct TargetEntry(InnerPort Inside, string Namespace);

/// <summary>A link that is pinned to an uplink.</summary>
/// <param name="Pin">Which link, to which.</param>
/// <param name="Namespace">Whose link.</param>
public readonly record struct PinEntry(Pin Pin, string Namespace);

/// <summary>All changes of a plan to Warren's rules: one transaction, all or none.</summary>
public sealed record ChangeRules : Step
{
    /// <summary>What becomes of the table.</summary>
    public TableChange Table { get; init; }

    /// <summary>Forwards that come.</summary>
    public IReadOnlyList<ForwardEntry> Publish { get; init; } = [];

    /// <summary>Forwards that go.</summary>
    public IReadOnlyList<ForwardEntry> Unpublish { get; init; } = [];

    /// <summary>Ports inside that other namespaces may call from now on.</summary>
    public IReadOnlyList<TargetEntry> Admit { get; init; } = [];

    /// <summary>Ports inside that they may not call any longer.</summary>
    public IReadOnlyList<TargetEntry> Shut { get; init; } = [];

    /// <summary>Uplinks on which forwarding is switched on because of us: their other traffic stays closed.</summary>
    public IReadOnlyList<string> Close { get; init; } = [];

    /// <summary>Uplinks on which forwarding is not switched on after all.</summary>
    public IReadOnlyList<string> Open { get; init; } = [];

    /// <summary>Links whose packets leave by one link of the host from now on.</summary>
    public IReadOnlyList<PinEntry> Pin { get; init; } = [];

    /// <summary>Links whose packets do not have to leave by that one any more.</summary>
    public IReadOnlyList<PinEntry> Unpin { get; init; } = [];

    /// <summary>Projects for which the host forwards nothing any more but what is of namespaces.</summary>
    public IReadOnlyList<string> CloseFor { get; init; } = [];

    /// <summary>Projects for which it did.</summary>
    public IReadOnlyList<string> OpenFor { get; init; } = [];

    /// <summary>Whether it changes nothing.</summary>
    public bool IsEmpty =>
        Table == TableChange.None
        && Publish.Count == 0
        && Unpublish.Count == 0
        && Admit.Count == 0
        && Shut.Count == 0
        && Close.Count == 0
        && Open.Count == 0
        && Pin.Count == 0
        && Unpin.Count == 0
        && CloseFor.Count == 0
        && OpenFor.Count == 0;

    /// <inheritdoc/>
    public override char Sign =>
        Table switch
        {
            TableChange.Create => '+',
            TableChange.Delete => '-',
            TableChange.Repair => '~',
            _ => Unpublish.Count + Shut.Count + Unpin.Count + OpenFor.Count == 0 ? '+'
            : Publish.Count + Admit.Count + Pin.Count + CloseFor.Count == 0 ? '-'
            : '~',
        };

    /// <inheritdoc/>
    public override string Words
    {
        get
        {
            var parts = new List<string>();
            if (Table != TableChange.None)
                parts.Add("table inet warren" + (Table == TableChange.Repair ? ", made again: something was missing or too much" : ""));
            if (Close.Count > 0 && Table != TableChange.Delete)
                parts.Add($"other traffic of {Terminal.Safe(string.Join(", ", Close))} stays closed");
            if (Open.Count > 0)
                parts.Add($"other traffic of {Terminal.Safe(string.Join(", ", Open))} is not Warren's any more");
            foreach (string project in CloseFor)
                parts.Add($"forward policy drop for the whole host, for {project}: only what is of namespaces passes");
            if (Table != TableChange.Delete)
            {
                parts.AddRange(Unpin.Select(entry => $"{entry.Namespace}: not by {(entry.Pin.Uplink.Length > 0 ? Terminal.Safe(entry.Pin.Uplink) : "no uplink")} only any more"));
                parts.AddRange(Pin.Select(entry => $"{entry.Namespace}: out by {entry.Pin.Uplink} only"));
                foreach (string project in OpenFor)
                    parts.Add($"forward policy drop for the whole host, for {project}");
                parts.AddRange(Told(Unpublish, "unpublish "));
                parts.AddRange(Told(Publish, "publish "));
                if (Shut.Count > 0)
                    parts.Add("other namespaces no longer reach " + Told(Shut));
                if (Admit.Count > 0)
                    parts.Add("other namespaces reach " + Told(Admit));
            }
            return string.Join("; ", parts);
        }
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Shell
    {
        get
        {
            if (Table == TableChange.Delete)
                return ["nft delete table inet warren"];
            IEnumerable<string> lines = Table switch
            {
                TableChange.Create => RulesetScript.Table(),
                TableChange.Repair => RulesetScript.Table().Prepend("delete table inet warren"),
                _ => [],
            };
            lines = lines
                .Concat(Unpublish.Select(entry => RulesetScript.Unpublish(entry.Host)))
                .Concat(Shut.Select(entry => RulesetScript.Shut(entry.Inside)))
                .Concat(Open.Select(RulesetScript.Open))
                .Concat(Close.Select(RulesetScript.Close))
                .Concat(Unpin.SelectMany(entry => RulesetScript.Unpin(entry.Pin)))
                .Concat(Pin.SelectMany(entry => RulesetScript.Pin(entry.Pin)))
                .Concat(OpenFor.SelectMany(RulesetScript.OpenFor))
                .Concat(CloseFor.SelectMany(RulesetScript.CloseFor))
                .Concat(Publish.Select(entry => RulesetScript.Publish(entry.Host, entry.Target)))
                .Concat(Admit.Select(entry => RulesetScript.Admit(entry.Inside)));
            return Nft(lines);
        }
    }

    /// <inheritdoc/>
    public override Step? Undo =>
        Table switch
        {
            TableChange.Create => new ChangeRules { Table = TableChange.Delete },
            // what was damaged is not damaged again
            TableChange.Repair => null,
            TableChange.Delete => new ChangeRules
            {
                Table = TableChange.Create,
                Publish = Unpublish,
                Admit = Shut,
                Close = Close,
                Pin = Unpin,
                CloseFor = OpenFor,
            },
            _ => new ChangeRules
            {
                Publish = Unpublish,
                Unpublish = Publish,
                Admit = Shut,
                Shut = Admit,
                Close = Open,
                Open = Close,
                Pin = Unpin,
                Unpin = Pin,
                CloseFor = OpenFor,
                OpenFor = CloseFor,
            },
        };

    /// <inheritdoc/>
    public bool Equals(ChangeRules? other) =>
        other is not null
        && Table == other.Table
        && Publish.SequenceEqual(other.Publish)
        && Unpublish.SequenceEqual(other.Unpublish)
        && Admit.SequenceEqual(other.Admit)
        && Shut.SequenceEqual(other.Shut)
        && Close.SequenceEqual(other.Close)
        && Open.SequenceEqual(other.Open)
        && Pin.SequenceEqual(other.Pin)
        && Unpin.SequenceEqual(other.Unpin)
        && CloseFor.SequenceEqual(other.CloseFor)
        && OpenFor.SequenceEqual(other.OpenFor);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Table, Publish.Count, Unpublish.Count, Close.Count, Open.Count);

    private static string Told(IReadOnlyList<TargetEntry> entries)
    {
        var parts = new List<string>();
        for (int i = 0; i < entries.Count;)
        {
            InnerPort first = entries[i].Inside;
            int length = 1;
            while (i + length < entries.Count && entries[i + length].Inside == first with { Port = first.Port + length })
                length++;
            parts.Add(length == 1 ? first.ToString() : $"{first} up to {entries[i + length - 1].Inside}");
            i += length;
        }
        return string.Join(", ", parts);
    }

    // a range of a thousand ports is one line
    private static IEnumerable<string> Told(IReadOnlyList<ForwardEntry> entries, string verb)
    {
        for (int i = 0; i < entries.Count;)
        {
            ForwardEntry first = entries[i];
            int length = 1;
            while (
                i + length < entries.Count
                && entries[i + length]
                    == first with
                    {
                        Host = first.Host with { Port = first.Host.Port + length },
                        Target = first.Target with { Port = first.Target.Port + length },
                    }
            )
            {
                length++;
            }
            yield return length == 1
                ? $"{verb}{first}"
                : $"{verb}{first} up to {entries[i + length - 1]}";
            i += length;
        }
    }
}
