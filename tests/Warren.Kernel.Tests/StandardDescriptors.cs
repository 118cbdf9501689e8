using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary>Standard input, output and error that are closed: nothing else gets their numbers, and nothing is written where it is not meant to be.</summary>
public sealed class StandardDescriptors
{
    [Fact]
    public void A_closed_input_is_no_file()
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] before = sandbox.Snapshot();
        Ending ending = sandbox.Sh("warren up -f - <&-");
        ending.ExitCode.Should().Be(2);
        ending.Errors.Should().Be("<stdin>: is closed\n");
        sandbox.ShouldBe(before);
    }

    [Theory]
    [InlineData(">&-")]
    [InlineData("2>&-")]
    [InlineData("<&- >&- 2>&-")]
    public void What_a_command_opens_does_not_become_its_output(string closed)
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Sh($"warren add web1 -p 6000:8080 {closed}").ExitCode.Should().Be(closed.StartsWith('2') ? 0 : 1, "what was to be told got lost");
        sandbox.Do("warren ls").Should().Contain("web1  up ");
        sandbox.Sh($"warren exec web1 -- sh -c 'readlink /proc/self/fd/3 /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2 >/run/seen' {closed}");
        sandbox.Do("grep -vE '^(/dev/null|pipe:.*|/run/seen)$' /run/seen || :").Should().BeEmpty();
        sandbox.Do("wc -l </run/seen").Trim().Should().Be("3", "each of the three is open");
        sandbox.Do("warren rm web1").Should().Be("web1: removed\n");
    }
}
