using System.Diagnostics;
using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests.Neighbours;

/// <summary><c>--no-neighbours</c>, and firewalls that cannot be opened: properties 1 and 32.</summary>
public sealed class LeftAlone
{
    private const string File = "namespaces:\n  web1:\n    ports: ['6100:8080']\n";

    public static TheoryData<string, string, string> Dropping =>
        new()
        {
            {
                Scenarios.Ufw,
                "chain FORWARD of table ip filter (iptables-nft), kept by ufw, drops packets of wrn-*: policy drop",
                "iptables-nft -I FORWARD -o wrn-+ -m comment --comment warren -j ACCEPT && iptables-nft -I FORWARD -i wrn-+ -m comment --comment warren -j ACCEPT"
            },
            {
                Scenarios.Firewalld,
                "chain filter_FORWARD of table inet firewalld, kept by firewalld, drops packets of wrn-*: reject with icmpx admin-prohibited, in chain filter_FWD_public",
                "nft 'insert rule inet firewalld filter_FORWARD oifname \"wrn-*\" accept comment \"warren\"' && "
                    + "nft 'insert rule inet firewalld filter_FORWARD iifname \"wrn-*\" accept comment \"warren\"'"
            },
            {
                Scenarios.LegacyDocker,
                "chain FORWARD of table filter (iptables-legacy), there in DOCKER-USER, kept by docker, drops packets of wrn-*: policy drop",
                "iptables-legacy -w 10 -I DOCKER-USER -o wrn-+ -m comment --comment warren -j ACCEPT && "
                    + "iptables-legacy -w 10 -I DOCKER-USER -i wrn-+ -m comment --comment warren -j ACCEPT"
            },
        };

    [Theory]
    [MemberData(nameof(Dropping))]
    public void What_will_be_dropped_is_told_and_nothing_of_others_is_changed(string rules, string told, string commands)
    {
        Sandbox.Need("iptables-nft", "iptables-legacy");
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(rules);
        sandbox.Do($"cat >/run/warren.yaml <<'E'\n{File}E");
        string before = sandbox.Do(Others);
        string remedy = $"\n  type: {commands}; or the same without --no-neighbours\n";
        foreach (string verb in (string[])["add web1", "up -f /run/warren.yaml", "plan -f /run/warren.yaml", "publish web1 6101:8080", "run web2", "run web1"])
        {
            string words = verb.StartsWith("run", StringComparison.Ordinal) ? $"{verb} --no-neighbours -- true" : $"{verb} --no-neighbours";
            Ending ending = sandbox.Run("warren " + words);
            ending.ExitCode.Should().Be(0, $"{words}: {ending.Errors}");
            ending.Errors.Should().Be($"warren {verb.Split(' ')[0]}: left as it is: {told}{remedy}");
            sandbox.Do(Others).Should().Be(before, words);
            if (verb == "add web1")
                sandbox.Do("warren rm web1");
        }
        // and it is true
        sandbox.Inside("web1").Ask("udp", Sandbox.InternetAddress, 53, 0.5).Should().NotContain("refused");
        sandbox.Do(commands);
        sandbox.Run("warren publish web1 6102:8080 --no-neighbours").Errors.Should().BeEmpty();
        sandbox.Inside("web1").Ask("udp", Sandbox.InternetAddress, 53, 10).Should().Be(Place.Refused);
        sandbox.Do("warren rm --all");
        sandbox.Do(Others).Should().Be(before, "the commands make Warren's own rules, which go with the last namespace");
    }

    [Fact]
    public void Openings_that_somebody_saved_and_restored_go_with_rm_all()
    {
        Sandbox.Need("iptables-nft");
        using Sandbox sandbox = Sandbox.Start();
        // iptables has its own order of chains
        sandbox.Do("iptables-nft -P FORWARD DROP; iptables-nft-save >/run/own; iptables-nft-restore </run/own");
        string before = sandbox.Do(Others);
        sandbox.Do("warren add web1; iptables-nft-save >/run/saved; warren rm web1; iptables-nft-restore </run/saved");
        sandbox.Do(Others).Should().NotBe(before);
        sandbox.Do("warren rm --all").Should().Be("host: removed the accept rules for wrn-* in chain FORWARD of table ip filter (iptables-nft)\n");
        sandbox.Do(Others).Should().Be(before);
        sandbox.Do("warren rm --all").Should().Be("nothing to do\n");
    }

    [Fact]
    public void A_held_lock_of_iptables_legacy_is_waited_for_and_told()
    {
        Sandbox.Need("iptables-legacy", "flock");
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("iptables-legacy -P FORWARD DROP");
        string[] before = sandbox.Snapshot();
        Launched holder = sandbox.Host.Start("exec flock /run/xtables.lock sh -c 'echo held; exec cat'");
        holder.ReadLine("held");
        var watch = Stopwatch.StartNew();
        Ending refused = sandbox.Run("warren add web1 -p 6000:8080");
        watch.Elapsed.Should().BeGreaterThan(TimeSpan.FromSeconds(9)).And.BeLessThan(TimeSpan.FromSeconds(25));
        refused.ExitCode.Should().Be(1);
        refused.Errors.Should().StartWith("warren add: cannot open chain FORWARD of table filter (iptables-legacy): iptables-legacy says: ");
        refused.Errors.Should().Contain("xtables lock").And.Contain("; type: iptables-legacy -w 10 -I FORWARD ").And.Contain("nothing was changed");
        holder.End();
        sandbox.ShouldBe(before);
        sandbox.Do("warren add web1 -p 6000:8080; warren rm web1");
        sandbox.ShouldBe(before);
    }

    private const string Others = """
        nft -s list ruleset | sed '/^table inet warren {/,/^}/d'
        cat /proc/net/ip_tables_names 2>/dev/null | sort | while read t; do echo $t; iptables-legacy -t $t -S; done
        """;
}
