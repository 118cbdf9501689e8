using System.Buffers.Binary;
using System.Globalization;
using Warren.Firewall.Neighbours;
using Warren.Model;
using Warren.Netlink.Nftables;
using static Warren.Netlink.Nftables.NftStatements;

namespace Warren.Diagnosis;

/// <summary>
/// The table that follows packets while <c>warren trace</c> runs. Its chains stand before and after all others of every hook: the
/// first ones mark the packets, the last ones show that they got through. They let everything pass.
/// </summary>
internal static class TraceTable
{
    private const string Comment = "made by warren to follow packets";
    private const int First = -2_000_000_000;
    private const int Last = 2_000_000_000;

    private static readonly NftHook[] s_hooks =
        [NftHook.Prerouting, NftHook.Input, NftHook.Forward, NftHook.Output, NftHook.Postrouting];

    /// <summary>The table of this process; it goes with it, where the kernel knows how to.</summary>
    public static NftTable Own { get; } =
        new(NftFamily.Inet, Marks.TracePrefix + Environment.ProcessId.ToString(CultureInfo.InvariantCulture), Comment) { Owned = true };

    /// <summary>The chain before all others of a hook.</summary>
    public static string FirstOf(NftHook hook) => hook.ToString().ToLowerInvariant() + "-first";

    /// <summary>The chain after all others of a hook.</summary>
    public static string LastOf(NftHook hook) => hook.ToString().ToLowerInvariant() + "-last";

    /// <summary>Whether a table follows packets, for this process or another.</summary>
    public static bool IsOurs(NftTable table) =>
        table.Family == NftFamily.Inet && table.Name.StartsWith(Marks.TracePrefix, StringComparison.Ordinal);

    /// <summary>Whether a table was left by a process that was killed, on a kernel without owned tables.</summary>
    public static bool IsLeftover(NftTable table) =>
        IsOurs(table)
        && !table.Owned
        && table.Comment == Comment
        && int.TryParse(table.Name.AsSpan(Marks.TracePrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int process)
        && process != Environment.ProcessId
        && !Directory.Exists($"/proc/{process}");

    /// <summary>Adds the table, with chains and rules, to a transaction.</summary>
    /// <param name="transaction">Where to.</param>
    /// <param name="table">As which table.</param>
    /// <param name="flow">Which packets are followed; with an unknown client only the first of every flow, where that can be told.</param>
    public static void Add(NftTransaction transaction, NftTable table, TraceFlow flow)
    {
        transaction.Add(table);
        foreach (NftHook hook in s_hooks)
        {
            transaction.Add(new NftChain(table, FirstOf(hook)) { Type = "filter", Hook = hook, Priority = First });
            transaction.Add(new NftChain(table, LastOf(hook)) { Type = "filter", Hook = hook, Priority = Last });
        }
        foreach (NftHook hook in (ReadOnlySpan<NftHook>)[NftHook.Prerouting, NftHook.Output])
        {
            foreach (NftExpression[] packets in Packets(flow))
                transaction.Append(table.Rule(FirstOf(hook), packets, s_follow));
        }
    }

    private static readonly NftExpression[] s_follow =
        [new NftImmediate(null, new NftValue([1]), 1), new NftMeta(NftMetaKey.Trace, 1, IsStore: true)];

    private static List<NftExpression[]> Packets(TraceFlow flow)
    {
        int[] ports = flow.Inner == flow.Port ? [flow.Port] : [flow.Port, flow.Inner];
        var rules = new List<NftExpression[]>();
        foreach (int port in ports)
        {
            if (flow.Client != 0)
            {
                rules.Add([.. Of(flow.Protocol), .. Ports(0, flow.Client, port)]);
                rules.Add([.. Of(flow.Protocol), .. Ports(0, port, flow.Client)]);
                rules.Add([.. OfError(), .. Ports(ErrorPorts, flow.Client, port)]);
                continue;
            }
            bool tcp = flow.Protocol == Protocol.Tcp;
            // of TCP what opens a connection, and what answers that: SYN alone, SYN with ACK, RST
            rules.Add([.. Of(flow.Protocol), .. Port(2, port), .. tcp ? Flags(0x12, 0x02, NftOperator.Equal) : []]);
            rules.Add([.. Of(flow.Protocol), .. Port(0, port), .. tcp ? Flags(0x06, 0, NftOperator.NotEqual) : []]);
            rules.Add([.. OfError(), .. Port(ErrorPorts + 2, port)]);
        }
        return rules;
    }

    // in an error about a packet: 8 bytes of ICMP, the packet's IP header without options, its ports
    private const uint ErrorPorts = 28;

    private static NftExpression[] Of(Protocol protocol) =>
        [.. IPv4, new NftMeta(NftMetaKey.TransportProtocol), new NftCompare(NftOperator.Equal, new NftValue([(byte)protocol]))];

    private static NftExpression[] OfError()
    {
        const byte Icmp = 1;
        const byte Unreachable = 3;
        return
        [
            .. IPv4,
            new NftMeta(NftMetaKey.TransportProtocol),
            new NftCompare(NftOperator.Equal, new NftValue([Icmp])),
            new NftPayload(NftBase.Transport, 0, 1),
            new NftCompare(NftOperator.Equal, new NftValue([Unreachable])),
        ];
    }

    private static NftExpression[] Ports(uint offset, int source, int destination) =>
        [.. Port(offset, source), .. Port(offset + 2, destination)];

    private static NftExpression[] Port(uint offset, int port)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)port);
        return [new NftPayload(NftBase.Transport, offset, 2), new NftCompare(NftOperator.Equal, new NftValue(bytes))];
    }

    private static NftExpression[] Flags(byte mask, byte value, NftOperator comparison) =>
        [
            new NftPayload(NftBase.Transport, 13, 1),
            new NftBitwise(new NftValue([mask]), new NftValue([0])),
            new NftCompare(comparison, new NftValue([value])),
        ];
}
