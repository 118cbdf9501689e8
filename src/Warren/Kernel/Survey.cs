using System.Net;
using Warren.Firewall.Neighbours;
using Warren.Model;
using Warren.Netlink.Namespaces;
using Warren.Netlink.Nftables;
using Warren.Netlink.Wire;
using Warren.Planning;

namespace Warren.Kernel;

/// <summary>What stands on this host, as the file that would make it. Nothing is changed by looking.</summary>
/// <param name="Spec">Every namespace that has a name, Warren's and those made by hand, with addresses and published ports.</param>
/// <param name="Remarks">What the file cannot say, and what has to go before it can be applied; a line each, fit for a terminal.</param>
internal sealed record Survey(Spec Spec, IReadOnlyList<string> Remarks)
{
    /// <summary>Looks at the host.</summary>
    public static Survey Take()
    {
        using var session = new HostSession();
        return new Surveyor(session).Take();
    }
}

/// <summary>Looks at a host for a <see cref="Survey"/>.</summary>
/// <param name="session">The host's sockets.</param>
internal sealed class Surveyor(HostSession session)
{
    private readonly List<string> _remarks = [];

    public Survey Take()
    {
        Observed observed = new Observer(session).ObserveAll();
        HostNetwork host = HostNetwork.Read(session.Route);
        List<SurveyedNamespace> spaces = Namespaces(observed, host);
        List<NftChain> chains = session.Nft.Chains();
        var forwards = new SurveyedForwards(host, spaces, Remark);
        forwards.AddOwn(observed);
        forwards.AddForeign(ForeignTranslations.Find(session.Nft, chains, forwards.Targets));
        var specs = new List<NamespaceSpec>(spaces.Count);
        foreach (SurveyedNamespace space in spaces)
            specs.Add(space.Spec with { Ports = forwards.Of(space.Name), Dns = SurveyedResolver.Read(space.Name, Remark) });
        SurveyedProcesses.Tell(spaces, Remark);
        SurveyedLeftovers.Tell(session.Nft, chains, spaces, Remark);
        return new Survey(new Spec(specs), _remarks);
    }

    private List<SurveyedNamespace> Namespaces(Observed observed, HostNetwork host)
    {
        var own = new Dictionary<string, ObservedNamespace>();
        var names = new SortedSet<string>(NamespaceNames.List(), StringComparer.Ordinal);
        foreach (ObservedNamespace space in observed.Namespaces)
        {
            if (space.Link?.Mark is null)
                continue;
            own[space.Name] = space;
            names.Add(space.Name);
        }
        using NetworkNamespace here = NetworkNamespace.OpenCurrent();
        var inodes = new Dictionary<ulong, string> { [here.Inode] = "" };
        var spaces = new List<SurveyedNamespace>();
        foreach (string name in names)
        {
            if (NamespaceName.Fault(name) is { } fault)
                Remark($"'{name}' is left out: the name {fault}; ip netns has no command to change it, warren add makes one with another name");
            else if (NamespaceNames.StateOf(name) == NameState.HalfMade)
                Remark($"{name} is left out: /run/netns/{name} is a file without a namespace; ip netns del {name} takes it away");
            else if (Look(name, own.GetValueOrDefault(name), host, inodes) is { } found)
                spaces.Add(found);
        }
        return spaces;
    }

    private SurveyedNamespace? Look(string name, ObservedNamespace? own, HostNetwork host, Dictionary<ulong, string> inodes)
    {
        if (NamespaceNames.StateOf(name) == NameState.Absent)
        {
            if (own?.Link is null)
                return null;
            Remark($"{name}: its link stands, its namespace is gone; warren add {name} makes it again");
            return SurveyedNamespace.OfWarren(own, host, inside: null, inode: 0, Remark);
        }
        try
        {
            using NetworkNamespace space = NetworkNamespace.Open(name);
            ulong inode = space.Inode;
            if (!inodes.TryAdd(inode, name))
            {
                string other = inodes[inode];
                Remark($"{name} is left out: it is another name of {(other.Length == 0 ? "the host's own namespace" : other)}");
                return null;
            }
            using NetlinkSocket socket = space.Run(() => NetlinkSocket.Open(NetlinkProtocol.Route));
            HostNetwork inside = HostNetwork.Read(socket);
            SurveyedNamespace found = own is not null
                ? SurveyedNamespace.OfWarren(own, host, inside, inode, Remark)
                : SurveyedNamespace.OfOthers(name, host, inside, inode, new NamespaceLinks(session.Route, space, host, inside), Remark);
            SurveyedNamespace.TellIPv6(name, socket, inside, Remark);
            return found;
        }
        catch (NetlinkException e) when (e.Errno == Errno.NotFound)
        {
            // it went while we looked
            return null;
        }
    }

    private void Remark(string text)
    {
        string safe = Terminal.Safe(text);
        // a rule typed twice is there twice
        if (!_remarks.Contains(safe))
            _remarks.Add(safe);
    }
}
