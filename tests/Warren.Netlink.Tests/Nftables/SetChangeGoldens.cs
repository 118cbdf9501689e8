using Warren.Netlink.Nftables;
using Warren.Netlink.Wire;
using static Warren.Netlink.Nftables.NftStatements;

namespace Warren.Netlink.Tests.Nftables;

/// <summary>Sets that packets change, as nft 1.0.6 sends them, captured with <c>strace -e trace=sendmsg -e write=all</c>; left out are the
/// sets' numbers in the transaction, which the kernel asks for only if the name is not there yet.</summary>
public class SetChangeGoldens
{
    private static readonly NftTable Table = new(NftFamily.Inet, "t");
    private static readonly NftSet Flows = new(Table, "flows", [NftType.LinkName], []) { Dynamic = true, Size = 65535 };
    private static readonly NftSet Flooding = new(Table, "flooding", [NftType.LinkName], []) { Dynamic = true, Size = 65535, Seconds = 1 };
    private static readonly NftSet Pinned = new(Table, "pinned", [NftType.LinkName, NftType.LinkName], []);

    // nft add set inet t flooding { type ifname; size 65535; flags dynamic,timeout; timeout 1s; }
    private const string FloodingSet = """
        01 00 00 00
        06 00 01 00  74 00 00 00
        0d 00 02 00  66 6c 6f 6f 64 69 6e 67 00 00 00 00
        08 00 03 00  00 00 00 30                      # NFTA_SET_FLAGS NFT_SET_TIMEOUT | NFT_SET_EVAL
        08 00 04 00  00 00 00 29                      # NFTA_SET_KEY_TYPE ifname
        08 00 05 00  00 00 00 10
        0c 00 09 80  08 00 01 00  00 00 ff ff         # NFTA_SET_DESC { NFTA_SET_DESC_SIZE }
        08 00 0a 00  00 00 00 01
        0c 00 0b 00  00 00 00 00 00 00 03 e8          # NFTA_SET_TIMEOUT in milliseconds
        """;

    // nft add rule inet t flood iifname "wrn-*" add @flows { iifname ct count over 16384 } add @flooding { iifname } counter drop
    private const string FloodRule = """
        01 00 00 00
        06 00 01 00  74 00 00 00
        0a 00 02 00  66 6c 6f 6f 64 00 00 00
        6c 01 04 80
          24 00 01 80  09 00 01 00  6d 65 74 61 00 00 00 00
            14 00 02 80  08 00 02 00  00 00 00 06  08 00 01 00  00 00 00 01
          2c 00 01 80  08 00 01 00  63 6d 70 00
            20 00 02 80  08 00 01 00  00 00 00 01  08 00 02 00  00 00 00 00  0c 00 03 80  08 00 01 00  77 72 6e 2d
          24 00 01 80  09 00 01 00  6d 65 74 61 00 00 00 00
            14 00 02 80  08 00 02 00  00 00 00 06  08 00 01 00  00 00 00 01
          58 00 01 80
            0b 00 01 00  64 79 6e 73 65 74 00 00      # "dynset"
            48 00 02 80
              08 00 04 00  00 00 00 01                #   NFTA_DYNSET_SREG_KEY
              08 00 03 00  00 00 00 00                #   NFTA_DYNSET_OP NFT_DYNSET_OP_ADD
              0a 00 01 00  66 6c 6f 77 73 00 00 00    #   NFTA_DYNSET_SET_NAME "flows"
              28 00 07 80                             #   NFTA_DYNSET_EXPR
                0e 00 01 00  63 6f 6e 6e 6c 69 6d 69 74 00 00 00   # "connlimit"
                14 00 02 80
                  08 00 01 00  00 00 40 00            #       NFTA_CONNLIMIT_COUNT
                  08 00 02 00  00 00 00 01            #       NFTA_CONNLIMIT_FLAGS NFT_CONNLIMIT_F_INV
          24 00 01 80  09 00 01 00  6d 65 74 61 00 00 00 00
            14 00 02 80  08 00 02 00  00 00 00 06  08 00 01 00  00 00 00 01
          34 00 01 80
            0b 00 01 00  64 79 6e 73 65 74 00 00
            24 00 02 80
              08 00 04 00  00 00 00 01
              08 00 03 00  00 00 00 00
              0d 00 01 00  66 6c 6f 6f 64 69 6e 67 00 00 00 00
          14 00 01 80  0c 00 01 00  63 6f 75 6e 74 65 72 00  04 00 02 80
          30 00 01 80  0e 00 01 00  69 6d 6d 65 64 69 61 74 65 00 00 00
            1c 00 02 80  08 00 01 00  00 00 00 00  10 00 02 80  0c 00 02 80  08 00 01 00  00 00 00 00
        """;

    // nft add rule inet t eg iifname . oifname != @pinned ct direction original reject with icmpx admin-prohibited
    private const string PinRule = """
        01 00 00 00
        06 00 01 00  74 00 00 00
        07 00 02 00  65 67 00 00
        ec 00 04 80
          24 00 01 80  09 00 01 00  6d 65 74 61 00 00 00 00
            14 00 02 80  08 00 02 00  00 00 00 06  08 00 01 00  00 00 00 01
          24 00 01 80  09 00 01 00  6d 65 74 61 00 00 00 00
            14 00 02 80  08 00 02 00  00 00 00 07  08 00 01 00  00 00 00 02   # the key's second part: NFT_REG_2
          30 00 01 80  0b 00 01 00  6c 6f 6f 6b 75 70 00 00
            20 00 02 80
              08 00 02 00  00 00 00 01
              0b 00 01 00  70 69 6e 6e 65 64 00 00
              08 00 05 00  00 00 00 01                #   NFTA_LOOKUP_FLAGS NFT_LOOKUP_F_INV
          20 00 01 80  07 00 01 00  63 74 00 00
            14 00 02 80  08 00 02 00  00 00 00 01  08 00 01 00  00 00 00 01   # NFT_CT_DIRECTION
          2c 00 01 80  08 00 01 00  63 6d 70 00
            20 00 02 80  08 00 01 00  00 00 00 01  08 00 02 00  00 00 00 00  0c 00 03 80  05 00 01 00  00 00 00 00
          24 00 01 80  0b 00 01 00  72 65 6a 65 63 74 00 00
            14 00 02 80
              08 00 01 00  00 00 00 02                #   NFTA_REJECT_TYPE NFT_REJECT_ICMPX_UNREACH
              05 00 02 00  03 00 00 00                #   NFTA_REJECT_ICMP_CODE NFT_REJECT_ICMPX_ADMIN_PROHIBITED
        """;

    [Fact]
    public void A_set_that_packets_change_is_what_nft_sends() =>
        Sent(transaction => transaction.Add(Flooding)).Should().StartWith(OneLine(Golden.Text(Golden.Bytes(FloodingSet))));

    [Fact]
    public void A_rule_that_counts_flows_is_what_nft_sends() =>
        Sent(transaction =>
                transaction.Append(
                    Table.Rule("flood", IifName("wrn-*"), AddIifNameCtCountOver(Flows, 16384), AddIifName(Flooding), Counter, Drop)
                )
            )
            .Should()
            .Be(OneLine(Golden.Text(Golden.Bytes(FloodRule))));

    // nft writes the flags of a lookup last
    [Fact]
    public void A_rule_about_two_links_is_what_nft_sends() =>
        Sent(transaction => transaction.Append(Table.Rule("eg", LinkNamesNotIn(Pinned), CtDirectionOriginal, RejectProhibited)))
            .Should()
            .Be(OneLine(Golden.Text(Golden.Bytes(PinRule))));

    [Theory]
    [InlineData(FloodRule, "iifname \"wrn-*\" add @flows { iifname ct count over 16384 } add @flooding { iifname } counter drop")]
    [InlineData(PinRule, "iifname . oifname != @pinned ct direction original reject with icmpx admin-prohibited")]
    public void A_rule_of_nft_is_read_as_it_was_typed(string golden, string typed)
    {
        byte[] bytes = Golden.Bytes(golden);
        byte[] answer = [.. BitConverter.GetBytes(bytes.Length + 16), 6, 10, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, .. bytes];
        Golden.Parse<NftRule>(answer, NftRule.Parse).Single().ToString().Should().Be(typed);
    }

    [Fact]
    public void A_set_is_written_as_nft_takes_it() =>
        Flooding.TypeText.Should().Be("type ifname; size 65535; flags dynamic,timeout; timeout 1s");

    // the second message of a transaction, without its header
    private static string Sent(Action<NftTransaction> change)
    {
        var transaction = new NftTransaction();
        change(transaction);
        var reader = new MessageReader(transaction.End().Bytes);
        reader.TryRead(out _).Should().BeTrue();
        reader.TryRead(out Message message).Should().BeTrue();
        return OneLine(Golden.Text(message.Payload));
    }

    private static string OneLine(string text) => text.Replace("\n", "", StringComparison.Ordinal);
}
