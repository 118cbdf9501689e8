using Warren.Firewall;
using Warren.Firewall.Neighbours;
using Warren.Model;
using Warren.Netlink.Nftables;
using Warren.Netlink.Rtnetlink;
using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Kernel;

// The part that looks at what the host forwards as a whole: who closed it, and who would lose something.
internal sealed partial class Observer
{
    private List<ClosedFor> ClosedFor(List<NftChain> chains, bool removal)
    {
        var closed = new List<ClosedFor>();
        foreach (NftChain chain in chains)
        {
            if (Ruleset.ClosedFor(chain) is { } project)
                closed.Add(new ClosedFor(project, removal ? NamespacesOf(project) : []));
        }
        return closed;
    }

    // Of what a namespace has already, status and the packets themselves tell; a plan that changes nothing there is not refused for it.
    private List<Block> Blocks(Observed observed, Wish wish, List<NftChain> chains, List<Uplink> uplinks, List<Obstacle> obstacles)
    {
        var found = new List<Block>();
        var blocks = new ForwardBlocks(session.Nft, chains, uplinks.ConvertAll(uplink => uplink.Name), obstacles);
        var marks = new Dictionary<string, LinkMark?>();
        foreach (ObservedNamespace space in observed.Namespaces)
            marks[space.Name] = space.Link?.Mark;
        foreach (NamespaceWish each in wish.Ensure)
        {
            LinkMark? mark = marks.GetValueOrDefault(each.Name);
            if (mark is null && each.MustExist)
                continue;
            Cidr inside = (Additions.Addresses(each).Inside ?? mark?.Inside ?? SubnetPool.Usual).Network;
            ForwardSet stands = mark?.Forwards as ForwardSet ?? new ForwardSet(mark?.Forwards ?? []);
            found.AddRange(blocks.Find(each.Name, inside, mark is null, New(each, stands)));
        }
        return found;
    }

    private static IEnumerable<Forward> New(NamespaceWish wish, ForwardSet stands)
    {
        foreach (PortRequest request in wish.Publish)
        {
            foreach (Forward forward in request.Forwards)
            {
                if (!stands.Contains(forward))
                    yield return forward;
            }
        }
    }

    private List<string> NamespacesOf(string project)
    {
        var names = new List<string>();
        foreach (Link link in AllLinks())
        {
            if (LinkMark.TryParse(link.Alias, out LinkMark? mark) && mark.Project == project)
                names.Add(mark.Namespace);
        }
        return names;
    }

    // Links on which forwarding is on, and not because of us; what only one of them has leads nowhere.
    private List<string> Forwarding()
    {
        string[] switchedOn = [.. HostLock.ReadSwitchedOn(session.Cookie).Select(each => each.Index > 0 && FindLink(each.Index) is { } link ? link.Name : each.Name)];
        switchedOn = [.. switchedOn.Union(BootFiles.Persisted().Where(each => each.Forwarding).Select(each => each.Name))];
        var names = new List<string>();
        foreach (Link link in Dump(batch => batch.DumpLinks(), Link.Parse))
        {
            if (!link.IsUp || link.Flags.HasFlag(LinkFlags.Loopback) || LinkPlan.IsOurs(link.Group) || link.Master != 0 || switchedOn.Contains(link.Name))
                continue;
            if (SmallFile.Read(ForwardingFile(link.Name)) == "1")
                names.Add(OwnerOf(link) is { } owner ? $"{Terminal.Safe(link.Name)} ({owner})" : Terminal.Safe(link.Name));
        }
        return names.Count + switchedOn.Length > 1 ? names : [];
    }

    // as they name their links
    private static string? OwnerOf(Link link) =>
        link.Name.StartsWith("docker", StringComparison.Ordinal) || (link.Kind == "bridge" && link.Name.StartsWith("br-", StringComparison.Ordinal)) ? "docker"
        : link.Name.StartsWith("podman", StringComparison.Ordinal) || link.Name.StartsWith("cni-podman", StringComparison.Ordinal) ? "podman"
        : link.Name.StartsWith("virbr", StringComparison.Ordinal) ? "libvirt"
        : link.Name.StartsWith("lxdbr", StringComparison.Ordinal) ? "LXD"
        : link.Name.StartsWith("incusbr", StringComparison.Ordinal) ? "Incus"
        : link.Name.StartsWith("cni", StringComparison.Ordinal) || link.Name.StartsWith("cali", StringComparison.Ordinal) || link.Name.StartsWith("flannel", StringComparison.Ordinal) || link.Name.StartsWith("vxlan.calico", StringComparison.Ordinal) ? "Kubernetes"
        : null;
}
