using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary>Packets of others are followed; whatever ends a trace, nothing of it is left.</summary>
public sealed class TraceLive
{
    [Theory]
    [InlineData("tcp", "translated to 10.213.0.2:8080, delivered, connected to python3 (pid N) in web1")]
    [InlineData("udp", "translated to 10.213.0.2:8080, delivered, answered by python3 (pid N) in web1")]
    public void A_packet_of_another_machine_is_followed(string protocol, string sentence)
    {
        using Sandbox sandbox = TraceVerb.Start($"-p 6000:8080/{protocol}");
        sandbox.Inside("web1").Serve(protocol, "8080");
        string[] before = sandbox.Snapshot();
        Launched trace = Begin(sandbox, $"6000/{protocol} --live");
        sandbox.Outside.Ask(protocol, Sandbox.HostAddress, 6000).Should().StartWith("hello");
        Ending told = trace.End();
        told.ExitCode.Should().Be(0, told.Errors);
        told.Output.Should().Contain("-> 10.0.0.173:6000, in by ens5\n");
        TraceVerb.Sentence(told.Output).Should().Be(sentence);
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void A_refusal_that_another_machine_gets_is_told()
    {
        using Sandbox sandbox = TraceVerb.Start();
        Launched trace = Begin(sandbox, "6000 --live");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().Be(Place.Refused);
        Ending told = trace.End();
        told.ExitCode.Should().Be(1, told.Errors);
        TraceVerb.Sentence(told.Output)
            .Should()
            .Be("translated to 10.213.0.2:8080, delivered, connection refused: nothing listens on 8080 in web1");
    }

    [Fact]
    public void The_reverse_path_filter_is_told()
    {
        using Sandbox sandbox = TraceVerb.Start();
        sandbox.Do(
            """
            set -e
            ip link add other0 type veth peer name other1
            ip addr add 10.9.9.1/24 dev other0
            ip link set other0 up
            ip link set other1 up
            ip route replace default via 10.9.9.2 dev other0
            echo 1 >/proc/sys/net/ipv4/conf/ens5/rp_filter
            """
        );
        // the filter drops ARP with that source too: the neighbour is to be known before
        sandbox.Outside.Pings(Sandbox.HostAddress).Should().BeTrue();
        string[] before = sandbox.Snapshot();
        Launched trace = Begin(sandbox, "6000 --live");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000, 0.7, Sandbox.InternetAddress).Should().Be(Place.Silent);
        Ending told = trace.End();
        told.ExitCode.Should().Be(1, told.Errors);
        TraceVerb.Sentence(told.Output)
            .Should()
            .Be(
                "translated to 10.213.0.2:8080, dropped by the reverse path filter of ens5: the way back to 8.8.8.8 does not lead out by ens5 (net.ipv4.conf.ens5.rp_filter)"
            );
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void Silence_is_told()
    {
        using Sandbox sandbox = TraceVerb.Start();
        TraceVerb.Tell(sandbox, "6000 --live --timeout 300ms")
            .Should()
            .Be((1, "no packet for 6000/tcp came within 0.3 s: it is lost before this host, or nobody sends"));
    }

    [Theory]
    [InlineData(2, 130)]
    [InlineData(15, 143)]
    public void A_signal_ends_it_and_nothing_is_left(int signal, int code)
    {
        using Sandbox sandbox = TraceVerb.Start();
        string[] before = sandbox.Snapshot();
        Launched trace = Begin(sandbox, "6000 --live --timeout 1m");
        trace.Signal(signal);
        trace.End().ExitCode.Should().Be(code);
        sandbox.ShouldBe(before);
    }

    // the stand-in, its link and the table belong to the process
    [Theory]
    [InlineData("--live --timeout 1m")]
    [InlineData("--from outside --timeout 1m")]
    public void A_trace_that_is_killed_leaves_nothing(string how)
    {
        using Sandbox sandbox = TraceVerb.Start("-p 6000:8080/udp");
        const string Deaf = "import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.bind(('', 8080)); print('ready', flush=True)\nwhile True: s.recv(9)";
        sandbox.Inside("web1").StartCommand("python3", "-c", Deaf).ReadLine("ready");
        string[] before = sandbox.Snapshot();
        Launched trace = Begin(sandbox, "6000/udp " + how);
        trace.Signal(9);
        _ = trace.End();
        // the kernel takes namespaces away in its own time
        sandbox.Do("timeout 20 sh -c 'while ip -o link | grep -q wrntrace; do :; done'");
        sandbox.ShouldBe(before);
    }

    // as a kernel without owned tables leaves it
    [Fact]
    public void What_a_killed_trace_left_is_removed_by_the_next()
    {
        using Sandbox sandbox = TraceVerb.Start();
        string[] before = sandbox.Snapshot();
        // no process has so high a number
        sandbox.Do("nft 'add table inet warren-trace-4194305 { comment \"made by warren to follow packets\"; }'");
        sandbox.Do("nft 'add table inet warren-trace-mine'");
        sandbox.Run("warren trace 6000").ExitCode.Should().Be(1);
        sandbox.Do("nft list tables").Should().NotContain("4194305").And.Contain("inet warren-trace-mine");
        sandbox.Do("nft delete table inet warren-trace-mine");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void Two_at_once_do_not_disturb_each_other()
    {
        using Sandbox sandbox = TraceVerb.Start();
        sandbox.Inside("web1").Serve("tcp", "8080");
        string[] before = sandbox.Snapshot();
        Launched[] traces = [.. Enumerable.Range(0, 4).Select(_ => sandbox.Host.Start("exec warren trace 6000"))];
        foreach (Launched trace in traces)
        {
            Ending told = trace.End();
            told.ExitCode.Should().Be(0, told.Output + told.Errors);
            TraceVerb.Sentence(told.Output).Should().EndWith("connected to python3 (pid N) in web1");
        }
        sandbox.ShouldBe(before);
    }

    // returns when packets are followed on the host and inside
    private static Launched Begin(Sandbox sandbox, string question)
    {
        Launched trace = sandbox.Host.StartCommand(["warren", "trace", .. question.Split(' ')]);
        sandbox.Do("timeout 20 sh -c 'until nft list tables | grep -q warren-trace; do :; done'");
        sandbox.Inside("web1").Do("timeout 20 sh -c 'until nft list tables | grep -q warren-trace; do :; done'");
        return trace;
    }
}
