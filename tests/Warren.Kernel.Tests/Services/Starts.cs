using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Warren.Model;
using Xunit;

namespace Warren.Kernel.Tests.Services;

/// <summary>How services start: their order, when they are ready, what is said when they are not.</summary>
public sealed class Starts
{
    private const string Listens =
        "import socket,time; time.sleep(0.3); s=socket.socket(); s.bind(('0.0.0.0',5432)); s.listen(); print('listening',flush=True); time.sleep(1000)";

    private static Service Database =>
        new("web1", "db", ["python3", "-I", "-S", "-c", Listens]) { Ready = new Readiness { Port = 5432 } };

    [Fact]
    public void One_that_depends_on_a_port_starts_when_somebody_listens_there()
    {
        using var project = new Project();
        Service app = Project.Script("app", "python3 -I -S -c \"import socket; socket.create_connection(('127.0.0.1',5432)); print('connected')\"") with
        {
            DependsOn = ["web1/db"],
        };
        Launched up = project.UpHere(app, Database);
        List<string> seen = [];
        up.ReadLine("web1/app * ended with code 0", seen);
        seen.Should().Contain("web1/app | connected");
        seen.IndexOf("web1/db * ready").Should().BeGreaterThan(seen.IndexOf("web1/db | listening"));
        seen.FindIndex(line => line.StartsWith("web1/app * started", StringComparison.Ordinal)).Should().BeGreaterThan(seen.IndexOf("web1/db * ready"));
        up.Signal(2);
        up.End().ExitCode.Should().Be(0, "what was stopped on purpose has not failed");
    }

    [Fact]
    public void One_is_ready_when_its_command_succeeds()
    {
        using var project = new Project();
        string mark = Path.Combine(project.Folder, "mark");
        Service slow = Project.Script("", $"sleep 0.5; touch {mark}; exec sleep 1000") with
        {
            Ready = new Readiness { Command = ["test", "-e", mark] },
        };
        Ending up = project.Up(slow);
        up.Output.Should().Be("web1: running\n");
        File.Exists(mark).Should().BeTrue("up waited for it");
    }

    [Fact]
    public void One_that_is_not_ready_in_time_fails_with_those_who_depend_on_it_and_not_with_others()
    {
        using var project = new Project();
        Service never = Project.Script("never", "echo I try; exec sleep 1000") with { Ready = new Readiness { Port = 99, Timeout = TimeSpan.FromMilliseconds(300) } };
        Service probed = Project.Sleeper("probed") with { Ready = new Readiness { Command = ["sh", "-c", "exit 9"], Timeout = TimeSpan.FromMilliseconds(700) } };
        Ending up = project.Up(never, Project.Sleeper("next") with { DependsOn = ["web1/never"] }, Project.Sleeper("other"), probed);
        up.ExitCode.Should().Be(1);
        up.Lines.Should().Equal(
            "web1/never: failed: not ready after 300 ms: nobody listens on port 99",
            "web1/never | I try",
            "web1/next: failed: not started: web1/never, which it depends on, has failed",
            "web1/other: running",
            "web1/probed: failed: not ready after 700 ms: sh ended with code 9"
        );
        project.Processes().Should().ContainSingle("what failed was stopped");
    }

    [Fact]
    public void What_depends_on_a_failed_one_starts_when_that_is_restarted_and_well()
    {
        using var project = new Project();
        string mark = Path.Combine(project.Folder, "mark");
        Service first = Project.Script("first", $"test -e {mark} || exit 3; exec sleep 1000") with { Ready = new Readiness { Command = ["test", "-e", mark] } };
        project.Up(first, Project.Sleeper("next") with { DependsOn = ["web1/first"] }).Lines.Should().Equal(
            "web1/first: failed: ended with code 3 before it was ready",
            "web1/next: failed: not started: web1/first, which it depends on, has failed"
        );
        File.WriteAllText(mark, "");
        project.Sandbox.Do("warren restart web1/first").Should().StartWith("web1/first: running, process ");
        Project.Eventually(() => project.StateOf("web1/next") == "running", "next runs");
    }

    [Theory]
    [InlineData("no-such-program", "no command 'no-such-program' in PATH; give its full path")]
    [InlineData("/no/such/program", "no command '/no/such/program'")]
    [InlineData("/etc/passwd", "cannot run '/etc/passwd' as uid 0: Permission denied (EACCES); look at it with ls -l, or say --user")]
    public void A_command_that_cannot_be_run_fails_at_once_and_says_why(string command, string why)
    {
        using var project = new Project();
        Service service = new("web1", "", [command]) { Restart = RestartPolicy.Always };
        Ending up = project.Up(service);
        up.ExitCode.Should().Be(1);
        up.Output.Should().Be($"web1: failed: web1: {why}\n");
        project.Sandbox.Do("warren logs").Should().Be($"[web1: {why}]\n");
    }

    [Fact]
    public void A_folder_that_cannot_be_entered_is_named()
    {
        using var project = new Project();
        project.Up(Project.Sleeper("") with { Directory = "/no/such" }).Output.Should().StartWith("web1: failed: web1: enter folder /no/such as uid 0: No such file or directory (ENOENT)");
    }

    [Fact]
    public void One_in_a_namespace_that_is_not_there_fails()
    {
        using var project = new Project();
        Ending up = project.Up(new Service("web2", "", ["true"]));
        up.Output.Should().Be("web2: failed: web2: there is no such namespace; ip netns list shows those there are\n");
    }

    [Theory]
    [InlineData(RestartPolicy.No, null, 3, 1)]
    [InlineData(RestartPolicy.OnFailure, 2, 3, 3)]
    [InlineData(RestartPolicy.OnFailure, null, 0, 1)]
    public void Its_policy_says_how_often_it_runs(RestartPolicy policy, int? limit, int code, int runs)
    {
        using var project = new Project();
        Launched up = project.UpHere(Project.Script("", $"echo ran; exit {code}") with { Restart = policy, RestartLimit = limit });
        Ending end = up.End();
        end.Lines.Count(line => line == "web1 | ran").Should().Be(runs);
        end.Lines[^1].Should().Be($"web1 * ended with code {code}");
        end.ExitCode.Should().Be(code == 0 ? 0 : 1);
    }

    [Fact]
    public void Always_means_after_success_too_and_each_wait_is_longer()
    {
        using var project = new Project();
        Launched up = project.UpHere(Project.Script("", "exit 0") with { Restart = RestartPolicy.Always });
        up.ReadLine("web1 * ended with code 0; starting it again in 100 ms");
        up.ReadLine("web1 * ended with code 0; starting it again in 200 ms");
        up.ReadLine("web1 * ended with code 0; starting it again in 400 ms");
        up.Signal(15);
        up.End().ExitCode.Should().Be(0);
    }

    [Fact]
    public void A_signal_that_ended_it_is_named()
    {
        using var project = new Project();
        project.UpHere(Project.Script("", "kill -9 $$")).End().Lines[^1].Should().Be("web1 * ended by signal 9");
    }

    [Fact]
    public void Two_at_once_start_one_supervisor()
    {
        using var project = new Project();
        string one = project.UpCommand(Project.Sleeper("a"));
        Ending both = project.Sandbox.Sh($"{one} & {one}; c=$?; wait $! && exit $c");
        both.ExitCode.Should().Be(0, both.Output + both.Errors);
        both.Lines.Should().Equal("web1/a: running", "web1/a: running");
        project.Processes().Should().ContainSingle();
    }
}
