using System.Net;
using Warren.Model;
using Warren.Planning.Steps;

namespace Warren.Planning;

// The part by which the namespaces of a project know each other's names, and reach what the names lead to.
internal sealed partial class Additions
{
    // those that were wished for, as they will be
    private readonly Dictionary<string, LinkMark> _marks = [];
    private readonly List<TargetEntry> _admit = [];
    private readonly List<TargetEntry> _shut = [];
    private readonly HashSet<string> _goneNames = [];
    private readonly List<Refusal> _remarks = [];

    private void SetHosts(ObservedNamespace space)
    {
        if (_wish.Project is not { } project)
            return;
        string target = HostNames.PathOf(project);
        if (space.Hosts is not null && !HostNames.IsOurs(space.Hosts))
        {
            _remarks.Add(
                new Refusal(
                    $"{space.Name}: {HostNames.LinkOf(space.Name)} is not Warren's and stays as it is: other namespaces are not known by name in it",
                    $"rm {HostNames.LinkOf(space.Name)}, then warren up"
                )
            );
            return;
        }
        string? before = space.Hosts is null ? null : Resolver.TargetOf(space.Hosts);
        if (before != target)
            _before.Add(new LinkHosts(space.Name, target, before));
    }

    // The names of all namespaces of the project, also of those that this wish is not about.
    private void WriteNames()
    {
        foreach (ObservedProject project in _observed.Projects)
        {
            if (project.Name != _wish.Project)
                continue;
            var names = new List<NamedAddress>();
            foreach (NamedAddress each in project.Members)
            {
                if (!_wished.Contains(each.Name) && !_goneNames.Contains(each.Name))
                    names.Add(each);
            }
            foreach ((string name, LinkMark mark) in _marks)
                names.Add(new NamedAddress(name, mark.Inside.Address));
            names = HostNames.Ordered(names);
            if (project.Hosts is null || !project.HostsAreCurrent || !HostNames.Same(names, project.Hosts))
                _before.Add(new WriteHosts(project.Name, names, project.Hosts));
        }
    }

    // What a namespace of a project publishes on all addresses of the host, other namespaces reach by its own address too.
    private void ChooseTargets()
    {
        if (!AnyProject() && _observed.Targets.Count + _observed.StrayTargets.Count == 0)
            return;
        if (!TableStands)
        {
            var seen = new HashSet<InnerPort>();
            foreach (ForwardEntry entry in AllForwards())
            {
                bool ofProject = _marks.TryGetValue(entry.Namespace, out LinkMark? mark)
                    ? mark.Project is not null
                    : _spaces.TryGetValue(entry.Namespace, out ObservedNamespace? space) && space.Link?.Mark?.Project is not null;
                if (ofProject && TargetOf(entry) is { } inside && seen.Add(inside))
                    _admit.Add(new TargetEntry(inside, entry.Namespace));
            }
            return;
        }
        var wanted = new HashSet<InnerPort>();
        foreach ((string name, LinkMark mark) in _marks)
            Want(name, mark, wanted);
        var owners = new Dictionary<IPAddress, string>();
        foreach (ObservedNamespace space in _observed.Namespaces)
        {
            if (space.Link?.Mark is { } mark)
                owners[mark.Inside.Address] = space.Name;
        }
        var gone = new HashSet<IPAddress>(_goneAddresses);
        var standing = new HashSet<InnerPort>(_observed.Targets);
        foreach (InnerPort inside in _observed.Targets)
        {
            string owner = owners[inside.Address];
            bool goes = gone.Contains(inside.Address) || (_marks.TryGetValue(owner, out LinkMark? mark) && !wanted.Contains(inside) && IsKnown(mark, inside) && !IsPublishedToo(mark, inside));
            if (!goes)
                continue;
            _shut.Add(new TargetEntry(inside, owner));
            standing.Remove(inside);
        }
        foreach (InnerPort inside in _observed.StrayTargets)
        {
            _shut.Add(new TargetEntry(inside, ""));
            standing.Remove(inside);
        }
        _shut.Sort((a, b) => Removal.Compare(a.Inside, b.Inside));
        _admit.RemoveAll(entry => standing.Contains(entry.Inside));
    }

    // A mark that is cut does not name all that is published. What is typed was looked at alone: then only what it takes back is known to go.
    private bool IsKnown(LinkMark mark, InnerPort inside) =>
        !mark.Cut || _wish.Thorough || _unpublish.Exists(entry => TargetOf(entry) == inside);

    // Of a namespace whose ports were not looked at: by another forward than those.
    private bool IsPublishedToo(LinkMark mark, InnerPort inside)
    {
        if (!_named.ContainsKey(mark.Namespace))
            return false;
        foreach (Forward forward in mark.Forwards)
        {
            if (forward.Port == inside.Port && forward.Host.Protocol == inside.Protocol && forward.Host.HostAddress is null)
                return true;
        }
        return false;
    }

    private void Want(string name, LinkMark mark, HashSet<InnerPort> wanted)
    {
        if (mark.Project is null)
            return;
        foreach (Forward forward in LookedAt(mark))
        {
            var inside = new InnerPort(mark.Inside.Address, forward.Port, forward.Host.Protocol);
            if (forward.Host.HostAddress is null && wanted.Add(inside))
                _admit.Add(new TargetEntry(inside, name));
        }
    }

    private bool AnyProject()
    {
        if (_wish.Project is not null)
            return true;
        foreach (ObservedNamespace space in _observed.Namespaces)
        {
            if (space.Link?.Mark?.Project is not null)
                return true;
        }
        return false;
    }

    private static InnerPort? TargetOf(ForwardEntry entry) =>
        entry.Host.HostAddress is null ? new InnerPort(entry.Target.Address, entry.Target.Port, entry.Host.Protocol) : null;

    // As of a port that was published on the namespace's own address. The flows of addresses that are gone end with those.
    private IEnumerable<ForwardEntry> ShutFlows()
    {
        var gone = new HashSet<IPAddress>(_goneAddresses);
        foreach (TargetEntry entry in _shut)
        {
            InnerPort inside = entry.Inside;
            if (!gone.Contains(inside.Address))
                yield return new ForwardEntry(new HostPort(inside.Address, inside.Port, inside.Protocol), new Target(inside.Address, inside.Port), entry.Namespace);
        }
    }
}
