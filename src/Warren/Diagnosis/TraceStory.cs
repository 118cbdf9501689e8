using Warren.Model;
using Warren.Netlink.Nftables;
using Warren.Planning;

namespace Warren.Diagnosis;

/// <summary>Tells what became of a packet, in one sentence. A pure function of the facts.</summary>
/// <param name="facts">The facts.</param>
internal sealed class TraceStory(TraceFacts facts)
{
    private readonly List<TraceLeg> _packet = [.. facts.Legs.Where(leg => !leg.IsAnswer)];
    private readonly List<TraceLeg> _answer = [.. facts.Legs.Where(leg => leg.IsAnswer)];

    /// <summary>Tells it.</summary>
    public static TraceVerdict Tell(TraceFacts facts)
    {
        TraceVerdict verdict = new TraceStory(facts).Verdict();
        return verdict with { Sentence = Terminal.Safe(verdict.Sentence), Remedy = Terminal.Safe(verdict.Remedy) };
    }

    private string Port => $"{facts.Question.Port.Port}/{facts.Question.Port.Protocol.Word()}";

    private bool IsTcp => facts.Question.Port.Protocol == Protocol.Tcp;

    private TraceVerdict Verdict()
    {
        if (facts.End == ClientEnd.NoPacket)
        {
            return new TraceVerdict(
                false,
                $"no packet for {Port} came within {facts.Question.Patience.TotalSeconds:0.#} s: it is lost before this host, or nobody sends",
                $"warren trace {Port} sends one itself"
            );
        }
        if (facts.End == ClientEnd.Answer)
            return Answered();
        foreach (TraceLeg leg in _packet)
        {
            if (Stopped(leg) is { } stopped)
                return stopped with { Sentence = Prefix(leg) + stopped.Sentence };
        }
        if (_packet.Count == 0)
            return NeverSeen();
        TraceLeg last = _packet[^1];
        if (last.Delivered)
            return Delivered(last);
        return Sent(last);
    }

    // What a rule, a policy, or the kernel between the rules did with it in one namespace; null if it got through.
    private TraceVerdict? Stopped(TraceLeg leg)
    {
        string where = leg.Place.Length == 0 ? "" : $" inside {leg.Place}";
        if (leg.End is { } hop)
        {
            string by = hop.IsPolicy ? $"policy of {hop.Place}" : $"rule '{hop.Rule}' of {hop.Place}";
            string how = hop.Verdict switch
            {
                HopVerdict.Rejects => "rejected by ",
                HopVerdict.Queues => "handed to a program by ",
                _ => "dropped by ",
            };
            return new TraceVerdict(false, how + by + where, Look(leg, hop));
        }
        if (leg.LostIn is { } hook)
        {
            foreach (LegacyDrop drop in facts.LegacyDrops)
            {
                if (drop.Hook == hook && leg.Place.Length == 0)
                    return new TraceVerdict(false, $"dropped by {drop.Words}, which nf_tables does not show", "iptables-legacy-save -c shows it with its counters");
            }
            string hidden = facts.LegacyTables.Count > 0 ? $"legacy tables ({string.Join(", ", facts.LegacyTables)})" : "conntrack, IPVS or BPF";
            return new TraceVerdict(
                false,
                $"lost in hook {hook.ToString().ToLowerInvariant()}{where}, and not by nf_tables: {hidden} can do that",
                facts.LegacyTables.Count > 0 ? "iptables-legacy-save -c shows their rules with counters" : "nstat -z | grep -i drop"
            );
        }
        if (leg.Passed.Count > 0 && leg.Passed[^1] is NftHook.Prerouting or NftHook.Output or NftHook.Forward)
            return Unrouted(leg);
        return null;
    }

    // between two hooks the kernel looks for the way
    private TraceVerdict Unrouted(TraceLeg leg)
    {
        string where = leg.Place.Length == 0 ? "" : $" inside {leg.Place}";
        string link = Real(leg.Last.In);
        string source = Address(leg.Last.Source);
        string destination = Address(leg.Last.Destination);
        if (leg.Passed[^1] == NftHook.Prerouting)
        {
            if (facts.ReversePathDrops.GetValueOrDefault(leg.Place) > 0)
            {
                return new TraceVerdict(
                    false,
                    $"dropped by the reverse path filter of {link}{where}: the way back to {source} does not lead out by {link} (net.ipv4.conf.{link}.rp_filter)",
                    $"sysctl -w net.ipv4.conf.{link}.rp_filter=2"
                );
            }
            if (leg.Place.Length == 0 && facts.NotForwarding.Contains(leg.Last.In))
            {
                return new TraceVerdict(
                    false,
                    $"not passed on: forwarding is off on {link} (net.ipv4.conf.{link}.forwarding is 0)",
                    facts.Target is { } target ? $"warren add {target.Name}, which switches it on" : $"sysctl -w net.ipv4.conf.{link}.forwarding=1"
                );
            }
            if (leg.Place.Length > 0 && facts.Target is { HasAddress: false } owner && owner.Name == leg.Place)
                return new TraceVerdict(false, $"not taken inside {leg.Place}: its address {destination} is gone", $"warren add {leg.Place}, which mends it");
        }
        return new TraceVerdict(false, $"lost{where}: the kernel found no way to {destination}", $"ip route get {destination}");
    }

    private TraceVerdict Answered()
    {
        TraceLeg? last = _packet.Count > 0 ? _packet[^1] : null;
        string where = Whereabouts(last, out IReadOnlyList<TraceListener> listeners);
        TraceListener? listener = listeners.FirstOrDefault(each => each.Takes);
        string program = listener?.Program ?? "a program";
        string prefix = last is null ? "" : Prefix(last);
        if (!IsTcp)
            return new TraceVerdict(true, $"{prefix}delivered, answered by {program}{where}");
        if (facts.Spoke == false && listener is { Waiting: > 0 })
        {
            return new TraceVerdict(
                false,
                $"{prefix}delivered, connected, but {program}{where} does not take the connection: {listener.Waiting} wait{(listener.Waiting == 1 ? "s" : "")} for it",
                "see what that program is busy with"
            );
        }
        return new TraceVerdict(
            true,
            facts.Spoke == false
                ? $"{prefix}delivered, connected to {program}{where}, which says nothing before it is asked"
                : $"{prefix}delivered, connected to {program}{where}"
        );
    }

    private TraceVerdict Delivered(TraceLeg leg)
    {
        string where = Whereabouts(leg, out IReadOnlyList<TraceListener> listeners);
        string prefix = Prefix(leg) + (leg.Place.Length == 0 ? "delivered to the host itself, " : "delivered, ");
        foreach (TraceLeg answer in _answer)
        {
            if (Stopped(answer) is { } stopped)
                return stopped with { Sentence = $"{prefix}answered{where}, and the answer was {stopped.Sentence}" };
        }
        TraceListener? listener = listeners.FirstOrDefault(each => each.Takes);
        if (facts.End == ClientEnd.Refusal || (listener is null && _answer.Exists(answer => answer.Refuses)))
            return Refused(leg, prefix, listeners);
        if (leg.Place.Length > 0 && facts.Target is { HasWayBack: false })
        {
            return new TraceVerdict(
                false,
                $"{prefix}and not answered: {leg.Place} has no way back to {Address(leg.Last.Source)}, its default route is gone",
                $"warren add {leg.Place}, which mends it"
            );
        }
        if (listener is null)
            return Refused(leg, prefix, listeners);
        if (IsTcp && listener.Waiting > 0)
            return new TraceVerdict(false, $"{prefix}and not answered: the queue of {listener.Program}{where} is full, {listener.Waiting} wait", "see what that program is busy with");
        return new TraceVerdict(
            false,
            IsTcp
                ? $"{prefix}and not answered by {listener.Program}{where} within {facts.Question.Patience.TotalSeconds:0.#} s"
                : $"{prefix}and not answered by {listener.Program}{where} within {facts.Question.Patience.TotalSeconds:0.#} s: many answer only what they understand"
        );
    }

    private TraceVerdict Refused(TraceLeg leg, string prefix, IReadOnlyList<TraceListener> listeners)
    {
        string refused = facts.End == ClientEnd.Refusal ? (IsTcp ? "connection refused: " : "refused: ") : "and not answered: ";
        if (leg.Place.Length == 0)
            return Unpublished(prefix + refused);
        Target target = facts.Target!.Target;
        string port = IsTcp ? $"{target.Port}" : $"{target.Port}/udp";
        List<TraceListener> same = [.. listeners.Where(each => each.Port == target.Port)];
        if (same.Count > 0)
        {
            return new TraceVerdict(
                false,
                $"{prefix}{refused}nothing listens on {target.Address}:{port} in {leg.Place} ({Words(same)} only)",
                $"let it listen on 0.0.0.0:{target.Port}"
            );
        }
        string nothing = $"{prefix}{refused}nothing listens on {port} in {leg.Place}";
        List<TraceListener> others = [.. listeners.Where(each => each.Takes).OrderBy(each => Math.Abs(each.Port - target.Port)).Take(3)];
        if (others.Count == 0)
            return new TraceVerdict(false, nothing, $"warren exec {leg.Place} -- COMMAND, with a server on {target.Port}");
        string from = new Forward(facts.Question.Port, target.Port).ToString();
        string to = new Forward(facts.Question.Port, others[0].Port).ToString();
        return new TraceVerdict(
            false,
            $"{nothing} ({Words(others)})",
            $"warren unpublish {leg.Place} {from} && warren publish {leg.Place} {to}, if that is the one"
        );
    }

    // It came to the host itself, where a published port never comes.
    private TraceVerdict Unpublished(string prefix)
    {
        if (facts.Target is { } target)
        {
            string why = facts.Ruleset switch
            {
                RulesetState.Absent => "Warren's table is gone",
                RulesetState.Damaged => "Warren's table is damaged",
                _ when !target.InMaps => "Warren's maps do not have it",
                _ => "it was not translated",
            };
            return new TraceVerdict(false, $"{prefix}{Port} is published for {target.Name}, but {why}", $"warren add {target.Name}, which mends it");
        }
        string others = facts.Published.Count > 0 ? $"; published: {string.Join(", ", facts.Published)}" : "";
        return new TraceVerdict(
            false,
            $"{prefix}{Port} is not published, and nothing listens on it on the host{others}",
            $"warren publish NAME {facts.Question.Port.Port}:PORT{(IsTcp ? "" : "/udp")}"
        );
    }

    // It left by a link, and did not come in where it should.
    private TraceVerdict Sent(TraceLeg leg)
    {
        string prefix = Prefix(leg);
        string destination = leg.Last.Destination;
        if (leg.Place.Length > 0)
            return new TraceVerdict(false, $"{prefix}left {leg.Place} by {leg.Last.Out}, and did not come in on the host", $"warren show {leg.Place}");
        if (facts.Target is { } target && target.Target.ToString() == destination)
        {
            string mends = $"warren add {target.Name}, which mends it";
            if (!target.LinkUp)
                return new TraceVerdict(false, $"{prefix}sent out by {leg.Last.Out}: link {target.Link} of {target.Name} is down", mends);
            if (!target.Stands)
                return new TraceVerdict(false, $"{prefix}sent out by {leg.Last.Out}: the namespace {target.Name} has lost its name", $"warren rm {target.Name}");
            if (target.InsideDown.Length > 0)
                return new TraceVerdict(false, $"{prefix}sent out by {leg.Last.Out}: {target.InsideDown} inside {target.Name} is down", mends);
            string gone = target.HasAddress ? "" : ": its address is gone";
            return new TraceVerdict(
                false,
                $"{prefix}sent out by {leg.Last.Out}, and did not come in inside {target.Name}{gone}",
                target.HasAddress ? $"warren show {target.Name}" : mends
            );
        }
        if (IsTranslated(leg) && facts.Target is null && TranslatedByWarren(leg))
        {
            return new TraceVerdict(
                false,
                $"{prefix}sent out by {leg.Last.Out}: the namespace that had {Address(destination)} is gone",
                $"warren add NAME -p {facts.Question.Port.Port}:PORT, which takes the port over"
            );
        }
        string seen = facts.End switch
        {
            ClientEnd.Refusal => "refused from there",
            ClientEnd.Unreachable => "unreachable" + (facts.EndWords.Length > 0 ? $" ({facts.EndWords})" : ""),
            _ => "no answer",
        };
        return new TraceVerdict(false, $"{prefix}sent out by {leg.Last.Out}, {seen}");
    }

    private TraceVerdict NeverSeen()
    {
        string words = facts.EndWords.Length > 0 ? $": {facts.EndWords}" : "";
        if (facts.Question.Origin == TraceOrigin.Namespace)
        {
            return new TraceVerdict(
                false,
                $"{facts.Question.From} could not send it{words}",
                $"warren add {facts.Question.From}, which mends its link and its routes"
            );
        }
        return new TraceVerdict(false, $"it was never seen by nf_tables{words}: a program before it (BPF, a netdev table) can do that", "nft list ruleset");
    }

    private string Whereabouts(TraceLeg? leg, out IReadOnlyList<TraceListener> listeners)
    {
        if (leg is { Delivered: true, Place: "" })
        {
            listeners = facts.HostListeners;
            return facts.HeldFor is { } service ? $" on the host, on a socket that service {service} was handed"
                : facts.Target is null ? " on the host; Warren does not publish the port"
                : " on the host";
        }
        listeners = facts.Target?.Listeners ?? [];
        return facts.Target is { } target && (leg is null || leg.Place == target.Name || leg.Last.Destination == target.Target.ToString())
            ? $" in {target.Name}"
            : "";
    }

    private string Look(TraceLeg leg, TraceHop hop)
    {
        string enter = leg.Place.Length == 0 ? "" : $"ip netns exec {leg.Place} ";
        if (hop.Hook == NftHook.Forward && hop.Owner != "warren" && facts.Target is { } target && leg.Place.Length == 0 && hop.IsPolicy)
            return $"warren add {target.Name}, which lets its link pass there";
        return $"{enter}nft -a list chain {hop.Family} {hop.Table} {hop.Chain}";
    }

    private string Prefix(TraceLeg leg)
    {
        foreach (TraceLeg each in _packet)
        {
            if (IsTranslated(each))
            {
                return $"translated to {each.Last.Destination}{Translator(Translation(each))}, ";
            }
            if (each == leg)
                break;
        }
        return "";
    }

    private string Translator(TraceHop? rule)
    {
        if (rule is null)
            return facts.LegacyTables.Contains("nat") ? " by legacy table nat" : "";
        return rule.Owner == "warren" ? "" : $" by {rule.Place}";
    }

    private static bool IsTranslated(TraceLeg leg) =>
        leg.First.Destination.Length > 0 && leg.Last.Destination != leg.First.Destination;

    private static bool TranslatedByWarren(TraceLeg leg) => Translation(leg)?.Owner == "warren";

    // the last rule that accepts before the packet is seen with another destination
    private static TraceHop? Translation(TraceLeg leg)
    {
        TraceHop? found = null;
        foreach (TraceHop hop in leg.Hops)
        {
            if (hop.At.Destination != leg.First.Destination)
                break;
            if (!hop.IsPolicy && hop.Verdict == HopVerdict.Accepts && hop.Hook is NftHook.Prerouting or NftHook.Output)
                found = hop;
        }
        return found;
    }

    private string Real(string link) => link == facts.StandIn.StandIn && link.Length > 0 ? facts.StandIn.Uplink : link;

    private static string Address(string endpoint)
    {
        int colon = endpoint.LastIndexOf(':');
        return colon < 0 ? endpoint : endpoint[..colon];
    }

    private static string Words(IReadOnlyList<TraceListener> listeners) =>
        string.Join(", ", listeners.Select(each => $"{each.Program} listens on {each.Address}:{each.Port}"));
}
