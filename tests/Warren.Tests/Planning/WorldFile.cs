using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Warren.Model;
using Warren.Planning;

namespace Warren.Tests.Planning;

/// <summary>A host on paper as an observed.json describes it. What is left out is as on a host that never saw Warren.</summary>
internal sealed class WorldFile
{
    private static readonly JsonSerializerOptions s_options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    /// <summary>By name.</summary>
    public Dictionary<string, SpaceEntry> Namespaces { get; init; } = [];

    /// <summary>Subnets in use, and by what.</summary>
    public Dictionary<string, string> Taken { get; init; } = [];

    public string[] Addresses { get; init; } = ["192.0.2.10"];

    /// <summary>By name.</summary>
    public Dictionary<string, UplinkEntry> Uplinks { get; init; } = [];

    public bool IpForward { get; init; }

    public RulesetState Ruleset { get; init; }

    /// <summary>As <c>-p</c> takes them, and where they lead.</summary>
    public Dictionary<string, string> Forwards { get; init; } = [];

    /// <summary>Ports inside that other namespaces may call: 10.213.0.2:8080/tcp; left out, those of the forwards of projects' namespaces.</summary>
    public string[]? Targets { get; init; }

    public string[] SwitchedOn { get; init; } = [];

    /// <summary>Links that drop-ins of Warren's name, and whose those are.</summary>
    public Dictionary<string, string> Persisted { get; init; } = [];

    /// <summary>Names of namespaces, and the link that the table lets them leave by.</summary>
    public Dictionary<string, string> Pins { get; init; } = [];

    /// <summary>Projects for which what is forwarded is dropped.</summary>
    public string[] ClosedFor { get; init; } = [];

    /// <summary>Links of others for which the host forwards.</summary>
    public string[] Forwarding { get; init; } = [];

    public ObstacleEntry[] Obstacles { get; init; } = [];

    /// <summary>Host ports of other firewalls' rules, and where those are.</summary>
    public Dictionary<string, string> ForeignForwards { get; init; } = [];

    /// <summary>Host ports, and who listens.</summary>
    public Dictionary<string, string> Listeners { get; init; } = [];

    /// <summary>The names of namespaces that the project has on record.</summary>
    public string[] Record { get; init; } = [];

    /// <summary>The project's services by full name, and their commands.</summary>
    public Dictionary<string, ServiceEntry> Services { get; init; } = [];

    /// <summary>The names in the hosts files of projects; left out, those of the namespaces that there are.</summary>
    public Dictionary<string, Dictionary<string, string>>? Hosts { get; init; }

    /// <summary>Projects whose hosts files were written before somebody changed the host's own.</summary>
    public string[] OldHosts { get; init; } = [];

    public static World Read(string path)
    {
        WorldFile file = JsonSerializer.Deserialize<WorldFile>(File.ReadAllText(path), s_options)!;
        var world = new World
        {
            Taken = [.. file.Taken.Select(entry => new TakenNetwork(Typed.Cidr(entry.Key), entry.Value))],
            Addresses = [.. file.Addresses.Select(IPAddress.Parse)],
            Uplinks = [.. file.Uplinks.Select(entry => new Uplink(entry.Key, entry.Value.Mtu, entry.Value.Forwarding))],
            ForwardsAnyway = file.IpForward,
            Ruleset = file.Ruleset,
            Forwards = file.Forwards.ToDictionary(entry => Typed.Forward(entry.Key).Host, entry => TargetOf(entry.Value)),
            Closed = new(file.Ruleset == RulesetState.Intact ? file.SwitchedOn : [], StringComparer.Ordinal),
            SwitchedOn = new(file.SwitchedOn, StringComparer.Ordinal),
            Persisted = file.Persisted,
            Pins = [.. file.Pins.Select(entry => new Pin(NamespaceName.LinkName(entry.Key), entry.Value))],
            ClosedFor = new(file.ClosedFor, StringComparer.Ordinal),
            Forwarding = [.. file.Forwarding],
            Obstacles = [.. file.Obstacles.Select(entry => entry.Read())],
            ForeignForwards = [.. file.ForeignForwards.Select(entry => new ForeignForward(Typed.Forward(entry.Key).Host, entry.Value))],
            Listeners = [.. file.Listeners.Select(entry => new Listener(Typed.Forward(entry.Key).Host, entry.Value))],
            Record = new(file.Record, StringComparer.Ordinal),
            Services = [.. file.Services.Select(entry => entry.Value.Read(entry.Key))],
        };
        foreach ((string name, SpaceEntry entry) in file.Namespaces)
            world.Spaces[name] = entry.Read(name);
        foreach ((string project, Dictionary<string, string> names) in file.Hosts ?? [])
            world.Hosts[project] = [.. names.Select(entry => new NamedAddress(entry.Key, IPAddress.Parse(entry.Value)))];
        if (file.Hosts is null)
        {
            foreach (var own in world.Spaces.Where(entry => entry.Value.Link?.Mark?.Project is not null).GroupBy(entry => entry.Value.Link!.Mark!.Project!))
                world.Hosts[own.Key] = [.. own.Select(entry => new NamedAddress(entry.Key, entry.Value.Link!.Mark!.Inside.Address))];
        }
        HashSet<IPAddress> ofProjects = [.. world.Spaces.Values.Where(space => space.Link?.Mark?.Project is not null).Select(space => space.Link!.Mark!.Inside.Address)];
        foreach ((HostPort host, Target target) in file.Targets is null && file.Ruleset == RulesetState.Intact ? world.Forwards : [])
        {
            if (host.HostAddress is null && ofProjects.Contains(target.Address))
                world.Targets.Add(new InnerPort(target.Address, target.Port, host.Protocol));
        }
        foreach (string text in file.Targets ?? [])
        {
            // as -p would publish it on that address
            Forward forward = Typed.Forward(text.Replace("/", $":{IPEndPoint.Parse(text.Split('/')[0]).Port}/", StringComparison.Ordinal));
            world.Targets.Add(new InnerPort(forward.Host.HostAddress!, forward.Port, forward.Host.Protocol));
        }
        world.OldHosts.UnionWith(file.OldHosts);
        return world;
    }

    private static Target TargetOf(string text)
    {
        IPEndPoint target = IPEndPoint.Parse(text);
        return new Target(target.Address, target.Port);
    }

    internal sealed class SpaceEntry
    {
        public Presence Presence { get; init; } = Presence.Standing;

        /// <summary>Whether Warren made it.</summary>
        public bool Ours { get; init; } = true;

        public bool LoopbackUp { get; init; } = true;

        public bool DefaultRoute { get; init; }

        /// <summary>The links inside, but for that of Warren's.</summary>
        public string[]? Inside { get; init; }

        public LinkEntry? Link { get; init; }

        /// <summary>Whether somebody else has a link of the name that the host end would get.</summary>
        public bool LinkNameTaken { get; init; }

        /// <summary>The text of its own resolv.conf.</summary>
        public string? Resolver { get; init; }

        /// <summary>Where its own hosts file leads; empty for one that is no link, "none" for none. Left out, to that of its project.</summary>
        public string? Hosts { get; init; }

        private string? HostsOfProject => Link is not null && LinkMark.TryParse(Link.Alias, out LinkMark? mark) && mark.Project is { } project ? HostNames.PathOf(project) : null;

        public World.Space Read(string name) =>
            new()
            {
                Presence = Presence,
                Marked = Presence == Presence.Standing && Ours,
                LoopbackUp = Presence == Presence.Standing && LoopbackUp,
                DefaultRoute = DefaultRoute,
                Inside = Inside ?? (Presence == Presence.Standing ? ["lo"] : []),
                LinkNameTaken = LinkNameTaken,
                Resolver = Resolver,
                Hosts = Hosts == "none" ? null : Hosts ?? HostsOfProject,
                Link = Link is null
                    ? null
                    : new World.HostEnd(NamespaceName.LinkName(name), Link.Alias, Link.Address is null ? null : Typed.Cidr(Link.Address), Link.Up)
                    {
                        Peer = Link.End ? "eth0" : null,
                        Routes = Link.End && Link.Route,
                        PeerUp = Link.EndUp,
                        LacksRoute = Link.LacksRoute,
                        PeerHasAddress = Link.EndAddress,
                    },
            };
    }

    internal sealed class LinkEntry
    {
        public string Alias { get; init; } = "";

        public string? Address { get; init; }

        public bool Up { get; init; } = true;

        /// <summary>Whether somebody took the host's route to it.</summary>
        public bool LacksRoute { get; init; }

        /// <summary>Whether the other end is there.</summary>
        public bool End { get; init; } = true;

        public bool EndUp { get; init; } = true;

        /// <summary>Whether the namespace's address is on the other end.</summary>
        public bool EndAddress { get; init; } = true;

        /// <summary>Whether a default route leads over it.</summary>
        public bool Route { get; init; } = true;
    }

    internal sealed class ServiceEntry
    {
        public required string Command { get; init; }

        /// <summary>As <c>-p</c> takes them.</summary>
        public string[] Listens { get; init; } = [];

        public bool Alive { get; init; } = true;

        public ObservedService Read(string name)
        {
            string[] names = name.Split('/');
            return new ObservedService(new Service(names[0], names.Length > 1 ? names[1] : "", Command.Split(' ')) { Directory = "/srv/shop", Listens = [.. Listens.SelectMany(Typed.Listens)] }, Alive);
        }
    }

    internal sealed class UplinkEntry
    {
        public uint Mtu { get; init; } = 1500;

        public bool Forwarding { get; init; }
    }

    internal sealed class ObstacleEntry
    {
        public FirewallBackend Backend { get; init; }

        public required string Family { get; init; }

        public required string Table { get; init; }

        public required string Chain { get; init; }

        public required string Cause { get; init; }

        public string Owner { get; init; } = "";

        public bool Opened { get; init; }

        public Obstacle Read() => new(new ForeignChain(Backend, Family, Table, Chain), Cause, Owner, Opened);
    }
}
