using Warren.Firewall.Neighbours;
using Warren.Kernel;
using Warren.Model;
using Warren.Netlink.Wire;
using Warren.Planning;
using Warren.Planning.Steps;
using Warren.Specs;

namespace Warren.Cli;

/// <summary>Turns what went wrong into what to read, what to type next, and an exit code. No stack trace reaches a user.</summary>
internal static class Failures
{
    public static int Guard(CommandLine line, Func<int> action)
    {
        string verb = "warren " + line.Verb;
        int? code = line.Verb is "run" or "exec" ? ExitCode.RunFailed : null; // the command's own codes are all the others
        try
        {
            return action();
        }
        catch (RefusedException e)
        {
            foreach (Refusal refusal in e.Refusals)
            {
                Output.Error($"{verb}: {refusal.What}");
                if (refusal.Remedy.Length > 0)
                    Output.Error($"  type: {refusal.Remedy}");
            }
            return code ?? ExitCode.Of(e.Kind);
        }
        catch (SpecException e)
        {
            Tell(e);
            return code ?? ExitCode.Usage;
        }
        catch (ApplyException e)
        {
            Output.Error($"{verb}: {Terminal.Safe(e.Message)}");
            Output.Error($"  at the step: {e.Step.Sign} {e.Step.Words}");
            foreach (string command in e.Step.Shell.Take(3))
                Output.Error($"  which stands for: {command}");
            if (e.Stuck.Count == 0)
                Output.Error("  everything before it was undone; nothing was changed");
            if (e.Stuck.Count == 0 && e.InnerException is NetlinkException inner && Remedy(inner.Errno, inner.Subject, line) is { } remedy)
                Output.Error($"  type: {remedy}");
            foreach ((Step step, Exception error) in e.Stuck)
                Output.Error($"  could not be undone: {step.Sign} {step.Words}: {Terminal.Safe(error.Message)}");
            if (e.Stuck.Count > 0)
                Output.Error("  type: warren rm --all, which removes whatever is left of Warren's");
            return code ?? (e.InnerException is NetlinkException { Errno: var errno } && errno != Errno.ReadOnly && IsPrivilege(errno) ? ExitCode.Unable : ExitCode.Failed);
        }
        catch (UnverifiedException e)
        {
            Output.Error($"{verb}: every step was done, and yet the host is not as wished for: somebody else changes it at the same time");
            foreach (Step step in e.Rest.Steps)
                Output.Error($"  still to do: {step.Sign} {step.Words}");
            Output.Error($"  type: {line.Typed}, again");
            return code ?? ExitCode.Failed;
        }
        catch (NetlinkException e)
        {
            Output.Error($"{verb}: {Terminal.Safe(e.Message)}");
            if (Remedy(e.Errno, e.Subject, line) is { } remedy)
                Output.Error($"  type: {remedy}");
            return code ?? (IsPrivilege(e.Errno) ? ExitCode.Unable : ExitCode.Failed);
        }
        catch (IOException e)
        {
            // the runtime keeps the number of the error there
            var errno = new Errno(e.HResult);
            Output.Error($"{verb}: {Terminal.Safe(e.Message)}");
            if (Remedy(errno, "", line) is { } remedy)
                Output.Error($"  type: {remedy}");
            return code ?? (IsPrivilege(errno) ? ExitCode.Unable : ExitCode.Failed);
        }
        catch (Exception e) when (e is NeighbourException or MalformedMessageException or UnauthorizedAccessException)
        {
            Output.Error($"{verb}: {Terminal.Safe(e.Message)}");
            return code ?? ExitCode.Failed;
        }
    }

    private static void Tell(SpecException e)
    {
        const int Most = 50;
        IReadOnlyList<Diagnostic> diagnostics = e.Diagnostics;
        for (int i = 0; i < diagnostics.Count && i < Most; i++)
            Output.Error(diagnostics[i].Render().TrimEnd('\n'));
        // a file that cannot be read at all has no mistakes in it
        if (diagnostics[0].Line == 0)
            return;
        int count = diagnostics.Count + e.More;
        string files = string.Join(", ", diagnostics.Select(diagnostic => diagnostic.File).Distinct());
        string shown = count > Most ? $", of which {Most} are shown" : "";
        Output.Error($"{(count == 1 ? "1 mistake" : $"{count} mistakes")} in {Terminal.Safe(files)}{shown}; nothing was changed");
    }

    private static bool IsPrivilege(Errno errno) => errno == Errno.NotPermitted || errno == Errno.Denied || errno == Errno.ReadOnly;

    // What is wrong with the place, and not with what was wished for.
    private static string? Remedy(Errno errno, string subject, CommandLine line)
    {
        string place = subject.StartsWith('/') ? Step.Quote(subject) : "/run/netns /run/warren";
        string folder = Path.GetDirectoryName(subject) is ['/', ..] above ? Step.Quote(above) : place;
        if (errno == Errno.ReadOnly)
            return $"findmnt -T {place}, and mount it writable: mount -o remount,rw MOUNTPOINT";
        if (IsPrivilege(errno))
            return $"sudo {line.Typed}";
        if (errno == Errno.NotDirectory)
            return $"ls -ld {place}: something else has the name of a folder; move it away";
        if (errno == Errno.NoSpace)
            return $"df -h {folder}; df -i {folder}: make room there, and then {line.Typed}";
        return errno == Errno.TooManyOpenFiles || errno == Errno.TooManyOpenFilesInSystem ? $"ulimit -n 1024; {line.Typed}" : null;
    }
}
