using Warren.Model;

namespace Warren.Specs;

/// <summary>What services wait for: finds what their words mean, and the circles.</summary>
internal sealed class Dependencies(Drafts<NamespaceDraft> namespaces, Faults faults)
{
    // NAMESPACE stands for all of its services, so that few words can mean many
    private const int Most = 100_000;

    // full names, and for each what it waits for with the place where it says so
    private readonly Dictionary<string, List<Written<string>>> _graph = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>The full names of what a service waits for.</summary>
    public IReadOnlyList<string> Of(NamespaceDraft space, ServiceDraft service)
    {
        if (service.DependsOn.Count == 0)
            return [];
        string own = FullName(space, service);
        var targets = new List<Written<string>>(service.DependsOn.Count);
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (Written<string> word in service.DependsOn)
        {
            foreach (string target in Meant(space, word))
            {
                if (known.Add(target) && ++_count <= Most)
                    targets.Add(word with { Value = target });
                else if (_count == Most + 1)
                    faults.Add(word.Place, $"services wait for each other more than {Most:N0} times", "name single services: NAMESPACE/SERVICE");
            }
        }
        _graph[own] = targets;
        return [.. targets.Select(target => target.Value)];
    }

    /// <summary>Notes the circles.</summary>
    public void FindCircles()
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        // the services on the way, and which of their targets is next
        var way = new List<(string Name, int Next)>();
        var onWay = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string start in _graph.Keys)
        {
            if (!done.Contains(start))
                way.Add((start, 0));
            while (way.Count > 0)
            {
                (string name, int next) = way[^1];
                onWay.TryAdd(name, way.Count - 1);
                List<Written<string>>? targets = _graph.GetValueOrDefault(name);
                if (targets is null || next == targets.Count)
                {
                    done.Add(name);
                    onWay.Remove(name);
                    way.RemoveAt(way.Count - 1);
                    continue;
                }
                way[^1] = (name, next + 1);
                Written<string> target = targets[next];
                if (onWay.TryGetValue(target.Value, out int from))
                    Tell(way, from, target);
                else if (!done.Contains(target.Value))
                    way.Add((target.Value, 0));
            }
        }
    }

    private void Tell(List<(string Name, int Next)> way, int from, Written<string> last)
    {
        const int MostNames = 8;
        if (from == way.Count - 1)
        {
            faults.Add(last.Place, $"the service {Faults.Quote(last.Value)} waits for itself");
            return;
        }
        var names = new List<string>();
        for (int i = from; i < way.Count && names.Count < MostNames; i++)
            names.Add(way[i].Name);
        if (way.Count - from > MostNames)
            names.Add("…");
        names.Add(last.Value);
        faults.Add(last.Place, "services wait for each other in a circle: " + string.Join(" -> ", names), "leave out one of these depends_on");
    }

    // SERVICE of the same namespace, NAMESPACE/SERVICE, NAMESPACE; NAMESPACE/ where a service of the same name is nearer
    private List<string> Meant(NamespaceDraft space, Written<string> word)
    {
        string text = word.Value;
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 && space.Services.Find(text) is { } sibling)
            return [FullName(space, sibling)];
        string name = slash < 0 ? text : text[..slash];
        string service = slash < 0 ? "" : text[(slash + 1)..];
        if (namespaces.Find(name) is not { } other)
        {
            string hint = NearestTo(space, text) is { } near ? $"did you mean '{near}'?" : "SERVICE of the same namespace, NAMESPACE/SERVICE, or NAMESPACE";
            faults.Add(word.Place, slash < 0 ? $"there is no service and no namespace {Faults.Quote(text)}" : $"there is no namespace {Faults.Quote(name)}", hint);
            return [];
        }
        if (service.Length > 0)
        {
            if (other.Services.Find(service) is { } named)
                return [FullName(other, named)];
            string hint = Nearest.Of(service, other.Services.All.Select(each => each.Name)) is { } near ? $"did you mean '{name}/{near}'?" : "";
            faults.Add(word.Place, $"the namespace {Faults.Quote(name)} has no service {Faults.Quote(service)}", hint);
            return [];
        }
        if (other.Run is not null)
            return [other.Name];
        if (other.Services.All.Count == 0)
            faults.Add(word.Place, $"the namespace {Faults.Quote(name)} runs nothing that could be waited for", "give it a 'run'");
        // bounded by what is left, so that the words of one list cannot stand for more
        return [.. other.Services.All.Take(Math.Max(0, Most - _count) + 1).Select(each => FullName(other, each))];
    }

    private string? NearestTo(NamespaceDraft space, string text) =>
        faults.IsFull || text.Contains('/', StringComparison.Ordinal)
            ? null
            : Nearest.Of(text, space.Services.All.Select(each => each.Name).Concat(namespaces.All.Select(each => each.Name)).Take(1000));

    private static string FullName(NamespaceDraft space, ServiceDraft service) =>
        service.Name.Length == 0 ? space.Name : space.Name + "/" + service.Name;
}
