using Warren.Model;
using Warren.Netlink.Nftables;
using Warren.Planning;

namespace Warren.Diagnosis;

/// <summary>What the sender of the packet saw.</summary>
internal enum ClientEnd
{
    /// <summary>Nothing, in the time that was given.</summary>
    Silence,

    /// <summary>A connection, or for UDP an answer.</summary>
    Answer,

    /// <summary>A refusal: RST, or port unreachable.</summary>
    Refusal,

    /// <summary>An error about the way: no route, host unreachable.</summary>
    Unreachable,

    /// <summary>Live: no packet came that could be followed.</summary>
    NoPacket,
}

/// <summary>A program that waits on a port.</summary>
/// <param name="Program">Its name and number: <c>flask (pid 812)</c>.</param>
/// <param name="Address">Where it waits.</param>
/// <param name="Port">Its port.</param>
/// <param name="Takes">Whether what is sent to the address in question reaches it.</param>
/// <param name="Waiting">TCP: connections that it has not taken yet.</param>
internal sealed record TraceListener(string Program, string Address, int Port, bool Takes, uint Waiting);

/// <summary>A namespace that a packet was meant for.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Target">The address and port there.</param>
/// <param name="Link">The host's end of its link.</param>
internal sealed record TraceTarget(string Name, Target Target, string Link)
{
    /// <summary>Whether the namespace is there by its name.</summary>
    public bool Stands { get; init; }

    /// <summary>Whether the host's end of its link is up.</summary>
    public bool LinkUp { get; init; }

    /// <summary>The link's other end is not up inside; empty if it is, or is not there.</summary>
    public string InsideDown { get; init; } = "";

    /// <summary>Whether the address is on a link inside.</summary>
    public bool HasAddress { get; init; } = true;

    /// <summary>Whether there is a way back to the client.</summary>
    public bool HasWayBack { get; init; } = true;

    /// <summary>Whether Warren's maps lead the port there.</summary>
    public bool InMaps { get; init; } = true;

    /// <summary>Those who wait on the port, and on others.</summary>
    public IReadOnlyList<TraceListener> Listeners { get; init; } = [];
}

/// <summary>A legacy chain that dropped packets while the packet was on its way.</summary>
/// <param name="Hook">Where it is called; of a user's chain all where it could be.</param>
/// <param name="Words">In words: <c>policy of chain FORWARD in legacy table filter (docker)</c>.</param>
internal sealed record LegacyDrop(NftHook? Hook, string Words);

/// <summary>All that is known of a packet's way and of its surroundings: from these the story is told.</summary>
/// <param name="Question">What was asked.</param>
/// <param name="End">What the sender saw.</param>
internal sealed record TraceFacts(TraceQuestion Question, ClientEnd End)
{
    /// <summary>What the sender was told beyond that: <c>No route to host</c>.</summary>
    public string EndWords { get; init; } = "";

    /// <summary>TCP: whether the program said something before it was asked; null if it was not waited for.</summary>
    public bool? Spoke { get; init; }

    /// <summary>How far the packet and the answer came, in order: namespace, host, namespace.</summary>
    public IReadOnlyList<TraceLeg> Legs { get; init; } = [];

    /// <summary>Where the port is published; null if it is not.</summary>
    public TraceTarget? Target { get; init; }

    /// <summary>Whether Warren's table is as it should be.</summary>
    public RulesetState Ruleset { get; init; } = RulesetState.Intact;

    /// <summary>Published ports: <c>6001/tcp for web1</c>, the nearest first.</summary>
    public IReadOnlyList<string> Published { get; init; } = [];

    /// <summary>Programs of the host that wait on the port.</summary>
    public IReadOnlyList<TraceListener> HostListeners { get; init; } = [];

    /// <summary>The service that was handed a socket of the port; null if none was.</summary>
    public string? HeldFor { get; init; }

    /// <summary>The link that the packet would have come in by if it had come from another machine, and the one that stood in for it;
    /// both empty if nothing stood in.</summary>
    public (string Uplink, string StandIn) StandIn { get; init; } = ("", "");

    /// <summary>Links on which forwarding is off, of those that the packet came in by.</summary>
    public IReadOnlyList<string> NotForwarding { get; init; } = [];

    /// <summary>How many packets the reverse path filter dropped meanwhile, by place: the host's is the empty name.</summary>
    public IReadOnlyDictionary<string, long> ReversePathDrops { get; init; } = new Dictionary<string, long>();

    /// <summary>Legacy tables that are there.</summary>
    public IReadOnlyList<string> LegacyTables { get; init; } = [];

    /// <summary>What of them dropped something meanwhile.</summary>
    public IReadOnlyList<LegacyDrop> LegacyDrops { get; init; } = [];

    /// <summary>Rules that were passed by and name the uplink, which the stand-in is not: in words.</summary>
    public IReadOnlyList<string> UplinkRules { get; init; } = [];

    /// <summary>Whether the kernel told more than could be heard.</summary>
    public bool Lost { get; init; }
}

/// <summary>What came of it, in one sentence.</summary>
/// <param name="Answered">Whether the service answered.</param>
/// <param name="Sentence">The sentence, fit for a terminal.</param>
/// <param name="Remedy">What to type next; may be empty.</param>
internal sealed record TraceVerdict(bool Answered, string Sentence, string Remedy = "");
