using AwesomeAssertions;
using Warren.Model;
using Warren.Specs;
using Warren.Tests.Architecture;
using Xunit;

namespace Warren.Tests.Specs;

/// <summary>
/// A folder per case under Cases/: warren.yaml, sometimes a second file over it, and either all that is said to it, or what it says
/// in the form in which Warren writes it.
/// </summary>
public sealed class SpecCases
{
    internal const string Folder = "tests/Warren.Tests/Specs/Cases";

    public static TheoryData<string> All =>
        [.. Directory.EnumerateDirectories(Path.Combine(Repository.Root, Folder)).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(All))]
    public void Are_told(string name)
    {
        string text;
        try
        {
            text = SpecWriter.Write(Read(name));
        }
        catch (SpecException e)
        {
            text = string.Concat(e.Diagnostics.Select(diagnostic => diagnostic.Render()));
        }
        text.ShouldBeIn($"{Folder}/{name}/expected.txt");
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Say_the_same_when_written_and_read_again(string name)
    {
        Spec spec;
        try
        {
            spec = Read(name);
        }
        catch (SpecException)
        {
            return;
        }
        string written = SpecWriter.Write(spec);
        Spec again = SpecReader.Read([new SpecSource("written.yaml", written, "/elsewhere")], _ => null);
        SpecText.Of(again).Should().Be(SpecText.Of(spec));
        SpecWriter.Write(again).Should().Be(written);
    }

    internal static IReadOnlyList<SpecSource> Sources(string name) =>
    [
        .. new[] { "warren.yaml", "override.yaml" }
            .Select(file => (Name: file, Path: Path.Combine(Repository.Root, Folder, name, file)))
            .Where(file => File.Exists(file.Path))
            .Select(file => new SpecSource(file.Name, File.ReadAllText(file.Path), "/srv/shop")),
    ];

    internal static Spec Read(string name) => SpecReader.Read(Sources(name), Variable);

    internal static string? Variable(string name) =>
        name switch
        {
            "PORT" => "6000",
            "HIGH" => "6001",
            "HOST" => "host",
            "EMPTY" => "",
            "WORDS" => "two words",
            _ => null,
        };
}
