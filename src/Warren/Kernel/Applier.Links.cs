using System.Net;
using Warren.Netlink.Namespaces;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;
using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Kernel;

// The part that makes, mends and removes namespaces and links.
internal sealed partial class Applier
{
    private void Create(CreateNamespace create)
    {
        PrepareFolder();
        _inside[create.Name] = _fresh?.TryName(create.Name) ?? FreshNamespaces.Make(create.Name, _settings, Home);
        _new.Add(create.Name);
    }

    private void PrepareFolder()
    {
        // once: the kernel shares all mounts below, as many as there are names
        if (_folderReady)
            return;
        // noted before it is made: whoever removes the last namespace finds the note, and at worst nothing to undo
        if (NamespaceNames.FolderNeeds() is not FolderMade.Nothing and var needed)
        {
            // a removal that was cut off between mount and folder left a note that says more
            if (host.NamespaceFolder != FolderMade.FolderAndMount)
                host.NamespaceFolder = needed;
            NamespaceNames.PrepareFolder();
        }
        _folderReady = true;
    }

    // Inside a namespace that was just made, all in one send: the pair, address, default route. There lo is 1 and the new link will be 2; in one that others made, it is asked for first.
    private void Create(LinkPlan link)
    {
        const int FirstIndex = 2;
        NetlinkSocket inside = Inside(link.Namespace);
        bool fresh = _new.Contains(link.Namespace);
        var end = new VethEnd(link.InsideName)
        {
            Index = fresh ? FirstIndex : 0,
            Up = true,
            Mtu = link.Mtu,
            Address = Mac(link.InsideMac),
        };
        var peer = new VethEnd(link.Name)
        {
            Mtu = link.Mtu,
            Address = Mac(link.HostMac),
            Group = LinkPlan.Group,
            Namespace = Home,
        };
        bool made = false;
        int insideEnd = FirstIndex;
        try
        {
            _batch.Clear();
            _batch.AddVeth(end, peer);
            if (!fresh)
            {
                _batch.GetLink(link.InsideName);
                insideEnd = inside.Execute(_batch, Link.Parse)[0].Index;
                made = true;
                _batch.Clear();
            }
            Furnish(link, insideEnd);
            inside.Execute(_batch);
            made = true;
            int hostEnd = session.Indices.Find(link.Name);
            _batch.Clear();
            _batch.SetLink(hostEnd, link.Name, new LinkChange { Alias = link.Alias });
            _batch.AddAddress(hostEnd, link.Name, link.Host.Address, link.Host.PrefixLength);
            session.Route.Execute(_batch);
            _hostEnds[link.Name] = hostEnd;
            _made.Add(link.Name);
            _insideEnds[link.Name] = (link.Namespace, insideEnd);
        }
        catch (NetlinkException e)
        {
            // the first request makes the pair: if that was refused, a link of this name is another's
            if (made || e.Operation != LinkRequests.CreateOperation)
            {
                _batch.Clear();
                _batch.DeleteLink(link.Name);
                Tolerating(Errno.NoDevice, () => session.Route.Execute(_batch));
            }
            throw;
        }
    }

    private void Mend(string name, string link, Action<NetlinkBatch, int> change)
    {
        NetlinkSocket inside = Inside(name);
        _batch.Clear();
        _batch.GetLink(link);
        int index = inside.Get(_batch, Link.Parse)[0].Index;
        _batch.Clear();
        change(_batch, index);
        inside.Execute(_batch);
    }

    private void Furnish(LinkPlan link, int index)
    {
        if (link.SwitchLoopbackOn)
            _batch.SetLink(1, "lo", new LinkChange { Up = true });
        _batch.AddAddress(index, link.InsideName, link.Inside.Address, link.Inside.PrefixLength);
        if (link.DefaultRoute)
            _batch.AddDefaultRoute(index, link.Host.Address);
    }

    private void SwitchOn(string link)
    {
        // A guest's router advertisements must not give the host routes; from the link's first moment on.
        try
        {
            _settings.Write($"net/ipv6/conf/{link}/accept_ra", "0");
        }
        catch (NetlinkException e) when (e.Errno == Errno.NotFound)
        {
            // a kernel without IPv6
        }
        _batch.Clear();
        // Up comes by itself: of a link that is up the kernel tells everything once more after any other change. The group is that of one which stays,
        // if a removal was cut off; one that was just made is in it.
        int index = IndexOf(link);
        uint? group = _made.Contains(link) ? null : LinkPlan.Group;
        _batch.SetLink(index, link, new LinkChange { Group = group, Forwarding = true, RouteLocalnet = true });
        _batch.SetLink(index, link, new LinkChange { Up = true });
        session.Route.Execute(_batch);
        if (_insideEnds.TryGetValue(link, out (string Namespace, int Index) end))
            _switchedOn.Add(end);
    }

    // The end that was switched on first gets its carrier from the second, and takes packets only when the kernel's link watch has come by: at once as
    // a rule, but seconds later where hundreds of links come and go. To ask for one link hurries that one (since Linux 6.8; before, it takes its time).
    private void HurryCarriers()
    {
        foreach ((string space, int index) in _switchedOn)
        {
            _batch.Clear();
            _batch.GetLink(index);
            try
            {
                Inside(space).Execute(_batch);
            }
            catch (Exception e) when (e is NetlinkException or MalformedMessageException)
            {
                // it comes by itself
            }
        }
        _switchedOn.Clear();
    }

    // The host ends that a plan deletes, if there are so many that they go in one go.
    private static HashSet<string>? GoingLinks(Plan plan)
    {
        const int Several = 3;
        var names = new HashSet<string>();
        foreach (Step step in plan.Steps)
        {
            if (step is DeleteLink delete)
                names.Add(delete.Name);
        }
        return names.Count < Several ? null : names;
    }

    private static bool WholeGroupGoes(Plan plan)
    {
        foreach (Step step in plan.Steps)
        {
            if (step is DeleteLink { WithAllOfGroup: false })
                return false;
        }
        return true;
    }

    // For each link alone the kernel waits 20 ms; for a group, once. The steps after this one find theirs gone.
    private void DeleteTogether(HashSet<string> names)
    {
        if (_wholeGroupGoes)
        {
            _batch.Clear();
            _batch.DeleteLinkGroup(LinkPlan.Group);
            Tolerating(Errno.NoDevice, () => session.Route.Execute(_batch));
            return;
        }
        try
        {
            Regroup(names, LinkPlan.LeavingGroup);
            _batch.Clear();
            _batch.DeleteLinkGroup(LinkPlan.LeavingGroup);
            Tolerating(Errno.NoDevice, () => session.Route.Execute(_batch));
        }
        catch (NetlinkException)
        {
            Regroup(names, LinkPlan.Group);
            throw;
        }
    }

    private void Regroup(HashSet<string> names, uint group)
    {
        _batch.Clear();
        foreach (string name in names)
            _batch.SetLinkGroup(name, group);
        Tolerating(Errno.NoDevice, () => session.Route.Execute(_batch));
    }

    private void Delete(DeleteLink delete)
    {
        _hostEnds.Remove(delete.Name);
        _made.Remove(delete.Name);
        _batch.Clear();
        if (_goingLinks?.Contains(delete.Name) == true)
        {
            DeleteTogether(_goingLinks);
            (_goneLinks, _goingLinks) = (_goingLinks, null);
        }
        if (!_goneLinks.Contains(delete.Name))
        {
            _batch.Clear();
            _batch.DeleteLink(delete.Name);
            Tolerating(Errno.NoDevice, () => session.Route.Execute(_batch));
        }
        if (!delete.SwitchLoopbackOff)
            return;
        try
        {
            SwitchLoopbackOff(delete);
        }
        catch (NetlinkException) when (delete.Was is { } was)
        {
            _goneLinks.Remove(delete.Name);
            Create(was);
            SwitchOn(was.Name);
            throw;
        }
    }

    private void SwitchLoopbackOff(DeleteLink delete)
    {
        _batch.Clear();
        _batch.SetLink(1, "lo", new LinkChange { Up = false });
        Tolerating(Errno.NotFound, () => Inside(delete.Of).Execute(_batch));
        // the kernel gave lo this address when it first came up, and keeps it on one that is down
        _batch.Clear();
        _batch.DeleteAddress(1, "lo", IPAddress.Loopback, 8);
        Tolerating(Errno.NotFound, () => Tolerating(Errno.AddressNotAvailable, () => Inside(delete.Of).Execute(_batch)));
    }

    private NetlinkSocket Inside(string name)
    {
        if (_inside.TryGetValue(name, out NetlinkSocket? socket))
            return socket;
        using NetworkNamespace space = NetworkNamespace.Open(name);
        return _inside[name] = space.Run(() => NetlinkSocket.Open(NetlinkProtocol.Route));
    }

    private bool HasLink(string link)
    {
        _batch.Clear();
        _batch.GetLink(link);
        return session.Route.Get(_batch, Link.Parse, Errno.NoDevice).Count > 0;
    }

    private int IndexOf(string link)
    {
        if (_hostEnds.TryGetValue(link, out int index))
            return index;
        return _hostEnds[link] = session.Indices.Find(link);
    }

    private static MacAddress Mac(string text) => new(Convert.FromHexString(text.Replace(":", "", StringComparison.Ordinal)));
}
