using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Warren.Model;
using Xunit;

namespace Warren.Kernel.Tests.Services;

/// <summary>How services end: with everything they started, in the right order, and never twice there.</summary>
public sealed class Ends
{
    // a grandchild in a session of its own, deaf to SIGTERM, whose environment is written over
    private const string Stubborn =
        """
        perl -e 'use POSIX; fork and exit; setsid; fork and exit; $SIG{TERM}="IGNORE"; $0="x" x 20000; open F,">$ARGV[0]"; print F "$$\n"; close F; sleep 1000'
        """;

    [Fact]
    public void Everything_that_one_started_ends_with_it()
    {
        using var project = new Project();
        string note = Path.Combine(project.Folder, "note");
        Service service = Project.Script("", $"{Stubborn.Trim()} {note}; exec sleep 1000") with { StopGrace = TimeSpan.FromMilliseconds(300) };
        project.Up(service).ExitCode.Should().Be(0);
        string hidden = project.Noted("note");
        project.Processes().Should().Contain(hidden);
        // somebody else's, in the same namespace
        Launched other = project.Sandbox.Host.Start("exec ip netns exec web1 sh -c 'echo there; exec sleep 999'");
        other.ReadLine("there");
        project.Down();
        project.Processes().Should().Equal($"{other.ProcessId}");
        project.Sandbox.Sh("ls /run/warren/projects").ExitCode.Should().NotBe(0, "nothing is left of the project");
    }

    [Fact]
    public void What_one_leaves_behind_at_its_own_end_ends_too()
    {
        using var project = new Project();
        string note = Path.Combine(project.Folder, "note");
        Service service = Project.Script("", $"{Stubborn.Trim()} {note}; while ! test -s {note}; do sleep 0.05; done; exit 4") with { StopGrace = TimeSpan.FromMilliseconds(200) };
        project.UpHere(service).End().Lines[^1].Should().Be("web1 * ended with code 4");
        project.Noted("note").Should().NotBeEmpty();
        project.Processes().Should().BeEmpty();
    }

    [Fact]
    public void Those_who_depend_on_others_end_first()
    {
        using var project = new Project();
        Service Traps(string name) => Project.Script(name, $"trap 'sleep 0.2; date +%s%N >{project.Folder}/{name}; exit' TERM; while :; do sleep 0.05; done");
        project.Up(Traps("a"), Traps("b") with { DependsOn = ["web1/a"] }, Traps("c") with { DependsOn = ["web1/b"] });
        project.Down();
        long[] times = [.. new[] { "c", "b", "a" }.Select(name => long.Parse(project.Noted(name)))];
        times.Should().BeInAscendingOrder();
        (times[1] - times[0]).Should().BeGreaterThan(200_000_000);
    }

    [Fact]
    public void Ctrl_C_asks_and_a_second_one_kills()
    {
        using var project = new Project();
        Service deaf = Project.Script("", "trap 'echo no' TERM; echo up; while :; do sleep 0.1; done") with { StopGrace = TimeSpan.FromSeconds(100) };
        Launched up = project.UpHere(deaf);
        up.ReadLine("web1 | up");
        up.Signal(2);
        up.ReadLine("web1 | no");
        up.Signal(2);
        up.ReadLine("web1 * stopped");
        up.End().ExitCode.Should().Be(0);
        project.Processes().Should().BeEmpty();
    }

    [Fact]
    public void After_a_killed_supervisor_nothing_runs_twice()
    {
        using var project = new Project();
        Service[] services = [Project.Sleeper("a"), Project.Script("b", "trap '' TERM; sleep 1000 & wait") with { StopGrace = TimeSpan.FromMilliseconds(200) }];
        project.Up(services).ExitCode.Should().Be(0);
        string[] before = project.Processes();
        project.Sandbox.Do($"kill -9 {project.Supervisor()}");
        project.StateOf("web1/a").Should().Be("stopped", "nobody supervises it");
        project.Up(services).Lines.Should().Equal("web1/a: running", "web1/b: running");
        string[] after = project.Processes();
        after.Should().HaveCount(before.Length).And.NotIntersectWith(before);
        project.Sandbox.Do($"kill -9 {project.Supervisor()}");
        // of an up that was killed while it wrote
        project.Sandbox.Do("touch /run/warren/projects/demo/services.new-1");
        project.Down();
        project.Processes().Should().BeEmpty();
        project.Sandbox.Sh("ls /run/warren/projects").ExitCode.Should().NotBe(0);
    }

    [Fact]
    public void What_is_wished_anew_changes_only_what_differs()
    {
        using var project = new Project();
        Service changing = Project.Script("changing", "exec sleep 500");
        project.Up(Project.Sleeper("same"), changing, Project.Sleeper("gone")).ExitCode.Should().Be(0);
        int same = project.ProcessOf("web1/same");
        int before = project.ProcessOf("web1/changing");
        int gone = project.ProcessOf("web1/gone");
        Ending again = project.Up(Project.Sleeper("new"), Project.Sleeper("same"), changing with { Environment = [new("A", "1")] });
        again.Lines.Should().BeEquivalentTo("web1/new: running", "web1/same: running", "web1/changing: running");
        project.ProcessOf("web1/same").Should().Be(same);
        project.ProcessOf("web1/changing").Should().NotBe(before);
        project.Processes().Should().HaveCount(3).And.NotContain([$"{before}", $"{gone}"]);
        project.Sandbox.Do("warren ps").Should().NotContain("gone");
    }

    [Fact]
    public void A_namespace_that_is_to_be_removed_is_emptied()
    {
        using var project = new Project();
        project.Sandbox.Do("warren add web2");
        project.Up(Project.Sleeper("a"), Project.Script("b", "echo ran; exit 3"), new Service("web2", "", ["sleep", "1000"]));
        Project.Eventually(() => project.StateOf("web1/b") == "exited", "b has ended");
        Launched other = project.Sandbox.Host.Start("exec ip netns exec web2 sh -c 'echo there; exec sleep 999'");
        other.ReadLine("there");
        project.StopIn("web2");
        project.Processes("web2").Should().BeEmpty();
        project.StateOf("web1/a").Should().Be("running");
        project.Sandbox.Do("warren logs web1/b").Should().Be("ran\n[ended with code 3]\n", "others are left as they are");
        project.Sandbox.Do("warren ps").Should().NotContain("web2");
    }

    [Fact]
    public void Restart_takes_services_and_namespaces_and_nothing_else()
    {
        using var project = new Project();
        project.Up(Project.Sleeper("a"), Project.Sleeper("b")).ExitCode.Should().Be(0);
        int a = project.ProcessOf("web1/a");
        int b = project.ProcessOf("web1/b");
        project.Sandbox.Do("warren restart web1/a");
        int newA = project.ProcessOf("web1/a");
        newA.Should().NotBe(a);
        project.ProcessOf("web1/b").Should().Be(b);
        project.Sandbox.Do("warren restart web1");
        project.ProcessOf("web1/a").Should().NotBe(newA);
        project.ProcessOf("web1/b").Should().NotBe(b);
        Ending refused = project.Sandbox.Run("warren restart web1/c");
        refused.ExitCode.Should().Be(4);
        refused.Errors.Should().Be("warren restart: no service 'web1/c'\n  type: warren ps, which lists them\n");
    }

    [Fact]
    public void Whatever_is_sent_to_it_the_supervisor_lives()
    {
        using var project = new Project();
        project.Up(Project.Sleeper("a")).ExitCode.Should().Be(0);
        int service = project.ProcessOf("web1/a");
        project.Sandbox.Do(
            """
            python3 -I -S - <<'EOF'
            import socket
            def send(data, read=True):
                s = socket.socket(socket.AF_UNIX); s.connect('/run/warren/projects/demo/control'); s.settimeout(20)
                try:
                    s.sendall(data)
                    return s.recv(65536) if read else b''
                except (BrokenPipeError, ConnectionResetError):
                    return b''
            for bad in [b'\n', b'{}\n', b'[1]\n', b'{"ask":7}\n', b'{"ask":"ps","names":3}\n', b'\xff\x00\n', b'{"ask":"fly"}\n', b'{"ask":"restart","names":[null]}\n']:
                assert b'"error"' in send(bad), bad
            assert send(b'x' * (1 << 20)) == b''
            send(b'{"ask":"ps"}\n', read=False)
            open_ones = [socket.socket(socket.AF_UNIX) for i in range(100)]
            for s in open_ones: s.connect('/run/warren/projects/demo/control')
            EOF
            """
        );
        // it may not have noticed yet that the hundred are gone
        Project.Eventually(() => project.StateOf("web1/a") == "running", "the supervisor answers");
        project.ProcessOf("web1/a").Should().Be(service);
        project.Sandbox.Do("cat /run/warren/projects/demo/supervisor.log").Should().BeEmpty();
    }
}
