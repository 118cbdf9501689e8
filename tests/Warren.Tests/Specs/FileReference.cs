using AwesomeAssertions;
using Warren.Specs;
using Warren.Tests.Architecture;
using Xunit;

namespace Warren.Tests.Specs;

/// <summary>docs/file.md says of every key that the reader knows what it is, and of no other.</summary>
public sealed class FileReference
{
    private static readonly Dictionary<string, string[]> s_keys = new(StringComparer.Ordinal)
    {
        ["## The file"] = Names(SpecKeys.File),
        ["## The host"] = Names(SpecKeys.Host),
        ["## A namespace"] = Names(SpecKeys.Namespace),
        ["### A port"] = Names(SpecKeys.Port),
        ["### dns"] = Names(SpecKeys.Dns),
        ["## A service"] = Names(SpecKeys.Service),
        ["### ready"] = Names(SpecKeys.Ready),
    };

    public static TheoryData<string> Sections => [.. s_keys.Keys];

    [Theory]
    [MemberData(nameof(Sections))]
    public void Has_every_key_with_type_and_example(string section)
    {
        string[] lines = [.. File.ReadLines(Path.Combine(Repository.Root, "docs/file.md")).SkipWhile(line => line != section).Skip(1).TakeWhile(line => !line.StartsWith('#'))];
        string[][] rows =
        [
            .. lines.Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line.Replace("\\|", "/", StringComparison.Ordinal).Split('|', StringSplitOptions.TrimEntries)[1..^1]),
        ];
        rows.Select(row => row[0].Trim('`')).Should().BeEquivalentTo(s_keys[section], $"these are the keys under '{section}'");
        foreach (string[] row in rows)
        {
            row.Should().HaveCount(4, $"'{row[0]}' has key, type, default, example");
            row[1].Should().NotBeEmpty();
            row[3].Should().Contain(row[0].Trim('`') + ":", "an example uses its key");
        }
    }

    [Fact]
    public void Files_that_are_shown_are_right()
    {
        string text = File.ReadAllText(Path.Combine(Repository.Root, "docs/file.md"));
        string[] files = [.. text.Split("```yaml\n").Skip(1).Select(part => part.Split("```")[0])];
        files.Should().NotBeEmpty();
        foreach (string file in files)
            SpecReader.Read([new SpecSource("docs/file.md", file, "/srv")], _ => null).Namespaces.Should().NotBeEmpty();
    }

    private static string[] Names<T>(KeySet<T> keys) => [.. keys.Keys.Select(key => key.Name)];
}
