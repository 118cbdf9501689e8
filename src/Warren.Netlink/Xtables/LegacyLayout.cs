using Warren.Netlink.Nftables;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Xtables;

/// <summary>How a legacy table lies in memory: one array of entries, the chains one after the other.</summary>
/// <remarks>
/// <code>
/// struct ipt_getinfo     { char name[32]; u32 valid_hooks, hook_entry[5], underflow[5], num_entries, size; }
/// struct ipt_get_entries { char name[32]; u32 size, padding; entries }
///
/// hook_entry[h]: rules of a built-in chain …, underflow[h]: its policy, an unconditional verdict
/// a user's chain: an ERROR target with its name, rules …, an unconditional RETURN
/// at the end:     an ERROR target with the name "ERROR"
/// </code>
/// A jump is the offset of the first rule to go to; a verdict is negative.
/// </remarks>
internal static class LegacyLayout
{
    public const int NameSize = 32;
    public const int InfoSize = 84;
    public const int EntriesHeader = 40;

    // struct ipt_entry { struct ipt_ip ip (84); u32 nfcache; u16 target_offset, next_offset; u32 comefrom; u64 counters[2]; }
    private const int EntrySize = 112;
    private const int PacketsAt = 96;

    // struct xt_entry_match and xt_entry_target { u16 size; char name[29]; u8 revision; }
    private const int ExtensionHeader = 32;
    private const int ExtensionName = 29;
    private const int ErrorName = 30;
    private const int Hooks = 5;

    // far above what a kernel would hold: 64 MiB
    private const int LargestTable = 1 << 26;

    private static readonly string[] HookChains = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"];

    public static int EntriesSize(ReadOnlySpan<byte> info)
    {
        uint size = new Bounded(info).U32(80);
        return size <= LargestTable
            ? (int)size
            : throw new MalformedMessageException($"iptables: a table of {size} bytes");
    }

    public static LegacyTable Parse(ReadOnlySpan<byte> info, ReadOnlySpan<byte> answer)
    {
        var head = new Bounded(info);
        ReadOnlySpan<byte> entries = new Bounded(answer).Slice(EntriesHeader, EntriesSize(info));
        List<int> offsets = Offsets(entries);
        Dictionary<int, string> starts = UserChains(entries, offsets);
        var builtIn = new List<LegacyChain>();
        var users = new List<LegacyChain>();
        uint valid = head.U32(NameSize);
        for (int hook = 0; hook < Hooks; hook++)
        {
            if ((valid & (1 << hook)) == 0)
                continue;
            int first = Index(offsets, head.U32(NameSize + 4 + (4 * hook)));
            int policy = Index(offsets, head.U32(NameSize + 24 + (4 * hook)));
            if (policy < first)
                throw new MalformedMessageException($"iptables: chain {HookChains[hook]} ends before it starts");
            string name = HookChains[hook];
            bool drop = ParseTarget(entries, offsets[policy], starts) is XtVerdict { Verdict.IsDrop: true };
            builtIn.Add(
                new LegacyChain(name, (NftHook)hook, drop, Rules(entries, offsets, first, policy, name, starts))
                {
                    PolicyPackets = Entry(entries, offsets[policy]).U64(PacketsAt),
                }
            );
        }
        for (int i = 0; i < offsets.Count; i++)
        {
            int from = i + 1;
            if (from >= offsets.Count || !starts.TryGetValue(offsets[from], out string? name))
                continue;
            int to = from;
            while (to < offsets.Count && ErrorText(entries, offsets[to]) is null)
                to++;
            // the last is the RETURN that every chain ends with
            users.Add(new LegacyChain(name, null, false, Rules(entries, offsets, from, Math.Max(from, to - 1), name, starts)));
        }
        builtIn.AddRange(users);
        return new LegacyTable(head.Text(0, NameSize), builtIn);
    }

    private static List<int> Offsets(ReadOnlySpan<byte> entries)
    {
        var offsets = new List<int>();
        for (int offset = 0; offset < entries.Length;)
        {
            var entry = new Bounded(entries[offset..]);
            int next = entry.U16(90);
            int target = entry.U16(88);
            if (target < EntrySize || next < target + ExtensionHeader || next > entry.Length)
                throw new MalformedMessageException($"iptables: an entry of {next} bytes, target at {target}, in {entry.Length}");
            offsets.Add(offset);
            offset += next;
        }
        return offsets;
    }

    // by the offset of a chain's first rule
    private static Dictionary<int, string> UserChains(ReadOnlySpan<byte> entries, List<int> offsets)
    {
        var starts = new Dictionary<int, string>();
        for (int i = 0; i + 1 < offsets.Count; i++)
        {
            if (ErrorText(entries, offsets[i]) is { } name)
                starts[offsets[i + 1]] = name;
        }
        return starts;
    }

    private static int Index(List<int> offsets, uint offset)
    {
        int index = offset <= int.MaxValue ? offsets.BinarySearch((int)offset) : -1;
        return index >= 0 ? index : throw new MalformedMessageException($"iptables: no entry at {offset}");
    }

    private static List<LegacyRule> Rules(
        ReadOnlySpan<byte> entries,
        List<int> offsets,
        int first,
        int end,
        string chain,
        Dictionary<int, string> starts
    )
    {
        var rules = new List<LegacyRule>(end - first);
        for (int i = first; i < end; i++)
            rules.Add(ParseRule(entries, offsets[i], chain, starts));
        return rules;
    }

    // struct ipt_ip { be32 src, dst, smsk, dmsk; char iniface[16], outiface[16]; u8 masks[2][16]; u16 proto; u8 flags, invflags; }
    private static LegacyRule ParseRule(ReadOnlySpan<byte> entries, int offset, string chain, Dictionary<int, string> starts)
    {
        Bounded entry = Entry(entries, offset);
        byte flags = entry.U8(82);
        byte inverted = entry.U8(83);
        const int Fragment = 1;
        return new LegacyRule(chain, Matches(entry), ParseTarget(entries, offset, starts))
        {
            Source = AddressPattern.Parse(entry.Address(0), entry.Address(8), (inverted & 8) != 0),
            Destination = AddressPattern.Parse(entry.Address(4), entry.Address(12), (inverted & 0x10) != 0),
            Input = LinkPattern.Parse(entry.Slice(16, 16), entry.Slice(48, 16), (inverted & 1) != 0),
            Output = LinkPattern.Parse(entry.Slice(32, 16), entry.Slice(64, 16), (inverted & 2) != 0),
            Protocol = entry.U16(80),
            ProtocolInverted = (inverted & 0x40) != 0,
            Fragments = (flags & Fragment) != 0 ? (inverted & 0x20) == 0 : null,
            Packets = entry.U64(PacketsAt),
        };
    }

    private static List<XtMatch> Matches(Bounded entry)
    {
        int end = entry.U16(88);
        var matches = new List<XtMatch>();
        for (int at = EntrySize; at < end;)
        {
            int size = entry.U16(at);
            if (size < ExtensionHeader || size > end - at)
                throw new MalformedMessageException($"iptables: a match of {size} bytes in {end - at}");
            ReadOnlySpan<byte> content = entry.Slice(at + ExtensionHeader, size - ExtensionHeader);
            matches.Add(XtMatch.Parse(entry.Text(at + 2, ExtensionName), entry.U8(at + 31), content));
            at += size;
        }
        return matches;
    }

    private static XtTarget ParseTarget(ReadOnlySpan<byte> entries, int offset, Dictionary<int, string> starts)
    {
        Bounded entry = Entry(entries, offset);
        int at = entry.U16(88);
        int size = entry.U16(at);
        if (size < ExtensionHeader || size > entry.Length - at)
            throw new MalformedMessageException($"iptables: a target of {size} bytes in {entry.Length - at}");
        ReadOnlySpan<byte> content = entry.Slice(at + ExtensionHeader, size - ExtensionHeader);
        string name = entry.Text(at + 2, ExtensionName);
        if (name.Length > 0)
            return XtTarget.Parse(name, entry.U8(at + 31), content);
        int verdict = new Bounded(content).S32(0);
        const byte Goto = 2;
        // a verdict v is kept as -v - 1; RETURN as NF_REPEAT would be
        return verdict switch
        {
            -1 => new XtVerdict(NftVerdict.Drop),
            -2 => new XtVerdict(NftVerdict.Accept),
            -4 => new XtVerdict(new NftVerdict(NftVerdict.QueueCode)),
            -5 => new XtVerdict(NftVerdict.Return),
            < 0 => throw new MalformedMessageException($"iptables: verdict {verdict}"),
            _ when verdict == offset + entry.Length => new XtVerdict(null),
            _ when !starts.TryGetValue(verdict, out string? chain) =>
                throw new MalformedMessageException($"iptables: a jump to {verdict}, where no chain starts"),
            _ when (entry.U8(82) & Goto) != 0 => new XtVerdict(NftVerdict.Goto(starts[verdict])),
            _ => new XtVerdict(NftVerdict.Jump(starts[verdict])),
        };
    }

    private static string? ErrorText(ReadOnlySpan<byte> entries, int offset)
    {
        Bounded entry = Entry(entries, offset);
        int at = entry.U16(88);
        return entry.Text(at + 2, ExtensionName) == "ERROR" ? entry.Text(at + ExtensionHeader, ErrorName) : null;
    }

    private static Bounded Entry(ReadOnlySpan<byte> entries, int offset)
    {
        ReadOnlySpan<byte> rest = entries[offset..];
        return new Bounded(rest[..new Bounded(rest).U16(90)]);
    }
}
