using Warren.Netlink.Nftables;
using Warren.Netlink.Nftables.Trace;

namespace Warren.Diagnosis;

/// <summary>What the kernel's steps refer to by number or name, in one network namespace.</summary>
/// <param name="Chains">All chains.</param>
/// <param name="Rules">The rules of the tables that packets passed.</param>
/// <param name="Links">The links' names by their indices.</param>
/// <param name="Owner">Whose a chain is: table, chain, the rule's comment.</param>
internal sealed record TraceNames(
    IReadOnlyList<NftChain> Chains,
    IReadOnlyList<NftRule> Rules,
    IReadOnlyDictionary<int, string> Links,
    Func<NftTable, string, string, string> Owner
);

/// <summary>Makes legs out of what the kernel told of one network namespace: those of the first packet and of the first answer.</summary>
/// <param name="place">The namespace's name; empty for the host.</param>
/// <param name="flow">Which packets count.</param>
/// <param name="names">What the steps refer to.</param>
internal sealed class TraceReading(string place, TraceFlow flow, TraceNames names)
{
    private readonly List<Draft> _drafts = [];
    private readonly Dictionary<uint, (bool IsAnswer, Waypoint At)> _packets = [];
    private readonly Dictionary<(bool IsAnswer, uint Id), NftChain> _bases = [];

    /// <summary>Reads all steps.</summary>
    public static List<TraceLeg> Read(string place, TraceFlow flow, TraceNames names, IEnumerable<NftTraceEvent> steps)
    {
        var reading = new TraceReading(place, flow, names);
        foreach (NftTraceEvent step in steps)
            reading.Add(step);
        return reading._drafts.ConvertAll(draft => draft.End());
    }

    private void Add(NftTraceEvent step)
    {
        bool answer;
        if (step.Packet is { } packet)
        {
            if (flow.IsPacket(packet))
                answer = false;
            else if (flow.IsAnswer(packet))
                answer = true;
            // a new source port, given by a masquerade: it is still the packet that it was
            else if (_packets.TryGetValue(step.Id, out (bool IsAnswer, Waypoint At) known))
                answer = known.IsAnswer;
            else
                return;
            _packets[step.Id] = (answer, At(step, packet));
        }
        else if (_packets.TryGetValue(step.Id, out (bool IsAnswer, Waypoint At) known))
        {
            answer = known.IsAnswer;
        }
        else
        {
            return;
        }
        NftChain? chain = Find(step.Table, step.Chain);
        if (chain?.Hook is not null)
            _bases[(answer, step.Id)] = chain;
        if (!_bases.TryGetValue((answer, step.Id), out NftChain? called) || called.Hook is not { } hook)
            return;
        Waypoint at = _packets[step.Id].At;
        if (TraceTable.IsOurs(step.Table))
        {
            Mark(answer, hook, step, at);
            return;
        }
        if (Current(answer, step.Id) is { } draft && Hop(step, hook, at) is { } hop)
            draft.Add(hop);
    }

    // Our own chains stand before and after all others of a hook.
    private void Mark(bool answer, NftHook hook, NftTraceEvent step, Waypoint at)
    {
        if (step.Kind != NftTraceKind.Policy)
            return;
        if (step.Chain != TraceTable.FirstOf(hook))
        {
            Current(answer, step.Id)?.Pass(hook, at);
            return;
        }
        if (hook is not (NftHook.Prerouting or NftHook.Output))
        {
            Current(answer, step.Id)?.Reach(hook, at);
            return;
        }
        // a second one is sent again, or a later packet of the flow
        if (_drafts.Exists(draft => draft.IsAnswer == answer && draft.Begins == hook))
            return;
        var begun = new Draft(place, answer, hook, step.Id) { Refuses = _refusals.Contains(step.Id) };
        begun.Reach(hook, at);
        _drafts.Add(begun);
    }

    private readonly HashSet<uint> _refusals = [];

    private Draft? Current(bool answer, uint id) => _drafts.FindLast(draft => draft.IsAnswer == answer && draft.Id == id);

    private Waypoint At(NftTraceEvent step, NftTracePacket packet)
    {
        const int Resets = 4;
        if (packet.IcmpType >= 0 || (packet.TcpFlags & Resets) != 0)
            _refusals.Add(step.Id);
        else
            _refusals.Remove(step.Id);
        bool ports = packet.SourcePort != 0 || packet.DestinationPort != 0;
        return new Waypoint(
            ports ? $"{packet.Source}:{packet.SourcePort}" : packet.Source.ToString(),
            ports ? $"{packet.Destination}:{packet.DestinationPort}" : packet.Destination.ToString(),
            Link(step.InputLink),
            Link(step.OutputLink)
        );
    }

    private TraceHop? Hop(NftTraceEvent step, NftHook hook, Waypoint at)
    {
        var hop = new TraceHop(hook, step.Table.Family.Word, step.Table.Name, step.Chain, HopVerdict.GoesOn) { At = at };
        switch (step.Kind)
        {
            case NftTraceKind.Policy:
                return hop with
                {
                    IsPolicy = true,
                    Verdict = step.Policy is { IsDrop: true } ? HopVerdict.Drops : HopVerdict.Accepts,
                    Owner = names.Owner(step.Table, step.Chain, ""),
                };
            case NftTraceKind.Rule when step.RuleHandle != 0:
                NftRule? rule = Rule(step.Table, step.Chain, step.RuleHandle);
                return hop with
                {
                    Handle = step.RuleHandle,
                    Rule = rule?.ToString() ?? $"rule {step.RuleHandle}, which is gone",
                    Verdict = Verdict(step.Verdict, rule),
                    Owner = names.Owner(step.Table, step.Chain, rule?.Comment ?? ""),
                };
            default:
                return null;
        }
    }

    private static HopVerdict Verdict(NftVerdict? verdict, NftRule? rule)
    {
        const uint Queue = 3;
        const uint Stolen = 2;
        const uint Kind = 0xff;
        return verdict switch
        {
            null or { Leads: true } => HopVerdict.GoesOn,
            { IsDrop: true } when Rejects(rule) => HopVerdict.Rejects,
            { IsDrop: true } or { Code: Stolen } => HopVerdict.Drops,
            { Code: var code } when (code & Kind) == Queue => HopVerdict.Queues,
            _ when verdict == NftVerdict.Accept => HopVerdict.Accepts,
            _ => HopVerdict.GoesOn,
        };
    }

    private static bool Rejects(NftRule? rule)
    {
        foreach (NftExpression expression in rule?.Expressions ?? [])
        {
            if (expression is NftReject or NftExtension { IsTarget: true, Extension: "REJECT" })
                return true;
        }
        return false;
    }

    private string Link(int index) => index == 0 ? "" : names.Links.GetValueOrDefault(index) ?? $"link {index}";

    private NftChain? Find(NftTable table, string name)
    {
        foreach (NftChain chain in names.Chains)
        {
            if (chain.Name == name && chain.Table.Family == table.Family && chain.Table.Name == table.Name)
                return chain;
        }
        return null;
    }

    private NftRule? Rule(NftTable table, string chain, ulong handle)
    {
        foreach (NftRule rule in names.Rules)
        {
            if (rule.Handle == handle && rule.Chain == chain && rule.Table.Family == table.Family && rule.Table.Name == table.Name)
                return rule;
        }
        return null;
    }

    private sealed class Draft(string place, bool isAnswer, NftHook begins, uint id)
    {
        private readonly List<TraceHop> _hops = [];
        private readonly List<NftHook> _reached = [];
        private readonly List<NftHook> _passed = [];
        private Waypoint? _first;
        private Waypoint _last = Waypoint.Unknown;

        public bool IsAnswer => isAnswer;

        public NftHook Begins => begins;

        public uint Id => id;

        public bool Refuses { get; init; }

        public void Add(TraceHop hop)
        {
            _hops.Add(hop);
            _last = hop.At;
        }

        public void Reach(NftHook hook, Waypoint at)
        {
            _reached.Add(hook);
            _first ??= at;
            _last = at;
        }

        public void Pass(NftHook hook, Waypoint at)
        {
            _passed.Add(hook);
            _last = at;
        }

        public TraceLeg End() =>
            new(place, isAnswer, _hops, _reached, _passed)
            {
                First = _first ?? Waypoint.Unknown,
                Last = _last,
                Refuses = Refuses,
            };
    }
}
