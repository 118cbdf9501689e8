using System.Diagnostics;
using System.Text;
using AwesomeAssertions;
using CsCheck;
using Warren.Specs;
using Warren.Tests.Architecture;
using Xunit;

namespace Warren.Tests.Specs;

/// <summary>Whatever is in a file: it is read, or its mistakes are told, each at a place in the file, and soon.</summary>
public sealed class AnyText
{
    private static readonly string[] s_valid =
    [
        .. Directory.EnumerateFiles(Path.Combine(Repository.Root, SpecCases.Folder), "warren.yaml", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(File.ReadAllText),
    ];

    private static readonly string[] s_pieces =
    [
        "namespaces", "web1", "ports", "run", "services", "ready", "depends_on", "environment", "command", ": ", ":", "\n", "\n  ", "\n    ", "- ", "[", "]", "{", "}", ",", "\"", "'", "&a ", "*a",
        "<<: *a", "!!str ", "!x ", "|", ">", "|-\n", "#", " #", "---\n", "...\n", "%YAML 1.2\n", "? ", "~", "null", "$", "${", "}", "${A:-", "$$", "\t", "\r", "\r\n", "\\", "\\x", "\"\\U0010FFFF\"", "\0", "\u0085",
        "\u2028", "\ufeff", "\ud800", "😀", "6000:8080", "192.168.0.0/24", "10s", "always", "on-failure:5", "a/b", " ", "  ", "0", "\u001b[31m", "@", "`", "\"\\UFFFFFFFF\"", "\"\\ud800\"",
    ];

    private static readonly Gen<string> s_soup = Gen.OneOf<string>(s_pieces).Array[0, 60].Select(string.Concat);

    private static readonly Gen<string> s_cut = Gen.Select(Gen.OneOf<string>(s_valid), Gen.Double[0, 1], (text, part) => text[..(int)(text.Length * part)]);

    private static readonly Gen<string> s_mutated = Gen.Select(
        Gen.OneOf<string>(s_valid),
        Gen.Select(Gen.Double[0, 1], Gen.Int[0, 3], Gen.OneOf<string>(s_pieces)).Array[1, 4],
        (text, changes) =>
        {
            foreach ((double place, int removed, string piece) in changes)
            {
                int start = (int)(text.Length * place);
                text = string.Concat(text.AsSpan(0, start), piece, text.AsSpan(Math.Min(text.Length, start + removed)));
            }
            return text;
        }
    );

    [Fact]
    public void Of_pieces_of_yaml() => s_soup.Sample(Judge, iter: 20_000);

    [Fact]
    public void Of_any_characters() => Gen.String[Gen.Char, 0, 200].Sample(Judge, iter: 5_000);

    [Fact]
    public void Of_files_that_end_early() => s_cut.Sample(Judge, iter: 5_000);

    [Fact]
    public void Of_files_with_changes() => s_mutated.Sample(Judge, iter: 20_000);

    [Fact]
    public void Of_two_files() =>
        Gen.Select(s_mutated, s_mutated).Sample((one, two) => Judge([new SpecSource("one.yaml", one, "/"), new SpecSource("two.yaml", two, "/")]), iter: 3_000);

    public static TheoryData<string> Large => ["flow", "block", "keys", "aliases", "merges", "line", "text", "variables", "open", "quotes", "depends", "ports", "mistakes", "commas", "anchors", "dollars", "overlaps", "chain", "comments", "questions"];

    // as large as a file may be, and as bad
    [Theory]
    [MemberData(nameof(Large))]
    public void That_is_large(string kind)
    {
        const int Size = 1_000_000;
        string Many(string piece) => new StringBuilder().Insert(0, piece, Size / piece.Length).ToString();
        string Each(int count, Func<int, string> line) => string.Concat(Enumerable.Range(0, count).Select(line));
        const string Start = "namespaces:\n  web1:\n";
        string text = kind switch
        {
            "flow" => Many("["),
            "block" => Each(1000, i => new string(' ', i) + "a:\n"),
            "keys" => Start + Each(100_000, i => $"    k{i}: x\n"),
            "aliases" => "x-0: &a0 [x,x]\n" + Each(60, i => $"x-{i + 1}: &a{i + 1} [*a{i},*a{i}]\n") + Start,
            "merges" => "x-0: &a0 {k0: x}\n" + Each(2000, i => $"x-{i + 1}: &a{i + 1} {{<<: *a{i}, k{i + 1}: x}}\n") + Start,
            "line" => Start + "    user: " + Many("x") + "\n    prots: []\n",
            "text" => "x-a: &a \"" + Many("x ") + "\"\n" + Start + "    run: [x, " + string.Join(", ", Enumerable.Repeat("*a", 10_000)) + "]\n",
            "variables" => Start + "    user: \"" + Many("${BIG}") + "\"\n",
            "open" => Start + "    user: " + Many("${A:-"),
            "quotes" => Start + "    run: " + Many("a'b'\"c\" "),
            "depends" => "namespaces:\n  a:\n    services:\n" + Each(10_000, i => $"      s{i}: x\n") + "  b:\n    services:\n" + Each(10_000, i => $"      s{i}: {{command: x, depends_on: [a]}}\n"),
            "ports" => Start + "    ports:\n" + Each(20_000, i => $"      - 127.0.{i / 250}.{i % 250}:1-65535:1-65535\n") + "      - 1-65535:1-65535\n",
            "mistakes" => Start + Each(100_000, i => "    a: x\n"),
            "commas" => Start + "    ports: [" + Many("x,") + "]\n",
            "anchors" => Each(50_000, i => $"x-{i}: &a{i} x\n") + Start + "    user: *a\n",
            "dollars" => Start + "    run: [" + string.Join(", ", Enumerable.Repeat("$A", 200_000)) + "]\n",
            "overlaps" => "namespaces:\n" + Each(20_000, i => $"  w{i}: {{subnet: 10.0.0.0/{8 + (i % 20)}}}\n"),
            "chain" => Start + "    services:\n" + Each(20_000, i => $"      s{i}: {{command: x, depends_on: [s{(i + 1) % 20_000}]}}\n"),
            "comments" => Many("#\n"),
            "questions" => Many("? "),
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
        var time = Stopwatch.StartNew();
        Judge(text);
        time.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void Of_five_thousand_namespaces_fits()
    {
        string text = "namespaces:\n" + string.Concat(Enumerable.Range(0, 5000).Select(i => $"""
              web{i}:
                ports: ["{10_000 + i}:8080", "127.0.0.1:{20_000 + i}:53/udp"]
                environment: {"{"}A: b, C: d, E: f{"}"}
                services:
                  db: redis-server --port 6379
                  web: {"{"}command: [gunicorn, "app:app"], depends_on: [db], ready: {"{"}port: 8080{"}"}, restart: always{"}"}

            """));
        SpecReader.Read([new SpecSource("warren.yaml", text, "/")], _ => null).Namespaces.Should().HaveCount(5000);
    }

    private static void Judge(string text) => Judge([new SpecSource("warren.yaml", text, "/srv")]);

    private static void Judge(SpecSource[] sources)
    {
        try
        {
            SpecReader.Read(sources, name => name == "BIG" ? new string('x', 100_000) : null);
        }
        catch (SpecException e)
        {
            e.Diagnostics.Should().NotBeEmpty();
            string? last = null;
            foreach (Diagnostic diagnostic in e.Diagnostics)
            {
                string text = sources.Single(source => source.ShownName == diagnostic.File).Text;
                if (!ReferenceEquals(diagnostic.SourceLine, last))
                    text.Contains(diagnostic.SourceLine, StringComparison.Ordinal).Should().BeTrue("{0} shows a line of the file", diagnostic);
                last = diagnostic.SourceLine;
                IsInside(diagnostic);
            }
        }
    }

    private static void IsInside(Diagnostic diagnostic)
    {
        bool isThere =
            diagnostic is { Line: >= 1, Column: >= 1, Length: >= 1 }
            && diagnostic.Column <= diagnostic.SourceLine.Length + 1;
        isThere.Should().BeTrue("{0} is about a place in the file", diagnostic);
        string shown = diagnostic.Render();
        bool isSafe = !shown.Any(c => char.IsControl(c) && c is not ('\n' or '\t')) && shown.Length < 5000 && shown.EndsWith('\n');
        isSafe.Should().BeTrue("{0} can be shown", diagnostic);
    }
}
