using Warren.Firewall;
using Warren.Firewall.Neighbours;
using Warren.Netlink.Namespaces;
using Warren.Netlink.Nftables;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;
using Warren.Planning;
using Warren.Planning.Steps;
using Warren.Running;

namespace Warren.Kernel;

/// <summary>
/// Carries out the steps of a plan, and takes back what it did if one fails. Each step does all of its work or none of it, so
/// that taking back means the steps before the one that failed.
/// </summary>
/// <param name="session">The host's sockets.</param>
/// <param name="host">The lock.</param>
internal sealed partial class Applier(HostSession session, HostLock host) : IDisposable
{
    private readonly Dictionary<string, NetlinkSocket> _inside = [];
    private readonly Dictionary<string, int> _hostEnds = [];
    private readonly HashSet<string> _made = [];
    private readonly Dictionary<string, (string Namespace, int Index)> _insideEnds = [];
    private readonly List<(string Namespace, int Index)> _switchedOn = [];
    private readonly NetlinkBatch _batch = new();
    private readonly HashSet<string> _new = [];
    private NetworkNamespace? _home;
    private FreshNamespaces? _fresh;
    private ProcSys _settings = NewSettings();
    private bool _folderReady;
    private FlowEnding? _flows;
    private ulong? _openFiles;
    private HashSet<string>? _goingLinks;
    private bool _wholeGroupGoes;
    private HashSet<string> _goneLinks = [];

    /// <summary>Carries out a plan, whole or not at all.</summary>
    /// <exception cref="ApplyException">A step failed; what was done is undone, but for what the exception names.</exception>
    public void Apply(Plan plan)
    {
        if (plan.IsEmpty)
            return;
        _goingLinks = GoingLinks(plan);
        _wholeGroupGoes = WholeGroupGoes(plan);
        // one in each namespace, until the last link is up
        if (plan.Steps.Count > ManySteps)
            _openFiles = OpenFileLimit.Raise();
        _fresh = Begun ?? FreshNamespaces.Begin(plan);
        _settings = NewSettings();
        for (int i = 0; i < plan.Steps.Count; i++)
        {
            try
            {
                Apply(plan.Steps[i]);
                Progress?.Invoke(i + 1, plan.Steps.Count);
            }
            catch (Exception e) when (e is NetlinkException or NeighbourException or MalformedMessageException)
            {
                List<(Step Step, Exception Error)> stuck = RestoreGone(plan.Steps, i);
                stuck.AddRange(TakeBack(plan.Steps, i));
                throw new ApplyException(plan.Steps[i], e, stuck);
            }
        }
        HurryCarriers();
        _flows?.Wait();
    }

    /// <summary>What was begun with before there was a plan. Whoever began with it disposes of it.</summary>
    public FreshNamespaces? Begun { get; init; }

    /// <summary>Told after each step: how many are done, of how many.</summary>
    public Action<int, int>? Progress { get; init; }

    public void Dispose()
    {
        _flows?.Wait();
        if (_fresh != Begun)
            _fresh?.Dispose();
        foreach (NetlinkSocket socket in _inside.Values)
            socket.Dispose();
        _home?.Dispose();
        _settings.Dispose();
        if (_openFiles is { } before)
            OpenFileLimit.Lower(before);
    }

    private NetworkNamespace Home => _home ??= NetworkNamespace.OpenCurrent();

    private const int ManySteps = 200;

    // One setting of each link, on the host.
    private static ProcSys NewSettings() => new(shared: 4);

    /// <summary>Undoes the steps before one, newest first.</summary>
    /// <returns>What could not be undone, and why.</returns>
    public List<(Step Step, Exception Error)> TakeBack(IReadOnlyList<Step> steps, int failed)
    {
        var stuck = new List<(Step, Exception)>();
        for (int i = failed - 1; i >= 0; i--)
            Undo(steps[i], stuck);
        return stuck;
    }

    // Links that went with their group, before the step came that is about them.
    private List<(Step Step, Exception Error)> RestoreGone(IReadOnlyList<Step> steps, int failed)
    {
        var stuck = new List<(Step, Exception)>();
        for (int i = steps.Count - 1; i >= failed; i--)
        {
            if (steps[i] is DeleteLink delete && _goneLinks.Contains(delete.Name))
                Undo(delete, stuck);
        }
        return stuck;
    }

    private void Undo(Step step, List<(Step Step, Exception Error)> stuck)
    {
        if (step.Undo is not { } undo)
            return;
        try
        {
            Apply(undo);
        }
        catch (Exception e) when (e is NetlinkException or NeighbourException or MalformedMessageException)
        {
            stuck.Add((undo, e));
        }
    }

    private void Apply(Step step)
    {
        switch (step)
        {
            case CreateNamespace create:
                Create(create);
                break;
            case DeleteNamespace delete:
                if (_inside.Remove(delete.Name, out NetlinkSocket? socket))
                    socket.Dispose();
                NamespaceNames.Remove(delete.Name);
                ResolverFile.Tidy(delete.Name);
                break;
            case CreateLink create:
                Create(create.Link);
                break;
            case SwitchLinkOn on:
                SwitchOn(on.Name);
                break;
            case DeleteLink delete:
                Delete(delete);
                break;
            case RestoreLink restore:
                Create(restore.Link);
                SwitchOn(restore.Link.Name);
                break;
            case SwitchInsideOn on:
                Mend(on.Of, on.Link, (batch, index) => batch.SetLink(index, on.Link, new LinkChange { Up = true }));
                break;
            case AddAddress { Inside: true } add:
                Mend(add.Of, add.Link, (batch, index) => batch.AddAddress(index, add.Link, add.Address.Address, add.Address.PrefixLength));
                break;
            case AddAddress add:
                _batch.Clear();
                _batch.AddAddress(IndexOf(add.Link), add.Link, add.Address.Address, add.Address.PrefixLength);
                session.Route.Execute(_batch);
                break;
            case AddDefaultRoute add:
                Mend(
                    add.Of,
                    add.Link,
                    (batch, index) =>
                    {
                        batch.SetSubnetRoute(index, add.Inside.Network.Address, add.Inside.PrefixLength, add.Inside.Address);
                        batch.AddDefaultRoute(index, add.Gateway);
                    }
                );
                break;
            case SetHostRoute route:
                _batch.Clear();
                _batch.SetSubnetRoute(IndexOf(route.Link), route.Host.Network.Address, route.Host.PrefixLength, route.Host.Address);
                session.Route.Execute(_batch);
                break;
            case WriteResolver write:
                ResolverFile.Write(host, write.Of, write.Text);
                break;
            case RemoveResolver remove:
                ResolverFile.Remove(host, remove.Of);
                break;
            case WriteHosts write:
                HostsFile.Write(write.Project, write.Names);
                break;
            case RemoveHosts remove:
                HostsFile.Remove(remove.Project);
                break;
            case LinkHosts link:
                HostsFile.Link(host, link.Of, link.Target);
                break;
            case UnlinkHosts unlink:
                HostsFile.Unlink(host, unlink.Of);
                break;
            case MarkLink mark:
                _batch.Clear();
                _batch.SetLink(IndexOf(mark.Name), mark.Name, new LinkChange { Alias = mark.Alias });
                session.Route.Execute(_batch);
                break;
            case ChangeRules rules:
                Change(rules);
                break;
            case OpenNeighbour open:
                Openings.Open(session.Nft, open.Chain);
                break;
            case CloseNeighbour close:
                Openings.Close(session.Nft, close.Chain);
                break;
            case SwitchForwardingOn on:
                SwitchForwarding(on);
                break;
            case SwitchForwardingOff off:
                SwitchForwardingBack(off);
                break;
            case ServiceStep:
                // the supervisor's, before the first step or after the last
                break;
            case EndFlows end:
                _flows = FlowEnding.Start(end);
                break;
            default:
                if (!BootFiles.Apply(step))
                    throw new InvalidOperationException($"No way to apply {step.GetType().Name}.");
                break;
        }
    }

    // ---- rules ----------------------------------------------------------------------------------------------------------

    private void Change(ChangeRules rules)
    {
        var transaction = new NftTransaction();
        if (rules.Table is TableChange.Delete or TableChange.Repair)
            transaction.Delete(Ruleset.Table);
        if (rules.Table is TableChange.Create or TableChange.Repair)
            Ruleset.AddAll(transaction);
        if (rules.Table == TableChange.Delete)
        {
            Tolerating(Errno.NotFound, () => session.Nft.Commit(transaction));
            return;
        }
        foreach (NftSet map in (ReadOnlySpan<NftSet>)[Ruleset.Forwards, Ruleset.ForwardsAt])
        {
            // no copy of a list that is wholly for one map, as it nearly always is
            transaction.Delete(map, Elements(rules.Unpublish, map, withTarget: false));
            transaction.Add(map, Elements(rules.Publish, map, withTarget: true));
        }
        if (rules.Shut.Count > 0)
            transaction.Delete(Ruleset.Targets, Elements(rules.Shut));
        if (rules.Admit.Count > 0)
            transaction.Add(Ruleset.Targets, Elements(rules.Admit));
        if (rules.Open.Count > 0)
            transaction.Delete(Ruleset.SwitchedOn, [.. rules.Open.Select(Ruleset.LinkElement)]);
        if (rules.Close.Count > 0)
            transaction.Add(Ruleset.SwitchedOn, [.. rules.Close.Select(Ruleset.LinkElement)]);
        foreach (PinEntry entry in rules.Unpin)
            Unpin(transaction, entry.Pin);
        foreach (PinEntry entry in rules.Pin)
        {
            transaction.Add(Ruleset.Pinned, [Ruleset.LinkElement(entry.Pin.Link)]);
            transaction.Add(Ruleset.PinnedTo, [Ruleset.PinElement(entry.Pin)]);
        }
        foreach (string project in rules.OpenFor)
            transaction.Delete(Ruleset.ClosedChain(project));
        foreach (string project in rules.CloseFor)
        {
            NftChain chain = Ruleset.ClosedChain(project);
            transaction.Add(chain);
            foreach (NftRule rule in Ruleset.ClosedRules(chain))
                transaction.Append(rule);
        }
        session.Nft.Commit(transaction);
    }

    private static List<NftElement> Elements(IReadOnlyList<TargetEntry> entries)
    {
        var elements = new List<NftElement>(entries.Count);
        foreach (TargetEntry entry in entries)
            elements.Add(Ruleset.TargetElement(entry.Inside));
        return elements;
    }

    // What may be missing is added first: to delete what is not there is an error.
    private static void Unpin(NftTransaction transaction, Pin pin)
    {
        transaction.Add(Ruleset.Pinned, [Ruleset.LinkElement(pin.Link)]);
        transaction.Delete(Ruleset.Pinned, [Ruleset.LinkElement(pin.Link)]);
        if (pin.Uplink.Length == 0)
            return;
        transaction.Add(Ruleset.PinnedTo, [Ruleset.PinElement(pin)]);
        transaction.Delete(Ruleset.PinnedTo, [Ruleset.PinElement(pin)]);
    }

    private static List<NftElement> Elements(IReadOnlyList<ForwardEntry> entries, NftSet map, bool withTarget)
    {
        var elements = new List<NftElement>();
        foreach (ForwardEntry entry in entries)
        {
            if (Ruleset.MapOf(entry.Host) == map)
                elements.Add(withTarget ? Ruleset.Element(entry.Host, entry.Target) : Ruleset.Key(entry.Host));
        }
        return elements;
    }

    // ---- forwarding -----------------------------------------------------------------------------------------------------

    private void SwitchForwarding(SwitchForwardingOn on)
    {
        string uplink = on.Uplink;
        IReadOnlyList<SwitchedUplink> before = HostLock.ReadSwitchedOn(session.Cookie);
        host.WriteSwitchedOn(session.Cookie, [.. before.Union([new SwitchedUplink(uplink, IndexOf(uplink))])]);
        try
        {
            SmallFile.Write(Observer.ForwardingFile(uplink), "1");
        }
        catch (NetlinkException)
        {
            host.WriteSwitchedOn(session.Cookie, before);
            throw;
        }
    }

    private void SwitchForwardingBack(SwitchForwardingOff off)
    {
        if (!off.Keep)
            Tolerating(Errno.NotFound, () => SmallFile.Write(Observer.ForwardingFile(off.Uplink), "0"));
        int index = HasLink(off.Uplink) ? IndexOf(off.Uplink) : 0;
        host.WriteSwitchedOn(
            session.Cookie,
            [.. HostLock.ReadSwitchedOn(session.Cookie).Where(noted => noted.Index > 0 && index > 0 ? noted.Index != index : noted.Name != off.Uplink)]
        );
    }

    private static void Tolerating(Errno absent, Action action)
    {
        try
        {
            action();
        }
        catch (NetlinkException e) when (e.Errno == absent)
        {
            // what was to go is gone
        }
    }
}

/// <summary>A step failed.</summary>
/// <param name="step">Which.</param>
/// <param name="cause">Why.</param>
/// <param name="stuck">What could not be undone, and why.</param>
internal sealed class ApplyException(Step step, Exception cause, IReadOnlyList<(Step Step, Exception Error)> stuck)
    : Exception(cause.Message, cause)
{
    public Step Step { get; } = step;

    public IReadOnlyList<(Step Step, Exception Error)> Stuck { get; } = stuck;
}
