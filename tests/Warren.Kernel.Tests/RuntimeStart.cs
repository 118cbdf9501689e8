using System.Diagnostics;
using AwesomeAssertions;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary>What src/Warren.Cli/Start puts in the place of the runtime's own holds: a program that starts so collects garbage of every kind, finalizes,
/// and ends threads, whatever its limits are.</summary>
public sealed class RuntimeStart
{
    [Theory]
    [InlineData("")]
    [InlineData("ulimit -v 3000000;")] // no room for the heap's range
    [InlineData("ulimit -s unlimited;")]
    [InlineData("ulimit -s 256;")]
    [InlineData("exec <&-;")]
    [InlineData("DOTNET_GCgen0size=10000")]
    [InlineData("taskset -c 0")]
    public void Of_the_runtime_holds(string under)
    {
        string probe = Path.Combine(Path.GetDirectoryName(Environment.GetEnvironmentVariable("WARREN") ?? "/")!, "publish/start-probe/Warren.Start.Probe");
        Assert.SkipUnless(File.Exists(probe), $"{probe} is not built: ./test does");
        var start = new ProcessStartInfo("sh", ["-c", $"{under} {probe} 2>&1"]) { RedirectStandardOutput = true, UseShellExecute = false };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit(TimeSpan.FromSeconds(60)).Should().BeTrue();
        process.ExitCode.Should().Be(0, output);
        output.Should().MatchRegex("^sum 6453706, finalized (1999|2000)\n$");
    }
}
