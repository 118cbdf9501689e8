using System.Globalization;
using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests.Projects;

/// <summary>Many `up` at once: property 14.</summary>
public sealed class Crowds
{
    [Fact]
    public void Of_one_file_make_it_once()
    {
        using Sandbox sandbox = Sandbox.Start();
        string path = ProjectFiles.Write(sandbox, "file", ProjectFiles.First);
        string[] before = sandbox.Snapshot();
        Ending[] endings = AtOnce(sandbox, 64, _ => $"exec warren up -d -f {path}");
        endings.Should().OnlyContain(ending => ending.ExitCode == 0, string.Concat(endings.Select(ending => ending.Errors)));
        sandbox.Do($"warren status -f {path}");
        sandbox.Processes().Count(line => line == "sleep 10001").Should().Be(1);
        sandbox.Processes().Count(line => line.Contains("__supervise", StringComparison.Ordinal)).Should().Be(1);
        sandbox.Do("ip -o link | grep -c ': wrn-'").Should().Be("3\n");
        sandbox.Do($"warren down -f {path}");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void Of_many_files_all_succeed()
    {
        const int Many = 16;
        using Sandbox sandbox = Sandbox.Start();
        string[] paths =
        [
            .. Enumerable.Range(0, Many)
                .Select(i => ProjectFiles.Write(sandbox, $"file{i}", $"name: file{i}\nnamespaces: {{a{i}: {{ports: ['{6000 + i}:8080'], run: sleep {10000 + i}}}, b{i}: }}")),
        ];
        string[] before = sandbox.Snapshot();
        Ending[] endings = AtOnce(sandbox, Many, i => $"exec warren up -d -f {paths[i]}");
        endings.Should().OnlyContain(ending => ending.ExitCode == 0, string.Concat(endings.Select(ending => ending.Errors)));
        string[] addresses = sandbox.Do("ip -o -4 addr | grep wrn- | awk '{ print $4 }'").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        addresses.Should().HaveCount(2 * Many).And.OnlyHaveUniqueItems();
        foreach (string path in paths)
            sandbox.Do($"warren status -f {path}");
        sandbox.Processes().Count(line => line.Contains("__supervise", StringComparison.Ordinal)).Should().Be(Many);
        endings = AtOnce(sandbox, Many, i => $"exec warren down -f {paths[i]}");
        endings.Should().OnlyContain(ending => ending.ExitCode == 0, string.Concat(endings.Select(ending => ending.Errors)));
        sandbox.ShouldBe(before);
    }

    // in the end it is up, or down; never half
    [Fact]
    public void Up_and_down_of_one_file_mixed_are_one_or_the_other()
    {
        using Sandbox sandbox = Sandbox.Start();
        string path = ProjectFiles.Write(sandbox, "file", ProjectFiles.First);
        string[] before = sandbox.Snapshot();
        Ending[] endings = AtOnce(sandbox, 16, i => $"exec warren {(i % 2 == 0 ? "up -d" : "down")} -f {path}");
        endings.Should().OnlyContain(ending => ending.ExitCode == 0 || ending.ExitCode == 3, string.Concat(endings.Select(ending => ending.Errors)));
        ProjectFiles.Converge(sandbox, path, "after the crowd");
        sandbox.Do($"warren down -f {path}");
        sandbox.ShouldBe(before);
        // a supervisor whose project went while it was being started finds that out by itself
        SpinWait.SpinUntil(() => !Array.Exists(sandbox.Processes(), IsOfServices), Sandbox.Bound);
        sandbox.Processes().Should().NotContain(line => IsOfServices(line));
    }

    // Between the look for a supervisor and what follows from it another one may have started it all.
    [Theory]
    [InlineData("sleep 10001")]
    [InlineData("sleep 10002")]
    public void One_that_was_held_up_ends_nothing_of_who_was_faster(string ofTheFaster)
    {
        using Sandbox sandbox = Sandbox.Start();
        string slow = ProjectFiles.Write(sandbox, "slow", "name: plug\nnamespaces: {web1: {run: sleep 10001}}");
        string fast = ProjectFiles.Write(sandbox, "fast", $"name: plug\nnamespaces: {{web1: {{run: {ofTheFaster}}}}}");
        const string StopAfterLook = "strace -qq -o /run/held -P supervisor.lock -e trace=openat -e inject=openat:signal=SIGSTOP:when=1";
        Launched held = sandbox.Host.Start($"echo $$; exec {StopAfterLook} warren up -d -f {slow}");
        int tracer = int.Parse(held.ReadLine(""), CultureInfo.InvariantCulture);
        string stopped = sandbox.Do("timeout 20 sh -c 'until grep -qs stopped /run/held; do sleep 0.02; done'; " + $"cat /proc/{tracer}/task/{tracer}/children").Trim();
        sandbox.Do($"warren up -d -f {fast}");
        string before = Service();
        sandbox.Do($"kill -CONT {stopped}");
        held.End().ExitCode.Should().Be(0);
        if (ofTheFaster == "sleep 10001")
            Service().Should().Be(before);
        // the last wish is what stands
        sandbox.Processes().Where(line => line.StartsWith("sleep", StringComparison.Ordinal)).Should().Equal("sleep 10001");
        sandbox.Do($"warren status -f {slow}; warren down -f {slow}");

        string Service() => sandbox.Do("warren ps --json | python3 -ISc 'import json,sys; print([(s[\"state\"], s.get(\"pid\"), s[\"restarts\"]) for s in json.load(sys.stdin)])'");
    }

    private static bool IsOfServices(string line) => line.Contains("sleep", StringComparison.Ordinal) || line.Contains("supervise", StringComparison.Ordinal);

    private static Ending[] AtOnce(Sandbox sandbox, int many, Func<int, string> script)
    {
        Launched[] all = [.. Enumerable.Range(0, many).Select(i => sandbox.Host.Start($"echo waiting; read go; {script(i)}"))];
        foreach (Launched each in all)
            each.ReadLine("waiting");
        foreach (Launched each in all)
            each.Write("go\n");
        return [.. all.Select(each => each.End())];
    }
}
