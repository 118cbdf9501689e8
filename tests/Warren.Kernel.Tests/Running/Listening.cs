using AwesomeAssertions;
using Xunit;

namespace Warren.Kernel.Tests.Running;

/// <summary><c>warren run -p 6000:fd</c>: the command is handed sockets that listen on the host.</summary>
public sealed class Listening
{
    private static readonly string s_traffic = Path.Combine(AppContext.BaseDirectory, "traffic.py");

    private static Launched Run(Sandbox sandbox, params string[] ports) =>
        sandbox.Host.StartCommand(["warren", "run", "web1", .. ports.SelectMany(port => (string[])["-p", port]), "--", "python3", "-I", "-S", "-u", s_traffic, "inherit", "web1"]);

    [Fact]
    public void Every_address_of_the_host_answers_and_sees_who_calls()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("sysctl -qw net.ipv6.conf.lo.disable_ipv6=0");
        string[] before = sandbox.Snapshot();
        Launched run = Run(sandbox, "6000:fd");
        run.ReadLine("ready 6000/tcp [0, 1, 2, 3]");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().Be($"web1 ::ffff:{OutsideAddress(sandbox)} at 6000");
        sandbox.Host.Ask("tcp", "127.0.0.1", 6000).Should().Be("web1 ::ffff:127.0.0.1 at 6000");
        sandbox.Host.Ask("tcp", "::1", 6000).Should().Be("web1 ::1 at 6000");
        sandbox.Host.Ask("tcp", Sandbox.HostAddress, 6000).Should().Be($"web1 ::ffff:{Sandbox.HostAddress} at 6000");
        sandbox.Do("nft list ruleset").Should().NotContain("6000", "nothing is translated");
        run.Signal(15);
        run.End().ExitCode.Should().Be(143);
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().Be(Place.Refused);
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void One_address_answers_and_no_other()
    {
        using Sandbox sandbox = Sandbox.Start();
        Launched run = Run(sandbox, "127.0.0.1:6000:fd", "6001-6002:fd", "53:fd/udp");
        run.ReadLine("ready 6000/tcp:6001/tcp:6002/tcp:53/udp [0, 1, 2, 3, 4, 5, 6]");
        sandbox.Host.Ask("tcp", "127.0.0.1", 6000).Should().Be("web1 127.0.0.1 at 6000");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().Be(Place.Refused);
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6002).Should().EndWith(" at 6002");
        sandbox.Outside.Ask("udp", Sandbox.HostAddress, 53).Should().EndWith(" at 53");
    }

    [Fact]
    public void A_port_below_1024_is_open_for_a_program_without_privilege()
    {
        Assert.SkipUnless(Sandbox.IsRoot, "needs root: namespaces with more than one user");
        using Sandbox sandbox = Sandbox.Start();
        Launched run = sandbox.Host.StartCommand("warren", "run", "web1", "--user", "65534", "-p", "80:fd", "--", "python3", "-I", "-S", "-u", s_traffic, "inherit", "web1");
        run.ReadLine("ready 80/tcp [0, 1, 2, 3]");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 80).Should().StartWith("web1 ");
    }

    [Theory]
    [InlineData("6000:fd")]
    [InlineData("127.0.0.1:6000:fd")]
    public void A_port_that_somebody_has_is_refused_with_his_name(string port)
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Host.Serve("tcp", "6000", "host");
        string[] before = sandbox.Snapshot();
        Ending refused = sandbox.Run($"warren run web1 -p {port} -- touch /run/ran");
        refused.ExitCode.Should().Be(125);
        refused.Errors.Should().Match("warren run: web1: python3 (pid *) listens on the host's port 6000/tcp\n  type: another host port, or stop that program\n");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void Somebody_who_has_it_for_IPv6_alone_is_in_the_way_too()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("sysctl -qw net.ipv6.conf.lo.disable_ipv6=0");
        Launched other = sandbox.Host.StartCommand("python3", "-I", "-S", "-uc", "import socket; s=socket.create_server(('::1',6000),family=socket.AF_INET6); print('ready'); s.accept()");
        other.ReadLine("ready");
        sandbox.Run("warren run web1 -p 6000:fd -- true").Errors.Should().Contain("python3 (pid").And.Contain("[::1]:6000/tcp");
        sandbox.Run("warren run web1 -p 127.0.0.1:6000:fd -- true").ExitCode.Should().Be(0);
        sandbox.Run("warren run web1 -p 6000:fd/udp -- true").ExitCode.Should().Be(0);
    }

    [Fact]
    public void Nobody_else_is_given_the_port_meanwhile()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren add web2 -p 6001:80");
        Launched run = Run(sandbox, "6000:fd");
        run.ReadLine("ready");
        sandbox.Do("warren ports").Should().MatchRegex(@"6000/tcp +web1 +fd of python3 \(pid \d+\)\n");
        sandbox.Run("warren publish web2 6000:80").Errors.Should().Match("*web2: python3 (pid *) listens on the host's port 6000/tcp\n*");
        sandbox.Run("warren run web3 -p 6001:fd -- true").Errors.Should().StartWith("warren run: web3: port 6001/tcp is published already, for web2 (6001/tcp -> ");
        sandbox.Run("warren run web3 -p 6000:fd -- true").ExitCode.Should().Be(125);
        sandbox.Run("warren run web3 -p 6002:fd -p 6002:80 -- true").Errors.Should().StartWith("warren run: web3: port 6002/tcp is asked for twice, to listen on it too\n");
    }

    [Theory]
    [InlineData("warren add web1 -p 6000:fd")]
    [InlineData("warren publish web1 6000:fd")]
    public void Verbs_that_start_no_program_say_what_to_type(string command)
    {
        using Sandbox sandbox = Sandbox.Start();
        Ending refused = sandbox.Run(command);
        refused.ExitCode.Should().Be(2);
        refused.Errors.Should().Contain("'6000:fd' is a socket for a program to listen on, and this starts none\n  type: warren run NAME -p 6000:fd -- COMMAND …, or {host: PORT, listen: true} in a warren.yaml\n");
    }

    // of whom Warren was started by: they are not the command's, and their numbers are closed
    [Fact]
    public void Sockets_of_others_are_not_announced()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren add web1");
        sandbox.Do("exec 3</etc/passwd; LISTEN_FDS=1 LISTEN_PID=$$ LISTEN_FDNAMES=x warren exec web1 -- sh -c 'env | grep LISTEN; ls /proc/self/fd'").Should().Be("0\n1\n2\n3\n");
        sandbox.Do("LISTEN_FDS=1 LISTEN_PID=1 LISTEN_FDNAMES=x warren run web1 -- sh -c 'env | grep -c LISTEN || :'").Should().Be("0\n");
    }

    [Fact]
    public void A_thousand_ports_are_no_burden()
    {
        using Sandbox sandbox = Sandbox.Start();
        Launched run = sandbox.Host.Start($"ulimit -Sn 256; exec warren run web1 -p 6000-6999:fd -- python3 -I -S -uc 'import os,resource; print(os.environ[\"LISTEN_FDS\"], resource.getrlimit(resource.RLIMIT_NOFILE)[0]); import socket; s=socket.socket(fileno=1002); c,_=s.accept(); c.sendall(b\"last\\n\")'");
        run.ReadLine("1000 1256");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6999).Should().Be("last");
        run.End().ExitCode.Should().Be(0);
    }

    private static string OutsideAddress(Sandbox sandbox) =>
        sandbox.Outside.Do($"ip -o route get {Sandbox.HostAddress} | sed 's/.* src \\([^ ]*\\) .*/\\1/'").Trim();
}
