using System.Net;
using Warren.Model;
using Warren.Planning;

namespace Warren.Specs;

/// <summary>What a file, or what stands, wishes for.</summary>
internal static class ProjectWish
{
    /// <summary>The namespaces of a file shall be as it says, and those that it no longer names shall go.</summary>
    /// <param name="project">The project's name.</param>
    /// <param name="spec">What the file says.</param>
    /// <param name="names">Only these namespaces; then nothing goes. Empty for all.</param>
    /// <exception cref="RefusedException">A name is not in the file.</exception>
    public static Wish Up(string project, Spec spec, IReadOnlyList<string> names)
    {
        DemandNames(spec, names);
        var chosen = new HashSet<string>(names);
        var wishes = new List<NamespaceWish>(spec.Namespaces.Count);
        foreach (NamespaceSpec space in spec.Namespaces)
        {
            if (names.Count > 0 && !chosen.Contains(space.Name))
                continue;
            wishes.Add(
                new NamespaceWish(space.Name)
                {
                    Subnet = space.Subnet,
                    Address = space.Address,
                    Gateway = space.Gateway,
                    Uplink = space.Uplink,
                    Publish = space.Ports,
                    Listen = Listens(space),
                    Dns = space.Dns,
                    Exact = true,
                    ExactDns = true,
                }
            );
        }
        return new Wish
        {
            Project = project,
            Ensure = wishes,
            Services =
            [
                .. spec.Namespaces.Where(space => names.Count == 0 || chosen.Contains(space.Name)).SelectMany(space => space.Services),
            ],
            Whole = names.Count == 0,
            Thorough = true,
            DropsForwarded = spec.DropsForwarded,
        };
    }

    private static IReadOnlyList<HostPort> Listens(NamespaceSpec space)
    {
        HashSet<HostPort>? all = null;
        foreach (Service service in space.Services)
        {
            if (service.Listens.Count > 0)
                (all ??= []).UnionWith(service.Listens);
        }
        return all is null ? [] : [.. all];
    }

    /// <summary>The project's namespaces shall go.</summary>
    /// <param name="project">The project's name.</param>
    /// <param name="spec">What its file says.</param>
    /// <param name="names">Only these; empty for all that the project has.</param>
    /// <exception cref="RefusedException">A name is not in the file.</exception>
    public static Wish Down(string project, Spec spec, IReadOnlyList<string> names)
    {
        DemandNames(spec, names);
        return new Wish
        {
            Project = project,
            Prune = names.Count > 0 ? names : [.. spec.Namespaces.Select(space => space.Name)],
            Whole = names.Count == 0,
        };
    }

    /// <summary>Everything that stands shall be as its links' marks say.</summary>
    public static Wish OfMarks(Observed all)
    {
        var byAddress = all.Forwards.ToLookup(entry => entry.Value.Address, entry => new Forward(entry.Key, entry.Value.Port));
        var wishes = new List<NamespaceWish>();
        foreach (ObservedNamespace space in all.Namespaces)
        {
            if (space.Link?.Mark is not { } mark)
                continue;
            // of many ports the mark does not name all: then those in force count
            IEnumerable<Forward> forwards = mark.Cut ? mark.Forwards.Union(byAddress[mark.Inside.Address]) : mark.Forwards;
            IPAddress gateway = space.Link.Host?.Address ?? mark.Inside.At(1);
            wishes.Add(
                new NamespaceWish(space.Name)
                {
                    Address = mark.Inside,
                    Gateway = gateway.Equals(mark.Inside.Address) ? mark.Inside.At(2) : gateway,
                    Uplink = mark.Uplink,
                    Publish = [.. forwards.Select(PortRequest.Exactly)],
                    Exact = true,
                }
            );
        }
        return new Wish { Ensure = wishes, Thorough = true };
    }

    private static void DemandNames(Spec spec, IReadOnlyList<string> names)
    {
        var known = new HashSet<string>(spec.Namespaces.Select(space => space.Name));
        Refusal[] unknown =
        [
            .. names.Where(name => !known.Contains(name))
                .Select(name => new Refusal($"{Terminal.Safe(name)}: the file has no such namespace", $"one of {string.Join(", ", known.Take(20))}")),
        ];
        if (unknown.Length > 0)
            throw new RefusedException(RefusalKind.NotFound, unknown);
    }
}
