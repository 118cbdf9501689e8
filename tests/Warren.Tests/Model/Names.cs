using AwesomeAssertions;
using CsCheck;
using Warren.Model;
using Xunit;

namespace Warren.Tests.Model;

public sealed class Names
{
    internal const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    internal static readonly Gen<string> Valid = Gen.Select(
        Gen.Char[Letters],
        Gen.String[Gen.Char[Letters + "-_."], 0, NamespaceName.Longest - 1],
        (first, rest) => first + rest
    );

    [Theory]
    [InlineData("web1")]
    [InlineData("a")]
    [InlineData("0")]
    [InlineData("Web-1_b.c")]
    [InlineData("adopted")]
    [InlineData("lo")]
    public void Are_taken(string name) => NamespaceName.Fault(name).Should().BeNull();

    [Theory]
    [InlineData("", "is empty")]
    [InlineData(".", "does not begin with a letter or digit")]
    [InlineData("..", "does not begin with a letter or digit")]
    [InlineData("-rf", "does not begin with a letter or digit")]
    [InlineData("/etc", "does not begin with a letter or digit")]
    [InlineData("$(id)", "does not begin with a letter or digit")]
    [InlineData("%d", "does not begin with a letter or digit")]
    [InlineData("é", "does not begin with a letter or digit")]
    [InlineData("a/b", "holds '/'; letters, digits, '-', '_' and '.' are allowed")]
    [InlineData("a/../b", "holds '/'; letters, digits, '-', '_' and '.' are allowed")]
    [InlineData("a b", "holds ' '; letters, digits, '-', '_' and '.' are allowed")]
    [InlineData("a+", "holds '+'; letters, digits, '-', '_' and '.' are allowed")]
    [InlineData("web*", "holds '*'; letters, digits, '-', '_' and '.' are allowed")]
    [InlineData("web%d", "holds '%'; letters, digits, '-', '_' and '.' are allowed")]
    [InlineData("a$(id)", "holds '$'; letters, digits, '-', '_' and '.' are allowed")]
    [InlineData("a`id`", "holds '`'; letters, digits, '-', '_' and '.' are allowed")]
    [InlineData("a'b", "holds '''; letters, digits, '-', '_' and '.' are allowed")]
    [InlineData("a\"b", "holds '\"'; letters, digits, '-', '_' and '.' are allowed")]
    [InlineData("a;b", "holds ';'; letters, digits, '-', '_' and '.' are allowed")]
    [InlineData("a\nb", @"holds '\x0a'; letters, digits, '-', '_' and '.' are allowed")]
    [InlineData("a\x1b[31m", @"holds '\x1b'; letters, digits, '-', '_' and '.' are allowed")]
    [InlineData("a\0", @"holds '\x00'; letters, digits, '-', '_' and '.' are allowed")]
    [InlineData("a~b", "holds '~'; letters, digits, '-', '_' and '.' are allowed")]
    [InlineData("aé", "holds 'é'; letters, digits, '-', '_' and '.' are allowed")]
    [InlineData("a:b", "holds ':'; letters, digits, '-', '_' and '.' are allowed")]
    [InlineData("a😀", @"holds '\ud83d'; letters, digits, '-', '_' and '.' are allowed")]
    public void Or_refused(string name, string fault) => NamespaceName.Fault(name).Should().Be(fault);

    [Fact]
    public void Have_63_characters_at_most()
    {
        NamespaceName.Fault(new string('a', 63)).Should().BeNull();
        NamespaceName.Fault(new string('a', 64)).Should().Be("has 64 characters; 63 are allowed");
        NamespaceName.Fault(new string('a', 100_000)).Should().Be("has 100000 characters; 63 are allowed");
    }

    [Fact]
    public void Are_words_of_ascii_whatever_is_taken() =>
        Gen.OneOf(Gen.String, Valid)
            .Sample(name =>
                NamespaceName.Fault(name) is not null
                || (name.Length is > 0 and <= 63 && name.All(c => (Letters + "-_.").Contains(c, StringComparison.Ordinal)) && name is not ("." or ".."))
            );

    [Theory]
    [InlineData("web1", "wrn-web1")]
    [InlineData("elevenchars", "wrn-elevenchars")]
    public void Link_is_named_after_the_namespace(string name, string link) => NamespaceName.LinkName(name).Should().Be(link);

    // The names of links that stand must be found again by later versions.
    [Theory]
    [InlineData("twelve-chars", 0, "wrn-twelv~wy5s5")]
    [InlineData("twelve-chars", 1, "wrn-twelv~8hsow")]
    public void Link_of_a_long_name_is_cut_and_hashed(string name, int attempt, string link) =>
        NamespaceName.LinkName(name, attempt).Should().Be(link);

    [Fact]
    public void Link_names_fit_and_are_nobody_elses() =>
        Gen.Select(Valid, Valid, Gen.Int[0, 8])
            .Sample(
                (a, b, attempt) =>
                {
                    string link = NamespaceName.LinkName(a, attempt);
                    bool plain = a.Length <= 11;
                    return link.Length <= 15
                        && link.StartsWith("wrn-", StringComparison.Ordinal)
                        // a hashed name cannot be a namespace's: the two kinds never collide
                        && plain == (NamespaceName.Fault(link[4..]) is null)
                        && (!plain || link == "wrn-" + a)
                        && (a == b || !plain || NamespaceName.LinkName(b) != link);
                }
            );

    [Fact]
    public void Long_names_with_the_same_beginning_have_different_links()
    {
        string[] links = [.. Enumerable.Range(0, 2000).Select(i => NamespaceName.LinkName($"production-web-{i}"))];
        links.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void Another_attempt_gives_another_link() =>
        Valid
            .Where(name => name.Length > 11)
            .Sample(name => Enumerable.Range(0, 4).Select(attempt => NamespaceName.LinkName(name, attempt)).Distinct().Count() == 4);

    [Fact]
    public void Addresses_of_the_ends_are_local_unicast_and_differ() =>
        Valid.Sample(name =>
        {
            string host = LinkAddress.OfHostEnd(name);
            string inside = LinkAddress.OfInsideEnd(name);
            byte first = Convert.FromHexString(host[..2])[0];
            return host != inside && host.Length == 17 && (first & 3) == 2 && LinkAddress.OfHostEnd(name) == host;
        });

    // What stands keeps its addresses when Warren is updated.
    [Fact]
    public void Addresses_of_the_ends_stay()
    {
        LinkAddress.OfHostEnd("web1").Should().Be("9e:e8:c9:6b:e7:cb");
        LinkAddress.OfInsideEnd("web1").Should().Be("a6:e4:99:8e:de:f0");
    }
}
