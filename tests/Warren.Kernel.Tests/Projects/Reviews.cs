using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests.Projects;

/// <summary>Changes that are looked at before they are made, or confirmed after; and one that stays only while it is watched.</summary>
public sealed class Reviews
{
    private const int Hangup = 1;
    private const int Interrupt = 2;

    [Fact]
    public void The_exit_code_tells_whether_there_is_something_to_do()
    {
        using Sandbox sandbox = Sandbox.Start();
        string path = ProjectFiles.Write(sandbox, "file", ProjectFiles.First);
        string[] before = sandbox.Snapshot();
        sandbox.Run($"warren plan -f {path} --detailed-exitcode").ExitCode.Should().Be(2);
        sandbox.Run($"warren plan -f {path}").ExitCode.Should().Be(0);
        sandbox.ShouldBe(before);
        sandbox.Do($"warren up -d -f {path}");
        sandbox.Run($"warren plan -f {path} --detailed-exitcode").ExitCode.Should().Be(0);
    }

    [Fact]
    public void A_plan_that_was_written_down_is_done_as_it_is_or_not_at_all()
    {
        using Sandbox sandbox = Sandbox.Start();
        string path = ProjectFiles.Write(sandbox, "file", ProjectFiles.First);
        string[] before = sandbox.Snapshot();
        sandbox.Do($"warren plan -f {path} -o /run/sandbox/plan");
        sandbox.ShouldBe([.. before, .. sandbox.Snapshot().Except(before).Where(line => line.StartsWith("/run/sandbox/plan ", StringComparison.Ordinal) || line.EndsWith("  /run/sandbox/plan", StringComparison.Ordinal))]);
        string[] written = sandbox.Snapshot();
        sandbox.Do("ip addr add 192.168.7.77/32 dev ens5");
        string[] inTheWay = sandbox.Snapshot();
        Ending refused = sandbox.Run("warren up -d --plan /run/sandbox/plan");
        refused.ExitCode.Should().Be(3, refused.Errors);
        sandbox.ShouldBe(inTheWay);
        sandbox.Do("ip addr del 192.168.7.77/32 dev ens5; warren add web2");
        refused = sandbox.Run("warren up -d --plan /run/sandbox/plan");
        refused.ExitCode.Should().Be(3);
        refused.Errors.Should().Contain("has changed since").And.Contain("warren plan -o");
        sandbox.Do("warren rm web2");
        sandbox.ShouldBe(written);
        sandbox.Do("warren up -d --plan /run/sandbox/plan");
        sandbox.Do($"warren status -f {path}");
    }

    [Theory]
    [InlineData("''", 2, "a file needs a name")]
    [InlineData("/run/none/plan", 2, "/run/none/plan cannot be written: its folder is not there")]
    [InlineData("/run", 3, "/run is a folder")]
    public void A_plan_that_cannot_be_written_is_refused(string file, int code, string words)
    {
        using Sandbox sandbox = Sandbox.Start();
        string path = ProjectFiles.Write(sandbox, "file", ProjectFiles.First);
        string[] before = sandbox.Snapshot();
        Ending refused = sandbox.Run($"warren plan -f {path} -o {file}");
        refused.Errors.Should().Be($"warren plan: {words}\n  type: warren plan -o FILE\n");
        refused.ExitCode.Should().Be(code);
        sandbox.ShouldBe(before);
    }

    [Theory]
    [InlineData("head -c 300 /run/sandbox/good >/run/sandbox/plan")]
    [InlineData("echo >/run/sandbox/plan")]
    [InlineData("head -c 3000 /dev/urandom >/run/sandbox/plan")]
    [InlineData("sed 's/\"format\": 1/\"format\": 2/' /run/sandbox/good >/run/sandbox/plan")]
    [InlineData("sed 's/\"project\": \"plug\"/\"project\": \"..\"/' /run/sandbox/good >/run/sandbox/plan")]
    [InlineData("sed 's/\"told\": \\[/\"told\": [1,/' /run/sandbox/good >/run/sandbox/plan")]
    [InlineData("sed 's/\"spec\": \"/&]/' /run/sandbox/good >/run/sandbox/plan")]
    [InlineData("sed 's/\"names\": \\[/\"names\": [\"..\\/x\"/' /run/sandbox/good >/run/sandbox/plan")]
    [InlineData("sed 's/\"names\": \\[\\]/\"names\": [null]/' /run/sandbox/good >/run/sandbox/plan")]
    [InlineData("mkdir /run/sandbox/plan")]
    [InlineData("rm -f /run/sandbox/plan")]
    public void A_plan_that_was_damaged_is_refused(string damage)
    {
        using Sandbox sandbox = Sandbox.Start();
        string path = ProjectFiles.Write(sandbox, "file", ProjectFiles.First);
        sandbox.Do($"warren plan -f {path} -o /run/sandbox/good; {damage}");
        string[] before = sandbox.Snapshot();
        Ending refused = sandbox.Run("warren up -d --plan /run/sandbox/plan");
        refused.ExitCode.Should().Be(2, refused.Errors);
        refused.Errors.Should().Contain("/run/sandbox/plan").And.NotContain("   at ");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void What_is_confirmed_stays()
    {
        using Sandbox sandbox = Sandbox.Start();
        string path = ProjectFiles.Write(sandbox, "file", ProjectFiles.First);
        Launched waiting = sandbox.Host.Start($"exec warren up -d --confirm 30s -f {path} 2>&1");
        waiting.ReadLine("warren confirm");
        sandbox.Do($"warren confirm -f {path}").Should().Be("confirmed\n");
        waiting.End().ExitCode.Should().Be(0);
        ProjectFiles.Converge(sandbox, path, "confirmed");
        sandbox.Run($"warren confirm -f {path}").ExitCode.Should().Be(4, "nothing waits any more");
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData(null, true)]
    [InlineData(ProjectFiles.First, false)]
    [InlineData(ProjectFiles.First, true)]
    public void What_is_not_confirmed_is_taken_back(string? start, bool hangup)
    {
        using Sandbox sandbox = Sandbox.Start();
        string first = ProjectFiles.Write(sandbox, "first", ProjectFiles.First);
        string path = ProjectFiles.Write(sandbox, "second", ProjectFiles.Second);
        string[] nothing = sandbox.Snapshot();
        if (start is not null)
            sandbox.Do($"warren up -d -f {first}");
        string before = start is null ? "" : ProjectFiles.StateOf(sandbox);
        Launched waiting = sandbox.Host.Start($"exec warren up -d --confirm {(hangup ? 30 : 1)}s -f {path} 2>&1");
        waiting.ReadLine("warren confirm");
        if (hangup)
            waiting.Signal(Hangup);
        Ending ending = waiting.End();
        ending.ExitCode.Should().Be(1, ending.Output);
        ending.Output.Should().Contain("everything is as it was before");
        if (start is not null)
        {
            ProjectFiles.StateOf(sandbox).Should().Be(before);
            sandbox.Do($"warren up -d -f {first}").Should().Contain("nothing to do");
            sandbox.Do($"warren down -f {first}");
        }
        sandbox.ShouldBe(nothing);
    }

    [Theory]
    [InlineData(Interrupt)]
    [InlineData(Hangup)]
    [InlineData(15)]
    public void In_the_foreground_it_takes_down_what_it_brought_up(int signal)
    {
        using Sandbox sandbox = Sandbox.Start();
        string path = ProjectFiles.Write(sandbox, "file", ProjectFiles.First);
        string[] before = sandbox.Snapshot();
        Launched up = sandbox.Host.StartCommand("warren", "up", "-f", path);
        up.ReadLine("started");
        sandbox.Processes().Should().Contain("sleep 10001");
        up.Signal(signal);
        up.End();
        sandbox.ShouldBe(before);
        sandbox.Processes().Should().OnlyContain(line => line.StartsWith("cat", StringComparison.Ordinal));
    }

    [Fact]
    public void In_the_foreground_it_leaves_what_stood_before()
    {
        using Sandbox sandbox = Sandbox.Start();
        string path = ProjectFiles.Write(sandbox, "file", "name: file\nnamespaces: {web1: {ports: ['6000:8080']}, web2: {run: sleep 10001}}");
        sandbox.Do($"warren up -d -f {path} web1");
        string[] before = sandbox.Snapshot();
        Launched up = sandbox.Host.StartCommand("warren", "up", "-f", path);
        up.ReadLine("started");
        up.Signal(Interrupt);
        up.End();
        sandbox.ShouldBe(before);
    }
}
