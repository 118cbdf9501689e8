using System.Buffers.Binary;
using Warren.Netlink.Nftables;
using Warren.Netlink.Wire;
using Warren.Netlink.Xtables;

namespace Warren.Netlink.Tests.Xtables;

/// <summary>
/// Read with getsockopt(IPT_SO_GET_INFO) and (IPT_SO_GET_ENTRIES) after iptables-legacy-restore; iptables 1.8.9, Linux 6.18, x86-64:
/// <code>
/// -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
/// -A DOCKER ! -i docker0 -p tcp -m tcp --dport 6000 -j DNAT --to-destination 172.17.0.2:80
/// </code>
/// </summary>
public class XtablesGoldens
{
    private const string NatInfo = """
        6e 61 74 00 00 00 00 00 00 00 00 00 00 00 00 00 # name
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        1b 00 00 00                                     # valid_hooks
        00 00 00 00 58 01 00 00 ff ff ff ff f0 01 00 00 # hook_entry
        88 02 00 00
        c0 00 00 00 58 01 00 00 ff ff ff ff f0 01 00 00 # underflow
        88 02 00 00
        09 00 00 00                                     # num_entries
        08 06 00 00                                     # size
        """;

    private const string NatEntries = """
        6e 61 74 00 00 00 00 00 00 00 00 00 00 00 00 00 # name
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        08 06 00 00 00 00 00 00                         # size
        # -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # entry at 0: src, dst, masks
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # iniface, outiface
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # their masks
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00                                     # proto, flags, invflags
        00 00 00 00 98 00 c0 00 01 00 00 00             # nfcache, target_offset, next_offset, comefrom
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # counters
        28 00 61 64 64 72 74 79 70 65 00 00 00 00 00 00 # match addrtype
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01
        00 00 04 00 00 00 00 00
        28 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # target standard
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        d0 03 00 00 00 00 00 00
        # -P PREROUTING ACCEPT
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # entry at 192: src, dst, masks
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # iniface, outiface
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # their masks
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00                                     # proto, flags, invflags
        00 00 00 00 70 00 98 00 01 00 00 00             # nfcache, target_offset, next_offset, comefrom
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # counters
        28 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # target standard
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        fe ff ff ff 00 00 00 00
        # -P INPUT ACCEPT
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # entry at 344: src, dst, masks
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # iniface, outiface
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # their masks
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00                                     # proto, flags, invflags
        00 00 00 00 70 00 98 00 02 00 00 00             # nfcache, target_offset, next_offset, comefrom
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # counters
        28 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # target standard
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        fe ff ff ff 00 00 00 00
        # -P OUTPUT ACCEPT
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # entry at 496: src, dst, masks
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # iniface, outiface
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # their masks
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00                                     # proto, flags, invflags
        00 00 00 00 70 00 98 00 08 00 00 00             # nfcache, target_offset, next_offset, comefrom
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # counters
        28 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # target standard
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        fe ff ff ff 00 00 00 00
        # -P POSTROUTING ACCEPT
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # entry at 648: src, dst, masks
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # iniface, outiface
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # their masks
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00                                     # proto, flags, invflags
        00 00 00 00 70 00 98 00 10 00 00 00             # nfcache, target_offset, next_offset, comefrom
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # counters
        28 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # target standard
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        fe ff ff ff 00 00 00 00
        # -N DOCKER
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # entry at 800: src, dst, masks
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # iniface, outiface
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # their masks
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00                                     # proto, flags, invflags
        00 00 00 00 70 00 b0 00 00 00 00 00             # nfcache, target_offset, next_offset, comefrom
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # counters
        40 00 45 52 52 4f 52 00 00 00 00 00 00 00 00 00 # target ERROR
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        44 4f 43 4b 45 52 00 00 00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        # -A DOCKER ! -i docker0 -p tcp -m tcp --dport 6000 -j DNAT --to-destination 172.17.0.2:80
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # entry at 976: src, dst, masks
        64 6f 63 6b 65 72 30 00 00 00 00 00 00 00 00 00 # iniface, outiface
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        ff ff ff ff ff ff ff ff 00 00 00 00 00 00 00 00 # their masks
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        06 00 00 01                                     # proto, flags, invflags
        00 00 00 00 a0 00 f0 00 01 00 00 00             # nfcache, target_offset, next_offset, comefrom
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # counters
        30 00 74 63 70 00 00 00 00 00 00 00 00 00 00 00 # match tcp
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 ff ff 70 17 70 17 00 00 00 00 00 00 00 00
        50 00 44 4e 41 54 00 00 00 00 00 00 00 00 00 00 # target DNAT
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02
        03 00 00 00 ac 11 00 02 00 00 00 00 00 00 00 00
        00 00 00 00 ac 11 00 02 00 00 00 00 00 00 00 00
        00 00 00 00 00 50 00 50 00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # entry at 1216: src, dst, masks
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # iniface, outiface
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # their masks
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00                                     # proto, flags, invflags
        00 00 00 00 70 00 98 00 01 00 00 00             # nfcache, target_offset, next_offset, comefrom
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # counters
        28 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # target standard
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        fb ff ff ff 00 00 00 00
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # entry at 1368: src, dst, masks
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # iniface, outiface
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # their masks
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00                                     # proto, flags, invflags
        00 00 00 00 70 00 b0 00 00 00 00 00             # nfcache, target_offset, next_offset, comefrom
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # counters
        40 00 45 52 52 4f 52 00 00 00 00 00 00 00 00 00 # target ERROR
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        45 52 52 4f 52 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        """;

    internal static byte[] Info => Golden.Bytes(NatInfo);

    internal static byte[] Entries => Golden.Bytes(NatEntries);

    [Fact]
    public void A_table_is_read()
    {
        LegacyTable table = LegacyTable.Parse(Info, Entries);
        table.Name.Should().Be("nat");
        table
            .ToString()
            .Should()
            .Be(
                """
                -P PREROUTING ACCEPT
                -P INPUT ACCEPT
                -P OUTPUT ACCEPT
                -P POSTROUTING ACCEPT
                -N DOCKER
                -A PREROUTING -m addrtype -j DOCKER
                -A DOCKER ! -i docker0 -p tcp -m tcp --dport 6000 -j DNAT --to-destination 172.17.0.2:80

                """
            );
        LegacyRule rule = table.Chain("DOCKER")!.Rules.Should().ContainSingle().Subject;
        rule.Input.Should().Be(new LinkPattern("docker0", false, true));
        rule.Protocol.Should().Be(6);
        rule.Matches.Should().ContainSingle().Which.Should().BeOfType<XtTransport>().Which.Destination.Should().Be(new PortRange(6000, 6000));
        var translation = rule.Target.Should().BeOfType<XtTranslation>().Subject;
        translation.First!.ToString().Should().Be("172.17.0.2");
        translation.Ports.Should().Be(new PortRange(80, 80));
        table.Chain("PREROUTING")!.Hook.Should().Be(NftHook.Prerouting);
    }

    [Theory]
    [InlineData(88, "target_offset before the end of the entry's head", 100)]
    [InlineData(90, "next_offset of nothing", 0)]
    [InlineData(90, "next_offset beyond the end", 0xfff0)]
    [InlineData(112, "a match of nothing", 0)]
    [InlineData(112, "a match longer than the matches", 200)]
    [InlineData(152, "a target of nothing", 0)]
    [InlineData(152, "a target longer than the entry", 48)]
    [InlineData(184, "a jump into the middle of an entry", 1)]
    public void A_length_or_offset_that_cannot_be_is_malformed(int offset, string what, int value)
    {
        byte[] entries = Entries;
        BinaryPrimitives.WriteUInt16LittleEndian(entries.AsSpan(40 + offset), (ushort)value);
        Action parse = () => LegacyTable.Parse(Info, entries);
        parse.Should().Throw<MalformedMessageException>(what);
    }

    [Theory]
    [InlineData(36, "the head of a chain in the middle of an entry", 1)]
    [InlineData(36, "a chain that ends before it starts", 344)]
    [InlineData(56, "the end of a chain in the middle of an entry", 100)]
    [InlineData(80, "a table longer than the answer", 9000)]
    [InlineData(82, "a table of a gigabyte", 0x4000)]
    public void Chains_and_sizes_that_cannot_be_are_malformed(int offset, string what, int value)
    {
        byte[] info = Info;
        BinaryPrimitives.WriteUInt16LittleEndian(info.AsSpan(offset), (ushort)value);
        Action parse = () => LegacyTable.Parse(info, Entries);
        parse.Should().Throw<MalformedMessageException>(what);
    }
}
