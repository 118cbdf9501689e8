using Warren.Firewall;
using Warren.Model;
using Warren.Netlink.Nftables;
using Warren.Netlink.Rtnetlink;
using Warren.Planning;

namespace Warren.Kernel;

// The part that looks at projects as a whole: who belongs to each, and which names their hosts files say.
internal sealed partial class Observer
{
    // Only namespaces of projects have such ports: what was typed pays nothing for them.
    private Observed WithTargets(Observed observed, Wish wish)
    {
        bool all = wish.Project is not null || wish.Thorough;
        var own = new HashSet<System.Net.IPAddress>();
        foreach (ObservedNamespace space in observed.Namespaces)
        {
            if (space.Link?.Mark is { } mark && (all || mark.Project is not null))
                own.Add(mark.Inside.Address);
        }
        if (observed.Ruleset == RulesetState.Absent || (own.Count == 0 && !all))
            return observed;
        List<NftElement> elements = Elements(Ruleset.Targets);
        if (elements.Count == 0)
            return observed;
        var led = new HashSet<System.Net.IPAddress>();
        if (all)
        {
            foreach (Link link in AllLinks())
            {
                if (LinkMark.TryParse(link.Alias, out LinkMark? mark))
                    led.Add(mark.Inside.Address);
            }
        }
        var targets = new List<InnerPort>();
        var strays = new List<InnerPort>();
        foreach (NftElement element in elements)
        {
            if (Ruleset.ReadTarget(element) is not { } inside)
                continue;
            if (own.Contains(inside.Address))
                targets.Add(inside);
            else if (all && !led.Contains(inside.Address))
                strays.Add(inside);
        }
        return observed with { Targets = targets, StrayTargets = strays };
    }

    private Observed WithProjects(Observed observed, Wish wish)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        if (wish.Project is not null)
            names.Add(wish.Project);
        if (wish.IsRemoval)
        {
            foreach (ObservedNamespace space in observed.Namespaces)
            {
                if (space.Link?.Mark?.Project is { } project)
                    names.Add(project);
            }
        }
        if (wish.RemoveAll)
            names.UnionWith(ProjectRecord.All());
        // what was typed is about none, mostly
        if (names.Count == 0)
            return observed;
        var members = new Dictionary<string, List<NamedAddress>>();
        foreach (string name in names)
            members[name] = [];
        foreach (Link link in AllLinks())
        {
            if (LinkMark.TryParse(link.Alias, out LinkMark? mark) && mark.Project is { } project && members.TryGetValue(project, out List<NamedAddress>? own))
                own.Add(new NamedAddress(mark.Namespace, mark.Inside.Address));
        }
        var projects = new List<ObservedProject>(names.Count);
        foreach (string name in names)
        {
            (IReadOnlyList<NamedAddress> Names, bool IsCurrent)? hosts = HostsFile.Read(name);
            projects.Add(new ObservedProject(name) { Members = members[name], Hosts = hosts?.Names, HostsAreCurrent = hosts?.IsCurrent == true });
        }
        return observed with { Projects = projects };
    }
}
