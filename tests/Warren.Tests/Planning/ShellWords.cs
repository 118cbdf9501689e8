using System.Diagnostics;
using AwesomeAssertions;
using CsCheck;
using Warren.Planning.Steps;
using Xunit;

namespace Warren.Tests.Planning;

/// <summary>What is printed to be typed means what it says, to sh(1) itself.</summary>
public sealed class ShellWords
{
    private static readonly string[] s_known =
    [
        "", "web1", "a b", "~", "~root", "~root/x", "a~b", "$(id)", "`id`", "$HOME", "'", "''", "a'b", "\"", "\\", "*", "?", "[a]", "{a,b}", "a=b", "#x", "-n",
        "!", "a;b", "a&b", "a|b", "<a", ">a", "(a)", "a\nb", "\t", "é🐇", "%s", "10.0.0.1/24", "warren:web1 10.213.0.2/30",
    ];

    [Fact]
    public async Task Are_one_word_each_for_sh()
    {
        var words = new List<string>(s_known);
        // sh has no word with a NUL, and half a surrogate pair is no text
        Gen.String[Gen.Char['\x01', '\x7f'], 0, 20].Array[200].Sample(more => words.AddRange(more), iter: 1, threads: 1);
        string script = string.Join("", words.Select(word => $"printf '%s\\0' {Step.Quote(word)}\n"));
        using Process sh = Process.Start(new ProcessStartInfo("sh", ["-e"]) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true })!;
        Task<string> output = sh.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await sh.StandardInput.WriteAsync(script);
        sh.StandardInput.Close();
        (await output).Split('\0')[..^1].Should().Equal(words);
    }

    [Theory]
    [InlineData("web1", "web1")]
    [InlineData("192.168.0.0/24", "192.168.0.0/24")]
    [InlineData("6000:8080/udp", "6000:8080/udp")]
    [InlineData("wrn-produ~2dkvz", "wrn-produ~2dkvz")]
    [InlineData("a b", "'a b'")]
    [InlineData("", "''")]
    public void Are_quoted_only_if_they_must_be(string text, string word) => Step.Quote(text).Should().Be(word);
}
