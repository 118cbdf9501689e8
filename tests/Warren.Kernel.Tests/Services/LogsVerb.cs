using System.Globalization;
using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Warren.Model;
using Xunit;

namespace Warren.Kernel.Tests.Services;

/// <summary><c>warren logs</c>, and <c>warren ps</c>.</summary>
public sealed class LogsVerb
{
    [Fact]
    public void Lines_are_named_when_there_are_several_and_fit_for_a_terminal()
    {
        using var project = new Project();
        project.Up(Project.Script("a", "printf 'one\\n\\033[31mred\\ttab\\r\\nlast'"), Project.Script("long", "sleep 0.3; echo two >&2; exec sleep 1000"));
        Project.Eventually(() => project.Sandbox.Do("warren logs web1/long").Length > 0, "it has written");
        project.Sandbox.Do("warren logs").Should().Be("web1/a    | one\nweb1/a    | \\x1b[31mred\ttab\nweb1/a    | last\nweb1/long | two\n");
        project.Sandbox.Do("warren logs web1/a").Should().Be("one\n\\x1b[31mred\ttab\nlast\n");
        project.Sandbox.Do("warren logs -n 1").Should().Be("web1/a    | last\nweb1/long | two\n");
        project.Sandbox.Do("warren logs -n 0 web1").Should().BeEmpty();
        Ending refused = project.Sandbox.Run("warren logs web7");
        refused.ExitCode.Should().Be(4);
        refused.Errors.Should().Be("warren logs: no service 'web7'\n  type: warren ps, which lists them\n");
    }

    [Fact]
    public void Colours_are_for_terminals_that_want_them()
    {
        Sandbox.Need("script");
        using var project = new Project();
        project.Up(Project.Script("a", "echo one"), Project.Script("b", "echo two"));
        Project.Eventually(() => project.Sandbox.Do("warren logs").Split('\n').Length == 3, "both have written");
        project.Sandbox.Do("env -u NO_COLOR script -qec 'warren logs' /dev/null </dev/null").Should().Contain("\x1b[36mweb1/a |\x1b[0m one").And.Contain("\x1b[33mweb1/b |\x1b[0m two");
        project.Sandbox.Do("NO_COLOR=1 script -qec 'warren logs' /dev/null </dev/null").Should().NotContain("\x1b");
    }

    [Fact]
    public void Followed_they_go_on_until_the_supervisor_ends()
    {
        using var project = new Project();
        string go = Path.Combine(project.Folder, "go");
        project.Up(Project.Script("", $"echo before; while ! test -e {go}; do sleep 0.05; done; echo after; exec sleep 1000"));
        Launched follow = project.Sandbox.Host.StartCommand("warren", "logs", "-f");
        follow.ReadLine("before");
        File.WriteAllText(go, "");
        follow.ReadLine("after");
        project.Down();
        follow.End().Should().Be(new Ending(0, "", ""));
    }

    [Fact]
    public void Files_take_turns_and_followers_miss_nothing()
    {
        using var project = new Project();
        string go = Path.Combine(project.Folder, "go");
        // 30,000 lines of 100 letters in parts: three files' worth
        string script = $"while ! test -e {go}; do sleep 0.05; done; i=0; while [ $i -lt 30 ]; do seq -f '%0100g' $((i*1000)) $((i*1000+999)); i=$((i+1)); sleep 0.05; done; echo end; exec sleep 1000";
        project.Up(Project.Script("", script));
        Launched follow = project.Sandbox.Host.StartCommand("warren", "logs", "-f");
        File.WriteAllText(go, "");
        List<string> seen = [];
        follow.ReadLine("end", seen);
        seen.Select(line => int.Parse(line, CultureInfo.InvariantCulture)).Should().Equal(Enumerable.Range(0, 30_000));
        string[] sizes = project.Sandbox.Do("stat -c '%s %n' /run/warren/projects/demo/log/*").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        sizes.Should().HaveCount(2).And.AllSatisfy(line => int.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture).Should().BeLessThanOrEqualTo(1 << 20));
        string[] kept = project.Sandbox.Do("warren logs").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        kept[^1].Should().Be("end");
        kept[..^1].Select(line => int.Parse(line, CultureInfo.InvariantCulture)).Should().Equal(Enumerable.Range(30_000 - (kept.Length - 1), kept.Length - 1), "what is left is the end, whole");
    }

    [Fact]
    public void They_can_be_read_when_nobody_lives()
    {
        using var project = new Project();
        project.Up(Project.Script("", "printf 'half'; exec sleep 1000"), Project.Script("b", "echo two; exit 3"));
        Project.Eventually(() => project.StateOf("web1/b") == "exited", "b has ended");
        project.Sandbox.Do($"kill -9 {project.Supervisor()}");
        project.Sandbox.Do("warren logs web1/b").Should().Be("two\n[ended with code 3]\n");
        project.Sandbox.Do("warren logs -f web1/b").Should().Be("two\n[ended with code 3]\n", "there is nothing to wait for");
    }

    [Fact]
    public void Ps_lists_what_runs_and_what_does_not()
    {
        using var project = new Project();
        project.Sandbox.Do("warren ps").Should().Be("no services; warren up starts those of a warren.yaml\n");
        project.Up(Project.Sleeper("a"), Project.Script("b", "exit 3"));
        Project.Eventually(() => project.StateOf("web1/b") == "exited", "b has ended");
        string[] lines = project.Sandbox.Do("warren ps").Split('\n');
        lines[0].Should().MatchRegex("^NAME +STATE +PID +UPTIME +RESTARTS +WHY$");
        lines[1].Should().MatchRegex($"^web1/a +running +{project.ProcessOf("web1/a")} +[0-9]+ m?s +0$");
        lines[2].Should().MatchRegex("^web1/b +exited 3 +- +- +0 +ended with code 3$");
        project.Sandbox.Run("warren ps -p other").Errors.Should().Be("warren ps: no project 'other'\n  type: one of demo\n");
        project.Sandbox.Do("warren ps -p demo --json").Should().Contain("\"exitCode\": 3");
    }
}
