using System.Text.Json;
using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary><c>warren doctor</c> on hosts on which something is wrong: each is told by its id, and by nothing else.</summary>
public sealed class Doctor
{
    private const string SecondUplink =
        "ip link add wan0 type veth peer name wan1; ip addr add 10.6.0.1/24 dev wan0; ip link set wan0 up; ip link set wan1 up; ip route add default via 10.6.0.2 metric 600; echo 1 >/proc/sys/net/ipv4/conf/wan0/forwarding";

    private const string Shadow = "nft -f - <<'E'\ntable ip mine { chain pre { type nat hook prerouting priority -150; tcp dport 6000 dnat to 10.0.0.2:80; }; }\nE";

    private const string NativeDrop = "nft -f - <<'E'\ntable inet filter { chain forward { type filter hook forward priority 0; policy drop; }; }\nE";

    // the ids that are told, each with its namespace in front; and what was done
    public static TheoryData<string, string> Broken =>
        new()
        {
            { "table-missing", "nft flush ruleset" },
            { "table-damaged", "nft flush chain inet warren guard" },
            { "table-damaged", "nft replace rule inet warren guard handle $(nft -a list chain inet warren guard | sed -n 's/.*# handle //p' | tail -n 1) accept" },
            { "table-dormant", "nft 'add table inet warren { flags dormant; }'" },
            { "table-foreign", "nft delete table inet warren; nft add table inet warren" },
            { "web1 link-down", "ip link set wrn-web1 down" },
            { "web1 link-not-forwarding", "echo 0 >/proc/sys/net/ipv4/conf/wrn-web1/forwarding" },
            { "web1 link-not-forwarding", "echo 0 >/proc/sys/net/ipv4/conf/wrn-web1/route_localnet" },
            { "uplink-not-forwarding", "echo 0 >/proc/sys/net/ipv4/conf/ens5/forwarding" },
            { "uplink-not-forwarding, web1 link-not-forwarding", "echo 1 >/proc/sys/net/ipv4/conf/all/forwarding; echo 0 >/proc/sys/net/ipv4/conf/all/forwarding" },
            { "web1 lo-down", "ip -n web1 link set lo down" },
            { "web1 inside-down, web1 default-route-missing", "ip -n web1 link set eth0 down" },
            { "web1 address-missing, web1 default-route-missing", "ip -n web1 addr flush dev eth0" },
            { "web1 default-route-missing", "ip -n web1 route del default" },
            { "web1 address-missing", "ip addr flush dev wrn-web1" },
            { "web1 host-route-missing", "ip route del 10.213.0.0/30" },
            { "web1 ports-missing", "nft flush map inet warren forwards4" },
            { "web1 stray-forward", "nft add element inet warren forwards4 '{ tcp . 6001 : 10.213.0.2 . 8080 }'" },
            { "dead-forward", "nft add element inet warren forwards4 '{ tcp . 6001 : 10.213.0.77 . 8080 }'" },
            { "dead-forward", "iptables-nft -t nat -A PREROUTING -p tcp --dport 7000 -j DNAT --to-destination 192.168.0.2:80" },
            { "dead-forward", "ip netns add hand; ip link add h0 type veth peer name h1 netns hand; ip addr add 192.168.7.1/24 dev h0; ip link set h0 up; ip -n hand addr add 192.168.7.2/24 dev h1; iptables-nft -t nat -A PREROUTING -p tcp --dport 7000 -j DNAT --to-destination 192.168.7.3:80" },
            { "half half-made-name", ": >/run/netns/half" },
            { "web1 namespace-gone", "umount /run/netns/web1; rm /run/netns/web1" },
            { "web1 namespace-gone", "umount /run/netns/web1" },
            { "a stacked-mounts", "ip netns add a; ip netns add b; mount --bind /run/netns/b /run/netns/a" },
            { "web9 half-made-link", "ip link add wrn-web9 group 22354 type veth peer name x9" },
            { "web1 link-missing", "ip -n web1 link set eth0 netns $$; ip netns add elsewhere; ip link set eth0 netns elsewhere" },
            { "forward-dropped", "iptables-nft -P FORWARD DROP" },
            { "forward-dropped", NativeDrop },
            { "forward-dropped", "iptables-nft -N DOCKER-USER; iptables-nft -A FORWARD -j DOCKER-USER; iptables-nft -A DOCKER-USER -j RETURN; iptables-nft -P FORWARD DROP" },
            { "web1 port-shadowed", Shadow },
            { "legacy-and-nft", "iptables-legacy -A INPUT -p tcp --dport 22 -j ACCEPT; iptables-nft -A INPUT -p tcp --dport 23 -j ACCEPT" },
            { "duplicate-rule", "iptables-nft -t nat -A POSTROUTING -s 192.168.7.0/24 -o ens5 -j MASQUERADE; iptables-nft -t nat -A POSTROUTING -s 192.168.7.0/24 -o ens5 -j MASQUERADE" },
            { "duplicate-rule", "nft -f - <<'E'\ntable ip mine { chain c { type filter hook input priority 0; tcp dport 22 counter accept; tcp dport 80 accept; tcp dport 22 counter accept; }; }\nE" },
            { "web1 host-address-gone", "ip addr add 10.0.0.99/32 dev ens5; warren publish web1 10.0.0.99:6005:8080; ip addr del 10.0.0.99/32 dev ens5" },
            { "web1 nobody-listens", "warren publish web1 6005-6009:9005-9009/udp" },
            { "strict-rp-filter", SecondUplink + "; echo 1 >/proc/sys/net/ipv4/conf/wan0/rp_filter" },
            { "strict-rp-filter", SecondUplink + "; echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter" },
            { "route-localnet-on-all", "echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet" },
            { "web1 uplink-mtu-smaller", "ip link set ens5 mtu 1400" },
            { "web1 link-mtu-differs", "ip -n web1 link set eth0 mtu 1400" },
            { "no-default-route", "ip route del default" },
            { "web1 no-way-out", "ip rule add iif wrn-web1 unreachable" },
            { "web1 no-way-out", "ip rule add from 10.213.0.0/16 table 77; ip route add blackhole default table 77" },
            { "web2 pinned-uplink", SecondUplink + "; warren add web2 --uplink wan0" },
            { "web2 pinned-uplink", SecondUplink + "; warren add web2 --uplink wan0; ip link set wan0 down" },
            { "web2 pinned-uplink", SecondUplink + "; warren add web2 --uplink wan0; ip link del wan0" },
            { "web1 subnet-overlap", "ip route add 10.213.0.0/24 dev ens5" },
            { "web1 subnet-overlap", "ip route add 10.213.0.2/32 dev ens5 table 77" },
            { "web1 subnet-overlap", "ip addr add 10.213.0.3/24 dev ens5" },
            { "web1 resolver-stub", "echo nameserver 127.0.0.53 >/etc/resolv.conf" },
            { "web1 resolver-loopback", "mkdir -p /etc/netns/web1; echo nameserver 127.0.0.1 >/etc/netns/web1/resolv.conf" },
            { "leftover-record", "mkdir -p /run/warren/projects/shop; echo gone >/run/warren/projects/shop/names" },
            { "sysctls-read-only", "mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys" },
        };

    [Theory]
    [MemberData(nameof(Broken))]
    public void What_is_wrong_is_told_and_nothing_else(string ids, string breaks)
    {
        using Sandbox sandbox = Standing();
        sandbox.Do(breaks);
        string[] before = sandbox.Snapshot();
        string legacy = Legacy(sandbox);
        Told(sandbox, "").Should().BeEquivalentTo(ids.Split(", "));
        sandbox.ShouldBe(before);
        Legacy(sandbox).Should().Be(legacy);
    }

    [Fact]
    public void Legacy_rules_that_drop_are_named_with_the_tool_that_shows_them()
    {
        Sandbox.Need("iptables-legacy");
        using Sandbox sandbox = Standing();
        sandbox.Do("ln -sfn $(command -v iptables-nft) /etc/alternatives/iptables; iptables-legacy -P FORWARD DROP");
        Told(sandbox, "").Should().BeEquivalentTo("forward-dropped", "legacy-and-nft");
        string text = sandbox.Run("warren doctor").Output;
        text.Should().Contain("chain FORWARD of table filter (iptables-legacy)").And.Contain("iptables is iptables-nft here, and does not show it");
    }

    [Fact]
    public void A_server_on_loopback_is_named_with_the_command_that_mends_it()
    {
        using Sandbox sandbox = Empty();
        sandbox.Do("warren add web1 -p 6000:8080");
        Launched server = sandbox.Inside("web1").Serve("tcp", "8080", "web1", "127.0.0.1");
        foreach (string about in (string[])["", "web1", "6000", "6000/tcp"])
        {
            Ending told = sandbox.Run("warren doctor " + about);
            told.ExitCode.Should().Be(6);
            string[] lines = told.Output.TrimEnd('\n').Split('\n');
            lines.Should().HaveCount(4);
            lines[0].Should().Be($"web1: nothing listens on port 8080 inside that others reach; python3 (pid {server.ProcessId}) listens on 127.0.0.1:8080   [server-on-loopback]");
            lines[1].Should().Be("  so: port 6000 of this host answers \"connection refused\"");
            lines[2].Should().StartWith("  type: start it with an address that others reach: python3 ").And.Contain(" serve tcp 0.0.0.0 8080 web1");
            lines[3].Should().Be("1 error, 0 warnings.");
        }
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().Be(Place.Refused, "that is what was told");
    }

    [Theory]
    [InlineData("tcp", "5000", "0.0.0.0", "server-on-other-port")]
    [InlineData("tcp", "8080", "10.213.0.77", "server-on-other-address")]
    [InlineData("tcp", "8080", "::1", "server-on-loopback")]
    [InlineData("udp", "8080", "0.0.0.0", "nobody-listens")]
    public void A_server_that_the_port_does_not_lead_to_is_named(string protocol, string port, string address, string id)
    {
        using Sandbox sandbox = Empty();
        sandbox.Do("warren add web1 -p 6000:8080; ip -n web1 addr add 10.213.0.77/32 dev eth0");
        if (address == "::1")
            sandbox.Inside("web1").Start("exec python3 -I -S -u -c 'import socket; s=socket.create_server((\"::1\",8080),family=socket.AF_INET6); print(\"ready\"); s.accept()'").ReadLine("ready");
        else
            sandbox.Inside("web1").Serve(protocol, port, "web1", address);
        Told(sandbox, "6000").Should().Equal("web1 " + id);
    }

    [Fact]
    public void A_process_of_the_host_on_a_published_port_is_named()
    {
        using Sandbox sandbox = Standing();
        Launched server = sandbox.Host.Serve("tcp", "6000", "host");
        Told(sandbox, "6000").Should().Equal("web1 host-listens");
        sandbox.Run("warren doctor").Output.Should().Contain($"python3 (pid {server.ProcessId}) listens on 0.0.0.0:6000 of the host");
    }

    [Fact]
    public void Flows_that_lead_to_an_address_that_is_gone_are_told_and_ended()
    {
        using Sandbox sandbox = Standing();
        sandbox.Do("warren publish web1 6001:8081/udp");
        sandbox.Inside("web1").Serve("udp", "8081", "web1");
        sandbox.Do("nft delete element inet warren forwards4 '{ udp . 6001 }'; nft add element inet warren forwards4 '{ udp . 6001 : 10.213.0.77 . 8081 }'");
        sandbox.Outside.Ask("udp", Sandbox.HostAddress, 6001, 0.5).Should().Be(Place.Silent);
        sandbox.Do("nft delete element inet warren forwards4 '{ udp . 6001 }'; nft add element inet warren forwards4 '{ udp . 6001 : 10.213.0.2 . 8081 }'");
        Told(sandbox, "6001/udp").Should().Equal("web1 stale-flow");
        sandbox.Run("warren doctor --fix").ExitCode.Should().Be(0);
    }

    [Fact]
    public void A_port_that_nobody_published_is_told_with_who_has_it()
    {
        using Sandbox sandbox = Standing();
        Launched server = sandbox.Host.Serve("tcp", "7777", "host");
        Told(sandbox, "7777").Should().Equal("not-published");
        sandbox.Run("warren doctor 7777").Output.Should().Contain($"seen: python3 (pid {server.ProcessId}) listens on 0.0.0.0:7777 of the host");
        Told(sandbox, "").Should().BeEmpty();
    }

    [Fact]
    public void Who_holds_a_namespace_without_a_name_is_named_and_the_command_brings_the_name_back()
    {
        using Sandbox sandbox = Standing();
        sandbox.Do("umount /run/netns/web1; rm /run/netns/web1");
        using var told = JsonDocument.Parse(sandbox.Run("warren doctor --fix --json").Output);
        JsonElement finding = told.RootElement.GetProperty("findings").EnumerateArray().Single();
        finding.GetProperty("what").GetString().Should().Contain("python3 (pid ");
        finding.GetProperty("fixable").GetBoolean().Should().BeFalse("what runs there would lose its link");
        sandbox.Do(finding.GetProperty("remedy").GetString()!);
        Told(sandbox, "").Should().BeEmpty();
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("web1");
    }

    [Fact]
    public void Services_whose_supervisor_was_killed_or_that_failed_are_told()
    {
        using Sandbox sandbox = Empty();
        sandbox.Do("mkdir /run/p; printf 'name: shop\\nnamespaces:\\n  web1:\\n    run: sleep 1000\\n  web2:\\n    run: sh -c \"exit 3\"\\n' >/run/p/warren.yaml");
        sandbox.Sh("cd /run/p && warren up -d");
        // started is as good as ready, if nothing else is asked for: the end comes a moment later
        sandbox.Do("for i in $(seq 500); do warren ps | grep -q 'exited 3' && exit; done; exit 1");
        Told(sandbox, "").Should().Equal("web2 service-failed");
        sandbox.Do("kill -9 $(cat /run/warren/projects/shop/supervisor.lock); while kill -0 $(cat /run/warren/projects/shop/supervisor.lock) 2>/dev/null; do :; done");
        Told(sandbox, "").Should().BeEquivalentTo("web1 supervisor-dead", "web2 supervisor-dead");
        Told(sandbox, "web1").Should().Equal("web1 supervisor-dead");
    }

    [Fact]
    public void Without_privilege_that_is_the_finding()
    {
        Sandbox.Need("setpriv");
        using Sandbox sandbox = Standing();
        Ending told = sandbox.Sh("exec setpriv --inh-caps=-all --bounding-set=-net_admin,-sys_admin warren doctor");
        told.ExitCode.Should().Be(6);
        told.Output.Should().Contain("[no-privilege]").And.Contain("sudo warren doctor");
    }

    [Fact]
    public void Of_a_namespace_only_what_concerns_it_is_told()
    {
        using Sandbox sandbox = Standing();
        sandbox.Do("warren add web2; ip -n web2 link set lo down; : >/run/netns/half; ip route del default");
        Told(sandbox, "web1").Should().Equal("no-default-route");
        Told(sandbox, "web2").Should().BeEquivalentTo("no-default-route", "web2 lo-down");
        Told(sandbox, "6000").Should().Equal("no-default-route");
        Told(sandbox, "").Should().BeEquivalentTo("no-default-route", "web2 lo-down", "half half-made-name");
        sandbox.Run("warren doctor web3").ExitCode.Should().Be(4);
        sandbox.Run("warren doctor 'a b'").ExitCode.Should().Be(2);
        sandbox.Run("warren doctor 70000").ExitCode.Should().Be(4);
    }

    /// <summary>What is told, errors and warnings: namespace and id.</summary>
    internal static IReadOnlyList<string> Told(Sandbox sandbox, string about)
    {
        Ending ending = sandbox.Run("warren doctor --json " + about);
        ending.Errors.Should().BeEmpty();
        using var told = JsonDocument.Parse(ending.Output);
        string[] ids =
        [
            .. told.RootElement.GetProperty("findings")
                .EnumerateArray()
                .Where(finding => finding.GetProperty("weight").GetString() != "note")
                .Select(finding => $"{finding.GetProperty("namespace").GetString()} {finding.GetProperty("id").GetString()}".Trim()),
        ];
        ending.ExitCode.Should().Be(ids.Length == 0 ? 0 : 6);
        told.RootElement.GetProperty("healthy").GetBoolean().Should().Be(ids.Length == 0);
        return ids;
    }

    /// <summary>A host without a stub resolver, whatever the machine has.</summary>
    internal static Sandbox Empty()
    {
        Sandbox sandbox = Sandbox.Start();
        sandbox.Do("rm -f /etc/resolv.conf; echo nameserver 10.0.0.2 >/etc/resolv.conf");
        return sandbox;
    }

    /// <summary>A host with a namespace that answers on port 6000.</summary>
    internal static Sandbox Standing()
    {
        Sandbox sandbox = Empty();
        sandbox.Do("warren add web1 -p 6000:8080");
        sandbox.Inside("web1").Serve("tcp", "8080", "web1");
        return sandbox;
    }

    // to list a legacy table is to make it: only those that are there
    internal static string Legacy(Sandbox sandbox) =>
        sandbox.Do("cat /proc/net/ip_tables_names 2>/dev/null | sort | while read t; do echo $t; iptables-legacy -t $t -S; done");
}
