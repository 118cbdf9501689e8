namespace Warren.Diagnosis;

/// <summary>Every kind of finding. docs/doctor.md has them in a table; a test holds it complete.</summary>
internal static class Troubles
{
    public static readonly Trouble NoPrivilege = Make("no-privilege", Weight.Error, Reach.Everything, "capabilities are missing: most cannot be looked at");
    public static readonly Trouble KernelTooOld = Make("kernel-too-old", Weight.Error, Reach.Everything, "the kernel is older than Linux 5.14");
    public static readonly Trouble NoTables = Make("no-nf-tables", Weight.Error, Reach.Everything, "the kernel has no nf_tables");
    public static readonly Trouble NoVeth = Make("no-veth", Weight.Error, Reach.Everything, "the kernel has no veth links");
    public static readonly Trouble SysctlsReadOnly = Make("sysctls-read-only", Weight.Error, Reach.Everything, "/proc/sys cannot be written: forwarding cannot be switched on");

    public static readonly Trouble TableMissing = Make("table-missing", Weight.Error, Reach.Everything, "namespaces stand, and the table inet warren is gone");
    public static readonly Trouble TableDamaged = Make("table-damaged", Weight.Error, Reach.Everything, "something in the table inet warren is missing or too much");
    public static readonly Trouble TableDormant = Make("table-dormant", Weight.Error, Reach.Everything, "the table inet warren is switched off (flag dormant)");
    public static readonly Trouble TableForeign = Make("table-foreign", Weight.Error, Reach.Everything, "there is a table inet warren that Warren did not make");
    public static readonly Trouble TableLeftover = Make("table-leftover", Weight.Warning, Reach.Host, "the table inet warren stands, and no namespace does");

    public static readonly Trouble NamespaceGone = Make("namespace-gone", Weight.Error, Reach.Namespace, "the link stands, the namespace's name is gone");
    public static readonly Trouble LinkMissing = Make("link-missing", Weight.Error, Reach.Namespace, "the namespace has no link any more, or its other end is elsewhere");
    public static readonly Trouble HalfMadeLink = Make("half-made-link", Weight.Error, Reach.Namespace, "the link was never completed");
    public static readonly Trouble HalfMadeName = Make("half-made-name", Weight.Warning, Reach.Namespace, "a file in /run/netns without a namespace on it");
    public static readonly Trouble StackedMounts = Make("stacked-mounts", Weight.Warning, Reach.Namespace, "namespaces are mounted over one another under one name");
    public static readonly Trouble LinkDown = Make("link-down", Weight.Error, Reach.Namespace, "the host's end of the link is down");
    public static readonly Trouble LinkNotForwarding = Make("link-not-forwarding", Weight.Error, Reach.Namespace, "the host's end of the link does not pass packets on");
    public static readonly Trouble LoopbackDown = Make("lo-down", Weight.Error, Reach.Namespace, "lo inside is down");
    public static readonly Trouble InsideDown = Make("inside-down", Weight.Error, Reach.Namespace, "the link's end inside is down");
    public static readonly Trouble AddressMissing = Make("address-missing", Weight.Error, Reach.Namespace, "an end of the link lost its address");
    public static readonly Trouble DefaultRouteMissing = Make("default-route-missing", Weight.Error, Reach.Namespace, "there is no default route inside");
    public static readonly Trouble HostRouteMissing = Make("host-route-missing", Weight.Error, Reach.Namespace, "the host has no route to the namespace any more");
    public static readonly Trouble PortsMissing = Make("ports-missing", Weight.Error, Reach.Port, "published ports are not in Warren's maps");
    public static readonly Trouble StrayForward = Make("stray-forward", Weight.Warning, Reach.Port, "Warren's maps lead a port to a namespace that did not publish it");
    public static readonly Trouble InTheWay = Make("in-the-way", Weight.Error, Reach.Namespace, "what stands could not be made again: something is in the way");

    public static readonly Trouble UplinkNotForwarding = Make("uplink-not-forwarding", Weight.Error, Reach.Everything, "a link to the world does not pass packets on");
    public static readonly Trouble NoDefaultRoute = Make("no-default-route", Weight.Warning, Reach.Everything, "the host has no default route");
    public static readonly Trouble PinnedUplink = Make("pinned-uplink", Weight.Error, Reach.Namespace, "the link that a namespace is pinned to is gone, down, or not where its routes lead");
    public static readonly Trouble NoWayOut = Make("no-way-out", Weight.Error, Reach.Namespace, "the host has a default route, and no rule or route lets the namespace's packets take it");
    public static readonly Trouble StrictReversePath = Make("strict-rp-filter", Weight.Warning, Reach.Everything, "rp_filter is strict, and there are several links to the world");
    public static readonly Trouble RouteLocalnet = Make("route-localnet-on-all", Weight.Warning, Reach.Host, "every link routes 127.0.0.0/8");
    public static readonly Trouble CardNotForwarding = Make("card-not-forwarding", Weight.Note, Reach.Everything, "a link with an address does not pass packets on: published ports do not answer there");
    public static readonly Trouble UplinkMtu = Make("uplink-mtu-smaller", Weight.Warning, Reach.Namespace, "a link to the world takes smaller packets than the namespace sends");
    public static readonly Trouble LinkMtu = Make("link-mtu-differs", Weight.Warning, Reach.Namespace, "the two ends of a link take packets of different sizes");
    public static readonly Trouble SubnetOverlap = Make("subnet-overlap", Weight.Error, Reach.Namespace, "another route or address of the host overlaps the namespace's subnet");
    public static readonly Trouble AddressClient = Make("link-given-an-address", Weight.Warning, Reach.Namespace, "another program takes the host's end of a link for a link to the world");
    public static readonly Trouble ConntrackFull = Make("conntrack-full", Weight.Error, Reach.Everything, "the kernel's table of connections is nearly full");
    public static readonly Trouble ConntrackDropped = Make("conntrack-dropped", Weight.Note, Reach.Everything, "the kernel's table of connections has dropped packets since the boot");

    public static readonly Trouble ForwardDropped = Make("forward-dropped", Weight.Error, Reach.Everything, "another firewall drops what Warren forwards");
    public static readonly Trouble NeighbourOpened = Make("neighbour-opened", Weight.Note, Reach.Everything, "another firewall would drop what Warren forwards, and has Warren's accept rules");
    public static readonly Trouble PortShadowed = Make("port-shadowed", Weight.Error, Reach.Port, "a rule of others leads a published port elsewhere");
    public static readonly Trouble HiddenRules = Make("legacy-and-nft", Weight.Warning, Reach.Host, "there are rules that the command iptables does not show");
    public static readonly Trouble DuplicateRule = Make("duplicate-rule", Weight.Warning, Reach.Host, "the same rule stands twice in a chain");
    public static readonly Trouble DeadForward = Make("dead-forward", Weight.Warning, Reach.Port, "a port leads to an address where nobody is");
    public static readonly Trouble StaleFlow = Make("stale-flow", Weight.Warning, Reach.Port, "running connections to a published port lead to an address that is gone");

    public static readonly Trouble NobodyListens = Make("nobody-listens", Weight.Warning, Reach.Port, "nothing listens inside on a published port");
    public static readonly Trouble ServerOnLoopback = Make("server-on-loopback", Weight.Error, Reach.Port, "the server listens on 127.0.0.1 of its namespace only");
    public static readonly Trouble ServerOnOtherPort = Make("server-on-other-port", Weight.Error, Reach.Port, "a server listens inside, on another port than is published");
    public static readonly Trouble ServerOnOtherAddress = Make("server-on-other-address", Weight.Error, Reach.Port, "the server listens on an address that the port does not lead to");
    public static readonly Trouble HostListens = Make("host-listens", Weight.Warning, Reach.Port, "a process of the host listens on a published port, and gets nothing");
    public static readonly Trouble HostAddressGone = Make("host-address-gone", Weight.Error, Reach.Port, "a port is published on an address that the host does not have");
    public static readonly Trouble NotPublished = Make("not-published", Weight.Error, Reach.Port, "no namespace has published the port that was asked about");

    public static readonly Trouble ResolverStub = Make("resolver-stub", Weight.Warning, Reach.Outbound, "the host's name server is on 127.x, which is not the host inside");
    public static readonly Trouble ResolverLoopback = Make("resolver-loopback", Weight.Warning, Reach.Outbound, "the namespace's resolv.conf names 127.x, where nobody answers inside");

    public static readonly Trouble LeftoverRecord = Make("leftover-record", Weight.Warning, Reach.Host, "/run/warren tells of a project that has no namespace any more");
    public static readonly Trouble SupervisorDead = Make("supervisor-dead", Weight.Error, Reach.Namespace, "services are wished for, and their supervisor is gone");
    public static readonly Trouble ServiceFailed = Make("service-failed", Weight.Error, Reach.Namespace, "a service failed and is not started again");

    private static List<Trouble>? s_all;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Trouble> All => s_all!;

    private static Trouble Make(string id, Weight weight, Reach reach, string words)
    {
        var made = new Trouble(id, weight, reach, words);
        (s_all ??= []).Add(made);
        return made;
    }
}
