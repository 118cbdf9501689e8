using System.Diagnostics;
using System.Runtime.InteropServices;
using AwesomeAssertions;
using Warren.Running;
using Xunit;

namespace Warren.Kernel.Tests.Running;

/// <summary>A command as a child: its end, its signals, its terminal.</summary>
public sealed class Children
{
    // counts SIGINT; says so to its parent by SIGUSR1, and ends when that comes back
    private const string Counts =
        """perl -e '$|=1; $SIG{INT}=sub{$n++; kill USR1=>getppid}; $SIG{USR1}=sub{print "counted $n\n"; exit 4}; """
        + """print "ready\n"; sleep while 1'""";

    [Theory]
    [InlineData(SystemCalls.SIGTERM, "TERM")]
    [InlineData(SystemCalls.SIGHUP, "HUP")]
    [InlineData(SystemCalls.SIGINT, "INT")]
    [InlineData(SystemCalls.SIGQUIT, "QUIT")]
    [InlineData(SystemCalls.SIGUSR1, "USR1")]
    [InlineData(SystemCalls.SIGUSR2, "USR2")]
    public void A_signal_is_passed_on_and_survived(int signal, string name)
    {
        using RunningSandbox sandbox = RunningSandbox.Start(
            $$"""
            exec $P run web1 -- perl -e '$|=1; $SIG{{{name}}}=sub{print "got {{name}}\n"; exit 9}; print "ready\n"; sleep while 1'
            """
        );
        sandbox.ReadLine("ready");
        sandbox.Signal(signal);
        Ending outcome = sandbox.End();
        outcome.Lines.Should().Equal($"got {name}", "ended 9");
        outcome.ExitCode.Should().Be(9);
    }

    [Theory]
    [InlineData(SystemCalls.SIGTERM, 143)]
    [InlineData(SystemCalls.SIGINT, 130)]
    public void A_signal_that_ends_the_command_is_in_the_exit_code(int signal, int code)
    {
        using RunningSandbox sandbox = RunningSandbox.Start("exec $P run web1 -- sh -c 'echo ready; exec sleep 100'");
        sandbox.ReadLine("ready");
        sandbox.Signal(signal);
        Ending outcome = sandbox.End();
        outcome.ExitCode.Should().Be(code);
        outcome.Lines.Should().Equal($"ended {code}");
    }

    [Fact]
    public void Ctrl_C_at_a_terminal_arrives_once()
    {
        using RunningSandbox sandbox = RunningSandbox.Start(
            $"""
            cat >/run/inner <<'X'
            $P run web1 -- {Counts}
            read -r _ # script(1) may lose what is written just before its command ends
            X
            exec script --quiet --return --command 'bash /run/inner' /dev/null
            """
        );
        sandbox.ReadLine("ready");
        sandbox.Type("\x03");
        sandbox.ReadLine("counted").Trim().Should().EndWith("counted 1");
        sandbox.ReadLine("ended 4").Should().NotContain("\x1b", "the terminal's settings are left alone");
        sandbox.Type("\r");
        sandbox.End().Output.Should().NotContain("\x1b");
    }

    [Fact]
    public void Ctrl_Z_stops_both_and_fg_continues_both()
    {
        using RunningSandbox sandbox = RunningSandbox.Start(
            """
            cat >/run/inner <<'X'
            set -m
            $P run web1 -- perl -e '$|=1; $SIG{CONT}=sub{print "continued\n"; exit 6}; print "ready\n"; sleep while 1'
            echo "stopped $?"
            fg
            echo "code $?"
            X
            exec script --quiet --return --command 'bash /run/inner' /dev/null
            """
        );
        sandbox.ReadLine("ready");
        sandbox.Type("\x1a");
        sandbox.ReadLine("stopped 148");
        sandbox.ReadLine("continued");
        sandbox.ReadLine("ended 6");
        sandbox.ReadLine("code 6");
    }

    [Fact]
    public void The_childs_id_is_the_commands_and_told_at_once()
    {
        Ending outcome = RunningSandbox.Run("PROBE_STARTED=/run/started $P run web1 -- sh -c 'echo $$'; cat /run/started");
        outcome.Lines.Should().HaveCount(3);
        outcome.Lines[0].Should().Be(outcome.Lines[2]);
    }

    [Fact]
    public void When_the_id_cannot_be_noted_the_child_is_killed()
    {
        Ending outcome = RunningSandbox.Run(
            """
            mkfifo /run/alive; exec 5<>/run/alive
            PROBE_STARTED=/no/such/file $P run web1 -- sh -c 'exec sleep 100' >/dev/null 2>&1
            $P end web1 0
            """
        );
        outcome.Output.Should().Be("left 0\n");
    }

    [Fact]
    public void An_ignored_SIGCHLD_loses_no_exit_code()
    {
        Ending outcome = RunningSandbox.Run(
            """exec perl -e '$SIG{CHLD}="IGNORE"; exec @ARGV' $P run web1 -- sh -c 'exit 7'"""
        );
        outcome.ExitCode.Should().Be(7);
    }

    [Fact]
    public void A_signal_before_the_child_is_there_reaches_it()
    {
        using ManualResetEventSlim arrived = new();
        using PosixSignalRegistration noticed = PosixSignalRegistration.Create(
            (PosixSignal)SystemCalls.SIGUSR2,
            context =>
            {
                context.Cancel = true;
                arrived.Set();
            }
        );
        using SignalRelay relay = new();
        _ = SystemCalls.kill(Environment.ProcessId, SystemCalls.SIGUSR2);
        arrived.Wait(RunningSandbox.Bound, TestContext.Current.CancellationToken).Should().BeTrue();

        ProcessStartInfo start = new("perl") { RedirectStandardOutput = true, UseShellExecute = false };
        start.ArgumentList.Add("-e");
        start.ArgumentList.Add("""$|=1; $SIG{USR2}=sub{exit 8}; print "ready\n"; sleep 20""");
        using Process child = Process.Start(start)!;
        child.StandardOutput.ReadLine().Should().Be("ready");
        relay.Start(child.Id);
        child.WaitForExit(RunningSandbox.Bound).Should().BeTrue();
        child.ExitCode.Should().Be(8);
    }
}
