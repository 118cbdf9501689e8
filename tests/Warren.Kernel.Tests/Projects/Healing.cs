using System.Globalization;
using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Warren.Kernel.Tests.Services;
using Xunit;

namespace Warren.Kernel.Tests.Projects;

/// <summary>What others change beside a running supervisor, it mends by itself, and nothing that was meant: properties 18, 19 and 22.</summary>
public sealed class Healing
{
    private const string Text = """
        name: heal
        namespaces:
          web1:
            subnet: 192.168.7.0/24
            ports: ["6000:8080", "127.0.0.1:6001:8080"]
            dns: [1.1.1.1]
            run: sleep 10002
          web2: {ports: ["6002:8080"], uplink: ens5, run: sleep 10001}
        """;

    // what is done by hand, in one go; what the supervisor says it mended
    [Theory]
    [InlineData("nft flush ruleset", "table inet warren")]
    [InlineData("nft delete table inet warren", "table inet warren")]
    [InlineData("nft add table inet warren '{ flags dormant; }'", "table inet warren")]
    [InlineData("nft insert rule inet warren forward drop", "table inet warren")]
    [InlineData("nft delete element inet warren forwards4 '{ tcp . 6000 }'", "publish 6000/tcp -> 192.168.7.2:8080")]
    [InlineData("nft add element inet warren forwards4 '{ tcp . 6666 : 192.168.7.2 . 22 }'", "unpublish 6666/tcp")]
    [InlineData("nft delete element inet warren pinned '{ \"wrn-web2\" }'", "web2: out by ens5 only")]
    [InlineData("ip -n web1 addr del 192.168.7.2/24 dev eth0", "web1: address 192.168.7.2/24 on eth0 inside")]
    [InlineData("ip route del 192.168.7.0/24", "web1: route to 192.168.7.0/24 by wrn-web1")]
    [InlineData("ip -n web1 route del default", "web1: default route via 192.168.7.1 inside")]
    [InlineData("ip -n web1 link set lo down", "web1: link lo inside up")]
    [InlineData("ip -n web1 link set eth0 down", "web1: link eth0 inside up")]
    [InlineData("ip -n web1 link set eth0 netns web2 name moved", "wrn-web1")]
    [InlineData("ip link set wrn-web1 down", "web1: link wrn-web1 up")]
    [InlineData("ip addr del 192.168.7.1/24 dev wrn-web1", "web1: address 192.168.7.1/24 on wrn-web1")]
    [InlineData("ip link del wrn-web1", "web1: link wrn-web1 192.168.7.1/24")]
    [InlineData("ip link set wrn-web1 alias ''", "web1: link wrn-web1")]
    [InlineData("echo 0 >/proc/sys/net/ipv4/conf/ens5/forwarding", "forwarding of ens5")]
    [InlineData("echo 0 >/proc/sys/net/ipv4/conf/wrn-web1/forwarding", "web1: link wrn-web1 up")]
    [InlineData("echo 1 >/proc/sys/net/ipv4/ip_forward && echo 0 >/proc/sys/net/ipv4/ip_forward", "forwarding of ens5")]
    [InlineData("iptables -P FORWARD DROP", "accept rules for wrn-*")]
    [InlineData("iptables-legacy -P FORWARD DROP", "accept rules for wrn-*")]
    [InlineData("iptables-legacy -N A; rm /run/xtables.lock; iptables-legacy -P FORWARD DROP", "accept rules for wrn-*")]
    public void What_is_changed_is_mended_and_told(string hand, string told)
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] before = sandbox.Snapshot();
        string path = Up(sandbox);
        string[] running = Services(sandbox);
        sandbox.Do(hand);
        Mended(sandbox, told);
        AllIsWell(sandbox, path);
        Services(sandbox).Should().Equal(running, "the programs go on");
        sandbox.Do($"warren down -f {path}; rm {path}");
        if (!hand.Contains("ip_forward", StringComparison.Ordinal) && !hand.Contains("iptables", StringComparison.Ordinal))
            sandbox.ShouldBe(before, hand);
    }

    [Fact]
    public void A_supervisor_in_the_foreground_mends_too()
    {
        using Sandbox sandbox = Sandbox.Start();
        string path = ProjectFiles.Write(sandbox, "heal", Text);
        Launched up = sandbox.Host.Start($"exec warren up -f {path}");
        up.ReadLine("started");
        sandbox.Do("nft flush ruleset");
        up.ReadLine("warren | [mended: table inet warren");
        AllIsWell(sandbox, path);
        up.Signal(2);
        up.End().ExitCode.Should().Be(0);
        sandbox.Do("ls /run").Should().NotContain("warren");
    }

    [Fact]
    public void The_uplink_changes_and_new_flows_leave_by_the_new_one_translated()
    {
        using Sandbox sandbox = Sandbox.Start();
        string path = Up(sandbox);
        // wireless in place of the cable
        sandbox.Do(
            """
            ip link add wlan5 type veth peer name eth1 netns /run/sandbox/outside
            ip addr add 10.7.0.9/24 dev wlan5
            ip link set wlan5 up
            nsenter --net=/run/sandbox/outside ip addr add 10.7.0.1/24 dev eth1
            nsenter --net=/run/sandbox/outside ip link set eth1 up
            ip route replace default via 10.7.0.1 dev wlan5
            """
        );
        Mended(sandbox, "forwarding of wlan5: 0 -> 1");
        AllIsWell(sandbox, path);
        sandbox.Outside.Serve("tcp", "80", "internet");
        sandbox.Inside("web1").Ask("tcp", Sandbox.InternetAddress, 80).Should().StartWith("internet 10.7.0.9");
    }

    [Fact]
    public void What_was_removed_by_hand_stays_removed()
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] before = sandbox.Snapshot();
        string path = Up(sandbox);
        sandbox.Do("warren rm web1 && nft flush ruleset");
        Mended(sandbox, "table inet warren");
        sandbox.Do("warren ls").Should().NotContain("web1").And.Contain("web2");
        sandbox.Do("nft list map inet warren forwards4").Should().Contain("6002").And.NotContain("6000");
        sandbox.Do("cat /run/warren/projects/heal/wish").Should().NotContain("web1");
        sandbox.Do($"warren down -f {path}; rm {path}");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void What_was_published_by_hand_stays_published()
    {
        using Sandbox sandbox = Sandbox.Start();
        string path = Up(sandbox);
        sandbox.Do("warren publish web1 7000:8080 && warren unpublish web2 6002:8080 && nft flush ruleset");
        Mended(sandbox, "publish 7000/tcp -> 192.168.7.2:8080");
        sandbox.Do("nft list map inet warren forwards4").Should().Contain("7000").And.NotContain("6002");
        sandbox.Do("warren logs").Should().NotContain("unpublish");
        // the file's word counts again when it is said again
        sandbox.Do($"warren up -d -f {path} && nft flush ruleset");
        Project.Eventually(() => sandbox.Run($"warren status -f {path}").ExitCode == 0, "all is as the file says");
        sandbox.Do("nft list map inet warren forwards4").Should().NotContain("7000").And.Contain("6002");
    }

    [Fact]
    public void A_namespace_that_is_gone_name_and_all_stays_gone_and_is_told_of_once()
    {
        using Sandbox sandbox = Sandbox.Start();
        string path = Up(sandbox);
        sandbox.Do("ip netns del web1 && nft flush ruleset");
        Mended(sandbox, "table inet warren");
        sandbox.Do("nft flush ruleset");
        Project.Eventually(() => Count(sandbox, "[mended: table inet warren") == 2, "it is mended again");
        sandbox.Do("ls /run/netns").Should().Be("web2\n");
        Count(sandbox, "[not mended: web1: removed, name and all, by somebody else; type: warren up -d]").Should().Be(1);
        // one of the same name that somebody else makes is theirs
        sandbox.Do("ip netns add web1 && nft flush ruleset");
        Project.Eventually(() => Count(sandbox, "[mended: table inet warren") == 3, "it is mended again");
        sandbox.Do("ip -n web1 -br link").Should().NotContain("eth0");
        sandbox.Do("ip netns del web1");
        sandbox.Do($"warren up -d -f {path}");
        sandbox.Do("nft flush ruleset");
        Project.Eventually(() => sandbox.Run($"warren status -f {path}").ExitCode == 0, "it is whole again");
    }

    [Fact]
    public void With_no_neighbours_it_leaves_other_firewalls_alone()
    {
        using Sandbox sandbox = Sandbox.Start();
        string path = ProjectFiles.Write(sandbox, "heal", Text);
        sandbox.Do($"warren up -d --no-neighbours -f {path}");
        sandbox.Do("iptables -P FORWARD DROP && nft delete table inet warren");
        Mended(sandbox, "table inet warren");
        sandbox.Do("iptables -S FORWARD").Should().Be("-P FORWARD DROP\n");
    }

    [Fact]
    public void Down_at_once_after_a_flush_leaves_nothing()
    {
        using Sandbox sandbox = Sandbox.Start();
        string path = ProjectFiles.Write(sandbox, "heal", Text);
        string[] before = sandbox.Snapshot();
        const int Times = 9;
        for (int i = 0; i < Times; i++)
        {
            sandbox.Do($"warren up -d -f {path} && nft flush ruleset");
            // before it is heard of; while it is mended; after
            if (i % 3 == 1)
                SpinWait.SpinUntil(() => Array.Exists(sandbox.Processes(), IsHeal), TimeSpan.FromSeconds(1));
            else if (i % 3 == 2)
                Mended(sandbox, "table inet warren");
            sandbox.Do($"warren down -f {path}");
            sandbox.Processes().Should().OnlyContain(line => line.StartsWith("cat", StringComparison.Ordinal));
            sandbox.ShouldBe(before);
        }
    }

    [Fact]
    public void A_storm_of_changes_that_cannot_matter_is_not_looked_at_and_one_of_others_rules_seldom()
    {
        using Sandbox sandbox = Sandbox.Start();
        string path = Up(sandbox);
        Launched looks = CountLooks(sandbox);
        int first = Looks(looks);
        sandbox.Do(
            """
            for i in $(seq 250); do
                echo "link add d$i type veth peer name p$i"; echo "link set d$i up"; echo "addr add 172.30.0.1/32 dev d$i"; echo "link del d$i"
            done | ip -batch -
            """
        );
        int second = Looks(looks);
        (second - first).Should().BeLessThan(10, "1,000 changes of others' links");
        sandbox.Do("for i in $(seq 100); do nft add table ip t$i '{ chain c { type filter hook forward priority 0; }; }'; done");
        Project.Eventually(() => Looks(looks) > second, "it may matter");
        (Looks(looks) - second).Should().BeLessThan(10, "100 changes of others' rules, one by one");
        sandbox.Do("nft delete table inet warren");
        Mended(sandbox, "table inet warren");
        AllIsWell(sandbox, path);
    }

    [Fact]
    public void Killed_while_it_waits_it_is_started_again()
    {
        using Sandbox sandbox = Sandbox.Start();
        Sandbox.Need("flock");
        string path = Up(sandbox);
        Settled(sandbox);
        Launched holder = sandbox.Host.Start("exec flock /run/warren/lock sh -c 'echo held; exec cat'");
        holder.ReadLine("held");
        sandbox.Do("nft flush ruleset");
        Project.Eventually(() => Array.Exists(sandbox.Processes(), IsHeal), "it is started");
        sandbox.Kill(sandbox.Processes().Single(IsHeal));
        Project.Eventually(() => !Array.Exists(sandbox.Processes(), IsHeal), "it is dead");
        Project.Eventually(() => Array.Exists(sandbox.Processes(), IsHeal), "it is started again");
        holder.End();
        Mended(sandbox, "table inet warren");
        AllIsWell(sandbox, path);
        sandbox.Do("warren logs").Should().NotContain("not mended");
    }

    [Theory]
    [InlineData("sendto")]
    [InlineData("openat")]
    [InlineData("write")]
    [InlineData("setns")]
    public void Killed_at_any_call_the_next_one_completes_it(string call)
    {
        using Sandbox sandbox = Sandbox.Start();
        Assert.SkipUnless(sandbox.Run("strace -o /dev/null true").ExitCode == 0, "strace is missing");
        string[] before = sandbox.Snapshot();
        string path = Up(sandbox);
        string supervisor = Supervisor(sandbox);
        int killed = 0;
        for (int when = 1; when < 60; when += 6)
        {
            Settled(sandbox);
            // another one does in its place what it will not hear of before that is dead
            Ending cut = sandbox.Sh(
                $"""
                kill -STOP {supervisor}
                nft flush ruleset; ip link del wrn-web1; ip -n web2 link set eth0 down
                strace -f -o /dev/null -e trace={call} -e inject={call}:signal=KILL:when={when} warren __heal heal; code=$?
                kill -CONT {supervisor}
                exit $code
                """
            );
            killed += cut.ExitCode == 0 ? 0 : 1;
            Project.Eventually(() => sandbox.Run($"warren status -f {path}").ExitCode == 0, $"killed at {call} {when}, it is mended");
        }
        killed.Should().BePositive();
        sandbox.Do($"warren down -f {path}; rm {path}");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void What_it_cannot_mend_it_says_once()
    {
        using Sandbox sandbox = Sandbox.Start();
        string path = Up(sandbox);
        sandbox.Do("printf 'delete table inet warren; add table inet warren { comment \"mine\"; }' | nft -f -");
        const string Fault = "[not mended: the host has a table inet warren that Warren did not make; type: nft delete table inet warren, if it is of no use]";
        Project.Eventually(() => Count(sandbox, Fault) == 1, "it is told");
        Launched looks = CountLooks(sandbox);
        for (int i = 1; i <= 3; i++)
        {
            int before = Looks(looks);
            sandbox.Do("ip link set wrn-web1 down; ip link set wrn-web1 up");
            Project.Eventually(() => Looks(looks) > before, "it looks again");
        }
        Settled(sandbox);
        Count(sandbox, "not mended").Should().Be(1);
        sandbox.Do("nft delete table inet warren");
        Mended(sandbox, "table inet warren");
        AllIsWell(sandbox, path);
    }

    [Fact]
    public void It_does_not_grow_and_holds_no_namespace()
    {
        using Sandbox sandbox = Sandbox.Start();
        string path = Up(sandbox);
        string supervisor = Supervisor(sandbox);
        string count = $"ls /proc/{supervisor}/fd | wc -l";
        sandbox.Do("nft flush ruleset");
        Mended(sandbox, "table inet warren");
        string before = sandbox.Do(count);
        for (int i = 2; i < 8; i++)
        {
            sandbox.Do("nft flush ruleset");
            Project.Eventually(() => Count(sandbox, "[mended: table inet warren") == i, "it is mended again");
        }
        Project.Eventually(() => sandbox.Do(count) == before, "as many descriptors as before");
        AllIsWell(sandbox, path);
    }

    private static string Up(Sandbox sandbox)
    {
        string path = ProjectFiles.Write(sandbox, "heal", Text);
        sandbox.Do($"warren up -d -f {path}");
        return path;
    }

    private static void Mended(Sandbox sandbox, string what) =>
        Project.Eventually(
            () => sandbox.Do("warren logs").Split('\n').Any(line => line.Contains("| [mended: ", StringComparison.Ordinal) && line.Contains(what, StringComparison.Ordinal)),
            $"mended: {what}"
        );

    private static int Count(Sandbox sandbox, string text) =>
        sandbox.Do("warren logs").Split('\n').Count(line => line.Contains(text, StringComparison.Ordinal));

    private static string[] Services(Sandbox sandbox) => sandbox.Do("warren ps --json | grep -o '\"pid\":[^,]*'").Split('\n');

    private static bool IsHeal(string line) => line.EndsWith("__heal heal", StringComparison.Ordinal);

    private static string Supervisor(Sandbox sandbox) => sandbox.Do("cat /run/warren/projects/heal/supervisor.lock").Trim();

    // What came before has been looked at: after it was quiet for a while, nobody looks.
    private static void Settled(Sandbox sandbox)
    {
        Launched looks = CountLooks(sandbox);
        int still = 0;
        int before = 0;
        const int Enough = 25;
        Project.Eventually(
            () =>
            {
                int now = Looks(looks);
                still = now == before && !Array.Exists(sandbox.Processes(), IsHeal) ? still + 1 : 0;
                before = now;
                return still > Enough;
            },
            "nobody looks any more"
        );
        looks.End();
    }

    // Whoever looks opens the lock. What is the same twice in a row inotify tells once, so it is asked for closing too.
    private static Launched CountLooks(Sandbox sandbox)
    {
        const string Program = """
            import ctypes, os, struct, sys
            libc = ctypes.CDLL(None); fd = libc.inotify_init1(0o4000); libc.inotify_add_watch(fd, b'/run/warren/lock', 0x28); looks = 0
            print('ready')
            for line in sys.stdin:
                try:
                    while True:
                        got = os.read(fd, 65536); looks += sum(struct.unpack_from('iI', got, at)[1] & 0x20 for at in range(0, len(got), 16)) // 0x20
                except BlockingIOError: pass
                print('looks', looks)
            """;
        Launched counter = sandbox.Host.StartCommand("python3", "-ISuc", Program);
        counter.ReadLine("ready");
        return counter;
    }

    private static int Looks(Launched counter)
    {
        counter.Write("\n");
        return int.Parse(counter.ReadLine("looks")[5..], CultureInfo.InvariantCulture);
    }

    private static void AllIsWell(Sandbox sandbox, string path)
    {
        Project.Eventually(() => sandbox.Run($"warren status -f {path}").ExitCode == 0, "status is clean");
        sandbox.Inside("web1").Serve("tcp", "8080", "web1");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("web1");
        sandbox.Host.Ask("tcp", "127.0.0.1", 6001).Should().StartWith("web1");
        sandbox.Inside("web1").Pings(Sandbox.InternetAddress).Should().BeTrue();
        sandbox.Inside("web1").Pings("127.0.0.1").Should().BeTrue();
    }
}
