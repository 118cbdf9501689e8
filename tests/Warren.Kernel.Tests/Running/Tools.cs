using System.Diagnostics;
using AwesomeAssertions;
using Warren.Firewall.Neighbours;
using Warren.Running;
using Xunit;

namespace Warren.Kernel.Tests.Running;

/// <summary>Tools of the host, run to their end.</summary>
public sealed class Tools
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    [Fact]
    public void Say_what_they_say()
    {
        ToolRun run = Shell("echo out; echo complaint >&2; pwd; readlink /proc/self/fd/0; echo $LC_ALL; exit 7");
        run.ExitCode.Should().Be(7);
        run.Output.Should().Be("out\n/\n/dev/null\nC\n");
        run.Complaints.Should().Be("complaint\n");
    }

    [Fact]
    public void Say_as_much_as_they_like()
    {
        ToolRun run = Shell("seq 200000; seq 100000 >&2");
        run.ExitCode.Should().Be(0);
        run.Output.Should().HaveLength(1288895).And.EndWith("200000\n");
        run.Complaints.Should().HaveLength(588895);
    }

    [Fact]
    public void End_by_a_signal() => Shell("kill -TERM $$").ExitCode.Should().Be(128 + 15);

    [Fact]
    public void Are_ended_by_a_broken_pipe() => Shell("yes | head -1").Output.Should().Be("y\n");

    [Fact]
    public void Are_killed_when_they_take_too_long()
    {
        var watch = Stopwatch.StartNew();
        ToolRun.ToEnd("/bin/sh", ["-c", "exec sleep 100"], TimeSpan.FromSeconds(0.2)).ExitCode.Should().BeNull();
        // its outputs closed
        ToolRun.ToEnd("/bin/sh", ["-c", "exec sleep 100 >&- 2>&-"], TimeSpan.FromSeconds(0.2)).ExitCode.Should().BeNull();
        watch.Elapsed.Should().BeLessThan(Long);
    }

    [Fact]
    public void Are_not_waited_for_with_what_they_leave_behind()
    {
        var watch = Stopwatch.StartNew();
        ToolRun run = Shell("sleep 100 & echo $!");
        run.ExitCode.Should().Be(0);
        watch.Elapsed.Should().BeLessThan(Long);
        using Process left = Process.GetProcessById(int.Parse(run.Output, System.Globalization.CultureInfo.InvariantCulture));
        left.Kill();
    }

    [Fact]
    public void That_are_not_there_say_so()
    {
        FluentActions.Invoking(() => ToolRun.ToEnd("/bin/no-such-tool", [], Long)).Should().Throw<Netlink.Wire.NetlinkException>();
        new NeighbourTools(["/bin"]).Run("/bin/no-such-tool", []).Should().Be("run /bin/no-such-tool: No such file or directory (ENOENT)");
    }

    // who starts warren may ignore SIGCHLD, and what is ignored stays so across execve(2)
    [Fact]
    public void An_ignored_SIGCHLD_loses_no_exit_code()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("iptables-nft -P FORWARD DROP");
        sandbox.Do("env --ignore-signal=CHLD warren add web1 -p 6000:8080");
        sandbox.Do("iptables-nft -S FORWARD").Should().Contain("--comment warren -j ACCEPT");
        sandbox.Do("env --ignore-signal=CHLD warren rm web1");
        sandbox.Do("iptables-nft -S FORWARD").Should().Be("-P FORWARD DROP\n");
    }

    private static ToolRun Shell(string script) => ToolRun.ToEnd("/bin/sh", ["-c", script], Long);
}
