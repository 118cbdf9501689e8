using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary>A change is whole, or it is not at all.</summary>
public sealed class RollBack
{
    private const string Add = "warren add web1 -p 6000:8080 -p 127.0.0.1:53:53/udp";

    [Theory]
    [InlineData("/proc/sys/net/ipv4/conf/ens5/forwarding")]
    public void A_late_step_that_fails_takes_back_all_before_it(string file)
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do($"echo 0 >/run/fixed; mount --bind /run/fixed {file}; mount -o remount,ro,bind {file}");
        string[] before = sandbox.Snapshot();
        Ending failed = sandbox.Run(Add);
        failed.ExitCode.Should().Be(1);
        failed.Errors.Should().Contain(file).And.Contain("nothing was changed");
        sandbox.ShouldBe(before);
        sandbox.Do($"umount {file}");
        sandbox.Do(Add);
        sandbox.Inside("web1").Pings(Sandbox.InternetAddress).Should().BeTrue("the next attempt finds nothing in its way");
    }

    [Fact]
    public void A_late_step_that_fails_leaves_the_namespaces_that_stood()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("ip netns add mine");
        sandbox.Do("warren add web1 -p 6000:8080");
        sandbox.Do("echo 0 >/proc/sys/net/ipv4/conf/ens5/forwarding");
        const string File = "/proc/sys/net/ipv4/conf/ens5/forwarding";
        sandbox.Do($"echo 0 >/run/fixed; mount --bind /run/fixed {File}; mount -o remount,ro,bind {File}");
        string[] before = sandbox.Snapshot();
        foreach (string change in (string[])["warren add web2 -p 6001:8080", "warren add mine -p 6002:8080", "warren publish web1 6003:8080"])
        {
            sandbox.Run(change).ExitCode.Should().Be(1, change);
            sandbox.ShouldBe(before);
        }
        sandbox.Inside("web1").Serve("tcp", "8080", "web1");
        sandbox.Host.Ask("tcp", "127.0.0.1", 6000).Should().StartWith("web1");
    }

    // each call of a kind in turn fails as if memory had run out
    [Theory]
    [InlineData("sendto")]
    [InlineData("sendmsg")]
    [InlineData("mount")]
    [InlineData("unshare")]
    [InlineData("setns")]
    [InlineData("clone3")]
    [InlineData("socket")]
    public void Whichever_system_call_fails(string call)
    {
        Sandbox.Need("strace");
        using Sandbox sandbox = Sandbox.Start();
        Assert.SkipUnless(sandbox.Run("strace -o /dev/null true").ExitCode == 0, "strace does not work here");
        // the first call leaves what the kernel keeps of itself
        sandbox.Do($"{Add}; warren rm web1");
        string[] before = sandbox.Snapshot();
        // the way of one who gets no second thread to make the namespace on
        string also = call == "setns" ? ",clone3 -e inject=clone3:error=EAGAIN" : "";
        const int Most = 60;
        int i = 1;
        for (; i <= Most; i++)
        {
            Ending ending = sandbox.Run($"strace -f -o /run/sandbox/trace -e trace={call}{also} -e inject={call}:error=ENOMEM:when={i} {Add}");
            bool injected = sandbox.Do($"grep -cE '{call}(\\(| resumed).*INJECTED' /run/sandbox/trace || :; rm /run/sandbox/trace") != "0\n";
            // a thread that cannot come home ends the program, and must
            bool died = call == "setns" && ending.ExitCode is not (0 or 1);
            if (!died)
            {
                ending.ExitCode.Should().BeOneOf([0, 1], $"{call} {i}: {ending.Errors}");
                ending.Errors.Should().NotContain("   at ", $"{call} {i}");
            }
            if (ending.ExitCode == 0 || died)
                sandbox.Do("warren rm --all");
            sandbox.ShouldBe(before);
            if (!injected)
                break;
        }
        i.Should().BeLessThan(Most);
    }
}
