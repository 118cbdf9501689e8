using Warren.Netlink.Nftables;

namespace Warren.Diagnosis;

/// <summary>What happened to a packet at a hop.</summary>
internal enum HopVerdict
{
    /// <summary>It went on.</summary>
    GoesOn,

    /// <summary>The base chain let it pass.</summary>
    Accepts,

    /// <summary>It was dropped.</summary>
    Drops,

    /// <summary>It was dropped, and its sender told.</summary>
    Rejects,

    /// <summary>It was handed to a program.</summary>
    Queues,
}

/// <summary>One step of a packet's way. Texts of others are as they are, not yet fit for a terminal.</summary>
/// <param name="Hook">Where in the kernel.</param>
/// <param name="Family">The table's family, as nft writes it.</param>
/// <param name="Table">The table.</param>
/// <param name="Chain">The chain.</param>
/// <param name="Verdict">What happened.</param>
internal sealed record TraceHop(NftHook Hook, string Family, string Table, string Chain, HopVerdict Verdict)
{
    /// <summary>Whose the chain is, as far as it can be told.</summary>
    public string Owner { get; init; } = "";

    /// <summary>The rule as nft writes it; empty for a policy.</summary>
    public string Rule { get; init; } = "";

    /// <summary>The rule's number; 0 for a policy.</summary>
    public ulong Handle { get; init; }

    /// <summary>Whether no rule decided, but the policy.</summary>
    public bool IsPolicy { get; init; }

    /// <summary>The packet at this point.</summary>
    public Waypoint At { get; init; } = Waypoint.Unknown;

    /// <summary>As nft writes the hook.</summary>
    public string HookWord => Hook.ToString().ToLowerInvariant();

    /// <summary>In words: <c>chain FORWARD in table ip filter (docker)</c>.</summary>
    public string Place => $"chain {Chain} in table {Family} {Table}{(Owner.Length > 0 ? $" ({Owner})" : "")}";
}

/// <summary>A packet at one point of its way.</summary>
/// <param name="Source">Where it comes from, with the port.</param>
/// <param name="Destination">Where it goes, with the port.</param>
/// <param name="In">The link that it came in by; empty if none.</param>
/// <param name="Out">The link that it leaves by; empty if not known yet.</param>
internal sealed record Waypoint(string Source, string Destination, string In, string Out)
{
    /// <summary>Nothing is known.</summary>
    public static Waypoint Unknown { get; } = new("", "", "", "");
}

/// <summary>How far a packet came in one network namespace, from where it came in or was made.</summary>
/// <param name="Place">The namespace's name; empty for the host.</param>
/// <param name="IsAnswer">Whether it is the answer, not the packet itself.</param>
/// <param name="Hops">What it met, in order.</param>
/// <param name="Reached">Hooks that it came into.</param>
/// <param name="Passed">Hooks that it came out of.</param>
internal sealed record TraceLeg(
    string Place,
    bool IsAnswer,
    IReadOnlyList<TraceHop> Hops,
    IReadOnlyList<NftHook> Reached,
    IReadOnlyList<NftHook> Passed
)
{
    /// <summary>The packet as it was first seen here.</summary>
    public Waypoint First { get; init; } = Waypoint.Unknown;

    /// <summary>The packet as it was last seen here.</summary>
    public Waypoint Last { get; init; } = Waypoint.Unknown;

    /// <summary>A TCP answer that refuses, or an error of ICMP.</summary>
    public bool Refuses { get; init; }

    /// <summary>Where it was dropped or handed to a program; null if a rule did neither.</summary>
    public TraceHop? End
    {
        get
        {
            foreach (TraceHop hop in Hops)
            {
                if (hop.Verdict is HopVerdict.Drops or HopVerdict.Rejects or HopVerdict.Queues)
                    return hop;
            }
            return null;
        }
    }

    /// <summary>The hook that it came into and not out of; null if there is none.</summary>
    public NftHook? LostIn => Reached.Count > Passed.Count ? Reached[^1] : null;

    /// <summary>Whether it reached a socket here, as far as rules go.</summary>
    public bool Delivered => Passed.Contains(NftHook.Input);

    /// <summary>Whether it left by a link.</summary>
    public bool Left => Passed.Contains(NftHook.Postrouting);
}
