using System.CommandLine;
using Warren.Cli.Views;
using Warren.Kernel;
using Warren.Model;
using Warren.Planning;
using Warren.Planning.Steps;
using Warren.Running;

namespace Warren.Cli.Commands;

/// <summary><c>warren enable</c>: a project comes back after a reboot.</summary>
internal static class Enable
{
    // what is in them is gone after a reboot, or is of one process only
    private static readonly string[] s_passing = ["/tmp/", "/run/", "/var/run/", "/dev/", "/proc/"];

    public static Command Build(CommandLine line)
    {
        var project = new ProjectOptions();
        var variables = new Option<string[]>("--env", "-e")
        {
            Description = "A variable that the file takes from the environment; NAME alone for its value now. May be given several times.",
            HelpName = "NAME[=VALUE]",
            Arity = ArgumentArity.OneOrMore,
            CustomParser = Arguments.Words,
        };
        var persist = new Option<bool>("--persist")
        {
            Description = "Write a sysctl drop-in too: forwarding of the links to the world is on from the boot on, not only from warren up on.",
        };
        Option<bool> noNeighbours = Arguments.NoNeighbours();
        Option<bool> dryRun = Arguments.DryRun();
        Option<bool> shell = Arguments.Shell();
        Option<bool> json = Arguments.Json();
        var command = new Command("enable", "Let a file's project come back after a reboot: a systemd unit that runs `warren up -d`.")
        {
            variables,
            persist,
            noNeighbours,
            dryRun,
            shell,
            json,
        };
        project.AddTo(command);
        command.SetAction(parsed =>
        {
            (BootWish wish, Project read) = Wish(project, parsed, Given(parsed.GetValue(variables)));
            wish = wish with { LeaveNeighbours = parsed.GetValue(noNeighbours) };
            bool dry = parsed.GetValue(dryRun) || parsed.GetValue(shell);
            bool lasting = parsed.GetValue(persist);
            if (!dry || lasting)
                Arguments.DemandPrivilege(line);
            if (lasting)
                wish = wish with { Persist = Links(read) };
            Plan plan = dry
                ? BootPlan.Enable(BootFiles.Observe(wish.Project), wish)
                : BootFiles.Change(wish.Project, observed => BootPlan.Enable(observed, wish));
            if (parsed.GetValue(shell))
                ShellView.Write(plan, line.Typed);
            else if (parsed.GetValue(json))
                PlanJson.Write(plan, applied: !dry);
            else if (dry)
                PlanView.Write(plan);
            else
                Tell(plan, $"{wish.Project}: comes back after a reboot; {BootUnit.NameOf(wish.Project)} runs warren up -d, services as {wish.Account}");
            if (lasting && wish.Persist.Count == 0 && !parsed.GetValue(shell) && !parsed.GetValue(json))
                Output.Line("no sysctl drop-in: the host forwards by itself, and Warren switches nothing on");
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>What was done: each file, and what it means.</summary>
    internal static void Tell(Plan plan, string meaning)
    {
        if (plan.IsEmpty)
        {
            Output.Line("nothing to do");
            return;
        }
        foreach (Step step in plan.Steps)
            Output.Line($"host: {step.Sign} {step.Words}");
        Output.Line(Terminal.Safe(meaning));
    }

    // Those of now: where the default routes lead, and what namespaces are pinned to.
    private static IReadOnlyList<string> Links(Project project)
    {
        IReadOnlyList<string> before = BootFiles.Observe(project.Name).DropIn is { } text && DropIn.IsOurs(text, project.Name) ? DropIn.LinksOf(text) : [];
        IReadOnlyList<string> links = DropIn.Wanted(Host.Look(project.Up([])), before);
        if (links.FirstOrDefault(link => !DropIn.CanName(link)) is { } odd)
        {
            throw new RefusedException(
                RefusalKind.Usage,
                new Refusal($"a sysctl drop-in cannot name the link {Terminal.Safe(odd)}", "warren enable without --persist: warren up switches its forwarding on all the same")
            );
        }
        return links;
    }

    private static (BootWish Wish, Project Read) Wish(ProjectOptions options, ParseResult parsed, Dictionary<string, string> given)
    {
        var taken = new SortedSet<string>(StringComparer.Ordinal);
        Project read = options.Read(
            parsed,
            name =>
            {
                if (given.TryGetValue(name, out string? value))
                    return value;
                // one that is not set now is not set at boot
                if (Environment.GetEnvironmentVariable(name) is { } own)
                {
                    taken.Add(name);
                    return own;
                }
                return null;
            }
        );
        var refusals = new List<Refusal>();
        if (taken.Count > 0)
        {
            refusals.Add(
                new Refusal(
                    $"the file takes {Terminal.Safe(string.Join(", ", taken))} from the environment of whoever types, and at boot nobody does",
                    $"warren enable {Terminal.Safe(string.Join(' ', taken.Select(name => $"--env {name}")))}, which writes "
                        + $"{(taken.Count == 1 ? "its value" : "their values")} of now into the unit, where everybody on this host can read {(taken.Count == 1 ? "it" : "them")}"
                )
            );
        }
        string program = Environment.ProcessPath ?? "";
        foreach (string path in read.Paths)
        {
            if (Fault(path) is { } fault)
                refusals.Add(new Refusal($"{Terminal.Safe(path)} {fault}", "put the file where it stays"));
        }
        // systemd takes no such program, however it is quoted
        string? wrong = program.AsSpan().IndexOfAny("\"'\\") >= 0 ? "has quotes or backslashes in it, which a unit's program cannot have" : Fault(program);
        if (wrong is not null)
            refusals.Add(new Refusal($"{Terminal.Safe(program)} {wrong}", "cp it to /usr/local/bin/warren, and call that"));
        if (refusals.Count > 0)
            throw new RefusedException(RefusalKind.Usage, refusals);
        var environment = new List<KeyValuePair<string, string>>();
        Account account = Caller();
        if (!account.IsCaller)
        {
            foreach (string name in (string[])["SUDO_UID", "SUDO_GID", "SUDO_USER"])
            {
                if (Environment.GetEnvironmentVariable(name) is { } value)
                    environment.Add(new(name, value));
            }
        }
        foreach ((string name, string value) in given.OrderBy(each => each.Key, StringComparer.Ordinal))
            environment.Add(new(name, value));
        TimeSpan stop = TimeSpan.Zero;
        foreach (Service service in read.Spec.Namespaces.SelectMany(space => space.Services))
            stop += service.StopGrace;
        var wish = new BootWish(read.Name, program, read.Paths)
        {
            Environment = environment,
            Account = account.IsCaller ? "root" : account.ToString(),
            StopTime = stop,
        };
        return (wish, read);
    }

    private static Account Caller()
    {
        try
        {
            return Account.Resolve(null, Environment.GetEnvironmentVariable);
        }
        catch (ExecException e)
        {
            throw new RefusedException(RefusalKind.Usage, new Refusal(e.Message, ""));
        }
    }

    private static string? Fault(string path) =>
        path == "-" ? "is standard input, which nobody writes to at boot"
        : path.Any(char.IsControl) ? "has control characters in it, which a unit cannot hold"
        : Array.Exists(s_passing, folder => path.StartsWith(folder, StringComparison.Ordinal)) ? "is gone after a reboot"
        : File.Exists(path) ? null
        : "is not there any more";

    private static Dictionary<string, string> Given(string[]? words)
    {
        var given = new Dictionary<string, string>();
        var refusals = new List<Refusal>();
        foreach (string word in words ?? [])
        {
            int sign = word.IndexOf('=', StringComparison.Ordinal);
            string name = sign < 0 ? word : word[..sign];
            string? value = sign < 0 ? Environment.GetEnvironmentVariable(name) : word[(sign + 1)..];
            if (name.Length == 0 || char.IsAsciiDigit(name[0]) || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
                refusals.Add(new Refusal($"'{Terminal.Safe(name)}' cannot be the name of a variable", "--env NAME, or --env NAME=VALUE"));
            else if (value is null)
                refusals.Add(new Refusal($"the variable {name} is not set", $"--env {name}=VALUE; sudo takes variables away: sudo {name}=VALUE warren enable …"));
            else
                given[name] = value;
        }
        return refusals.Count == 0 ? given : throw new RefusedException(RefusalKind.Usage, refusals);
    }
}
