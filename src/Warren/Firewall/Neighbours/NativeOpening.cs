using Warren.Model;
using Warren.Netlink.Nftables;
using Warren.Netlink.Wire;
using Warren.Planning;

namespace Warren.Firewall.Neighbours;

/// <summary>Openings in a chain of nf_tables, written over netlink.</summary>
internal sealed class NativeOpening(NftSocket nft, ForeignChain chain)
{
    private NftTable Table { get; } = new(chain.Family == "inet" ? NftFamily.Inet : NftFamily.Ip, chain.Table);

    /// <summary>Puts the openings at the head, and takes away those that were there, all at once.</summary>
    public void Open()
    {
        var transaction = new NftTransaction();
        DeleteAll(transaction);
        foreach (bool input in Openings.InsertionOrder(chain))
            transaction.Insert(Opening(input));
        Commit(transaction, true);
    }

    /// <summary>Takes all openings away, at once.</summary>
    public void Close()
    {
        var transaction = new NftTransaction();
        DeleteAll(transaction);
        Commit(transaction, false);
    }

    private void DeleteAll(NftTransaction transaction)
    {
        string[] places = chain.Place == chain.Name ? [chain.Name] : [chain.Name, chain.Place];
        foreach (string place in places)
        {
            foreach (NftRule rule in nft.Rules(Table, place))
            {
                if (NftReading.Read(rule).IsOpening)
                    transaction.Delete(rule);
            }
        }
    }

    private NftRule Opening(bool input)
    {
        if (chain.Backend == FirewallBackend.IptablesNft)
            return IptablesNft.Opening(Table, chain.Place, input);
        NftExpression[] name = input
            ? NftStatements.IifName(NamespaceName.LinkPrefix + "*")
            : NftStatements.OifName(NamespaceName.LinkPrefix + "*");
        return new NftRule(Table, chain.Place, [.. name, .. NftStatements.Accept], Marks.Comment);
    }

    private void Commit(NftTransaction transaction, bool opens)
    {
        try
        {
            nft.Commit(transaction);
        }
        catch (NetlinkException e)
        {
            string hint =
                e.Errno == Errno.NotPermitted && chain.Table == "firewalld"
                    ? "; firewalld lets nobody else write (NftablesTableOwner=yes): firewall-cmd --permanent --zone=trusted "
                        + $"--add-interface={NamespaceName.LinkPrefix}+ && firewall-cmd --reload, which lets namespaces reach the host's ports too; "
                        + "or the same with --no-neighbours"
                    : "";
            var table = new List<string>();
            foreach (NftChain known in nft.Chains())
            {
                if (known.Table == Table)
                    table.Add(known.Name);
            }
            throw Openings.Failure(chain, opens, Owners.Of(chain.Table, table), e.Message + hint);
        }
    }
}
