using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary>Killed at any system call, warren leaves what the next one completes, and what `rm --all` removes: properties 2 and 3.</summary>
public sealed class PullingThePlug
{
    private const string Add = "warren add web1 -p 6000:8080 -p 127.0.0.1:5353:53/udp";

    [Theory]
    [InlineData(Add, "sendto")]
    [InlineData(Add, "mount")]
    [InlineData(Add, "unshare")]
    [InlineData(Add, "setns")]
    [InlineData(Add, "clone3")]
    [InlineData(Add, "socket")]
    [InlineData(Add, "write")]
    [InlineData(Add, "openat")]
    [InlineData(Add, "close")]
    [InlineData(Add, "renameat")]
    [InlineData("warren rm web1", "sendto")]
    [InlineData("warren rm web1", "umount2")]
    [InlineData("warren rm web1", "unlink")]
    [InlineData("warren rm web1", "unlinkat")]
    [InlineData("warren rm web1", "rmdir")]
    [InlineData("warren rm web1", "write")]
    public void Leaves_what_can_be_completed_and_removed(string verb, string call)
    {
        using Sandbox sandbox = Sandbox.Start();
        Assert.SkipUnless(sandbox.Run("strace -V").ExitCode == 0, "strace is missing");
        string[] before = sandbox.Snapshot();
        // the way of one who gets no second thread to make the namespace on
        string also = call == "setns" ? ",clone3 -e inject=clone3:error=EAGAIN" : "";
        const int Most = 100;
        int kills = 0;
        for (int when = 1; when <= Most; when++)
        {
            if (verb != Add)
                sandbox.Do(Add);
            Ending cut = sandbox.Run($"strace -f -o /dev/null -e trace={call}{also} -e inject={call}:signal=KILL:when={when} {verb}");
            bool killed = cut.ExitCode is 137 or 9;
            if (killed)
                kills++;
            // Every second time the next one has to complete it first, with every port and no more.
            if (when % 2 == 0)
            {
                sandbox.Do(Add);
                sandbox.Do("warren ls | awk 'NR == 2 { print $1, $2, $6, $7 }'").Should().Be("web1 up 6000:8080 127.0.0.1:5353:53/udp\n", $"{call} {when}");
                sandbox.Do(Add).Should().Be("nothing to do\n", $"{call} {when}");
            }
            sandbox.Do("warren rm --all");
            sandbox.ShouldBe(before);
            if (!killed)
            {
                kills.Should().BePositive($"{verb} makes the system call {call}");
                return;
            }
        }
        kills.Should().BeLessThan(Most, "the verb came to its end");
    }
}
