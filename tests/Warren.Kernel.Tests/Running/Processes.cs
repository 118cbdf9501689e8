using System.Globalization;
using AwesomeAssertions;
using Warren.Netlink.Namespaces;
using Warren.Running;
using Xunit;

namespace Warren.Kernel.Tests.Running;

/// <summary>Who is in a namespace, and how they are ended.</summary>
public sealed class Processes
{
    [Fact]
    public void Are_found_by_their_namespace()
    {
        using RunningSandbox sandbox = RunningSandbox.Start(
            """exec $P exec web1 -- perl -e '$|=1; $0="a\e[31m"; print "up $$\n"; sleep 100'"""
        );
        int id = int.Parse(sandbox.ReadLine("up ")[3..], CultureInfo.InvariantCulture);
        using NetworkNamespace network = NetworkNamespace.OpenProcess(id);
        NamespaceProcesses.In(network.Inode).Should().Equal(id);
        NamespaceProcesses.Name(id).Should().Be(@"a\x1b[31m");
        NamespaceProcesses.End(network.Inode, RunningSandbox.Bound).Should().BeEmpty();
        sandbox.End().ExitCode.Should().Be(143);
    }

    [Fact]
    public void Are_asked_then_killed_and_their_late_children_too()
    {
        Ending outcome = RunningSandbox.Run(
            """
            mkfifo /run/up; exec 5<>/run/up
            $P exec web1 -- perl -e '$SIG{TERM}="IGNORE"; syswrite STDOUT,"up\n"; sleep 100' >&5 & deaf=$!
            $P exec web1 -- perl -e '$SIG{TERM}=sub{exit 4}; syswrite STDOUT,"up\n"; sleep 100' >&5 & polite=$!
            $P exec web1 -- perl -e '$SIG{TERM}=sub{fork or sleep 100; exit 5}; syswrite STDOUT,"up\n"; sleep 100' >&5 & forking=$!
            $P exec web1 -- perl -e '$SIG{TERM}=sub{exit 6}; syswrite STDOUT,"up\n"; kill STOP=>$$; sleep 100' >&5 & stopped=$!
            perl -e 'syswrite STDOUT,"up\n"; sleep 100' >&5 & elsewhere=$!
            for i in 1 2 3 4 5; do read <&5; done
            $P end web1 1000
            wait $deaf; echo deaf $?
            wait $polite; echo polite $?
            wait $forking; echo forking $?
            wait $stopped; echo stopped $?
            kill -0 $elsewhere && echo elsewhere alive
            kill $elsewhere
            """
        );
        outcome.Lines.Should().Equal("left 0", "deaf 137", "polite 4", "forking 5", "stopped 6", "elsewhere alive");
    }

    // such as a warren that lists, while another one takes the namespace down
    [Fact]
    public void That_only_visit_are_left_alone()
    {
        Ending outcome = RunningSandbox.Run(
            """
            mkfifo /run/up; exec 5<>/run/up
            python3 -c '
            import ctypes, os, threading, time
            threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
            assert ctypes.CDLL(None).setns(os.open("/run/netns/web1", os.O_RDONLY), 0x40000000) == 0
            print("up", flush=True)
            time.sleep(100)' >&5 & visitor=$!
            read <&5
            readlink /proc/$visitor/ns/net | cmp - <(ip netns exec web1 readlink /proc/self/ns/net) && echo inside
            $P end web1 1000
            kill -0 $visitor && echo visitor alive
            kill $visitor
            """
        );
        outcome.Lines.Should().Equal("inside", "left 0", "visitor alive");
    }

    // the real one, held in the middle of its look
    [Fact]
    public void A_warren_that_looks_inside_is_left_alone()
    {
        Sandbox.Need("strace");
        using Sandbox sandbox = Sandbox.Start();
        Assert.SkipUnless(sandbox.Run("strace -o /dev/null true").ExitCode == 0, "strace does not work here");
        Ending outcome = sandbox.Sh(
            """
            mkfifo /run/go /run/up; exec 5<>/run/up
            warren run web1 -- sh -c 'echo >/run/up; read line </run/go' & runner=$!
            read -r line <&5
            strace -f -qq -o /dev/null -e trace=setns -e inject=setns:delay_exit=2000000:when=1 warren show web1 >/run/shown & visitor=$!
            inside=$(ip netns exec web1 readlink /proc/self/ns/net) program=$(readlink -f "$(command -v warren)")
            for i in $(seq 500); do
                for process in /proc/[0-9]*; do
                    [ "$(readlink $process/exe)" != "$program" ] || [ "$(readlink $process/ns/net)" != "$inside" ] || break 2
                done
                sleep 0.01
            done
            [ "$i" = 500 ] || echo inside
            echo >/run/go
            wait $runner; echo "run $?"
            wait $visitor; echo "visitor $?"
            """
        );
        outcome.Lines.Should().Equal("inside", "run 0", "visitor 0");
    }

    [Fact]
    public void Of_the_host_are_never_ended()
    {
        using NetworkNamespace own = NetworkNamespace.OpenCurrent();
        FluentActions.Invoking(() => NamespaceProcesses.End(own.Inode, TimeSpan.Zero)).Should().Throw<InvalidOperationException>();
        NamespaceProcesses.In(own.Inode).Should().NotContain(Environment.ProcessId);
    }

    [Fact]
    public void That_are_gone_have_no_name() => NamespaceProcesses.Name(int.MaxValue).Should().BeEmpty();
}
