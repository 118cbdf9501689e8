using System.CommandLine;
using Warren.Cli.Views;
using Warren.Diagnosis;
using Warren.Model;
using Warren.Planning;
using Warren.Specs;

namespace Warren.Cli.Commands;

/// <summary><c>warren trace PORT [--from outside|host|NAME] [--live]</c>: follows a real packet, and tells what became of it.</summary>
internal static class Trace
{
    private const string Outside = "outside";
    private const string OfHost = "host";
    private static readonly TimeSpan s_livePatience = TimeSpan.FromSeconds(10);

    public static Command Build(CommandLine line)
    {
        var port = new Argument<string>("PORT") { Description = "[HOSTIP:]PORT[/tcp|/udp] of the host." };
        var from = new Option<string?>("--from")
        {
            Description = "Where the packet comes from: outside (a stand-in for another machine; the default), host, or a namespace.",
            HelpName = "outside|host|NAME",
        };
        from.CompletionSources.Add(Arguments.Names);
        var live = new Option<bool>("--live") { Description = "Send nothing: wait for a packet of others, and follow that one." };
        var probe = new Option<bool>("--probe") { Description = "Send a packet and follow it; the default." };
        var timeout = new Option<string?>("--timeout")
        {
            Description = "How long to wait: for an answer to the packet (2s), or with --live for a packet (10s).",
            HelpName = "TIME",
        };
        Option<bool> json = Arguments.Json();
        var command = new Command("trace", "Tell why a port does not answer: follow a packet through all rules, others' too: warren trace 6000")
        {
            port,
            from,
            live,
            probe,
            timeout,
            json,
        };
        command.SetAction(parsed =>
        {
            bool waits = parsed.GetValue(live);
            if (waits && (parsed.GetValue(probe) || parsed.GetValue(from) is not null))
                throw new RefusedException(RefusalKind.Usage, new Refusal("--live excludes --probe and --from", "warren trace PORT --live"));
            if (!TraceQuestion.TryParsePort(parsed.GetValue(port)!, out HostPort asked, out string? fault))
                throw new RefusedException(RefusalKind.Usage, new Refusal(fault, "a port like 6000, 6000/udp or 10.0.0.1:6000"));
            TimeSpan? patience = Patience(parsed.GetValue(timeout));
            Arguments.DemandPrivilege(line);
            TraceQuestion question = Question(asked, waits, parsed.GetValue(from));
            question = question with { Patience = patience ?? (waits ? s_livePatience : question.Patience) };
            using var signals = new HeldSignals();
            TraceReport report = Tracer.Run(question, () => signals.Caught != 0);
            if (signals.Caught != 0)
            {
                const int Signalled = 128;
                Output.Error("warren trace: interrupted; nothing of it is left");
                return Signalled + signals.Caught;
            }
            TraceView.Write(report, parsed.GetValue(json));
            return report.Verdict.Answered ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    private static TraceQuestion Question(HostPort port, bool live, string? from)
    {
        if (live)
            return new TraceQuestion(port, TraceOrigin.Live);
        return from switch
        {
            null => new TraceQuestion(port, IsReachable(port) && Tracer.CanComeFromOutside() ? TraceOrigin.Outside : TraceOrigin.Host),
            Outside => new TraceQuestion(port, TraceOrigin.Outside),
            OfHost => new TraceQuestion(port, TraceOrigin.Host),
            _ => new TraceQuestion(port, TraceOrigin.Namespace) { From = Arguments.Checked(from) },
        };
    }

    private static bool IsReachable(HostPort port) => port.HostAddress is null || !System.Net.IPAddress.IsLoopback(port.HostAddress);

    private static TimeSpan? Patience(string? text)
    {
        if (text is null)
            return null;
        string? wrong = Durations.Parse(text, out TimeSpan time);
        if (wrong is null && time > TimeSpan.Zero && time <= TimeSpan.FromHours(1))
            return time;
        throw new RefusedException(
            RefusalKind.Usage,
            new Refusal($"--timeout '{Terminal.Safe(text)}' {wrong ?? "is too short or too long"}", "a time like 500ms, 10s or 5m; an hour at most")
        );
    }
}
