using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests.Neighbours;

/// <summary>Rules of others that cut off a port or a namespace by its name, so to say: property 1.</summary>
public sealed class Blocks
{
    private const string Add = "warren add web1 -p 6000:8080";

    private const string State = "nft -s list ruleset; ip -o link; ip netns; sysctl net.ipv4.conf.ens5.forwarding";

    private const string Forward = "add table inet t; add chain inet t c { type filter hook forward priority 0; }; ";
    private const string Prerouting = "add table inet t; add chain inet t c { type filter hook prerouting priority -150; }; ";

    public static TheoryData<string, string> Cutting =>
        new()
        {
            { Nft(Forward + "add rule inet t c tcp dport 8080 drop"), "chain c of table inet t, drops what comes for port 6000/tcp: tcp dport 8080 drop" },
            { Nft(Forward + "add rule inet t c tcp dport { 80, 8080 } reject"), "chain c of table inet t, drops what comes for port 6000/tcp: tcp dport @__set0 reject" },
            { Nft(Forward + "add rule inet t c meta l4proto vmap { tcp : drop }"), "chain c of table inet t, drops all tcp that it sends out: meta l4proto vmap @__map0" },
            { Nft(Forward + "add rule inet t c iifname vmap { ens5 : drop, lo : accept }"), "chain c of table inet t, drops what comes for port 6000/tcp: iifname vmap @__map0" },
            { Nft(Forward + "add rule inet t c oifname ens5 drop"), "chain c of table inet t, drops all that it sends out: oifname \"ens5\" drop" },
            { Nft(Forward + "add rule inet t c ip saddr 10.0.0.0/8 drop"), "chain c of table inet t, drops all that it sends out: ip saddr 10.0.0.0/8 drop" },
            { Nft(Prerouting + "add rule inet t c tcp dport 6000 drop"), "chain c of table inet t, drops what comes for port 6000/tcp: tcp dport 6000 drop" },
            { Nft(Prerouting + "add rule inet t c iifname \"wrn-*\" drop"), "chain c of table inet t, drops all that it sends out: iifname \"wrn-*\" drop" },
            {
                "iptables-legacy -A FORWARD -p tcp -j REJECT --reject-with tcp-reset",
                "chain FORWARD of table filter (iptables-legacy), drops all tcp that it sends out: -A FORWARD -p tcp -j REJECT --reject-with tcp-reset"
            },
            {
                "iptables-nft -N DOCKER-USER; iptables-nft -A FORWARD -j DOCKER-USER; iptables-nft -A DOCKER-USER -i ens5 -p tcp --dport 8080 -j DROP",
                "chain FORWARD of table ip filter (iptables-nft), kept by docker, drops what comes for port 6000/tcp: iifname \"ens5\" tcp dport 8080 drop, in chain DOCKER-USER"
            },
            { Nft("add table ip t; add chain ip t c { type nat hook postrouting priority 90; policy drop; }"), "chain c of table ip t, drops all that it sends out: policy drop" },
        };

    [Theory]
    [MemberData(nameof(Cutting))]
    public void What_no_packet_would_pass_is_refused_by_name_before_anything_changes(string rules, string told)
    {
        Sandbox.Need("iptables-nft", "iptables-legacy");
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(rules);
        string before = sandbox.Do(State);

        Ending refused = sandbox.Run(Add);
        refused.ExitCode.Should().Be(3);
        refused.Errors.Should().StartWith($"warren add: web1: {told}\n  type: ");
        sandbox.Do(State).Should().Be(before, "nothing was changed");

        Ending all = sandbox.Run(Add + " --no-neighbours");
        all.ExitCode.Should().Be(0, all.Errors);
        all.Errors.Should().Contain("left as it is: " + told.Split(", drops")[0]);
        // and it is true
        bool leaves = told.Contains("sends out", StringComparison.Ordinal);
        string answer = leaves
            ? sandbox.Inside("web1").Ask("tcp", Sandbox.InternetAddress, 9, 0.5)
            : sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000, 0.5);
        if (!rules.Contains("reject", StringComparison.OrdinalIgnoreCase))
            answer.Should().NotBe(Place.Refused);

        // who has it already is not held up
        sandbox.Run(Add).ExitCode.Should().Be(0);
        sandbox.Do("warren rm --all; nft flush ruleset; iptables-legacy -F");
        sandbox.Run(Add).ExitCode.Should().Be(0);
    }

    /// <summary>Of some packets only: somebody's decision, and others pass.</summary>
    public static TheoryData<string> Sparing =>
        new()
        {
            Nft(Forward + "add rule inet t c tcp dport 25 drop"),
            Nft(Forward + "add rule inet t c ip saddr 203.0.113.0/24 drop"),
            Nft(Forward + "add rule inet t c ip saddr 10.0.0.2 accept; add rule inet t c tcp dport 8080 drop"),
            Nft(Forward + "add rule inet t c ct state vmap { established : accept, invalid : drop }"),
            Nft(Forward + "add rule inet t c iifname vmap { docker0 : drop }"),
            Nft(Forward + "add rule inet t c iifname docker0 drop"),
            Nft(Prerouting + "add rule inet t c tcp dport 8080 drop"),
            Nft(Prerouting + "add rule inet t c iifname != { ens5, lo } udp dport 67 drop"),
        };

    [Theory]
    [MemberData(nameof(Sparing))]
    public void What_some_packets_pass_is_no_reason(string rules)
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(rules);
        string before = sandbox.Do("nft list ruleset");
        Passes(sandbox);
        sandbox.Do("warren rm --all; nft list ruleset").Should().EndWith(before);
    }

    /// <summary>They drop all that is forwarded, and say so by a map or a set.</summary>
    public static TheoryData<string> Opened =>
        new()
        {
            Nft(Forward + "add chain inet t x; add rule inet t x counter drop; add rule inet t c ct state vmap { established : accept, related : accept, new : jump x }"),
            Nft(Forward + "add rule inet t c iifname != { ens5, lo } drop"),
            Nft(Forward + "add set inet t s { type ifname; elements = { docker0, virbr0 }; }; add rule inet t c oifname @s accept; add rule inet t c iifname != @s drop"),
        };

    [Theory]
    [MemberData(nameof(Opened))]
    public void What_drops_all_by_a_map_or_a_set_is_opened(string rules)
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(rules);
        string before = sandbox.Do("nft list ruleset");
        Passes(sandbox);
        sandbox.Do("nft list table inet t").Should().Contain("accept comment \"warren\"");
        sandbox.Do("warren rm --all >/dev/null; nft -s list ruleset | grep -v counter").Should().Be(sandbox.Do($"cat <<'E' | grep -v counter\n{before}E"));
    }

    private static void Passes(Sandbox sandbox)
    {
        Ending added = sandbox.Run(Add);
        added.ExitCode.Should().Be(0, added.Errors);
        added.Errors.Should().BeEmpty();
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().Be(Place.Refused, "it came to the namespace, where nobody listens");
        sandbox.Inside("web1").Ask("tcp", Sandbox.InternetAddress, 9).Should().Be(Place.Refused);
    }

    private static string Nft(string script) => $"nft '{script}'";
}
