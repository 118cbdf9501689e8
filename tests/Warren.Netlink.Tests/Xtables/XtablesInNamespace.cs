using Warren.Netlink.Wire;
using Warren.Netlink.Xtables;

namespace Warren.Netlink.Tests.Xtables;

public sealed class XtablesInNamespace : IDisposable
{
    // a lock of the tests' own: that of the host is not held
    private static readonly string LockFile = Path.Combine(Path.GetTempPath(), $"warren-xtables-{Environment.ProcessId}");

    // each as iptables-legacy -S writes it
    private static readonly string[] Rules =
    [
        "-A FORWARD -i wrn-+ -m comment --comment warren -j ACCEPT",
        "-A FORWARD ! -o docker0 -j ACCEPT",
        "-A FORWARD -s 10.0.0.0/8 -d 192.168.1.7/32 -p tcp -m tcp --sport 1000:2000 ! --dport 22 -j DROP",
        "-A FORWARD ! -s 10.1.0.0/17 ! -d 10.0.0.1/255.0.0.255 -i eth0 -o eth1 -p udp -m udp ! --sport 53 --dport 53:60 -j RETURN",
        "-A FORWARD -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j DROP",
        "-A FORWARD -p tcp -m tcp ! --tcp-flags SYN NONE -j DROP",
        "-A FORWARD -p tcp -m tcp --tcp-option 7 -j DROP",
        "-A FORWARD -p tcp -m multiport --dports 22,80,1000:2000 -j ACCEPT",
        "-A FORWARD -p udp -m multiport ! --sports 53,60:61 -j ACCEPT",
        "-A FORWARD -p udp -m multiport --ports 5 -j ACCEPT",
        "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-A FORWARD -m state --state NEW,ESTABLISHED -j ACCEPT",
        "-A FORWARD -m conntrack ! --ctstate INVALID,NEW,UNTRACKED,DNAT -j LOG",
        "-A FORWARD -m comment --comment \"it\\'s \\\"quoted\\\" here\"",
        "-A FORWARD ! -f -j one",
        "-A FORWARD -p icmp -f -j DROP",
        "-A FORWARD ! -p sctp -g two-with-a-long-name-of-28-c",
        "-A FORWARD -p 200 -j REJECT --reject-with icmp-admin-prohibited",
        "-A FORWARD -p tcp -j REJECT --reject-with tcp-reset",
        "-A FORWARD -j QUEUE",
        "-A one -j two-with-a-long-name-of-28-c",
        "-A one -j RETURN",
        "-A two-with-a-long-name-of-28-c -i 123456789012345 -j DROP",
    ];

    private static readonly string[] NatRules =
    [
        "-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.1-10.0.0.9:80-90 --random --persistent",
        "-A PREROUTING -d 10.0.0.1/32 -j DNAT --to-destination 10.0.0.2",
        "-A PREROUTING -p udp -j REDIRECT --to-ports 53-60",
        "-A PREROUTING -p udp -j REDIRECT --to-ports 53",
        "-A OUTPUT -j REDIRECT",
        "-A POSTROUTING -s 10.0.0.0/24 -j SNAT --to-source 192.0.2.1",
        "-A POSTROUTING -p tcp -j MASQUERADE --to-ports 1024-2000 --random-fully",
        "-A POSTROUTING -j MASQUERADE",
    ];

    [Fact]
    public void A_table_reads_as_iptables_legacy_lists_it() =>
        InNamespace.Run(() =>
        {
            Iptables("-P", "OUTPUT", "DROP");
            Restore("filter", ":one - [0:0]\n:two-with-a-long-name-of-28-c - [0:0]\n:unused - [0:0]\n", Rules);
            Restore("nat", "", NatRules);
            LegacyTable.Names().Should().BeEquivalentTo("filter", "nat");
            foreach (string name in LegacyTable.Names())
            {
                string listed = Iptables("-t", name, "-S");
                LegacyTable.Read(name)!.ToString().Should().Be(listed);
                foreach (string rule in name == "nat" ? NatRules : Rules)
                    listed.Should().Contain(rule + "\n");
            }
        });

    [Fact]
    public void Looking_makes_no_table() =>
        InNamespace.Run(() =>
        {
            LegacyTable.Names().Should().BeEmpty();
            LegacyTable.Read("filter").Should().BeNull();
            LegacyTable.Read("nat").Should().BeNull();
            LegacyTable.Names().Should().BeEmpty();
            Iptables("-P", "FORWARD", "DROP");
            LegacyTable.Read("nat").Should().BeNull();
            LegacyTable.Read("filter")!.Chain("FORWARD")!.PolicyDrop.Should().BeTrue();
            LegacyTable.Names().Should().Equal("filter");
        });

    [Fact]
    public void A_table_that_changes_meanwhile_is_read_whole() =>
        InNamespace.Run(() =>
        {
            Iptables("-P", "FORWARD", "DROP");
            for (int rules = 0; rules < 20; rules++)
            {
                LegacyTable.Read("filter")!.Chain("FORWARD")!.Rules.Should().HaveCount(rules);
                Iptables("-A", "FORWARD", "-p", "tcp", "--dport", $"{rules + 1}", "-j", "ACCEPT");
            }
        });

    public void Dispose() => File.Delete(LockFile);

    private static string Lock => "XTABLES_LOCKFILE=" + LockFile;

    private static string Iptables(params string[] arguments) =>
        InNamespace.Command("env", [Lock, "iptables-legacy", .. arguments]);

    private static void Restore(string table, string chains, string[] rules)
    {
        string input = $"*{table}\n{chains}{string.Join('\n', rules)}\nCOMMIT\n";
        InNamespace.Command("env", Lock, "sh", "-ec", "printf %s \"$1\" | iptables-legacy-restore", "sh", input);
    }
}
