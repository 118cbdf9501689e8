using System.Text.RegularExpressions;
using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary>Many at once: property 14.</summary>
public sealed partial class Simultaneous
{
    private const int Many = 16;

    [Fact]
    public void With_different_names_all_succeed_with_subnets_of_their_own()
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] before = sandbox.Snapshot();
        Ending[] endings = AtOnce(sandbox, i => $"warren add web{i} -p {6000 + i}:8080");
        endings.Should().OnlyContain(ending => ending.ExitCode == 0, string.Concat(endings.Select(ending => ending.Errors)));
        string[] addresses = [.. Address().Matches(sandbox.Do("ip -o -4 addr")).Select(match => match.Groups["address"].Value)];
        addresses.Should().HaveCount(Many).And.OnlyHaveUniqueItems();
        sandbox.Do("ip -4 route | grep -c wrn-").Should().Be($"{Many}\n");
        for (int i = 0; i < Many; i += 5)
        {
            sandbox.Inside($"web{i}").Serve("tcp", "8080", $"web{i}");
            sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000 + i).Should().StartWith($"web{i} ");
        }
        Ending[] removals = AtOnce(sandbox, i => $"warren rm web{i}");
        removals.Should().OnlyContain(ending => ending.ExitCode == 0, string.Concat(removals.Select(ending => ending.Errors)));
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void With_the_same_port_exactly_one_wins()
    {
        using Sandbox sandbox = Sandbox.Start();
        Ending[] endings = AtOnce(sandbox, i => $"warren add web{i} -p 6000:8080");
        endings.Count(ending => ending.ExitCode == 0).Should().Be(1);
        endings.Count(ending => ending.ExitCode == 3).Should().Be(Many - 1, string.Concat(endings.Select(ending => ending.Errors)));
        int winner = Array.FindIndex(endings, ending => ending.ExitCode == 0);
        sandbox.Do("ip -o link | grep -c wrn-").Should().Be("1\n");
        sandbox.Do("ls /run/netns").Should().Be($"web{winner}\n");
        sandbox.Inside($"web{winner}").Serve("tcp", "8080", "winner");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("winner");
    }

    [Fact]
    public void With_the_same_name_one_makes_it_and_the_others_have_nothing_to_do()
    {
        using Sandbox sandbox = Sandbox.Start();
        Ending[] endings = AtOnce(sandbox, _ => "warren add web1 -p 6000:8080");
        endings.Should().OnlyContain(ending => ending.ExitCode == 0, string.Concat(endings.Select(ending => ending.Errors)));
        endings.Count(ending => ending.Output == "nothing to do\n").Should().Be(Many - 1);
    }

    [Fact]
    public void Additions_and_removals_mixed_leave_what_was_asked_for()
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] before = sandbox.Snapshot();
        Ending[] endings = AtOnce(sandbox, i => $"for n in 1 2 3 4 5; do warren add web{i} -p {6000 + i}:8080 && warren rm web{i} || exit; done");
        endings.Should().OnlyContain(ending => ending.ExitCode == 0, string.Concat(endings.Select(ending => ending.Errors)));
        sandbox.ShouldBe(before);
    }

    // all wait for the same line, so that they run at the same time
    private static Ending[] AtOnce(Sandbox sandbox, Func<int, string> script)
    {
        Launched[] all = [.. Enumerable.Range(0, Many).Select(i => sandbox.Host.Start($"echo waiting; read go; {script(i)}"))];
        foreach (Launched each in all)
            each.ReadLine("waiting");
        foreach (Launched each in all)
            each.Write("go\n");
        return [.. all.Select(each => each.End())];
    }

    [GeneratedRegex(@"wrn-web\d+ +inet (?<address>[0-9./]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Address();
}
