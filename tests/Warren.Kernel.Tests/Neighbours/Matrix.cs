using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests.Neighbours;

/// <summary>Warren beside each firewall, the programs themselves: properties 1, 5, 18, 19 and 21.</summary>
public sealed class Matrix
{
    private const string AllAnswer = "all answer";

    private const string Head = """
        | beside | it came first | Warren came first, next `add` | it reloads | next `add` | `nft flush ruleset`, it restarts, next `add` |
        | --- | --- | --- | --- | --- | --- |
        """;

    // rules and configuration files, Warren's own table left out; to list a legacy table is to make it: only those that are there
    private const string Neighbours = """
        nft -s list ruleset 2>/dev/null | sed '/^table inet warren {/,/^}/d'
        cat /proc/net/ip_tables_names 2>/dev/null | sort | while read t; do echo $t; iptables-legacy -t $t -S; done
        for d in ufw firewalld docker libvirt default; do
            find /etc/$d -printf '%p %y %m %U:%G %l\n' 2>/dev/null
            find /etc/$d -type f -exec sha256sum {} + 2>/dev/null
        done
        """;

    public static TheoryData<string> Names => [.. RealFirewall.All.Select(each => each.Name)];

    [Fact]
    public void Beside_every_firewall_all_answer()
    {
        NeedRoot();
        RealFirewall[] here = [.. RealFirewall.All.Where(each => !Sandbox.Missing(each.Programs).Any())];
        string[] rows = [.. here.AsParallel().AsOrdered().WithDegreeOfParallelism(2).Select(Row)];
        string table = $"{Head}\n{string.Join('\n', rows)}\n";
        TestContext.Current.TestOutputHelper?.WriteLine(table);

        string[] missing = [.. RealFirewall.All.Except(here).Select(each => each.Name)];
        string written = File.ReadAllText(Sandbox.FileOfRepository("docs/neighbours.md"));
        string[] lines = written[written.IndexOf("| beside |", StringComparison.Ordinal)..].Split("\n\n")[0].Trim().Split('\n');
        string expected = string.Join('\n', lines.Where(line => !missing.Any(name => line.StartsWith($"| {name} |", StringComparison.Ordinal)))) + "\n";
        table.Should().Be(expected, "docs/neighbours.md says so");
        Assert.SkipWhen(missing.Length > 0, $"not installed: {string.Join(", ", missing)}");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Nothing_of_a_firewall_is_changed_but_the_openings_and_they_go(string name)
    {
        RealFirewall firewall = Find(name);
        using Sandbox sandbox = Sandbox.Start();
        firewall.Start(sandbox);
        string before = sandbox.Do(Neighbours);
        Added(sandbox).Should().Be(AllAnswer);
        sandbox.Do("warren add web2 -p 6001:8080");
        Lines(sandbox.Do(Neighbours)).Where(line => !line.Contains("wrn-", StringComparison.Ordinal)).Should().Equal(Lines(before));
        sandbox.Do("warren rm web2");
        foreach (string tool in firewall.Tools)
        {
            Ending ending = sandbox.Sh(tool);
            (ending.ExitCode, ending.Errors).Should().Be((0, ""), $"{tool}: {ending.Output}");
            // it may have taken the openings away
            Again(sandbox).Should().Be(AllAnswer, tool);
        }
        string after = sandbox.Do("warren rm web1; " + Neighbours);
        Lines(after).Should().NotContain(line => line.Contains("wrn-", StringComparison.Ordinal) || line.Contains("warren", StringComparison.Ordinal));
        firewall.Reload(sandbox);
        Lines(sandbox.Do(Neighbours)).Should().NotContain(line => line.Contains("wrn-", StringComparison.Ordinal) || line.Contains("warren", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("firewalld, nftables")]
    [InlineData("firewalld, iptables")]
    public void A_zone_that_the_administrator_trusts_needs_no_opening(string name)
    {
        RealFirewall firewall = Find(name);
        using Sandbox sandbox = Sandbox.Start();
        firewall.Start(sandbox);
        sandbox.Do("firewall-cmd --permanent --zone=trusted --add-interface=wrn-+ && firewall-cmd --reload");
        string before = sandbox.Do(Neighbours);
        Added(sandbox).Should().Be(AllAnswer);
        sandbox.Do(Neighbours).Should().Be(before);
        firewall.Reload(sandbox);
        Answers(sandbox).Should().Be(AllAnswer);
        sandbox.Do("warren rm web1");
        sandbox.Do(Neighbours).Should().Be(before, "it is the administrator's zone");
    }

    private static string Row(RealFirewall firewall)
    {
        string first;
        string reloaded;
        string healed;
        string flushed;
        using (Sandbox sandbox = Sandbox.Start())
        {
            firewall.Start(sandbox);
            // ufw makes other rules when it reloads than when it starts
            firewall.Reload(sandbox);
            string before = sandbox.Do(Neighbours);
            first = Added(sandbox);
            firewall.Reload(sandbox);
            reloaded = Answers(sandbox);
            healed = Again(sandbox);
            sandbox.Do("warren rm web1");
            // the daemons themselves do not keep the order
            Lines(sandbox.Do(Neighbours)).Order().Should().Equal(Lines(before).Order(), firewall.Name);
            first = first == AllAnswer ? Added(sandbox) : first;
            sandbox.Do("nft flush ruleset");
            firewall.Restart(sandbox);
            flushed = Again(sandbox);
            sandbox.Do("warren rm web1");
            sandbox.Do(Neighbours).Should().NotContain("wrn-", firewall.Name);
        }
        using (Sandbox sandbox = Sandbox.Start())
        {
            string late = Added(sandbox);
            late.Should().Be(AllAnswer);
            firewall.Start(sandbox);
            late = Again(sandbox);
            return $"| {firewall.Name} | {first} | {late} | {reloaded} | {healed} | {flushed} |";
        }
    }

    private static string Added(Sandbox sandbox)
    {
        Again(sandbox, answers: false);
        sandbox.Inside("web1").Serve("tcp", "8080", "web1");
        if (sandbox.Outside.Sh("ss -Hltn sport = :80").Output.Length == 0)
            sandbox.Outside.Serve("tcp", "80", "internet");
        return Answers(sandbox);
    }

    private static string Again(Sandbox sandbox, bool answers = true)
    {
        sandbox.Do("warren add web1 -p 6000:8080");
        return answers ? Answers(sandbox) : "";
    }

    private static string Answers(Sandbox sandbox)
    {
        const double Patience = 2;
        var none = new List<string>();
        if (!sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000, Patience).StartsWith("web1", StringComparison.Ordinal))
            none.Add("in from outside");
        if (!sandbox.Host.Ask("tcp", "127.0.0.1", 6000, Patience).StartsWith("web1", StringComparison.Ordinal))
            none.Add("in from 127.0.0.1");
        Place inside = sandbox.Inside("web1");
        if (!inside.Pings(Sandbox.InternetAddress) || !inside.Ask("tcp", Sandbox.InternetAddress, 80, Patience).StartsWith("internet", StringComparison.Ordinal))
            none.Add("out");
        return none.Count == 0 ? AllAnswer : "no way " + string.Join(", ", none);
    }

    private static RealFirewall Find(string name)
    {
        NeedRoot();
        RealFirewall found = RealFirewall.All.Single(each => each.Name == name);
        Sandbox.Need(found.Programs);
        return found;
    }

    // daemons want ids of their own
    private static void NeedRoot() => Assert.SkipUnless(Sandbox.IsRoot, "not root");

    private static string[] Lines(string text) => text.Split('\n');
}
