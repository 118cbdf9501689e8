using System.CommandLine;

namespace Warren.Cli.Commands;

/// <summary>The options that say as whom a command runs.</summary>
internal sealed class IdentityOptions
{
    private readonly Option<string?> _user = new("--user")
    {
        Description = "As whom: a name or uid; `root` keeps root's privileges. Left out: who called sudo, and without any privilege.",
        HelpName = "USER",
    };

    private readonly Option<string[]> _capabilities = new("--cap")
    {
        Description = "A capability that the command keeps, as in cap_net_admin. May be given several times.",
        HelpName = "CAP",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = Arguments.Words,
    };

    public void AddTo(Command command)
    {
        command.Add(_user);
        command.Add(_capabilities);
    }

    public string? User(ParseResult parsed) => parsed.GetValue(_user);

    public IReadOnlyList<string> Capabilities(ParseResult parsed) => parsed.GetValue(_capabilities) ?? [];
}
