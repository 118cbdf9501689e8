using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary><c>warren run</c>: a namespace for as long as a command runs.</summary>
public sealed class RunVerb
{
    [Theory]
    [InlineData("true", 0)]
    [InlineData("sh -c 'exit 7'", 7)]
    [InlineData("sh -c 'kill -9 $$'", 137)]
    [InlineData("sh -c 'kill -15 $$'", 143)]
    [InlineData("no-such-program", 127)]
    [InlineData("/etc/passwd", 126)]
    public void Ends_with_the_commands_code_and_leaves_nothing(string command, int code)
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] before = sandbox.Snapshot();
        sandbox.Sh($"warren run web1 -p 6000:8080 -- {command}").ExitCode.Should().Be(code);
        sandbox.ShouldBe(before);
        sandbox.Sh($"warren run -p 6000:8080 -- {command}").ExitCode.Should().Be(code, "without a name too");
        sandbox.ShouldBe(before);
    }

    [Theory]
    [InlineData(1, 129)]
    [InlineData(2, 130)]
    [InlineData(15, 143)]
    public void A_signal_ends_the_command_and_leaves_nothing(int signal, int code)
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] before = sandbox.Snapshot();
        Launched run = sandbox.Host.StartCommand("warren", "run", "web1", "-p", "6000:8080", "--", "sh", "-c", "echo ready; exec sleep 100");
        run.ReadLine("ready");
        run.Signal(signal);
        run.End().ExitCode.Should().Be(code);
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void A_server_answers_while_it_runs()
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] before = sandbox.Snapshot();
        string traffic = Path.Combine(AppContext.BaseDirectory, "traffic.py");
        Launched run = sandbox.Host.StartCommand(
            "warren", "run", "web1", "-p", "6000:80", "--", "python3", "-I", "-S", "-u", traffic, "serve", "tcp", "0.0.0.0", "80", "web1"
        );
        run.ReadLine("ready");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("web1");
        run.Signal(15);
        run.End().ExitCode.Should().Be(143);
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().Be(Place.Refused);
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void What_the_command_left_behind_ends_too()
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] before = sandbox.Snapshot();
        string left = sandbox.Do("warren run web1 -- sh -c 'trap \"\" HUP; tail -f /dev/null >/dev/null 2>&1 & echo $!'").Trim();
        // whoever it fell to may not have taken note yet
        sandbox.Sh($"grep State /proc/{left}/status").Output.Should().BeOneOf("", "State:\tZ (zombie)\n", "State:\tX (dead)\n");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void A_command_without_privilege_can_ping()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren run -- ping -n -c 1 -W 2 8.8.8.8");
    }

    [Fact]
    public void Kept_it_stays_with_its_ports()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren run web1 --keep -p 6000:8080 -- true");
        sandbox.Inside("web1").Serve("tcp", "8080", "web1");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("web1");
    }

    [Theory]
    [InlineData("warren add web1 -p 6000:8080")]
    [InlineData("ip netns add web1")]
    public void In_a_namespace_that_stands_it_leaves_what_it_found(string made)
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(made);
        string[] before = sandbox.Snapshot();
        sandbox.Run("warren run web1 -p 6001:8081 -- sh -c 'exit 7'").ExitCode.Should().Be(7);
        sandbox.ShouldBe(before);
        sandbox.Run("warren run web1 -- true").ExitCode.Should().Be(0);
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void A_refused_wish_does_not_run_the_command()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Host.Serve("tcp", "6000", "host");
        string[] before = sandbox.Snapshot();
        Ending refused = sandbox.Run("warren run web1 -p 6000:8080 -- touch /run/ran");
        refused.ExitCode.Should().Be(125);
        refused.Errors.Should().Contain("python3");
        sandbox.ShouldBe(before);
    }
}
