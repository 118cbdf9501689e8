using System.Diagnostics;
using System.Net;
using Warren.Kernel;
using Warren.Model;
using Warren.Netlink.Namespaces;
using Warren.Netlink.Nftables;
using Warren.Netlink.Nftables.Trace;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;
using Warren.Planning;
using Warren.Running.Services;

namespace Warren.Diagnosis;

/// <summary>What was seen, and what came of it.</summary>
/// <param name="Facts">What was seen.</param>
/// <param name="Verdict">What came of it.</param>
/// <param name="Destination">Where the probe was sent.</param>
internal sealed record TraceReport(TraceFacts Facts, TraceVerdict Verdict, string Destination);

/// <summary>Follows one packet through the kernel. What it needs for that it takes away again, whatever happens.</summary>
internal sealed class Tracer : IDisposable
{
    private static readonly TimeSpan s_pace = TimeSpan.FromMilliseconds(10);

    // after the end, for what is still on its way from the kernel; and after a drop, which ends nothing for the client
    private static readonly TimeSpan s_quiet = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan s_afterDrop = TimeSpan.FromMilliseconds(200);

    // in live traffic: for the answer to the packet
    private static readonly TimeSpan s_answer = TimeSpan.FromSeconds(2);

    private readonly TraceQuestion _question;
    private readonly Func<bool> _stopped;
    private readonly HostSession _session = new();
    private readonly List<TraceStation> _stations = [];
    private TraceStandIn? _standIn;
    private TraceProbe? _probe;

    private Tracer(TraceQuestion question, Func<bool> stopped)
    {
        _question = question;
        _stopped = stopped;
    }

    /// <summary>Follows a packet.</summary>
    /// <param name="question">Which.</param>
    /// <param name="stopped">Asked now and then: whether to give up.</param>
    /// <exception cref="RefusedException">There is no such namespace, or no way to the outside.</exception>
    public static TraceReport Run(TraceQuestion question, Func<bool> stopped)
    {
        using var tracer = new Tracer(question, stopped);
        return tracer.Run();
    }

    /// <summary>Whether a probe can be sent as if from another machine: there is an uplink with an address.</summary>
    public static bool CanComeFromOutside()
    {
        using var session = new HostSession();
        return Uplink(HostNetwork.Read(session.Route)) is not null;
    }

    public void Dispose()
    {
        _probe?.Dispose();
        foreach (TraceStation station in _stations)
            station.Dispose();
        _standIn?.Dispose();
        _session.Dispose();
    }

    private TraceReport Run()
    {
        Observed observed = new Observer(_session).ObserveAll();
        HostNetwork network = HostNetwork.Read(_session.Route);
        (Link Link, IPAddress Address)? uplink = Uplink(network);
        IPAddress destination = Destination(observed, uplink?.Address);
        if (_question.Port.HostAddress is { } asked && !network.Has(asked))
        {
            throw new RefusedException(
                RefusalKind.Conflict,
                new Refusal($"{asked} is not an address of this host", "ip addr shows those it has")
            );
        }
        (TraceTarget? target, Forward? forward) = TraceSurroundings.Publication(observed, _question.Port, destination);
        TraceStation host = Add(TraceStation.OfHost());
        TraceStation? inside = target is { Stands: true } ? Add(TraceStation.Of(target.Name)) : null;
        TraceStation? from = From(inside);
        if (_question.Origin == TraceOrigin.Outside)
            _standIn = TraceStandIn.Make(_session.Route, uplink!.Value.Link.Name);
        if (_question.Origin != TraceOrigin.Live)
            _probe = TraceProbe.Open(_standIn?.Space ?? from?.Space, _question.Port.Protocol);
        int inner = forward?.Port ?? _question.Port.Port;
        var flow = new TraceFlow(_question.Port.Protocol, _question.Port.Port, inner, _probe?.Port ?? 0);
        Dictionary<string, long> drops = Drops();
        LegacyCounters legacy = LegacyCounters.Read();
        foreach (TraceStation station in _stations)
            station.Follow(station == inside && station != from ? flow with { Port = inner, Client = 0 } : flow);
        if (_probe is null)
            flow = Watch(host, flow);
        else
            Try(destination, flow);
        foreach (TraceStation station in _stations)
            station.Leave();

        LegacyCounters after = LegacyCounters.Read();
        TraceNames names = host.Names();
        List<TraceLeg> legs = Legs(flow, host, inside, from, names);
        network = HostNetwork.Read(_session.Route);
        if (target is not null && inside is not null)
            target = TraceSurroundings.Inside(target, inside, network, Client(legs, target), _question.Port.Protocol);
        else if (target is not null)
            target = target with { LinkUp = network.Links.Any(link => link.Name == target.Link && link.IsUp) };
        var facts = new TraceFacts(_question, End(flow, legs))
        {
            EndWords = _probe?.Words ?? "",
            Spoke = _probe?.Spoke,
            Legs = legs,
            Target = target,
            Ruleset = observed.Ruleset,
            Published = TraceSurroundings.Published(observed, _question.Port),
            HostListeners = TraceSurroundings.Listeners(_question.Port.Protocol, destination, _question.Port.Port),
            HeldFor = SocketHolders.ServiceOn(_question.Port.Protocol, _question.Port.Port),
            StandIn = _standIn is null ? ("", "") : (uplink!.Value.Link.Name, TraceStandIn.Link),
            NotForwarding = [.. legs.Where(leg => leg.Place.Length == 0).Select(leg => leg.Last.In).Where(TraceSurroundings.ForwardsNot)],
            ReversePathDrops = Drops().ToDictionary(pair => pair.Key, pair => pair.Value - drops.GetValueOrDefault(pair.Key)),
            LegacyTables = after.Tables,
            LegacyDrops = after.Since(legacy),
            UplinkRules = _standIn is null ? [] : TraceSurroundings.RulesNaming(uplink!.Value.Link.Name, legs, names),
            Lost = _stations.Exists(station => station.Lost),
        };
        if (target is not null && !legs.Exists(leg => leg.Place == target.Name))
            ForgetNeighbour(network, target);
        return new TraceReport(facts, TraceStory.Tell(facts), $"{destination}:{_question.Port.Port}");
    }

    private TraceStation Add(TraceStation station)
    {
        _stations.Add(station);
        return station;
    }

    private TraceStation? From(TraceStation? inside)
    {
        if (_question.Origin != TraceOrigin.Namespace)
            return null;
        return inside?.Name == _question.From ? inside : Add(TraceStation.Of(_question.From));
    }

    private IPAddress Destination(Observed observed, IPAddress? uplink)
    {
        if (_question.Port.HostAddress is { } given)
        {
            if (!IPAddress.IsLoopback(given) || _question.Origin is TraceOrigin.Host or TraceOrigin.Live)
                return given;
            throw new RefusedException(
                RefusalKind.Usage,
                new Refusal($"{given} is reached from the host alone", $"warren trace {_question.Port} --from host")
            );
        }
        if (_question.Origin == TraceOrigin.Namespace)
        {
            if (NamespaceNames.StateOf(_question.From) != NameState.Namespace)
                throw new RefusedException(RefusalKind.NotFound, new Refusal($"{_question.From}: there is no such namespace", "warren ls"));
            foreach (ObservedNamespace space in observed.Namespaces)
            {
                if (space.Name == _question.From && space.Link?.Host is { } gateway)
                    return gateway.Address;
            }
        }
        if (_question.Origin == TraceOrigin.Outside && uplink is null)
        {
            throw new RefusedException(
                RefusalKind.NotFound,
                new Refusal("this host has no link with an address that leads out", $"warren trace {_question.Port.Port} --from host")
            );
        }
        return _question.Origin == TraceOrigin.Host || uplink is null ? IPAddress.Loopback : uplink;
    }

    private static (Link Link, IPAddress Address)? Uplink(HostNetwork network)
    {
        foreach (Link link in network.Uplinks(new HashSet<int>()))
        {
            if (network.Addresses(link) is [{ } first, ..])
                return (link, first.Address);
        }
        return null;
    }

    private Dictionary<string, long> Drops()
    {
        var drops = new Dictionary<string, long>();
        foreach (TraceStation station in _stations)
            drops[station.Name] = station.In(TraceSurroundings.ReversePathDrops);
        return drops;
    }

    // Sends the probe and listens, until it has an answer and the kernel has told all about it.
    private void Try(IPAddress destination, TraceFlow flow)
    {
        _probe!.Send(destination, _question.Port.Port);
        long start = Stopwatch.GetTimestamp();
        long heard = start;
        bool dropped = false;
        while (!_stopped())
        {
            foreach (TraceStation station in _stations)
            {
                if (station.Hear(s_pace) == 0)
                    continue;
                heard = Stopwatch.GetTimestamp();
                dropped |= IsDropped(station, flow);
            }
            _probe.Look();
            TimeSpan quiet = Stopwatch.GetElapsedTime(heard);
            if (_probe.IsOver && quiet > s_quiet)
                return;
            if (_probe.End is null && ((dropped && quiet > s_afterDrop) || Stopwatch.GetElapsedTime(start) > _question.Patience))
                return;
        }
    }

    // Waits for the first packet of others, and then for its answer.
    private TraceFlow Watch(TraceStation host, TraceFlow flow)
    {
        long start = Stopwatch.GetTimestamp();
        long? found = null;
        while (!_stopped())
        {
            foreach (TraceStation station in _stations)
                _ = station.Hear(s_pace);
            if (found is null && host.Steps.FirstOrDefault(step => step.Packet is { } packet && flow.IsPacket(packet)) is { Packet: { } first })
            {
                flow = flow with { Client = first.SourcePort };
                found = Stopwatch.GetTimestamp();
            }
            if (found is null ? Stopwatch.GetElapsedTime(start) > _question.Patience : IsOver(host, flow, found.Value))
                break;
        }
        return flow;
    }

    private static bool IsOver(TraceStation host, TraceFlow flow, long found)
    {
        TimeSpan since = Stopwatch.GetElapsedTime(found);
        bool answered = host.Steps.Any(step => step.Packet is { } packet && flow.IsAnswer(packet));
        return since > s_answer || (since > s_afterDrop && (answered || IsDropped(host, flow)));
    }

    // somebody else may follow packets at the same time, and all are told to all who listen
    private static bool IsDropped(TraceStation station, TraceFlow flow)
    {
        var own = new HashSet<uint>();
        foreach (NftTraceEvent step in station.Steps)
        {
            if (step.Packet is { } packet && (flow.IsPacket(packet) || flow.IsAnswer(packet)))
                own.Add(step.Id);
            if ((step.Policy is { IsDrop: true } || step.Verdict is { IsDrop: true }) && own.Contains(step.Id))
                return true;
        }
        return false;
    }

    // The packet: out of a namespace, through the host, into a namespace; the answer the other way.
    private static List<TraceLeg> Legs(TraceFlow flow, TraceStation host, TraceStation? inside, TraceStation? from, TraceNames names)
    {
        List<TraceLeg> onHost = TraceReading.Read("", flow, names, host.Steps);
        int client = onHost.FindLast(leg => !leg.IsAnswer) is { } last ? Port(last.Last.Source) : flow.Client;
        List<TraceLeg> own = from is null ? [] : TraceReading.Read(from.Name, flow, from.Names(), from.Steps);
        List<TraceLeg> within = inside is null
            ? []
            : TraceReading.Read(inside.Name, flow with { Port = flow.Inner, Client = client }, inside.Names(), inside.Steps);
        return
        [
            .. own.Where(leg => !leg.IsAnswer && leg.Reached[0] == NftHook.Output),
            .. onHost.Where(leg => !leg.IsAnswer),
            .. within.Where(leg => !leg.IsAnswer && leg.Reached[0] == NftHook.Prerouting),
            .. within.Where(leg => leg.IsAnswer && leg.Reached[0] == NftHook.Output),
            .. onHost.Where(leg => leg.IsAnswer),
            .. own.Where(leg => leg.IsAnswer && leg.Reached[0] == NftHook.Prerouting),
        ];
    }

    private ClientEnd End(TraceFlow flow, List<TraceLeg> legs)
    {
        if (_probe is not null)
            return _probe.End ?? ClientEnd.Silence;
        if (flow.Client == 0)
            return ClientEnd.NoPacket;
        TraceLeg? answer = legs.FindLast(leg => leg.IsAnswer && leg.Place.Length == 0);
        if (answer is null || answer.End is not null || !(answer.Left || answer.Delivered))
            return ClientEnd.Silence;
        return answer.Refuses ? ClientEnd.Refusal : ClientEnd.Answer;
    }

    private static IPAddress? Client(List<TraceLeg> legs, TraceTarget target)
    {
        TraceLeg? last = legs.FindLast(leg => !leg.IsAnswer && leg.Place == target.Name) ?? legs.FindLast(leg => !leg.IsAnswer);
        return last is not null && IPEndPoint.TryParse(last.Last.Source, out IPEndPoint? source) ? source.Address : null;
    }

    // The kernel asked for the target's hardware address in vain, and remembers that for some seconds: what mends the link meanwhile
    // would seem not to.
    private void ForgetNeighbour(HostNetwork network, TraceTarget target)
    {
        if (network.Links.FirstOrDefault(link => link.Name == target.Link) is not { Index: var index })
            return;
        var batch = new NetlinkBatch(64);
        batch.DumpNeighbours(index);
        foreach (Neighbour neighbour in _session.Route.Dump(batch, Neighbour.Parse))
        {
            if (neighbour.Index != index || !neighbour.Address.Equals(target.Target.Address) || neighbour.LinkAddress is not null)
                continue;
            batch.Clear();
            batch.DeleteNeighbour(index, neighbour.Address);
            try
            {
                _session.Route.Execute(batch);
            }
            catch (NetlinkException e) when (e.Errno == Errno.NotFound)
            {
                // forgotten already
            }
            return;
        }
    }

    private static int Port(string endpoint) => IPEndPoint.TryParse(endpoint, out IPEndPoint? parsed) ? parsed.Port : 0;
}
