using System.CommandLine;
using System.Text;
using AwesomeAssertions;
using Warren.Cli;
using Warren.Specs;
using Xunit;

namespace Warren.Tests.Specs;

/// <summary>Files on the disk and on the command line: init, schema, -f, and what cannot be read.</summary>
[Collection("the program's output")]
public sealed class Files : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("warren-files-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Init_writes_a_file_that_is_valid_and_leaves_one_that_is_there()
    {
        string path = Path.Combine(_folder, "first.yaml");
        Run("init", path).Should().Be($"wrote {path}; edit it, then type: sudo warren up -f {path}\nexit 0\n");
        SpecReader.Read([SpecReader.Load(path)], _ => null).Namespaces.Should().NotBeEmpty();
        File.WriteAllText(path, "mine");
        Run("init", path).Should().Be($"warren init: {path} is there already; nothing was changed\n  type: warren init FILE\nexit 3\n");
        File.ReadAllText(path).Should().Be("mine");
        Run("init", _folder).Should().Be($"warren init: {_folder} is a folder\n  type: warren init {_folder}/warren.yaml\nexit 3\n");
    }

    [Fact]
    public void What_cannot_be_written_is_named()
    {
        Run("init", "").Should().Be("warren init: a file needs a name\n  type: warren init FILE\nexit 2\n");
        string nowhere = Path.Combine(_folder, "none", "x.yaml");
        Run("init", nowhere).Should().Be($"warren init: {nowhere} cannot be written: its folder is not there\n  type: warren init FILE\nexit 2\n");
        File.CreateSymbolicLink(Path.Combine(_folder, "link.yaml"), "/nowhere");
        string link = Path.Combine(_folder, "link.yaml");
        Run("init", link).Should().Be($"warren init: {link} is there already; nothing was changed\n  type: warren init FILE\nexit 3\n");
    }

    // what the template shows is right, too
    [Fact]
    public void Init_writes_examples_that_are_valid()
    {
        string text = string.Join('\n', SpecTemplate.Text.Split('\n').SkipWhile(line => line.Length > 0).Select(line => line.StartsWith("  # ", StringComparison.Ordinal) && !line.Contains("a namespace with") ? "  " + line[4..] : line));
        SpecReader.Read([new SpecSource("warren.yaml", text, "/")], _ => null).Namespaces.Should().HaveCount(2).And.Contain(space => space.Services.Count == 2);
    }

    [Fact]
    public void Schema_is_printed() => Run("schema").Should().Be(SpecSchema.Json + "exit 0\n");

    [Fact]
    public void A_file_is_named_or_found()
    {
        string one = Write("one.yaml", "namespaces: {a: {run: x}}");
        string two = Write("two.yaml", "namespaces: {b: }");
        Read("-f", one, "--file", two).Should().Be("a, b in " + _folder);
        // whatever folder the tests run in has none
        Read().Should().Be("warren up: there is no warren.yaml here\n  type: warren init, which writes a first one; or -f FILE\nexit 2\n");
        Read("-f", "-", "-f", "-").Should().Be("warren up: standard input can be read only once\n  type: -f FILE -f -\nexit 2\n");
    }

    [Fact]
    public void Mistakes_are_counted()
    {
        string one = Write("one.yaml", "namespaces: {a: {prots: []}}\nnmae: x\n");
        Read("-f", one).Should().Be($"""
            {one}:1:18: unknown key 'prots' in a namespace
              1 | {"namespaces: {a: {prots: []}}"}
                |                  ^^^^^
              did you mean 'ports'?
            {one}:2:1: unknown key 'nmae' in the file
              2 | nmae: x
                | ^^^^
              did you mean 'name'?
            2 mistakes in {one}; nothing was changed
            exit 2

            """);
    }

    [Fact]
    public void Many_mistakes_are_cut()
    {
        string one = Write("one.yaml", "namespaces:\n  a:\n" + string.Concat(Enumerable.Range(0, 2000).Select(i => $"    k{i}: x\n")));
        string said = Read("-f", one);
        said.Should().EndWith($"2000 mistakes in {one}, of which 50 are shown; nothing was changed\nexit 2\n");
        said.Split(one + ":").Should().HaveCount(51);
    }

    [Fact]
    public void What_cannot_be_read_is_named()
    {
        Read("-f", _folder).Should().Be($"{_folder}: is a folder\n  name the file in it: {_folder}/warren.yaml\nexit 2\n");
        string missing = Path.Combine(_folder, "no.yaml");
        Read("-f", missing).Should().Be($"{missing}: there is no such file\n  warren init writes a first one\nexit 2\n");
        string large = Path.Combine(_folder, "large.yaml");
        using (FileStream file = File.Create(large))
            file.SetLength(SpecReader.LargestFile + 1);
        Read("-f", large).Should().Be($"{large}: is larger than 4 MB\nexit 2\n");
        Read("-f", "/dev/zero").Should().Be("/dev/zero: is larger than 4 MB\nexit 2\n");
        Read("-f", "").Should().Be("'': is no file\n  name one: -f warren.yaml\nexit 2\n");
    }

    [Fact]
    public void What_is_no_utf8_is_shown()
    {
        string path = Path.Combine(_folder, "latin.yaml");
        File.WriteAllBytes(path, [.. Encoding.UTF8.GetBytes("namespaces:\n  grün"), 0xfc, .. "n: x\nmore\n"u8]);
        Read("-f", path).Should().Be($"""
            {path}:2:7: the byte 0xfc is not UTF-8
              2 |   grün{'\ufffd'}n: x
                |       ^
              type: iconv -f latin1 -t utf8 {path}, if that is what it is in
            1 mistake in {path}; nothing was changed
            exit 2

            """);
        File.WriteAllBytes(path, Encoding.Unicode.GetPreamble());
        Read("-f", path).Should().Contain("it looks like UTF-16; save it as UTF-8");
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    // what a verb with the option would make of it
    private static string Read(params string[] words) =>
        Said("up", () =>
        {
            var command = new Command("up");
            var files = new SpecFiles();
            files.AddTo(command);
            string read = "";
            command.SetAction(parsed =>
            {
                (Warren.Model.Spec spec, IReadOnlyList<SpecSource> sources) = files.Read(parsed);
                read = string.Join(", ", spec.Namespaces.Select(space => space.Name)) + " in " + sources[0].Folder;
            });
            command.Parse(words).Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
            Output.Write(read);
            return -1;
        });

    private static string Run(params string[] words) => Said(words[0], () => Program.Invoke(CommandLine.Split(words)));

    private static string Said(string verb, Func<int> action)
    {
        var text = new StringBuilder();
        Action<int, string> send = Output.Send;
        try
        {
            Output.Send = (_, each) => text.Append(each);
            int code = Failures.Guard(new CommandLine([verb], null), action);
            Output.Flush();
            return code < 0 ? text.ToString() : text.Append($"exit {code}\n").ToString();
        }
        finally
        {
            Output.Send = send;
        }
    }
}
