using Warren.Diagnosis;
using Warren.Firewall;
using Warren.Model;
using Warren.Netlink.Nftables;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;
using Warren.Planning;
using Warren.Planning.Steps;
using Warren.Running.Services;
using Warren.Specs;

namespace Warren.Kernel;

/// <summary>Looks at everything that a diagnosis is made of. Nothing is changed by looking.</summary>
internal sealed partial class Examiner
{
    private readonly HostSession _session;
    private readonly NetlinkBatch _batch = new();

    private Examiner(HostSession session) => _session = session;

    /// <summary>Looks at the host.</summary>
    /// <param name="about">A namespace's name or a port, as it was typed; null for everything.</param>
    /// <exception cref="RefusedException">There is no such namespace.</exception>
    public static Condition Look(string? about)
    {
        using var session = new HostSession();
        return new Examiner(session).Look(about, session);
    }

    private Condition Look(string? about, HostSession session)
    {
        KernelFacts kernel = KernelOf();
        if (!kernel.Privileged)
            return new Condition { Kernel = kernel };
        List<NftChain> chains;
        try
        {
            chains = session.Nft.Chains();
        }
        catch (NetlinkException e) when (e.Errno == Errno.ProtocolNotSupported || e.Errno == Errno.NotSupported || e.Errno == Errno.Invalid)
        {
            return new Condition { Kernel = kernel with { NoTables = e.Message } };
        }
        Observed seen = new Observer(session).ObserveAll();
        Aim aim = about is null ? Aim.Everything : Aims.Read(about, seen);
        OwnTable table = TableOf(session);
        Condition condition = new()
        {
            Aim = aim,
            Kernel = kernel,
            Seen = seen,
            Table = table,
            ChangedRules = table == OwnTable.Own && seen.Ruleset == RulesetState.Intact ? ChangedRules(session.Nft) : [],
        };
        if (table != OwnTable.Foreign)
            condition = WithDrift(condition, session);
        condition = WithNetwork(condition);
        condition = WithNeighbours(condition, chains);
        condition = condition with
        {
            HostServers = HostServers(condition),
            Conntrack = ConntrackOf(),
            NameServers = NameServersOf("/etc/resolv.conf") ?? [],
            NameServersBehind = NameServersOf("/run/systemd/resolve/resolv.conf") ?? [],
            Projects = ProjectsOf(),
        };
        return condition with { Flows = FlowsOf(condition), AddressClient = AddressClientOf(condition) };
    }

    private static OwnTable TableOf(HostSession session) =>
        session.Nft.Table(Ruleset.Table.Family, Ruleset.Table.Name) switch
        {
            null => OwnTable.Absent,
            { } table when table.Comment != Ruleset.Table.Comment => OwnTable.Foreign,
            { Dormant: true } => OwnTable.Dormant,
            _ => OwnTable.Own,
        };

    // A table with as many rules as it should have may have others.
    private static List<string> ChangedRules(NftSocket nft)
    {
        var changed = new List<string>();
        List<NftRule> found = nft.Rules(Ruleset.Table);
        foreach (NftChain chain in Ruleset.Chains)
        {
            string[] there = [.. found.Where(rule => rule.Chain == chain.Name).Select(rule => rule.ToString())];
            string[] wanted = [.. Ruleset.Rules.Where(rule => rule.Chain == chain.Name).Select(rule => rule.ToString())];
            for (int i = 0; i < Math.Min(there.Length, wanted.Length); i++)
            {
                if (there[i] != wanted[i])
                    changed.Add($"chain {chain.Name} has '{there[i]}' where '{wanted[i]}' belongs");
            }
        }
        return changed;
    }

    // What `up` would change; where it would refuse, what it would change for each namespace by itself.
    private static Condition WithDrift(Condition condition, HostSession session)
    {
        Wish wish = ProjectWish.OfMarks(condition.Seen);
        if (wish.Ensure.Count == 0)
            return condition;
        Observed asked = new Observer(session).Observe(wish);
        condition = condition with { Asked = asked };
        try
        {
            return condition with { Drift = Planner.Make(asked, wish) };
        }
        catch (RefusedException)
        {
            var steps = new List<Step>();
            var refusals = new List<(string, Refusal)>();
            foreach (NamespaceWish each in wish.Ensure)
            {
                try
                {
                    steps.AddRange(Planner.Make(asked, wish with { Ensure = [each] }).Steps);
                }
                catch (RefusedException e)
                {
                    foreach (Refusal refusal in e.Refusals)
                        refusals.Add((each.Name, refusal));
                }
            }
            return condition with { Drift = new Plan([.. steps.Distinct()]), Refusals = refusals };
        }
    }

    private static KernelFacts KernelOf()
    {
        string release = SmallFile.ReadAny("/proc/sys/kernel/osrelease") ?? "";
        return new KernelFacts(release)
        {
            Privileged = HostSession.HasPrivilege(),
            HasVeth = HasVeth(release),
            SysctlFault = SmallFile.WriteFault("/proc/sys/net/ipv4/conf/all/forwarding"),
        };
    }

    // Without asking the kernel to load it.
    private static bool? HasVeth(string release)
    {
        if (Directory.Exists("/sys/module/veth"))
            return true;
        bool? known = null;
        foreach (string file in (string[])["modules.builtin", "modules.dep"])
        {
            try
            {
                foreach (string line in File.ReadLines($"/lib/modules/{release}/{file}"))
                {
                    if (line.Contains("/veth.ko", StringComparison.Ordinal))
                        return true;
                    known = false;
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // a kernel without modules
            }
        }
        return known;
    }

    private static List<ProjectFacts> ProjectsOf()
    {
        var projects = new List<ProjectFacts>();
        foreach (string name in ProjectRecord.All())
        {
            using ProjectFolder? folder = ProjectFolder.Find(name);
            bool supervised = folder?.IsSupervised() == true;
            IReadOnlyList<Service> saved = folder?.ReadServices().Services ?? [];
            var spaces = saved.ToDictionary(service => service.FullName, service => service.Namespace);
            var failed = new List<(string, string, string)>();
            foreach (ServiceState state in (supervised ? Services.Look(name) : null) ?? [])
            {
                if (state.IsFailure && spaces.TryGetValue(state.Name, out string? space))
                    failed.Add((space, state.Name, state.Why is { } why ? $"{state.Words}, {why}" : state.Words));
            }
            projects.Add(
                new ProjectFacts(name, ProjectRecord.Names(name))
                {
                    Supervised = supervised,
                    Services = [.. saved.Select(service => (service.Namespace, service.FullName))],
                    Failed = failed,
                }
            );
        }
        return projects;
    }

    private List<T> Dump<T>(NetlinkSocket socket, Action<NetlinkBatch> request, MessageParser<T> parse)
        where T : class
    {
        _batch.Clear();
        request(_batch);
        return socket.Dump(_batch, parse);
    }
}
