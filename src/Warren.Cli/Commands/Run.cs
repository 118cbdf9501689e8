using System.CommandLine;
using System.Runtime.InteropServices;
using Warren.Cli.Views;
using Warren.Kernel;
using Warren.Model;
using Warren.Netlink.Namespaces;
using Warren.Netlink.Wire;
using Warren.Planning;
using Warren.Running;

namespace Warren.Cli.Commands;

/// <summary><c>warren run [NAME] [-p …] -- CMD…</c></summary>
internal static class Run
{
    // How long what a command left behind has for its end.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    public static Command Build(CommandLine line)
    {
        var name = new Argument<string?>("NAME")
        {
            Description = "The namespace's name; made from the command's if left out. One that stands is used, and stays.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<string[]> publish = Arguments.PublishOption("6000:fd hands the command a listening socket instead, as systemd does: no translation, the client's own address. ");
        var keep = new Option<bool>("--keep") { Description = "Leave the namespace and its ports when the command has ended." };
        var addresses = new AddressOptions();
        Option<bool> noNeighbours = Arguments.NoNeighbours();
        var identity = new IdentityOptions();
        var command = new Command("run", "Run a command in a namespace of its own, and leave nothing behind: warren run web1 -p 6000:8080 -- CMD…")
        {
            name,
            publish,
            keep,
            noNeighbours,
        };
        addresses.AddTo(command);
        identity.AddTo(command);
        command.SetAction(parsed =>
        {
            string[] words = Execute.CommandOf(line, "warren run web1 -p 6000:8080 -- flask run --port 8080");
            string space = Arguments.Checked(parsed.GetValue(name) ?? NameFor(words[0]));
            var listens = new List<HostPort>();
            IReadOnlyList<PortRequest> ports = Arguments.Ports(parsed.GetValue(publish), listens);
            var wish = addresses.Apply(parsed, new NamespaceWish(space) { Publish = ports, Listen = listens });
            Arguments.DemandPrivilege(line);
            var request = new ExecRequest
            {
                Namespace = space,
                Command = words,
                User = identity.User(parsed),
                Capabilities = identity.Capabilities(parsed),
                Listens = listens,
            };
            return RunIn(line, new Wish { Ensure = [wish], LeaveNeighbours = parsed.GetValue(noNeighbours) }, request, parsed.GetValue(keep));
        });
        return command;
    }

    private static int RunIn(CommandLine line, Wish wish, ExecRequest request, bool keep)
    {
        // From here on a signal ends the command, and never this program before it has cleaned up.
        int caught = 0;
        void Catch(PosixSignalContext context)
        {
            context.Cancel = true;
            caught = NumberOf(context.Signal);
        }
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Catch);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Catch);
        using PosixSignalRegistration hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Catch);
        using PosixSignalRegistration quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, Catch);

        using var sockets = new HostSockets();
        if (request.Listens.Count > 0)
            request = request with { OpenFiles = OpenFileLimit.Raise() };
        Outcome outcome;
        try
        {
            // one that cannot be opened ends all before anything is changed
            outcome = Host.Change(wish, new Manner { Review = _ => sockets.Open(request.Namespace, request.Listens) });
        }
        catch (ExecException e)
        {
            Child.Complain("run", e);
            return e.ExitCode;
        }
        try
        {
            DroppingView.Tell(line, outcome.Plan);
            return caught != 0 ? 128 + caught : Child.Run(request, started: null, sockets);
        }
        catch (ExecException e)
        {
            Child.Complain("run", e);
            return e.ExitCode;
        }
        finally
        {
            if (!keep)
                CleanUp(wish, outcome);
        }
    }

    private static void CleanUp(Wish whole, Outcome outcome)
    {
        NamespaceWish wish = whole.Ensure[0];
        bool stood = outcome.Before.Namespaces.Any(space => space.Name == wish.Name && space.Presence == Presence.Standing && (space.IsOurs || space.Link is { Mark: not null }));
        if (stood)
        {
            Forward[] made = [.. Published(outcome)];
            if (made.Length > 0)
                Host.Change(whole with { Ensure = [new NamespaceWish(wish.Name) { MustExist = true, Unpublish = [.. made.Select(PortRequest.Exactly)] }] });
            return;
        }
        bool adopted = outcome.Before.Namespaces.Any(space => space.Name == wish.Name && space.Presence == Presence.Standing && !space.IsOurs);
        if (!adopted)
            EndProcesses(wish.Name);
        try
        {
            Host.Change(new Wish { Remove = [wish.Name] });
        }
        catch (RefusedException e) when (e.Kind == RefusalKind.NotFound)
        {
            // somebody else removed it already
        }
    }

    private static void EndProcesses(string name)
    {
        // somebody else may have removed it already
        if (NamespaceNames.InodeOf(name) is { } inode)
            NamespaceProcesses.End(inode, Grace);
    }

    private static IEnumerable<Forward> Published(Outcome outcome) =>
        outcome
            .Plan.Steps.OfType<Planning.Steps.ChangeRules>()
            .SelectMany(rules => rules.Publish)
            .Where(entry => !outcome.Before.Namespaces.Any(space => space.Link?.Mark?.Forwards.Any(forward => forward.Host == entry.Host) == true))
            .Select(entry => new Forward(entry.Host, entry.Target.Port));

    private static int NumberOf(PosixSignal signal) =>
        signal switch
        {
            PosixSignal.SIGHUP => 1,
            PosixSignal.SIGINT => 2,
            PosixSignal.SIGQUIT => 3,
            _ => 15,
        };

    // flask-4711: what runs, and a number that no other running warren has
    private static string NameFor(string command)
    {
        string word = new([.. Path.GetFileName(command).Where(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.').Take(40)]);
        return $"{(NamespaceName.Fault(word) is null ? word : "run")}-{Environment.ProcessId}";
    }
}
