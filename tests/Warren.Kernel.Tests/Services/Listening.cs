using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Warren.Model;
using Xunit;

namespace Warren.Kernel.Tests.Services;

/// <summary>Services that are handed listening sockets of the host.</summary>
public sealed class Listening
{
    private static readonly string s_traffic = Path.Combine(AppContext.BaseDirectory, "traffic.py");

    private static HostPort Tcp(int port) => new(null, port, Protocol.Tcp);

    private static Service Server(string name, params HostPort[] ports) =>
        new("web1", name, ["python3", "-I", "-S", "-u", s_traffic, "inherit", name]) { StopGrace = TimeSpan.FromSeconds(2), Listens = ports };

    // one that takes a caller after the other, and says nothing by itself
    private static Service Plain(string name, params HostPort[] ports) =>
        Server(name, ports) with { Command = ["python3", "-I", "-S", "-c", $"import socket\ns=socket.socket(fileno=3)\nwhile True: s.accept()[0].sendall(b'{name}\\n')"] };

    private static string Answer(Project project, int port) => project.Sandbox.Outside.Ask("tcp", Sandbox.HostAddress, port).Split(' ')[0];

    [Fact]
    public void They_have_these_sockets_and_nothing_else_open()
    {
        using var project = new Project();
        Service service = Server("a", Tcp(6000), new HostPort(System.Net.IPAddress.Loopback, 53, Protocol.Udp), Tcp(6001)) with { Environment = [new("LISTEN_FDS", "9")] };
        project.Sandbox.Sh($"exec 7</etc/passwd; LISTEN_PID=1 {project.UpCommand(service, Project.Sleeper("other"))}").ExitCode.Should().Be(0);
        Answer(project, 6001).Should().Be("a");
        project.Sandbox.Host.Ask("udp", "127.0.0.1", 53).Should().StartWith("a 127.0.0.1 ");
        project.Sandbox.Do("warren logs web1/a").Should().Contain("ready 6000/tcp:53/udp:6001/tcp [0, 1, 2, 3, 4, 5]\n");
        project.Sandbox.Do($"ls /proc/{project.ProcessOf("web1/other")}/fd").Should().Be("0\n1\n2\n");
        project.Sandbox.Do($"tr '\\0' '\\n' </proc/{project.ProcessOf("web1/other")}/environ").Should().NotContain("LISTEN_");
        project.Down();
        project.Sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().Be(Place.Refused);
    }

    [Fact]
    public void They_are_listed_and_nobody_else_is_given_their_ports()
    {
        using var project = new Project();
        project.Up(Server("a", Tcp(6000), Tcp(6001), new HostPort(System.Net.IPAddress.Loopback, 53, Protocol.Udp)), Project.Sleeper("b")).ExitCode.Should().Be(0);
        project.Sandbox.Do("warren publish web1 7000:80");
        project.Sandbox.Do("warren ports")
            .Should()
            .MatchRegex("^HOST +NAMESPACE +TARGET\n7000/tcp +web1 +10.213.0.2:80\n127.0.0.1:53/udp +web1 +fd of service web1/a\n6000/tcp +web1 +fd of service web1/a\n6001/tcp +web1 +fd of service web1/a\n$");
        project.Sandbox.Do("warren ports --json | tr -d ' \\n'").Should().Contain("""{"hostAddress":"127.0.0.1","hostPort":53,"protocol":"udp","listen":true,"namespace":"web1","program":"serviceweb1/a"}""");
        project.Sandbox.Do("warren ps").Should().MatchRegex("LISTENS").And.MatchRegex("web1/a .* 6000-6001:fd 127.0.0.1:53:fd/udp");
        project.Sandbox.Do("warren show web1").Should().Contain("  listens    6000:fd, service web1/a\n");
        project.Sandbox.Run("warren trace 6000").Output.Should().MatchRegex("\ndelivered, .* on the host, on a socket that service web1/a was handed");
        Ending refused = project.Sandbox.Run("warren add web2 -p 6001:80");
        refused.ExitCode.Should().Be(3);
        refused.Errors.Should().Contain("web2: service web1/a of project demo listens on the host's port 6001/tcp\n");
        project.Sandbox.Run("warren run web2 -p 127.0.0.1:6001:fd -- true").Errors.Should().Contain("service web1/a of project demo listens on the host's port 6001/tcp");
        project.Sandbox.Run("warren doctor").Output.Should().Contain("port 80").And.NotContain("600");
    }

    // the point of it: whoever comes while the service is away waits
    [Theory]
    [InlineData("warren restart web1/a")]
    [InlineData("kill -9 $(warren ps --json | python3 -ISc 'import json,sys; print(json.load(sys.stdin)[0][\"pid\"])')")]
    public void Nobody_is_refused_while_one_is_started_again(string away)
    {
        using var project = new Project();
        project.Up(Server("a", Tcp(6000)) with { Restart = RestartPolicy.Always }).ExitCode.Should().Be(0);
        int first = project.ProcessOf("web1/a");
        const string Callers =
            """
            import collections, select, socket, sys
            heard = collections.Counter()
            while not select.select([sys.stdin], [], [], 0)[0]:
                try:
                    with socket.create_connection((sys.argv[1], 6000), 20) as made:
                        heard[made.recv(100).split(b' ')[0].decode()] += 1
                except OSError as e:
                    heard[type(e).__name__] += 1
                if heard.total() == 100: print('underway', flush=True)
            print(heard['a'] > 100, heard.total() - heard['a'], sorted(heard), flush=True)
            """;
        Launched callers = project.Sandbox.Outside.StartCommand("python3", "-I", "-S", "-c", Callers, Sandbox.HostAddress);
        callers.ReadLine("underway");
        project.Sandbox.Do(away);
        Project.Eventually(() => project.Ps("web1/a") is var now && now.GetProperty("pid") is { ValueKind: System.Text.Json.JsonValueKind.Number } id && id.GetInt32() != first, "it is another process");
        callers.Write("enough\n");
        // those that the killed process had taken already end with it
        callers.ReadLine("[").Should().MatchRegex("True [0-2] ").And.NotContain("Refused").And.NotContain("imeout");
    }

    [Fact]
    public void Several_share_a_port_and_one_that_ends_takes_nothing_with_it()
    {
        using var project = new Project();
        project.Up(Plain("a", Tcp(6000)), Plain("b", Tcp(6000))).ExitCode.Should().Be(0);
        Project.Eventually(() => Answer(project, 6000) == "a", "the first one answers");
        Project.Eventually(() => Answer(project, 6000) == "b", "the second one answers");
        project.Up(Plain("b", Tcp(6000))).ExitCode.Should().Be(0);
        for (int i = 0; i < 5; i++)
            Answer(project, 6000).Should().Be("b", "nobody else is left");
        project.Up(Plain("c", Tcp(6000)), Plain("b", Tcp(6001))).ExitCode.Should().Be(0);
        for (int i = 0; i < 5; i++)
            Answer(project, 6000).Should().Be("c", "the other one has another port");
        Answer(project, 6001).Should().Be("b");
    }

    [Fact]
    public void Whoever_waits_for_others_is_called_already()
    {
        using var project = new Project();
        string mark = Path.Combine(project.Folder, "mark");
        Service first = Project.Script("first", $"until test -e {mark}; do sleep 0.05; done; echo ready; exec sleep 1000") with { Ready = new Readiness { Command = ["test", "-e", mark] } };
        Launched up = project.UpHere(first, Server("a", Tcp(6000)) with { DependsOn = ["web1/first"] });
        up.ReadLine("started");
        Launched early = project.Sandbox.Outside.StartCommand("python3", "-I", "-S", "-uc", $"import socket; s=socket.create_connection(('{Sandbox.HostAddress}',6000)); print('connected'); print(s.recv(100))");
        early.ReadLine("connected");
        File.WriteAllText(mark, "");
        early.ReadLine("b'a ");
        up.Signal(2);
        up.End().ExitCode.Should().Be(0);
    }

    [Fact]
    public void One_that_has_ended_for_good_has_no_port()
    {
        using var project = new Project();
        project.Up(Project.Script("a", "exec true") with { Listens = [Tcp(6000)] }, Project.Sleeper("other"));
        Project.Eventually(() => project.StateOf("web1/a") == "exited", "it has ended");
        project.Sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().Be(Place.Refused);
    }

    [Fact]
    public void A_port_that_somebody_took_meanwhile_fails_the_service_with_the_reason()
    {
        using var project = new Project();
        project.Sandbox.Host.Serve("tcp", "6000", "host");
        Ending up = project.Up(Server("a", Tcp(6000)));
        up.ExitCode.Should().Be(1);
        up.Output.Should().Contain("listen on the host's port 6000/tcp: ").And.Contain("EADDRINUSE").And.Contain("ss -lnp 'sport = :6000'");
    }

    [Fact]
    public void One_that_shuts_its_socket_down_does_it_for_itself()
    {
        using var project = new Project();
        Service service = new("web1", "a", ["python3", "-ISuc", "import socket; s=socket.socket(fileno=3); s.setblocking(False); s.setblocking(True); c,_=s.accept(); c.sendall(b'a'); s.setblocking(False); s.shutdown(2)"])
        {
            Restart = RestartPolicy.Always,
            Listens = [Tcp(6000)],
        };
        project.Up(service).ExitCode.Should().Be(0);
        for (int i = 0; i < 3; i++)
            Project.Eventually(() => Answer(project, 6000) == "a", "it answers again");
    }

    [Fact]
    public void A_supervisor_that_was_killed_is_followed_by_one_that_has_the_ports()
    {
        using var project = new Project();
        project.Up(Plain("a", Tcp(6000))).ExitCode.Should().Be(0);
        project.Sandbox.Do($"kill -9 {project.Supervisor()}");
        Answer(project, 6000).Should().Be("a", "the service goes on");
        project.Up(Plain("b", Tcp(6000))).ExitCode.Should().Be(0);
        Answer(project, 6000).Should().Be("b");
    }

    [Fact]
    public void A_thousand_ports_are_no_burden()
    {
        using var project = new Project();
        Launched supervisor = project.Supervise("ulimit -Sn 256");
        project.Up(Server("a", [.. Enumerable.Range(6000, 1000).Select(Tcp)])).ExitCode.Should().Be(0);
        Answer(project, 6999).Should().Be("a");
        project.Sandbox.Do($"grep 'Max open files' /proc/{project.ProcessOf("web1/a")}/limits").Should().Contain(" 1256 ");
        project.Down();
        supervisor.End().ExitCode.Should().Be(0);
    }
}
