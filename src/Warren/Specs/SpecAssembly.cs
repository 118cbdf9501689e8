using Warren.Model;

namespace Warren.Specs;

/// <summary>Makes the spec of what was read: defaults are filled in, and what must fit together is held against each other.</summary>
internal sealed class SpecAssembly(SpecDraft draft, SourceText first, Faults faults)
{
    private readonly List<NamespaceSpec> _spaces = new(draft.Namespaces.All.Count);
    private readonly List<Written<(string Namespace, Cidr Network)>> _networks = [];

    /// <summary>The spec. Mistakes are noted; if there are any, it is of no use.</summary>
    public Spec Assemble()
    {
        if (draft.Namespaces.All.Count == 0)
        {
            string hint = "as in namespaces: {web1: {ports: [\"6000:8080\"], run: flask run --port 8080}}";
            faults.Add(draft.NamespacesKey ?? new Place(first, 0, 1), "the file has no namespaces", hint);
        }
        var dependencies = new Dependencies(draft.Namespaces, faults);
        foreach (NamespaceDraft space in draft.Namespaces.All)
            _spaces.Add(Namespace(space, dependencies));
        dependencies.FindCircles();
        PortConflicts.Find(draft.Namespaces.All, faults);
        FindOverlaps();
        return new Spec(_spaces) { Name = draft.Name, DropsForwarded = draft.Host.DropsForwarded };
    }

    private NamespaceSpec Namespace(NamespaceDraft space, Dependencies dependencies)
    {
        if (space is { Run: { } run, ServicesKey: { } services })
        {
            Place later = IsAfter(run.Key, services) ? run.Key : services;
            faults.Add(later, $"'run' and 'services' exclude each other in the namespace {Faults.Quote(space.Name)}", "'run' is for a single program; write it as one of the 'services'");
        }
        var spec = new NamespaceSpec(space.Name)
        {
            Uplink = space.Uplink,
            Ports = [.. space.Ports.Select(port => port.Value)],
            Services = Services(space, dependencies),
            Dns = space.Dns is { Servers: { Count: > 0 } } or { Search: { Count: > 0 } }
                ? new Dns(space.Dns.Servers ?? [], space.Dns.Search ?? [])
                : null,
        };
        if (space.Subnet is null && space.Address is null && space.Gateway is null)
            return spec;
        var rules = AddressRules.Read(space.Subnet?.Value, space.Address?.Value, space.Gateway?.Value, AddressWords.Keys);
        foreach (AddressFault fault in rules.Faults)
        {
            Place? place = fault.Part switch
            {
                AddressPart.Subnet => space.Subnet?.Place,
                AddressPart.Address => space.Address?.Place,
                _ => space.Gateway?.Place,
            };
            faults.Add(place ?? space.Key, fault.What, fault.Remedy);
        }
        if (rules.Faults.Count == 0 && (rules.Subnet ?? rules.Address) is { } network)
            _networks.Add(new((space.Name, network.Network), (space.Subnet ?? space.Address)!.Value.Place));
        return spec with { Subnet = rules.Subnet, Address = rules.Address, Gateway = rules.Gateway };
    }

    private List<Service> Services(NamespaceDraft space, Dependencies dependencies)
    {
        var services = new List<Service>(space.Services.All.Count);
        SocketShares? sockets = space.Listens.Count > 0 ? new SocketShares(space, faults) : null;
        if (space.Run is not null)
            services.Add(Service(space, space.Run, dependencies) with { Listens = sockets?.Of(space.Run, faults) ?? [] });
        foreach (ServiceDraft each in space.Services.All)
            services.Add(Service(space, each, dependencies) with { Listens = sockets?.Of(each, faults) ?? [] });
        return services;
    }

    private static Service Service(NamespaceDraft space, ServiceDraft service, Dependencies dependencies)
    {
        var made = new Service(space.Name, service.Name, service.Command ?? [])
        {
            Directory = service.Directory ?? space.Directory ?? service.Key.Source.Source.Folder,
            Environment = Environment(space.Environment, service.Environment),
            User = service.User ?? space.User,
            Capabilities = service.Capabilities ?? space.Capabilities ?? [],
            Restart = service.Restart,
            RestartLimit = service.RestartLimit,
            DependsOn = dependencies.Of(space, service),
        };
        if (service.StopGrace is { } grace)
            made = made with { StopGrace = grace };
        if (service.Ready is not { } ready)
            return made;
        var readiness = new Readiness
        {
            Port = ready.Port?.Value.Number,
            Protocol = ready.Port?.Value.Protocol ?? Protocol.Tcp,
            Command = ready.Command?.Value ?? [],
        };
        return made with { Ready = ready.Timeout is { } timeout ? readiness with { Timeout = timeout } : readiness };
    }

    // the namespace's variables, with the service's in their places and after them
    private static IReadOnlyList<KeyValuePair<string, string>> Environment(EnvironmentDraft space, EnvironmentDraft service)
    {
        if (space.Values.Count == 0 && service.Values.Count == 0)
            return [];
        var all = new Dictionary<string, string>(space.Values, StringComparer.Ordinal);
        foreach ((string name, string value) in service.Values)
            all[name] = value;
        return [.. all];
    }

    private void FindOverlaps()
    {
        _networks.Sort((a, b) => Number(a.Value.Network).CompareTo(Number(b.Value.Network)));
        // the one that reaches furthest of those that begin before
        int reaching = 0;
        for (int i = 1; i < _networks.Count; i++)
        {
            (Written<(string Namespace, Cidr Network)> a, Written<(string Namespace, Cidr Network)> b) = (_networks[reaching], _networks[i]);
            if (a.Value.Network.Overlaps(b.Value.Network))
            {
                if (IsAfter(a.Place, b.Place))
                    (a, b) = (b, a);
                faults.Add(b.Place, $"the subnet {b.Value.Network} overlaps {a.Value.Network} of the namespace {Faults.Quote(a.Value.Namespace)} in {a.Place.SeenFrom(b.Place)}", "each namespace has a subnet of its own");
            }
            if (End(_networks[i].Value.Network) > End(_networks[reaching].Value.Network))
                reaching = i;
        }
    }

    private static bool IsAfter(Place a, Place b) =>
        a.Source.Order != b.Source.Order ? a.Source.Order > b.Source.Order : a.Start > b.Start;

    // only IPv4 passes the rules
    private static long Number(Cidr network) => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(network.Address.GetAddressBytes());

    private static long End(Cidr network) => Number(network) + (1L << (32 - network.PrefixLength));
}
