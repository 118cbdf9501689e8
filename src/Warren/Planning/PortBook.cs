using System.Net;
using Warren.Model;

namespace Warren.Planning;

/// <summary>Which host ports are whose: forwards that stand, forwards of this plan, processes of the host, rules of others.</summary>
/// <param name="observed">What was found.</param>
internal sealed class PortBook(Observed observed)
{
    // By port and protocol: a range of ten thousand ports is looked up, not compared with itself.
    private readonly Dictionary<int, List<(Forward Forward, string Namespace)>> _chosen = [];
    private readonly Dictionary<int, List<(HostPort Host, string Owner)>> _listening = [];
    private readonly HashSet<HostPort> _released = [];
    private readonly HashSet<IPAddress> _going = [];
    private readonly HashSet<IPAddress> _coming = [];
    private Dictionary<int, List<(HostPort Host, Target Target)>>? _standing;
    private (LinkMark Mark, ForwardSet Forwards)? _marked;

    /// <summary>Says that a forward that stands will be gone: its port may be given to another.</summary>
    public void Release(HostPort host) => _released.Add(host);

    /// <summary>Says that a namespace keeps a forward, also if the rules do not have it by now: nobody else may have it.</summary>
    public void Keep(Forward forward, string name) => At(_chosen, forward.Host).Add((forward, name));

    /// <summary>Whether a forward that stands will be gone.</summary>
    public bool IsReleased(HostPort host) => _released.Contains(host);

    /// <summary>Says that the host will lose an address: the link that has it goes.</summary>
    public void Lose(IPAddress address) => _going.Add(address);

    /// <summary>Says that the host will have an address: a link of this plan has it.</summary>
    public void Gain(IPAddress address) => _coming.Add(address);

    /// <summary>Says that a service has a listening socket, and goes on having it.</summary>
    public void KeepListening(HostPort host, string service) => At(_listening, host).Add((host, service));

    /// <summary>Gives a port to the programs of a namespace that listen on it; a reason why it cannot be is added to the list. Several may have
    /// the same.</summary>
    public void Listen(HostPort host, string name, List<Refusal> refusals)
    {
        if (refusals.Count > 20)
            return;
        if (WhyNotListen(host, name) is { } refusal)
            refusals.Add(refusal);
        else
            At(_listening, host).Add((host, name));
    }

    private Refusal? WhyNotListen(HostPort host, string name)
    {
        if (host.HostAddress is { } address && !IsOfHost(address))
            return NotOfHost(name, address);
        foreach ((HostPort other, string owner) in At(_listening, host))
        {
            if (other == host)
                return null;
            if (other.Overlaps(host))
                return new Refusal($"{name}: port {host} is asked for twice, to listen on {other} {(owner == name ? "too" : $"for {owner} too")}", "the same address for both, or another host port");
        }
        foreach ((Forward other, string owner) in At(_chosen, host))
        {
            if (other.Host.Overlaps(host))
                return new Refusal($"{name}: port {host} is asked for twice, as {other} for {owner} too", "another host port");
        }
        foreach ((HostPort standing, Target target) in At(Standing, host))
        {
            if (standing.Overlaps(host) && !_released.Contains(standing) && OwnerOf(target) is { } owner)
                return Published(name, owner, host, standing, target);
        }
        return TakenByOthers(host, name);
    }

    private static Refusal NotOfHost(string name, IPAddress address) =>
        new($"{name}: {address} is not an address of this host", "ip addr shows those it has");

    private static Refusal Published(string name, string owner, HostPort host, HostPort standing, Target target) =>
        new(
            $"{name}: port {host} is published already, for {owner} ({standing} -> {target})",
            owner == name ? $"warren unpublish {name} {new Forward(standing, target.Port)} first, or another host port" : "another host port"
        );

    /// <summary>The forwards for a request; reasons why it cannot be are added to the list.</summary>
    public IReadOnlyList<Forward> Choose(PortRequest request, LinkMark mark, List<Refusal> refusals)
    {
        if (request.HostAddress is { } address && !IsOfHost(address))
        {
            refusals.Add(NotOfHost(mark.Namespace, address));
            return [];
        }
        // What stands is asked for again: any port that this namespace has already for the same port inside will do.
        if (request.TakesAny)
        {
            foreach (Forward forward in mark.Forwards)
            {
                if (request.Includes(forward))
                    return [forward];
            }
        }
        var chosen = new List<Forward>();
        foreach (Forward forward in request.Forwards)
        {
            Refusal? conflict = Conflict(forward, mark);
            if (request.TakesAny && conflict is not null)
                continue;
            conflict ??= mark.Forwards.Contains(forward) ? null : Blocked(forward, mark.Namespace);
            if (conflict is { } refusal)
            {
                refusals.Add(refusal);
                if (request.TakesAny)
                    return [];
                // a range of a thousand taken ports is one mistake
                if (refusals.Count > 20)
                    return [];
                continue;
            }
            chosen.Add(forward);
            At(_chosen, forward.Host).Add((forward, mark.Namespace));
            if (request.TakesAny)
                return chosen;
        }
        if (request.TakesAny)
        {
            refusals.Add(
                new Refusal(
                    $"{mark.Namespace}: no port from {request.HostFirst} to {request.HostLast}/{request.Protocol.Word()} is free",
                    "other host ports"
                )
            );
        }
        return chosen;
    }

    private Refusal? Conflict(Forward forward, LinkMark mark)
    {
        string name = mark.Namespace;
        HostPort host = forward.Host;
        var own = new Target(mark.Inside.Address, forward.Port);
        foreach ((Forward other, string owner) in At(_chosen, host))
        {
            if (other.Host.Overlaps(host) && !(owner == name && other == forward))
                return new Refusal($"{name}: port {host} is asked for twice, as {other} for {owner} too", "another host port");
        }
        foreach ((HostPort standing, Target target) in At(Standing, host))
        {
            if (!standing.Overlaps(host) || (standing == host && target == own))
                continue;
            // a forward on one address and the same one on all addresses may stand side by side if they lead to the same place
            // and one that leads where nobody is, is in nobody's way
            if (target == own || _released.Contains(standing) || OwnerOf(target) is not { } owner)
                continue;
            return Published(name, owner, host, standing, target);
        }
        foreach ((HostPort listening, string owner) in At(_listening, host))
        {
            if (listening.Overlaps(host))
                return new Refusal($"{name}: port {host} is asked for twice, to listen on it {(owner == name ? "too" : $"for {owner} too")}", "another host port");
        }
        if (_marked?.Mark != mark)
            _marked = (mark, mark.Forwards as ForwardSet ?? new ForwardSet(mark.Forwards));
        if (_marked.Value.Forwards.Contains(forward))
            return null;
        return TakenByOthers(host, name);
    }

    private Refusal? Blocked(Forward forward, string name)
    {
        foreach (Block block in observed.Blocks)
        {
            if (block.Forward is { } dropped && block.Namespace == name && dropped.Port == forward.Port && dropped.Host.Overlaps(forward.Host))
                return block.Refusal;
        }
        return null;
    }

    private Refusal? TakenByOthers(HostPort host, string name)
    {
        foreach (Listener listener in observed.Listeners)
        {
            if (listener.Host.Overlaps(host))
            {
                return new Refusal(
                    $"{name}: {Terminal.Safe(listener.Process)} listens on the host's port {listener.Host}",
                    "another host port, or stop that program"
                );
            }
        }
        foreach (ForeignForward foreign in observed.ForeignForwards)
        {
            if (foreign.Host.Overlaps(host))
                return new Refusal($"{name}: port {host} is taken by another firewall's rule: {Terminal.Safe(foreign.Place)}", "another host port");
        }
        return null;
    }

    // Of a table that is to be made again, what the aliases say was in it.
    private Dictionary<int, List<(HostPort Host, Target Target)>> Standing
    {
        get
        {
            if (_standing is not null)
                return _standing;
            _standing = [];
            foreach ((HostPort host, Target target) in observed.Forwards)
                At(_standing, host).Add((host, target));
            if (observed.Ruleset == RulesetState.Intact)
                return _standing;
            foreach (ObservedNamespace space in observed.Namespaces)
            {
                if (space.Link?.Mark is not { } mark)
                    continue;
                foreach (Forward forward in mark.Forwards)
                {
                    List<(HostPort Host, Target Target)> standing = At(_standing, forward.Host);
                    if (!standing.Exists(entry => entry.Host == forward.Host))
                        standing.Add((forward.Host, new Target(mark.Inside.Address, forward.Port)));
                }
            }
            return _standing;
        }
    }

    private static List<T> At<T>(Dictionary<int, List<T>> index, HostPort host)
    {
        int key = host.Port | ((int)host.Protocol << 16);
        if (!index.TryGetValue(key, out List<T>? entries))
            index[key] = entries = new(1);
        return entries;
    }

    private string? OwnerOf(Target target)
    {
        foreach (ObservedNamespace space in observed.Namespaces)
        {
            if (space.Link?.Mark is { } mark && mark.Inside.Address.Equals(target.Address))
                return space.Name;
        }
        return observed.OwnersKnown ? null : "another namespace";
    }

    private bool IsOfHost(IPAddress address)
    {
        if (IPAddress.IsLoopback(address) || _coming.Contains(address))
            return true;
        if (_going.Contains(address))
            return false;
        foreach (IPAddress own in observed.HostAddresses)
        {
            if (own.Equals(address))
                return true;
        }
        return false;
    }
}
