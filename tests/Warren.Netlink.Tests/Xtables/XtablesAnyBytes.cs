using CsCheck;
using Warren.Netlink.Wire;
using Warren.Netlink.Xtables;

namespace Warren.Netlink.Tests.Xtables;

/// <summary>Whatever bytes come, a table is read or a <see cref="MalformedMessageException"/> says why not.</summary>
public class XtablesAnyBytes
{
    private const int Times = 20_000;

    private static readonly Gen<(int Place, byte Value)[]> Changes = Gen.Select(Gen.Int[0, 4000], Gen.OneOf(Gen.Byte, Gen.Byte[0, 8]))
        .Array[0, 8];

    // where lengths, offsets, flags and revisions stand in the first entries
    private static readonly Gen<(int Place, byte Value)[]> Telling = Gen.Select(
        Gen.OneOf<int>([88, 89, 90, 91, 112, 113, 143, 152, 153, 184, 185, 186, 187, 280, 281, 282, 283, 304, 305, 1064, 1065, 1066]),
        Gen.OneOf(Gen.Byte, Gen.OneOf<byte>([0, 1, 32, 40, 64, 112, 152, 176, 192, 255]))
    ).Array[1, 4];

    private static readonly string[] Names =
        ["tcp", "udp", "multiport", "comment", "conntrack", "state", "addrtype", "DNAT", "SNAT", "REDIRECT", "MASQUERADE", "REJECT", "LOG", ""];

    [Fact]
    public void Damaged_tables_are_read_or_malformed() =>
        Gen.Select(Changes, Telling, Changes, Gen.Frequency((4, Gen.Const(0)), (1, Gen.Int[0, 1700])))
            .Sample(
                (anywhere, telling, info, cut) =>
                {
                    byte[] entries = XtablesGoldens.Entries;
                    foreach ((int place, byte value) in anywhere)
                        entries[place % entries.Length] = value;
                    foreach ((int place, byte value) in telling)
                        entries[40 + place] = value;
                    byte[] head = XtablesGoldens.Info;
                    foreach ((int place, byte value) in info.Length > 6 ? info : [])
                        head[place % head.Length] = value;
                    return Holds(() => LegacyTable.Parse(head, entries.AsSpan(0, Math.Max(0, entries.Length - cut))).ToString());
                },
                iter: Times
            );

    [Fact]
    public void Any_bytes_are_read_or_malformed_as_table() =>
        Gen.Select(Gen.Byte[0, 120].Array[0, 100], Gen.Byte[0, 120].Array[0, 400])
            .Sample((info, entries) => Holds(() => LegacyTable.Parse(info, entries).ToString()), iter: Times);

    [Fact]
    public void Any_bytes_are_read_or_malformed_as_match_and_target() =>
        Gen.Select(Gen.OneOf<string>(Names), Gen.Int[-1, 4], Gen.OneOf(Gen.Byte, Gen.Byte[0, 3]).Array[0, 300])
            .Sample(
                (name, revision, content) =>
                    Holds(() => XtMatch.Parse(name, revision, content).ToString())
                    && Holds(() => XtTarget.Parse(name, revision, content).ToString()),
                iter: Times
            );

    private static bool Holds(Func<string> read)
    {
        try
        {
            return read() is not null;
        }
        catch (MalformedMessageException)
        {
            return true;
        }
    }
}
