using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Warren.Kernel;
using Warren.Model;
using Warren.Planning;

namespace Warren.Cli.Commands;

/// <summary><c>warren up --confirm 60s</c>, and <c>warren confirm</c>, which says yes from another terminal.</summary>
internal static class Confirmation
{
    private const int SliceMs = 100;

    public static Command Build(CommandLine line)
    {
        var project = new ProjectOptions();
        var command = new Command("confirm", "Keep what `warren up --confirm` changed, from another terminal than that it waits on.");
        project.AddTo(command);
        command.SetAction(parsed =>
        {
            Project read = project.Read(parsed);
            Arguments.DemandPrivilege(line);
            if (!File.Exists(WaitingFile(read.Name)))
                throw new RefusedException(RefusalKind.NotFound, new Refusal("nothing waits to be confirmed", "warren up --confirm 60s"));
            File.WriteAllBytes(ConfirmedFile(read.Name), []);
            Output.Line("confirmed");
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>Reads a time: <c>90s</c>, <c>2m</c>, <c>90</c>.</summary>
    /// <exception cref="RefusedException">It is none.</exception>
    public static TimeSpan Parse(string text)
    {
        (string number, int unit) = text switch
        {
            [.. var head, 's'] => (head, 1),
            [.. var head, 'm'] => (head, 60),
            [.. var head, 'h'] => (head, 3600),
            _ => (text, 1),
        };
        return int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0 && (long)count * unit <= 24 * 3600
            ? TimeSpan.FromSeconds((long)count * unit)
            : throw new RefusedException(
                RefusalKind.Usage,
                new Refusal($"--confirm: '{Terminal.Safe(text)}' is not a time up to a day", "--confirm 60s, or --confirm 5m")
            );
    }

    /// <summary>Waits for a yes: an empty line or `yes` typed here, or <c>warren confirm</c>.</summary>
    /// <returns>False if none came in time, or the terminal is gone.</returns>
    public static bool Wait(string project, TimeSpan time, HeldSignals signals)
    {
        ProjectRecord.Make(project);
        File.Delete(ConfirmedFile(project));
        File.WriteAllBytes(WaitingFile(project), []);
        try
        {
            bool asks = Output.IsTerminal(0);
            Output.Error($"warren up: taken back in {time.TotalSeconds:0} s unless you {(asks ? "press Enter here, or " : "")}type: warren confirm");
            long start = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(start) < time && signals.Caught == 0)
            {
                if (File.Exists(ConfirmedFile(project)))
                    return true;
                switch (asks ? Answer(signals) : null)
                {
                    case "" or "y" or "yes":
                        return true;
                    case { } other:
                        Output.Error($"warren up: '{Terminal.Safe(other)}' is not a yes; press Enter to keep the change");
                        break;
                    case null when !asks:
                        _ = signals.Wait(TimeSpan.FromMilliseconds(SliceMs));
                        break;
                }
            }
            return false;
        }
        finally
        {
            File.Delete(WaitingFile(project));
            File.Delete(ConfirmedFile(project));
        }
    }

    // A line, if one is typed within a moment.
    private static unsafe string? Answer(HeldSignals signals)
    {
        const short Readable = 1;
        PollDescriptor asked = new() { Descriptor = 0, Asked = Readable };
        if (Libc.poll(&asked, 1, SliceMs) <= 0)
            return null;
        byte* buffer = stackalloc byte[256];
        nint length = Libc.read(0, buffer, 256);
        if (length > 0)
            return System.Text.Encoding.UTF8.GetString(buffer, (int)length).Trim();
        // the terminal is gone
        _ = signals.Wait(TimeSpan.FromMilliseconds(SliceMs));
        return null;
    }

    private static string WaitingFile(string project) => ProjectRecord.PathOf(project) + "/to-confirm";

    private static string ConfirmedFile(string project) => ProjectRecord.PathOf(project) + "/confirmed";
}
