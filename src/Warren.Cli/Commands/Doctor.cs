using System.CommandLine;
using Warren.Cli.Views;
using Warren.Diagnosis;
using Warren.Kernel;
using Warren.Planning;

namespace Warren.Cli.Commands;

/// <summary><c>warren doctor [NAME|PORT]</c>: what is wrong, why, and what to type. See docs/doctor.md.</summary>
internal static class Doctor
{
    public static Command Build(CommandLine line)
    {
        var about = new Argument<string?>("NAME|PORT")
        {
            Description = "Only what concerns this namespace, or this port of the host: web1, 6000, 53/udp.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        about.CompletionSources.Add(Arguments.Names);
        var fix = new Option<bool>("--fix") { Description = "Mend what is Warren's: show the plan, do it, look again." };
        var verbose = new Option<bool>("--verbose") { Description = "Also tell what is good to know and not wrong." };
        Option<bool> dryRun = new("--dry-run") { Description = "With --fix: only show what would be done." };
        Option<bool> json = Arguments.Json();
        var command = new Command("doctor", "Tell what is wrong, why, and what to type: why a port does not answer.")
        {
            about,
            fix,
            dryRun,
            verbose,
            json,
        };
        command.SetAction(parsed =>
        {
            string? word = parsed.GetValue(about);
            bool asJson = parsed.GetValue(json);
            bool dry = parsed.GetValue(dryRun);
            if (dry && !parsed.GetValue(fix))
                throw new RefusedException(RefusalKind.Usage, new Refusal("--dry-run is for --fix: without it nothing is changed anyway", "warren doctor --fix --dry-run"));
            Condition condition = Examiner.Look(word);
            IReadOnlyList<Finding> findings = Examination.Of(condition);
            Plan? plan = null;
            if (parsed.GetValue(fix) && findings.Any(finding => finding.Fixable))
            {
                Arguments.DemandPrivilege(line);
                plan = Mending.Preview(condition, findings);
                if (!asJson)
                    DoctorView.WritePlan(plan, dry);
                if (!dry && !plan.IsEmpty)
                {
                    Output.Flush();
                    Mending.Do(condition, findings);
                    condition = Examiner.Look(word);
                    findings = Examination.Of(condition);
                }
            }
            var report = new DoctorReport(condition, findings)
            {
                Plan = plan,
                Changed = !dry && plan?.IsEmpty == false,
                Verbose = parsed.GetValue(verbose),
            };
            DoctorView.Write(report, asJson);
            return report.IsHealthy ? ExitCode.Done : ExitCode.Drifted;
        });
        return command;
    }
}
