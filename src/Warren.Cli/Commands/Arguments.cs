using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;
using Warren.Kernel;
using Warren.Model;
using Warren.Netlink.Wire;
using Warren.Planning;

namespace Warren.Cli.Commands;

/// <summary>Arguments and options that several verbs share, and how what was typed becomes a part of a wish.</summary>
internal static class Arguments
{
    public static Argument<string> Name(string description = "The namespace's name.")
    {
        var argument = new Argument<string>("NAME") { Description = description };
        argument.CompletionSources.Add(Names);
        return argument;
    }

    /// <param name="more">What else can be given.</param>
    public static Option<string[]> PublishOption(string more = "") =>
        new("--publish", "-p")
        {
            Description = "Publish a port: [HOSTIP:][HOSTPORT[-END]:]PORT[-END][/tcp|/udp], as docker's -p. " + more + "May be given several times.",
            HelpName = "PORTS",
            Arity = ArgumentArity.OneOrMore,
            CustomParser = Words,
        };

    /// <summary>The words as they were typed. The library's own way to an array goes through reflection.</summary>
    public static string[] Words(ArgumentResult result)
    {
        string[] words = new string[result.Tokens.Count];
        for (int i = 0; i < words.Length; i++)
            words[i] = result.Tokens[i].Value;
        return words;
    }

    public static Option<bool> NoNeighbours() =>
        new("--no-neighbours") { Description = "Leave other firewalls as they are, and tell which of them will drop packets of namespaces." };

    public static Option<bool> DryRun() => new("--dry-run") { Description = "Only show what would be done." };

    public static Option<bool> Shell() =>
        new("--shell") { Description = "Only print what would be done, as the commands it stands for." };

    public static Option<bool> Json() => new("--json") { Description = "Print JSON." };

    public static IEnumerable<CompletionItem> Names(CompletionContext context)
    {
        try
        {
            return Host.Look().Namespaces.Where(space => space.Link is not null).Select(space => new CompletionItem(space.Name));
        }
        catch (Exception e) when (e is NetlinkException or RefusedException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Ends the verb if this process may not change the network, before anything is changed.</summary>
    /// <exception cref="RefusedException">A capability is missing.</exception>
    public static void DemandPrivilege(CommandLine line)
    {
        if (HostSession.HasPrivilege())
            return;
        throw new RefusedException(
            RefusalKind.Unable,
            new Refusal("this needs root: the capabilities cap_net_admin and cap_sys_admin are missing", "sudo " + line.Typed)
        );
    }

    /// <summary>A name, if it can be one.</summary>
    /// <exception cref="RefusedException">It cannot.</exception>
    public static string Checked(string name)
    {
        if (NamespaceName.Fault(name) is not { } fault)
            return name;
        string shown = name.Length > 80 ? name[..80] + "…" : name;
        throw new RefusedException(
            RefusalKind.Usage,
            new Refusal($"the name '{Terminal.Safe(shown)}' {fault}", "a name like web1: a letter or digit, then letters, digits, '-', '_', '.'")
        );
    }

    /// <summary>All port requests, or all faults in them. No program is started that could be handed a socket.</summary>
    public static IReadOnlyList<PortRequest> Ports(IEnumerable<string>? texts) => Ports(texts, listens: null);

    /// <summary>All port requests, or all faults in them.</summary>
    /// <param name="texts">What was typed.</param>
    /// <param name="listens">Gets the ports of those that end with <c>:fd</c>; null if there can be none.</param>
    public static IReadOnlyList<PortRequest> Ports(IEnumerable<string>? texts, List<HostPort>? listens)
    {
        var requests = new List<PortRequest>();
        var faults = new List<Refusal>();
        foreach (string text in texts ?? [])
        {
            if (ListenRequest.IsMeant(text))
            {
                if (listens is null)
                    faults.Add(new Refusal($"'{Terminal.Safe(text)}' is a socket for a program to listen on, and this starts none", $"warren run NAME -p {Terminal.Safe(text)} -- COMMAND …, or {{host: PORT, listen: true}} in a warren.yaml"));
                else if (ListenRequest.TryParse(text, out ListenRequest? listen, out string? why))
                    AddNew(listens, listen);
                else
                    faults.Add(new Refusal($"'{Terminal.Safe(text)}' is no port to listen on: {why}", "[HOSTIP:]HOSTPORT:fd[/tcp|/udp], as in 6000:fd"));
            }
            else if (PortRequest.TryParse(text, out PortRequest? request, out string? fault))
                requests.Add(request);
            else
                faults.Add(new Refusal($"'{Terminal.Safe(text)}' is no port to publish: {fault}", "[HOSTIP:]HOSTPORT:PORT[/tcp|/udp], as in 6000:8080"));
        }
        return faults.Count == 0 ? requests : throw new RefusedException(RefusalKind.Usage, faults);
    }

    // the same twice is once
    private static void AddNew(List<HostPort> listens, ListenRequest request)
    {
        var known = new HashSet<HostPort>(listens);
        foreach (HostPort host in request.Hosts)
        {
            if (known.Add(host))
                listens.Add(host);
        }
    }
}
