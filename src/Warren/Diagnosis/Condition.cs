using System.Net;
using Warren.Model;
using Warren.Planning;

namespace Warren.Diagnosis;

/// <summary>All that the checks look at, found at one moment. Data without sockets, so that every check is a function of it.</summary>
internal sealed record Condition
{
    /// <summary>What was asked about.</summary>
    public Aim Aim { get; init; } = Aim.Everything;

    /// <summary>The kernel, and what this process may do.</summary>
    public KernelFacts Kernel { get; init; } = new("");

    /// <summary>All that is Warren's.</summary>
    public Observed Seen { get; init; } = new() { Namespaces = [] };

    /// <summary>What a mending depends on; null if nothing stands, or if it could not be looked at.</summary>
    public Observed? Asked { get; init; }

    /// <summary>What `up` would change.</summary>
    public Plan Drift { get; init; } = new([]);

    /// <summary>Why `up` would refuse, by namespace.</summary>
    public IReadOnlyList<(string Namespace, Refusal Refusal)> Refusals { get; init; } = [];

    /// <summary>Whose the table inet warren is.</summary>
    public OwnTable Table { get; init; }

    /// <summary>Rules of the table inet warren that are not as Warren made them, a line each.</summary>
    public IReadOnlyList<string> ChangedRules { get; init; } = [];

    /// <summary>The links of the host.</summary>
    public IReadOnlyList<HostLink> Links { get; init; } = [];

    /// <summary>The program that gives addresses to every link of the host, Warren's too: dhcpcd. Known if one of Warren's has such an address.</summary>
    public Held? AddressClient { get; init; }

    /// <summary>The routes of the host in all tables, those to its own addresses too.</summary>
    public IReadOnlyList<HostRoute> Routes { get; init; } = [];

    /// <summary>The way to the world that the host's rules and routes give a namespace's packets, by its name; of those whose link stands.</summary>
    public IReadOnlyDictionary<string, WayOut> Ways { get; init; } = new Dictionary<string, WayOut>();

    /// <summary>Addresses on the host's networks that did not answer when they were looked for.</summary>
    public IReadOnlySet<IPAddress> Silent { get; init; } = new HashSet<IPAddress>();

    /// <summary>Values under /proc/sys, by their names: <c>net.ipv4.ip_forward</c>.</summary>
    public IReadOnlyDictionary<string, string> Sysctls { get; init; } = new Dictionary<string, string>();

    /// <summary>Every namespace that has a name, or had one.</summary>
    public IReadOnlyList<SpaceFacts> Spaces { get; init; } = [];

    /// <summary>Who listens on the host on a published port.</summary>
    public IReadOnlyList<Server> HostServers { get; init; } = [];

    /// <summary>Rules of others that decide or translate.</summary>
    public IReadOnlyList<ForeignLine> Rules { get; init; } = [];

    /// <summary>Rules of others that lead packets to an address.</summary>
    public IReadOnlyList<ForeignLead> Leads { get; init; } = [];

    /// <summary>The iptables on this host.</summary>
    public IptablesFacts Iptables { get; init; } = new(null, [], []);

    /// <summary>The kernel's table of connections.</summary>
    public ConntrackFacts Conntrack { get; init; } = new(0, 0, 0);

    /// <summary>Running flows that were led elsewhere than they were sent.</summary>
    public IReadOnlyList<LedFlow> Flows { get; init; } = [];

    /// <summary>The host's name servers.</summary>
    public IReadOnlyList<IPAddress> NameServers { get; init; } = [];

    /// <summary>The name servers behind a stub resolver of the host.</summary>
    public IReadOnlyList<IPAddress> NameServersBehind { get; init; } = [];

    /// <summary>The projects that /run/warren tells of.</summary>
    public IReadOnlyList<ProjectFacts> Projects { get; init; } = [];

    /// <summary>The namespaces with a whole link of Warren's.</summary>
    public IEnumerable<(ObservedNamespace Space, ObservedLink Link, LinkMark Mark)> Marked
    {
        get
        {
            foreach (ObservedNamespace space in Seen.Namespaces)
            {
                if (space.Link is { Mark: { } mark } link)
                    yield return (space, link, mark);
            }
        }
    }

    /// <summary>The links to the world.</summary>
    public IReadOnlyList<Uplink> Uplinks => Asked?.Uplinks ?? [];

    /// <summary>What is known of a namespace's inside.</summary>
    public SpaceFacts? Inside(string name) => Spaces.FirstOrDefault(space => space.Name == name);

    /// <summary>A value under /proc/sys; empty if it is not there.</summary>
    public string Sysctl(string name) => Sysctls.GetValueOrDefault(name, "");

    /// <summary>The published ports of a namespace: what its link says, and what is in force.</summary>
    public IReadOnlyList<Forward> ForwardsOf(LinkMark mark) =>
        [
            .. mark.Forwards.Union(
                Seen.Forwards.Where(entry => entry.Value.Address.Equals(mark.Inside.Address)).Select(entry => new Forward(entry.Key, entry.Value.Port))
            ),
        ];
}
