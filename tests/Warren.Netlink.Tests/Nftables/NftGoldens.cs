using System.Net;
using System.Text.RegularExpressions;
using Warren.Netlink.Nftables;
using Warren.Netlink.Wire;
using static Warren.Netlink.Nftables.NftStatements;

namespace Warren.Netlink.Tests.Nftables;

/// <summary>
/// What nft 1.0.6 sends, captured with <c>strace -e trace=sendmsg -e write=all</c>; the message's header is left out, as nft asks
/// for no acknowledgement. A rule of ours is the same byte for byte.
/// </summary>
public class NftGoldens
{
    private static readonly NftTable Table = new(NftFamily.Inet, "t");

    private static readonly NftSet Map = new(Table, "m", [NftType.Protocol, NftType.Port], [NftType.IPv4Address, NftType.Port]);

    // nft add chain inet t post { type nat hook postrouting priority 100; policy accept; }
    private const string Chain = """
        01 00 00 00                                   # nfgenmsg: NFPROTO_INET, version 0, res_id 0
        06 00 01 00  74 00 00 00                      # NFTA_CHAIN_TABLE "t"
        09 00 03 00  70 6f 73 74 00 00 00 00          # NFTA_CHAIN_NAME "post"
        08 00 07 00  6e 61 74 00                      # NFTA_CHAIN_TYPE "nat"
        08 00 05 00  00 00 00 01                      # NFTA_CHAIN_POLICY NF_ACCEPT
        14 00 04 80                                   # NFTA_CHAIN_HOOK
          08 00 01 00  00 00 00 04                    #   NFTA_HOOK_HOOKNUM NF_INET_POST_ROUTING
          08 00 02 00  00 00 00 64                    #   NFTA_HOOK_PRIORITY 100
        """;

    // nft add map inet t m { type inet_proto . inet_service : ipv4_addr . inet_service; }
    // without NFTA_SET_USERDATA, in which nft keeps the names of types that it could compute
    private const string MapWithoutUserData = """
        01 00 00 00
        06 00 01 00  74 00 00 00                      # NFTA_SET_TABLE "t"
        06 00 02 00  6d 00 00 00                      # NFTA_SET_NAME "m"
        08 00 03 00  00 00 00 08                      # NFTA_SET_FLAGS NFT_SET_MAP
        08 00 04 00  00 00 03 0d                      # NFTA_SET_KEY_TYPE inet_proto << 6 | inet_service
        08 00 05 00  00 00 00 08                      # NFTA_SET_KEY_LEN
        08 00 06 00  00 00 01 cd                      # NFTA_SET_DATA_TYPE ipv4_addr << 6 | inet_service
        08 00 07 00  00 00 00 08                      # NFTA_SET_DATA_LEN
        08 00 0a 00  00 00 00 01                      # NFTA_SET_ID
        """;

    // nft add rule inet t post iifname "wrn-*" oifname != "wrn-*" counter masquerade comment "x"
    private const string MasqueradeRule = """
        01 00 00 00
        06 00 01 00  74 00 00 00                      # NFTA_RULE_TABLE "t"
        09 00 02 00  70 6f 73 74 00 00 00 00          # NFTA_RULE_CHAIN "post"
        cc 00 04 80                                   # NFTA_RULE_EXPRESSIONS
          24 00 01 80                                 #   NFTA_LIST_ELEM
            09 00 01 00  6d 65 74 61 00 00 00 00      #     NFTA_EXPR_NAME "meta"
            14 00 02 80                               #     NFTA_EXPR_DATA
              08 00 02 00  00 00 00 06                #       NFTA_META_KEY NFT_META_IIFNAME
              08 00 01 00  00 00 00 01                #       NFTA_META_DREG NFT_REG_1
          2c 00 01 80
            08 00 01 00  63 6d 70 00                  #     "cmp"
            20 00 02 80
              08 00 01 00  00 00 00 01                #       NFTA_CMP_SREG
              08 00 02 00  00 00 00 00                #       NFTA_CMP_OP NFT_CMP_EQ
              0c 00 03 80  08 00 01 00  77 72 6e 2d   #       NFTA_CMP_DATA "wrn-", no NUL: as far as it goes
          24 00 01 80
            09 00 01 00  6d 65 74 61 00 00 00 00
            14 00 02 80
              08 00 02 00  00 00 00 07                #       NFT_META_OIFNAME
              08 00 01 00  00 00 00 01
          2c 00 01 80
            08 00 01 00  63 6d 70 00
            20 00 02 80
              08 00 01 00  00 00 00 01
              08 00 02 00  00 00 00 01                #       NFT_CMP_NEQ
              0c 00 03 80  08 00 01 00  77 72 6e 2d
          14 00 01 80
            0c 00 01 00  63 6f 75 6e 74 65 72 00      #     "counter"
            04 00 02 80
          14 00 01 80
            09 00 01 00  6d 61 73 71 00 00 00 00      #     "masq"
            04 00 02 80
        08 00 07 00  00 02 78 00                      # NFTA_RULE_USERDATA comment, 2 bytes, "x"
        """;

    // nft add rule inet t pub ip daddr 127.0.0.0/8 ct status dnat jump pub2
    private const string JumpRule = """
        01 00 00 00
        06 00 01 00  74 00 00 00
        08 00 02 00  70 75 62 00
        80 01 04 80
          24 00 01 80
            09 00 01 00  6d 65 74 61 00 00 00 00
            14 00 02 80
              08 00 02 00  00 00 00 0f                #       NFT_META_NFPROTO
              08 00 01 00  00 00 00 01
          2c 00 01 80
            08 00 01 00  63 6d 70 00
            20 00 02 80
              08 00 01 00  00 00 00 01
              08 00 02 00  00 00 00 00
              0c 00 03 80  05 00 01 00  02 00 00 00   #       NFPROTO_IPV4
          34 00 01 80
            0c 00 01 00  70 61 79 6c 6f 61 64 00      #     "payload"
            24 00 02 80
              08 00 01 00  00 00 00 01                #       NFTA_PAYLOAD_DREG
              08 00 02 00  00 00 00 01                #       NFTA_PAYLOAD_BASE NFT_PAYLOAD_NETWORK_HEADER
              08 00 03 00  00 00 00 10                #       NFTA_PAYLOAD_OFFSET
              08 00 04 00  00 00 00 01                #       NFTA_PAYLOAD_LEN: of /8 one byte
          2c 00 01 80
            08 00 01 00  63 6d 70 00
            20 00 02 80
              08 00 01 00  00 00 00 01
              08 00 02 00  00 00 00 00
              0c 00 03 80  05 00 01 00  7f 00 00 00
          20 00 01 80
            07 00 01 00  63 74 00 00                  #     "ct"
            14 00 02 80
              08 00 02 00  00 00 00 02                #       NFTA_CT_KEY NFT_CT_STATUS
              08 00 01 00  00 00 00 01                #       NFTA_CT_DREG
          44 00 01 80
            0c 00 01 00  62 69 74 77 69 73 65 00      #     "bitwise"
            34 00 02 80
              08 00 01 00  00 00 00 01                #       NFTA_BITWISE_SREG
              08 00 02 00  00 00 00 01                #       NFTA_BITWISE_DREG
              08 00 03 00  00 00 00 04                #       NFTA_BITWISE_LEN
              0c 00 04 80  08 00 01 00  20 00 00 00   #       NFTA_BITWISE_MASK IPS_DST_NAT, in the machine's order
              0c 00 05 80  08 00 01 00  00 00 00 00   #       NFTA_BITWISE_XOR
          2c 00 01 80
            08 00 01 00  63 6d 70 00
            20 00 02 80
              08 00 01 00  00 00 00 01
              08 00 02 00  00 00 00 01
              0c 00 03 80  08 00 01 00  00 00 00 00
          3c 00 01 80
            0e 00 01 00  69 6d 6d 65 64 69 61 74 65 00 00 00   # "immediate"
            28 00 02 80
              08 00 01 00  00 00 00 00                #       NFTA_IMMEDIATE_DREG NFT_REG_VERDICT
              1c 00 02 80                             #       NFTA_IMMEDIATE_DATA
                18 00 02 80                           #         NFTA_DATA_VERDICT
                  08 00 01 00  ff ff ff fd            #           NFT_JUMP
                  09 00 02 00  70 75 62 32 00 00 00 00   #        "pub2"
        """;

    // nft add rule inet t pub dnat ip to meta l4proto . th dport map @m
    private const string MapRule = """
        01 00 00 00
        06 00 01 00  74 00 00 00
        08 00 02 00  70 75 62 00
        c0 00 04 80
          24 00 01 80
            09 00 01 00  6d 65 74 61 00 00 00 00
            14 00 02 80
              08 00 02 00  00 00 00 10                #       NFT_META_L4PROTO
              08 00 01 00  00 00 00 01
          34 00 01 80
            0c 00 01 00  70 61 79 6c 6f 61 64 00
            24 00 02 80
              08 00 01 00  00 00 00 09                #       NFT_REG32_01: the key's second part
              08 00 02 00  00 00 00 02                #       NFT_PAYLOAD_TRANSPORT_HEADER
              08 00 03 00  00 00 00 02
              08 00 04 00  00 00 00 02
          34 00 01 80  # lookup
            0b 00 01 00  6c 6f 6f 6b 75 70 00 00      #     "lookup"
            24 00 02 80  # lookup
              08 00 02 00  00 00 00 01                #       NFTA_LOOKUP_SREG
              08 00 03 00  00 00 00 01                #       NFTA_LOOKUP_DREG
              06 00 01 00  6d 00 00 00                #       NFTA_LOOKUP_SET "m"
              08 00 04 00  00 00 00 01                #       NFTA_LOOKUP_SET_ID
          30 00 01 80
            08 00 01 00  6e 61 74 00                  #     "nat"
            24 00 02 80
              08 00 01 00  00 00 00 01                #       NFTA_NAT_TYPE NFT_NAT_DNAT
              08 00 02 00  00 00 00 02                #       NFTA_NAT_FAMILY NFPROTO_IPV4
              08 00 03 00  00 00 00 01                #       NFTA_NAT_REG_ADDR_MIN
              08 00 05 00  00 00 00 09                #       NFTA_NAT_REG_PROTO_MIN
        """;

    // nft add element inet t m { tcp . 6000 : 10.213.0.2 . 8080 }: NFTA_SET_ELEM_LIST_ELEMENTS
    private const string Elements = """
        28 00 03 80
          24 00 01 80                                 # NFTA_LIST_ELEM
            10 00 01 80  0c 00 01 00  06 00 00 00  17 70 00 00   # NFTA_SET_ELEM_KEY tcp, 6000, each padded to 4 bytes
            10 00 02 80  0c 00 01 00  0a d5 00 02  1f 90 00 00   # NFTA_SET_ELEM_DATA
        """;

    internal static IEnumerable<byte[]> Answers =>
        [Answer(9, MapWithoutUserData), Answer(6, MasqueradeRule), Answer(6, JumpRule), Answer(6, MapRule), Answer(3, Chain)];

    [Fact]
    public void A_chain_is_what_nft_sends() =>
        Sent(transaction =>
                transaction.Add(new NftChain(Table, "post") { Type = "nat", Hook = NftHook.Postrouting, Priority = 100 })
            )
            .Should()
            .Be(Golden.Text(Golden.Bytes(Chain)));

    [Fact]
    public void A_map_is_what_nft_sends()
    {
        string expected = Golden.Text(Golden.Bytes(MapWithoutUserData)).Replace("\n", "", StringComparison.Ordinal);
        Sent(transaction => transaction.Add(Map)).Replace("\n", "", StringComparison.Ordinal).Should().StartWith(expected);
    }

    [Fact]
    public void A_rule_with_a_comment_is_what_nft_sends() =>
        Sent(transaction =>
                transaction.Append(
                    Table.Rule("post", IifName("wrn-*"), OifNameNot("wrn-*"), Counter, Masquerade) with { Comment = "x" }
                )
            )
            .Should()
            .Be(Golden.Text(Golden.Bytes(MasqueradeRule)));

    [Fact]
    public void A_rule_that_jumps_is_what_nft_sends() =>
        Sent(transaction => transaction.Append(Table.Rule("pub", IpDaddr(IPAddress.Loopback, 8), CtStatusDnat, Jump("pub2"))))
            .Should()
            .Be(Golden.Text(Golden.Bytes(JumpRule)));

    // nft also gives the set's number in the transaction, which the kernel asks for only if the name is not there yet
    [Fact]
    public void A_rule_with_a_map_is_what_nft_sends()
    {
        string withoutSetId = Regex
            .Replace(MapRule, "(?m)^.*NFTA_LOOKUP_SET_ID\n", "", RegexOptions.None, TimeSpan.FromSeconds(1))
            .Replace("c0 00 04 80", "b8 00 04 80", StringComparison.Ordinal)
            .Replace("34 00 01 80  # lookup", "2c 00 01 80", StringComparison.Ordinal)
            .Replace("24 00 02 80  # lookup", "1c 00 02 80", StringComparison.Ordinal);
        Sent(transaction => transaction.Append(Table.Rule("pub", DnatByPort(Map)))).Should().Be(Golden.Text(Golden.Bytes(withoutSetId)));
    }

    [Fact]
    public void Elements_are_what_nft_sends()
    {
        var key = new NftData(stackalloc byte[8]);
        key.Add(TransportProtocol.Tcp);
        key.AddPort(6000);
        var value = new NftData(stackalloc byte[8]);
        value.Add(IPAddress.Parse("10.213.0.2"));
        value.AddPort(8080);
        var element = new NftElement(key.Bytes, value.Bytes);
        string expected = Golden.Text(Golden.Bytes(Elements)).Replace("\n", "", StringComparison.Ordinal);
        Sent(transaction => transaction.Add(Map, [element])).Replace("\n", "", StringComparison.Ordinal).Should().EndWith(expected);
    }

    [Theory]
    [InlineData(MasqueradeRule, "iifname \"wrn-*\" oifname != \"wrn-*\" counter masquerade comment \"x\"")]
    [InlineData(JumpRule, "ip daddr 127.0.0.0/8 ct status dnat jump pub2")]
    [InlineData(MapRule, "dnat ip to meta l4proto . th dport map @m")]
    public void A_rule_of_nft_is_read_as_it_was_typed(string golden, string typed)
    {
        NftRule rule = Golden.Parse<NftRule>(Answer(6, golden), NftRule.Parse).Single();
        rule.ToString().Should().Be(typed);
        rule.Table.Should().Be(Table);
    }

    // the second message of a transaction, without its header
    private static string Sent(Action<NftTransaction> change)
    {
        var transaction = new NftTransaction();
        change(transaction);
        var reader = new MessageReader(transaction.End().Bytes);
        reader.TryRead(out _).Should().BeTrue();
        reader.TryRead(out Message message).Should().BeTrue();
        return Golden.Text(message.Payload);
    }

    // the same payload as the kernel's answer: subsystem 10, NLM_F_MULTI
    private static byte[] Answer(byte type, string payload)
    {
        byte[] bytes = Golden.Bytes(payload);
        return [.. BitConverter.GetBytes(bytes.Length + 16), type, 10, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, .. bytes];
    }
}
