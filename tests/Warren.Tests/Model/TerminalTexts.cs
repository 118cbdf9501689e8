using AwesomeAssertions;
using Warren.Model;
using Xunit;

namespace Warren.Tests.Model;

public sealed class TerminalTexts
{
    [Theory]
    [InlineData("web1 – größer 🐇", "web1 – größer 🐇")]
    [InlineData("a\x1b[31mb", @"a\x1b[31mb")]
    [InlineData("\0\n\t\r\x7f", @"\x00\x0a\x09\x0d\x7f")]
    [InlineData("\u009b31m\u0085", @"\x9b31m\x85")]
    [InlineData("\u202egnp.exe\u2066\u200b", @"\u202egnp.exe\u2066\u200b")]
    [InlineData("\u2028\u2029\ufeff", @"\u2028\u2029\ufeff")]
    [InlineData("\U000e0041", @"\U000e0041")]
    [InlineData("", "")]
    public void Are_safe(string text, string safe) => Terminal.Safe(text).Should().Be(safe);

    // not as test data, which is stored as UTF-8
    [Fact]
    public void Half_a_surrogate_pair_is_written_out() => Terminal.Safe("a\ud800b").Should().Be(@"a\ud800b");
}
