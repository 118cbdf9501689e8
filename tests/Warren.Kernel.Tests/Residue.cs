using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary>What is left, what is made twice, what is touched of others: properties 4, 5, 6, 27, 33 and 34.</summary>
public sealed class Residue
{
    [Theory]
    [InlineData("warren add web1 && warren rm web1")]
    [InlineData("warren add web1 -p 6000:8080 -p 127.0.0.1:53:53/udp && warren rm web1")]
    [InlineData("warren add web1 && warren add web2 -p 6001:8080 && warren rm web1 && warren rm web2")]
    [InlineData("warren add web1 && warren add web2 -p 6001:8080 && warren rm web2 web1")]
    [InlineData("warren add web1 && warren add web2 -p 6001:8080 && warren rm --all")]
    [InlineData("warren add web1 && warren publish web1 6000-6009:8000-8009 && warren unpublish web1 6000-6009:8000-8009 && warren rm web1")]
    [InlineData("warren add a-name-that-is-longer-than-the-name-of-a-link && warren rm a-name-that-is-longer-than-the-name-of-a-link")]
    [InlineData("warren run web1 -p 6000:8080 -- true")]
    [InlineData("warren rm --all")]
    public void Nothing_is_left(string script)
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] before = sandbox.Snapshot();
        sandbox.Do(script);
        sandbox.ShouldBe(before);
        if (IsFlowListingThere(sandbox))
            sandbox.Do("conntrack -L 2>/dev/null").Should().BeEmpty();
    }

    // the name of a container's namespace, as its documentation says to make it; and what is left when the container has ended
    [Fact]
    public void Symbolic_links_to_namespaces_are_names_and_others_are_none()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren add other; ip netns add held; ln -s held /run/netns/linked; echo mine >/run/file");
        string[] before = sandbox.Snapshot();
        sandbox.Do("warren add linked").Should().Contain("linked: 10.213.0.6 on eth0");
        sandbox.Do("warren exec linked -- ip -br address show eth0").Should().Contain("10.213.0.6/30");
        sandbox.Do("warren rm linked").Should().Be("linked: link removed\n");
        sandbox.ShouldBe(before);
        sandbox.Do("ln -s /proc/999999/ns/net /run/netns/gone; ln -s loop /run/netns/loop; ln -s /run/file /run/netns/file");
        before = sandbox.Snapshot();
        sandbox.Do("warren ls").Should().Contain("other  up ").And.NotContain("gone").And.NotContain("loop").And.NotContain("file");
        sandbox.Do("warren import; warren doctor other");
        foreach (string name in (string[])["gone", "loop", "file"])
        {
            sandbox.Sh($"warren rm {name}").ExitCode.Should().Be(4);
            sandbox.Sh($"warren add {name}").Errors.Should().Contain("File exists");
        }
        sandbox.ShouldBe(before);
        sandbox.Do("cat /run/file").Should().Be("mine\n");
        sandbox.Do("warren rm --all").Should().Be("other: removed\n");
    }

    [Fact]
    public void Nothing_is_left_after_traffic()
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] before = sandbox.Snapshot();
        sandbox.Do("warren add web1 --subnet 192.168.0.0/24 -p 6000:8080 -p 6000:8080/udp");
        sandbox.Inside("web1").Serve("tcp", "8080");
        sandbox.Inside("web1").Serve("udp", "8080");
        foreach (string protocol in (string[])["tcp", "udp"])
        {
            sandbox.Outside.Ask(protocol, Sandbox.HostAddress, 6000).Should().StartWith("hello");
            sandbox.Host.Ask(protocol, "127.0.0.1", 6000).Should().StartWith("hello");
        }
        sandbox.Inside("web1").Pings(Sandbox.InternetAddress).Should().BeTrue();
        sandbox.Do("warren rm web1");
        sandbox.ShouldBe(before);
        if (IsFlowListingThere(sandbox))
            sandbox.Do("conntrack -L 2>/dev/null").Should().NotContain("192.168.0.2");
    }

    [Fact]
    public void Rules_and_files_of_others_stay_as_they_were()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(
            """
            nft -f - <<'EOF'
            table inet filter {
                set allowed { type ipv4_addr; elements = { 10.0.0.2 }; }
                chain input { type filter hook input priority 0; policy accept; ip saddr @allowed accept; tcp dport 22 accept comment "mine"; }
                chain forward { type filter hook forward priority -5; policy accept; oifname "wrn-*" accept; }
            }
            table ip nat {
                chain prerouting { type nat hook prerouting priority -100; tcp dport 2222 dnat to 10.0.0.2:22; }
                chain postrouting { type nat hook postrouting priority 100; oifname "tun0" masquerade; }
            }
            table inet warrens { chain warren { } }
            EOF
            ip netns add mine
            ip link add veth0 type veth peer name veth1 netns mine
            ip link set veth0 alias 'warren:not' up
            ip rule add from 10.77.0.0/16 table 77
            ip route add 10.77.0.0/16 via 10.0.0.2 table 77
            mkdir -p /etc/netns/mine && echo 'nameserver 192.0.2.1' >/etc/netns/mine/resolv.conf
            """
        );
        string[] before = sandbox.Snapshot();
        string own = sandbox.Do("nft -s list table inet filter; nft -s list table ip nat; nft -s list table inet warrens; ip -d link show veth0; ip rule; ip route show table 77");
        sandbox.Do("warren add web1 -p 6000:8080");
        sandbox.Do("warren publish web1 6001:8080");
        sandbox.Do("nft -s list table inet filter; nft -s list table ip nat; nft -s list table inet warrens; ip -d link show veth0; ip rule; ip route show table 77").Should().Be(own);
        sandbox.Do("warren rm --all");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void The_same_again_has_nothing_to_do_and_makes_no_second_copy()
    {
        using Sandbox sandbox = Sandbox.Start();
        const string Add = "warren add web1 -p 6000:8080 -p 10.0.0.173:53:53/udp -p 7000-7009:8000-8009";
        sandbox.Do(Add);
        string[] once = sandbox.Snapshot();
        foreach (string again in (string[])[Add, Add, "warren add web1", "warren publish web1 6000:8080", "warren add web1 -p 53:8080 --dry-run"])
        {
            Ending ending = sandbox.Run(again);
            if (again.Contains("--dry-run", StringComparison.Ordinal))
                continue;
            ending.Output.Should().Be("nothing to do\n", again);
            ending.ExitCode.Should().Be(0);
        }
        sandbox.ShouldBe(once);
        sandbox.Do("ip -o link | grep -c wrn-").Should().Be("1\n");
        sandbox.Do("nft list tables | grep -c warren").Should().Be("1\n");
        sandbox.Do("nft list table inet warren | grep -c masquerade").Should().Be("3\n");
    }

    [Fact]
    public void Hardware_and_ip_addresses_are_the_same_after_removal_and_again()
    {
        using Sandbox sandbox = Sandbox.Start();
        const string Look = "ip -o link show wrn-web1 | grep -o 'link/ether [^ ]*'; ip -o -4 addr show wrn-web1 | grep -o 'inet [^ ]*'; "
            + "ip -n web1 -o link show eth0 | grep -o 'link/ether [^ ]*'; ip -n web1 -o -4 addr show eth0 | grep -o 'inet [^ ]*'";
        sandbox.Do("warren add web1");
        string first = sandbox.Do(Look);
        first.Split('\n').Should().HaveCount(5);
        sandbox.Do("warren rm web1; warren add web1");
        sandbox.Do(Look).Should().Be(first);
        string assigned = sandbox.Do("cat /sys/class/net/wrn-web1/addr_assign_type 2>/dev/null || echo 3");
        assigned.Should().Be("3\n", "a network manager leaves an address alone that was set");
    }

    [Fact]
    public void A_name_that_is_a_file_without_a_namespace_is_taken_over()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("mkdir -p /run/netns; : >/run/netns/web1; chmod 0 /run/netns/web1");
        sandbox.Do("warren ls").Should().Contain("web1").And.Contain("half-made");
        sandbox.Do("warren add web1");
        sandbox.Inside("web1").Pings(Sandbox.InternetAddress).Should().BeTrue();
        sandbox.Do("warren rm web1");
        sandbox.Do("ls /run/netns 2>/dev/null || :").Should().BeEmpty();
    }

    [Fact]
    public void A_name_that_is_a_file_without_a_namespace_can_be_removed()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("mkdir -p /run/netns; : >/run/netns/web1; chmod 0 /run/netns/web1");
        sandbox.Do("warren rm web1");
        sandbox.Do("ls /run/netns 2>/dev/null || :").Should().BeEmpty();
    }

    [Fact]
    public void Mounts_stacked_on_a_name_all_come_off()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren add web1");
        sandbox.Do("mount --bind /proc/self/ns/net /run/netns/web1; mount --bind /proc/self/ns/net /run/netns/web1");
        sandbox.Do("warren rm web1");
        sandbox.Do("ls /run/netns 2>/dev/null || :").Should().BeEmpty();
        sandbox.Do("ip -o link").Should().NotContain("wrn-");
    }

    [Fact]
    public void Many_go_together_and_a_link_of_others_in_their_group_stays()
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] before = sandbox.Snapshot();
        sandbox.Do("set -e; for i in $(seq 5); do warren add w$i -p $((6000 + i)):80 >/dev/null; done");
        sandbox.Do("warren rm w1 w2 w3");
        sandbox.Do("warren ls | awk 'NR > 1 { print $1, $2 }'").Should().Be("w4 up\nw5 up\n");
        sandbox.Do("warren add w1; ip link add other type veth peer name rehto; ip link set other group 22354");
        sandbox.Do("warren rm --all");
        sandbox.Do("ip -br link show other").Should().StartWith("other@rehto");
        sandbox.Do("ip link del other");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void Ten_thousand_ports_come_and_go()
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] before = sandbox.Snapshot();
        sandbox.Do("warren add web1 -p 20000-29999:20000-29999/udp");
        sandbox.Do("warren add web1 -p 20000-29999:20000-29999/udp").Should().Be("nothing to do\n");
        sandbox.Do("warren publish web1 30000:30000/udp; warren unpublish web1 20000-29998:20000-29998/udp");
        sandbox.Do("warren ports").Should().Be("""
            HOST       NAMESPACE  TARGET
            29999/udp  web1       10.213.0.2:29999
            30000/udp  web1       10.213.0.2:30000

            """);
        sandbox.Do("warren rm web1");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void A_namespace_that_a_process_holds_can_be_removed_and_made_again()
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] before = sandbox.Snapshot();
        sandbox.Do("warren add web1 -p 6000:8080");
        Launched holder = sandbox.Inside("web1").Serve("tcp", "8080", "old");
        sandbox.Do("warren show web1").Should().Contain($"process    {holder.ProcessId} python3");
        sandbox.Do("warren rm web1").Should().Contain($"web1: python3 (pid {holder.ProcessId}) is still in it");
        sandbox.ShouldBe(before);
        sandbox.Do("warren add web1 -p 6000:8080");
        sandbox.Inside("web1").Serve("tcp", "8080", "new");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("new");
    }

    [Fact]
    public void Removal_and_again_at_once_succeeds_50_times()
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] before = sandbox.Snapshot();
        sandbox.Do("set -e; warren add web1 -p 6000:8080; for i in $(seq 50); do warren rm web1 >/dev/null; warren add web1 -p 6000:8080 >/dev/null; done");
        sandbox.Inside("web1").Pings(Sandbox.InternetAddress).Should().BeTrue();
        sandbox.Do("warren rm web1");
        sandbox.ShouldBe(before);
    }

    [Theory]
    [InlineData("ip netns add mine")]
    [InlineData("ip netns add mine; ip -n mine link set lo up")]
    [InlineData("ip netns add mine; ip -n mine link add eth0 type veth peer name eth7; ip -n mine link set eth7 up; ip -n mine link set eth0 up; ip -n mine addr add 172.31.0.1/24 dev eth0; ip -n mine route add default via 172.31.0.2")]
    public void A_namespace_of_others_gets_a_link_and_stays_as_it_was(string made)
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(made);
        const string Look = "ip -n mine -d -o link | sed 's/qdisc [a-z]*//; s/ state [A-Z]*//'; ip -n mine -o addr | grep -v fe80::; ip -n mine route show table all; ip netns exec mine grep -rs '' /proc/sys/net | grep -v nf_conntrack_count | sort";
        string inside = sandbox.Do(Look);
        string[] before = sandbox.Snapshot();
        sandbox.Do("warren add mine -p 6000:8080");
        sandbox.Inside("mine").Serve("tcp", "8080", "mine");
        if (!made.Contains("default", StringComparison.Ordinal))
        {
            sandbox.Inside("mine").Pings(Sandbox.InternetAddress).Should().BeTrue();
            sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("mine");
        }
        sandbox.Host.Ask("tcp", "127.0.0.1", 6000).Should().StartWith("mine");
        sandbox.Do("warren add mine").Should().Be("nothing to do\n");
        sandbox.Do("warren rm mine");
        sandbox.Do("ip netns").Should().Contain("mine");
        sandbox.Do(Look).Should().Be(inside);
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void A_namespace_of_others_without_a_link_is_not_removed()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("ip netns add mine");
        string[] before = sandbox.Snapshot();
        Ending refused = sandbox.Run("warren rm mine");
        refused.ExitCode.Should().Be(3);
        refused.Errors.Should().Contain("not Warren's");
        sandbox.Run("warren rm --all").ExitCode.Should().Be(0);
        sandbox.ShouldBe(before);
    }

    private static bool IsFlowListingThere(Sandbox sandbox) => sandbox.Run("conntrack -L >/dev/null 2>&1").ExitCode == 0;
}
