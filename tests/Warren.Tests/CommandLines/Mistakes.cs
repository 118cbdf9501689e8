using System.Text;
using AwesomeAssertions;
using Warren.Cli;
using Xunit;

namespace Warren.Tests.CommandLines;

/// <summary>What cannot be meant, before any verb has seen it: what, where, and what to type next.</summary>
[Collection("the program's output")]
public sealed class Mistakes
{
    [Theory]
    [InlineData("bogus", 2, "warren: there is no verb 'bogus'", "warren --help lists them")]
    [InlineData("statsu", 2, "warren: there is no verb 'statsu'", "warren status; warren --help lists them")]
    [InlineData("a\e[31mb", 2, @"warren: there is no verb 'a\x1b[31mb'", "warren --help lists them")]
    [InlineData("--bogus", 2, "warren: there is no option '--bogus'", "warren --help lists them")]
    [InlineData("ls x", 2, "warren ls: 'x' is one word too many", "warren ls --help")]
    [InlineData("ls --jsn", 2, "warren ls: there is no option '--jsn'", "--json; warren ls --help lists them")]
    [InlineData("ls --bogus", 2, "warren ls: there is no option '--bogus'", "warren ls --help")]
    [InlineData("rm web1 --bogus", 2, "warren rm: there is no option '--bogus'", "warren rm --help")]
    [InlineData("down -d", 2, "warren down: there is no option '-d'", "warren down --help")]
    [InlineData("publish web1 -p", 2, "warren publish: there is no option '-p'", "warren publish --help")]
    [InlineData("add", 2, "warren add: NAME is missing", "warren add --help")]
    [InlineData("publish web1", 2, "warren publish: PORTS is missing", "warren publish --help")]
    [InlineData("add web1 -p", 2, "warren add: -p needs PORTS", "warren add --help")]
    [InlineData("add web1 --subnet a --subnet b", 2, "warren add: --subnet is given more than once", "warren add --help")]
    [InlineData("logs -n abc", 2, "warren logs: -n takes LINES, and 'abc' cannot be meant", "warren logs --help")]
    [InlineData("plan publish web1", 2, "warren publish: PORTS is missing", "warren publish --help")]
    [InlineData("run --bogus", 125, "warren run: there is no option '--bogus'", "warren run web1 -- COMMAND …; the command is written after --")]
    [InlineData("run web1 ls", 125, "warren run: 'ls' is one word too many", "warren run web1 -- COMMAND …; the command is written after --")]
    [InlineData("exec", 125, "warren exec: NAME is missing", "warren exec web1 -- COMMAND …; the command is written after --")]
    public void Are_told_with_what_to_type(string line, int code, string fault, string advice)
    {
        (int ended, string output, string errors) = Type(line.Split(' '));
        errors.Should().Be($"{fault}\n  type: {advice}\n");
        output.Should().BeEmpty();
        ended.Should().Be(code);
    }

    [Theory]
    [InlineData("help", "[command] [options]\n")]
    [InlineData("help add", "add <NAME> [options]\n")]
    [InlineData("add --bogus --help", "add <NAME> [options]\n")]
    [InlineData("exec --help", "exec <NAME> [options] -- CMD…\n")]
    [InlineData("run -h", "run [<NAME>] [options] -- CMD…\n")]
    public void Help_is_given_whatever_else_is_typed(string line, string usage)
    {
        (int ended, string output, string errors) = Type(line.Split(' '));
        output.Should().Contain(usage);
        errors.Should().BeEmpty();
        ended.Should().Be(0);
    }

    private static (int Code, string Output, string Errors) Type(string[] words)
    {
        var texts = new StringBuilder[] { new(), new(), new() };
        Action<int, string> send = Output.Send;
        try
        {
            Output.Send = (descriptor, text) => texts[descriptor].Append(text);
            int code = Program.Invoke(CommandLine.Split(words));
            Output.Flush();
            return (code, texts[1].ToString(), texts[2].ToString());
        }
        finally
        {
            Output.Send = send;
        }
    }
}
