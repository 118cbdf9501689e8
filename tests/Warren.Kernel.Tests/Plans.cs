using AwesomeAssertions;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary>What is shown is what would be done: nothing is changed by showing, and the commands shown do the same.</summary>
public sealed class Plans
{
    private const string Add = "warren add web1 -p 6000:8080 -p 127.0.0.1:53:53/udp -p 7000-7009:8000-8009";

    [Fact]
    public void Showing_a_plan_changes_nothing()
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] before = sandbox.Snapshot();
        foreach (string option in (string[])["--dry-run", "--shell", "--json --dry-run"])
            sandbox.Do($"{Add} {option}").Should().Contain("web1");
        sandbox.Do(Add.Replace("warren", "warren plan", StringComparison.Ordinal)).Should().Contain("Nothing was changed");
        sandbox.ShouldBe(before);
        sandbox.Do(Add);
        string[] made = sandbox.Snapshot();
        foreach (string plan in (string[])["plan rm web1", "plan rm --all", "rm web1 --shell", "plan publish web1 6001:8081", "plan unpublish web1 6000:8080"])
            sandbox.Do("warren " + plan).Should().Contain("web1");
        sandbox.Do("warren plan add web1").Should().Be("Nothing to do.\n");
        foreach (string look in (string[])["ls", "show web1", "ports", "ls --json"])
            sandbox.Do("warren " + look);
        sandbox.ShouldBe(made);
    }

    [Theory]
    [InlineData(Add, "")]
    [InlineData("warren add web1 --subnet 192.168.0.0/24 -p 6000:8080", "")]
    [InlineData("warren add mine -p 6000:8080", "ip netns add mine")]
    [InlineData("warren add web2 -p 6001:8080", "warren add web1 -p 6000:8080")]
    [InlineData("warren publish web1 6001:8080 10.0.0.173:6002:8080/udp", "warren add web1 -p 6000:8080")]
    [InlineData("warren unpublish web1 6000:8080", "warren add web1 -p 6000:8080 -p 6001:8081")]
    [InlineData("warren rm web1", "warren add web1 -p 6000:8080; warren add web2 -p 6001:8081")]
    [InlineData("warren rm web1", "warren add web1 -p 6000:8080")]
    [InlineData("warren rm mine", "ip netns add mine; warren add mine -p 6000:8080")]
    [InlineData("warren rm --all", "warren add web1 -p 6000:8080; warren add web2 -p 6001:8081")]
    public void The_commands_shown_do_the_same(string change, string before)
    {
        Assert.SkipUnless(Sandbox.IsRoot, "needs root: the commands name groups that others do not have");
        using Sandbox one = Sandbox.Start();
        using Sandbox other = Sandbox.Start();
        one.Do(before);
        other.Do(before);
        one.Do(change);
        other.Do($"{change} --shell >/run/sandbox/script && sh -e /run/sandbox/script && rm /run/sandbox/script");
        Wiring.ShouldBeTheSame(other, one);
    }
}
