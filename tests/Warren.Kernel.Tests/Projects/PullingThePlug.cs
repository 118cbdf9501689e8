using System.Globalization;
using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests.Projects;

/// <summary>
/// Killed at any system call, `up` and `down` of a file leave what the next `up` completes, and what the next `down` removes:
/// properties 2 and 3.
/// </summary>
public sealed class PullingThePlug
{
    // so many of a call's occurrences, from the first to the last
    private const int Kills = 7;

    // The supervisor that `up -d` starts lives on, untraced, and so do the programs: what is killed is `up` itself.
    private const string Trace = "strace -f -b execve";

    [Theory]
    [InlineData("sendto")]
    [InlineData("mount")]
    [InlineData("unshare")]
    [InlineData("setns")]
    [InlineData("write")]
    [InlineData("openat")]
    [InlineData("close")]
    [InlineData("renameat")]
    [InlineData("symlinkat,ftruncate")]
    [InlineData("mkdir")]
    [InlineData("mkdirat")]
    [InlineData("unlinkat")]
    [InlineData("vfork,clone,clone3")]
    public void Of_up(string call) => Cut(call, start: null, "up -d", ProjectFiles.First);

    [Theory]
    [InlineData("sendto")]
    [InlineData("mount")]
    [InlineData("umount2")]
    [InlineData("setns")]
    [InlineData("write")]
    [InlineData("openat")]
    [InlineData("close")]
    [InlineData("renameat")]
    [InlineData("symlinkat,ftruncate")]
    [InlineData("unlinkat,unlink,rmdir")]
    [InlineData("sendmsg,connect")]
    public void Of_a_changing_up(string call) => Cut(call, ProjectFiles.First, "up -d", ProjectFiles.Second);

    [Theory]
    [InlineData("sendto")]
    [InlineData("umount2")]
    [InlineData("unlink")]
    [InlineData("unlinkat")]
    [InlineData("rmdir")]
    [InlineData("write")]
    [InlineData("openat")]
    [InlineData("close")]
    public void Of_down(string call) => Cut(call, ProjectFiles.Second, "down", ProjectFiles.Second);

    // The supervisor itself, at whatever it is doing: the file is taken over by the next one, or goes down.
    [Theory]
    [InlineData("openat")]
    [InlineData("close")]
    [InlineData("read")]
    [InlineData("write")]
    [InlineData("unlinkat,bind,listen")]
    [InlineData("vfork,clone,clone3")]
    [InlineData("epoll_wait,epoll_ctl,poll")]
    public void Of_a_supervisor(string call)
    {
        using Sandbox sandbox = Sandbox.Start();
        Assert.SkipUnless(sandbox.Run($"{Trace} -o /dev/null true").ExitCode == 0, "strace is missing, or does not know -b");
        string path = ProjectFiles.Write(sandbox, "file", ProjectFiles.First);
        string[] before = sandbox.Snapshot();
        const int Most = 40;
        int killed = 0;
        for (int when = 1; when <= Most; when += 4)
        {
            sandbox.Do($"warren up -d -f {path}");
            // one that is killed outright; and then the next at some call
            sandbox.Kill("warren __supervise plug");
            // it is gone from the list before the kernel has closed its files
            sandbox.Do("for i in $(seq 500); do grep -q \":$(stat -c %i /run/warren/projects/plug/supervisor.lock) \" /proc/locks || break; sleep 0.02; done; rm /run/warren/projects/plug/control");
            Launched supervisor = sandbox.Host.Start($"exec {Trace} -o /dev/null -e trace={call} -e inject={call}:signal=KILL:when={when} warren __supervise plug");
            // it has begun, or is killed already
            sandbox.Do($"for i in $(seq 300); do test -e /run/warren/projects/plug/control && break; kill -0 {supervisor.ProcessId} 2>/dev/null || break; sleep 0.02; done");
            if (when % 8 == 1)
            {
                // the next one is not traced: whenever this one dies, the second `up` at the latest has a supervisor that stays
                Ending up = sandbox.Sh($"for i in 1 2 3; do warren up -d -f {path} && warren status -f {path} && exit; done; exit 1");
                up.ExitCode.Should().Be(0, $"the supervisor was killed at {call} {when}: {up.Output}{up.Errors}");
                // started, but perhaps not itself yet
                SpinWait.SpinUntil(() => sandbox.Processes().Contains("sleep 10001"), Sandbox.Bound);
                sandbox.Processes().Count(line => line == "sleep 10001").Should().Be(1, $"{call} {when}");
            }
            sandbox.Do($"warren down -f {path}");
            if (supervisor.End().ExitCode is 137 or 9)
                killed++;
            sandbox.ShouldBe(before, $"the supervisor was killed at {call} {when}");
            sandbox.Processes().Should().OnlyContain(line => line.StartsWith("cat", StringComparison.Ordinal), $"{call} {when}");
        }
        killed.Should().BePositive();
    }

    private static void Cut(string call, string? start, string verb, string text)
    {
        using Sandbox sandbox = Sandbox.Start();
        Assert.SkipUnless(sandbox.Run($"{Trace} -o /dev/null true").ExitCode == 0, "strace is missing, or does not know -b");
        string first = ProjectFiles.Write(sandbox, "first", start ?? text);
        string path = ProjectFiles.Write(sandbox, "second", text);
        string[] before = sandbox.Snapshot();

        // as it is without a cut; and how often the call is made, by the thread that makes it most
        if (start is not null)
            ProjectFiles.Converge(sandbox, first, "from the beginning");
        sandbox.Do($"{Trace} -o /run/sandbox/trace -e trace={call} warren {verb} -f {path}");
        int most = int.Parse(
            sandbox.Do("grep -v '+++' /run/sandbox/trace | sed 's/ *(.*//; s/<.*//' | sort | uniq -c | sort -n | awk 'END { print $1 + 0 }'; rm /run/sandbox/trace"),
            CultureInfo.InvariantCulture
        );
        most.Should().BePositive($"{verb} makes the system call {call}");
        if (verb == "down")
            ProjectFiles.Converge(sandbox, path, "from nothing");
        string clean = ProjectFiles.StateOf(sandbox);
        sandbox.Do($"warren down -f {path}");
        sandbox.ShouldBe(before);

        int killed = 0;
        int turn = 0;
        foreach (int when in Occurrences(most))
        {
            if (start is not null)
                sandbox.Do($"warren up -d -f {first}");
            Ending cut = sandbox.Run($"{Trace} -o /dev/null -e trace={call} -e inject={call}:signal=KILL:when={when} warren {verb} -f {path}");
            if (cut.ExitCode is 137 or 9)
                killed++;
            string because = $"{verb} was killed at {call} {when} of {most}";
            if (++turn % 2 == 0)
            {
                ProjectFiles.Converge(sandbox, path, because);
                ProjectFiles.StateOf(sandbox).Should().Be(clean, because);
            }
            Ending down = sandbox.Run($"warren down -f {path}");
            down.ExitCode.Should().Be(0, $"{because}: {down.Errors}");
            sandbox.Processes().Should().OnlyContain(line => line.StartsWith("cat", StringComparison.Ordinal), because);
            sandbox.ShouldBe(before, because);
        }
        killed.Should().BePositive($"{verb} was killed");
    }

    // Some of them, from the first to the last; with WARREN_EVERY=1, which takes many minutes, all.
    private static IEnumerable<int> Occurrences(int most) =>
        Environment.GetEnvironmentVariable("WARREN_EVERY") == "1"
            ? Enumerable.Range(1, most)
            : Enumerable.Range(0, Kills).Select(i => 1 + (most - 1) * i / (Kills - 1)).Distinct();
}
