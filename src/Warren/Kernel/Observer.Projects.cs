using Warren.Firewall;
using Warren.Model;
using Warren.Netlink.Nftables;
using Warren.Netlink.Rtnetlink;
using Warren.Planning;

namespace Warren.Kernel;

// The part that looks at projects as a whole: who belongs to each, and which names their hosts files say.
internal sealed partial class Observer
{
    /// <summary>What was found before a change, of which only what it was about is looked at again.</summary>
    public Observed? Before { get; init; }

    // Only namespaces of projects have such ports: what was typed pays nothing for them.
    private Observed WithTargets(Observed observed, Wish wish)
    {
        if (observed.Ruleset == RulesetState.Absent)
            return observed;
        bool complete = observed.Ruleset == RulesetState.Intact && !observed.Everything;
        var asked = new HashSet<InnerPort>();
        HashSet<string> partly = Partly(wish);
        foreach (ObservedNamespace space in observed.Namespaces)
        {
            if (space.Link?.Mark is not { } mark || (mark.Project ?? wish.Project) is null || partly.Contains(space.Name))
                continue;
            complete &= !mark.Cut;
            foreach (Forward forward in mark.Forwards)
                asked.Add(new InnerPort(mark.Inside.Address, forward.Port, forward.Host.Protocol));
        }
        if (!complete || (wish.Project is null ? wish.Thorough : LostForwards(observed, wish)))
            return WithAllTargets(observed, strays: wish.Project is not null || wish.Thorough);
        var marks = new Dictionary<string, LinkMark>(observed.Namespaces.Count);
        foreach (ObservedNamespace space in observed.Namespaces)
        {
            if (space.Link?.Mark is { } mark)
                marks.TryAdd(space.Name, mark);
        }
        foreach (NamespaceWish each in wish.Ensure)
        {
            if (!marks.TryGetValue(each.Name, out LinkMark? mark))
                continue;
            if (each.MustExist && mark.Project is null)
                continue;
            foreach (PortRequest request in each.Publish.Concat(each.Unpublish))
            {
                foreach (Forward forward in request.Forwards)
                    asked.Add(new InnerPort(mark.Inside.Address, forward.Port, forward.Host.Protocol));
            }
        }
        if (asked.Count == 0)
            return observed;
        // so many questions take longer than the whole list
        if (asked.Count > MostQuestions)
            return WithAllTargets(observed, strays: false);
        var targets = new List<InnerPort>();
        foreach (NftElement element in session.Nft.Find(Ruleset.Targets, [.. asked.Select(Ruleset.TargetElement)]))
        {
            if (Ruleset.ReadTarget(element) is { } inside)
                targets.Add(inside);
        }
        return observed with { Targets = targets };
    }

    private Observed WithAllTargets(Observed observed, bool strays)
    {
        var own = new HashSet<System.Net.IPAddress>();
        foreach (ObservedNamespace space in observed.Namespaces)
        {
            if (space.Link?.Mark is { } mark)
                own.Add(mark.Inside.Address);
        }
        var targets = new List<InnerPort>();
        var others = new List<InnerPort>();
        foreach (NftElement element in Elements(Ruleset.Targets))
        {
            if (Ruleset.ReadTarget(element) is { } inside)
                (own.Contains(inside.Address) ? targets : others).Add(inside);
        }
        if (!strays)
            others.Clear();
        HashSet<System.Net.IPAddress> led = Led(others.Select(inside => inside.Address));
        others.RemoveAll(inside => led.Contains(inside.Address));
        return observed with { Targets = targets, StrayTargets = others };
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
        foreach (LinkMark mark in Marks(observed, names))
        {
            if (mark.Project is { } project && members.TryGetValue(project, out List<NamedAddress>? own))
                own.Add(new NamedAddress(mark.Namespace, mark.Inside.Address));
        }
        if (Before is not null)
        {
            var looked = new HashSet<string>(observed.Namespaces.Select(space => space.Name));
            foreach (ObservedProject project in Before.Projects)
            {
                if (members.TryGetValue(project.Name, out List<NamedAddress>? own))
                    own.AddRange(project.Members.Where(member => !looked.Contains(member.Name)));
            }
        }
        var projects = new List<ObservedProject>(names.Count);
        foreach (string name in names)
        {
            (IReadOnlyList<NamedAddress> Names, bool IsCurrent)? hosts = HostsFile.Read(name);
            projects.Add(new ObservedProject(name) { Members = members[name], Hosts = hosts?.Names, HostsAreCurrent = hosts?.IsCurrent == true });
        }
        return observed with { Projects = projects };
    }
    // What the links say of the namespaces that were observed, and of all others that are on record.
    private List<LinkMark> Marks(Observed observed, SortedSet<string> projects)
    {
        var marks = new List<LinkMark>();
        var looked = new HashSet<string>();
        foreach (ObservedNamespace space in observed.Namespaces)
        {
            looked.Add(space.Name);
            if (space.Link?.Mark is { } mark)
                marks.Add(mark);
        }
        if (Before is not null)
            return marks;
        foreach (string project in projects)
        {
            string[] unseen = [.. ProjectRecord.Names(project).Where(looked.Add)];
            if (unseen.Length > MostNames && _links is null)
                ListLinks();
            foreach (string name in unseen)
            {
                if (Namespace(name, Depth.Link).Link?.Mark is { } mark)
                    marks.Add(mark);
            }
        }
        return marks;
    }
}
