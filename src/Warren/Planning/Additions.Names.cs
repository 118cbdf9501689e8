using System.Net;
using Warren.Planning.Steps;

namespace Warren.Planning;

// The part by which the namespaces of a project know each other's names.
internal sealed partial class Additions
{
    // those that were wished for, as they will be
    private readonly Dictionary<string, IPAddress> _addresses = [];
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
            foreach ((string name, IPAddress address) in _addresses)
                names.Add(new NamedAddress(name, address));
            names = HostNames.Ordered(names);
            if (project.Hosts is null || !project.HostsAreCurrent || !HostNames.Same(names, project.Hosts))
                _before.Add(new WriteHosts(project.Name, names, project.Hosts));
        }
    }
}
