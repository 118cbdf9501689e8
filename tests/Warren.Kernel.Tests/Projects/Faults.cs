using System.Globalization;
using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests.Projects;

/// <summary>One call to the kernel fails: `up` and `down` of a file are whole, or not at all.</summary>
public sealed class Faults
{
    // so many of a call's occurrences, from the first to the last
    private const int Failures = 10;
    private static readonly string[] s_errors = ["EPERM", "ENOMEM", "EBUSY", "ENOSPC"];
    private const string Trace = "strace -f -b execve";

    [Theory]
    [InlineData("sendto")]
    [InlineData("recvfrom")]
    [InlineData("socket")]
    [InlineData("setns")]
    public void Of_up(string call) => Fail(call, start: null, "up -d", ProjectFiles.First);

    [Theory]
    [InlineData("sendto")]
    [InlineData("recvfrom")]
    [InlineData("socket")]
    public void Of_a_changing_up(string call) => Fail(call, ProjectFiles.First, "up -d", ProjectFiles.Second);

    [Theory]
    [InlineData("sendto")]
    [InlineData("recvfrom")]
    [InlineData("socket")]
    public void Of_down(string call) => Fail(call, ProjectFiles.Second, "down", ProjectFiles.Second);

    private static void Fail(string call, string? start, string verb, string text)
    {
        using Sandbox sandbox = Sandbox.Start();
        Assert.SkipUnless(sandbox.Run($"{Trace} -o /dev/null true").ExitCode == 0, "strace is missing, or does not know -b");
        string first = ProjectFiles.Write(sandbox, "first", start ?? text);
        string path = ProjectFiles.Write(sandbox, "second", text);
        // the first call leaves what the kernel keeps of itself
        sandbox.Do($"warren up -d -f {first}; warren down -f {first}");
        string[] nothing = sandbox.Snapshot();

        string before = "";
        if (start is not null)
        {
            ProjectFiles.Converge(sandbox, first, "from the beginning");
            before = ProjectFiles.StateOf(sandbox);
        }
        sandbox.Do($"{Trace} -o /run/sandbox/trace -e trace={call} warren {verb} -f {path}");
        int most = int.Parse(
            sandbox.Do("grep -v '+++' /run/sandbox/trace | sed 's/ *(.*//; s/<.*//' | sort | uniq -c | sort -n | awk 'END { print $1 + 0 }'; rm /run/sandbox/trace"),
            CultureInfo.InvariantCulture
        );
        most.Should().BePositive($"{verb} makes the system call {call}");
        string after = verb == "down" ? "" : ProjectFiles.StateOf(sandbox);
        sandbox.Do($"warren down -f {path}");
        sandbox.ShouldBe(nothing);

        int failed = 0;
        foreach ((int when, string error) in Occurrences(most))
        {
            if (start is not null)
                sandbox.Do($"warren up -d -f {first}");
            // a thread that cannot come home ends the program, and must
            Ending ending = sandbox.Run($"{Trace} -o /dev/null -e trace={call} -e inject={call}:error={error}:when={when} warren {verb} -f {path}");
            string because = $"{call} {when} of {most} of {verb} failed with {error}: exit code {ending.ExitCode}: {ending.Output}{ending.Errors}";
            bool died = call == "setns" && ending.ExitCode is not (0 or 1 or 5);
            if (!died)
            {
                ending.ExitCode.Should().BeOneOf([0, 1, 5], because);
                ending.Errors.Should().NotContain("   at ", because);
                if (ending.ExitCode == 0 && verb != "down")
                    ProjectFiles.StateOf(sandbox).Should().Be(after, because);
                else if (ending.ExitCode != 0 && start is not null)
                    ProjectFiles.StateOf(sandbox).Should().Be(before, because);
                else
                    sandbox.ShouldBe(nothing, because);
            }
            if (ending.ExitCode != 0)
                failed++;
            sandbox.Do($"warren down -f {path}");
            sandbox.ShouldBe(nothing, because);
            sandbox.Processes().Should().OnlyContain(line => line.StartsWith("cat", StringComparison.Ordinal), because);
        }
        // an answer that could not be read at once is read a moment later
        (failed > 0).Should().Be(call != "recvfrom", $"a {call} of {verb} matters");
    }

    // Some of them, the errors in turn; with WARREN_EVERY=1, which takes many minutes, all with each error.
    private static IEnumerable<(int When, string Error)> Occurrences(int most) =>
        Environment.GetEnvironmentVariable("WARREN_EVERY") == "1"
            ? Enumerable.Range(1, most).SelectMany(when => s_errors.Select(error => (when, error)))
            : Enumerable.Range(0, Failures).Select(i => 1 + (most - 1) * i / (Failures - 1)).Distinct().Select((when, i) => (when, s_errors[i % s_errors.Length]));
}
