using Warren.Model;
using Warren.Planning.Steps;

namespace Warren.Planning;

/// <summary>What there is of a project's unit.</summary>
internal sealed record ObservedBoot
{
    /// <summary>The text under the unit's name, without the last line break; null if there is no such file.</summary>
    public string? Unit { get; init; }

    /// <summary>Where the link leads by which the unit is started at boot; empty for what is no link, null if there is none.</summary>
    public string? Link { get; init; }

    /// <summary>Whether systemd runs, and so must be told.</summary>
    public bool SystemdRuns { get; init; }

    /// <summary>Whether systemd reads units on this host, running or not.</summary>
    public bool HasSystemd { get; init; } = true;

    /// <summary>The text of the project's sysctl drop-in, without the last line break; null if there is no such file.</summary>
    public string? DropIn { get; init; }

    /// <summary>Links on which forwarding is on since the boot because of that drop-in alone, and no namespace needs it now.</summary>
    public IReadOnlyList<string> Idle { get; init; } = [];

    /// <summary>Whether the project comes back after a reboot.</summary>
    public bool IsEnabled(string project) =>
        Unit is not null && BootUnit.IsOurs(Unit, project) && Link is not null && BootUnit.LeadsToUnit(Link, project);
}

/// <summary>The plans by which a project comes back after a reboot, and does not any more. Pure, as those of <see cref="Planner"/>. A link never
/// stands without its unit but after a crash, and then the unit's name is enough to find it.</summary>
internal static class BootPlan
{
    /// <summary>The project shall come back.</summary>
    /// <exception cref="RefusedException">It cannot.</exception>
    public static Plan Enable(ObservedBoot observed, BootWish wish)
    {
        if (!observed.HasSystemd)
        {
            throw new RefusedException(
                RefusalKind.Unable,
                new Refusal(
                    $"there is no systemd on this host: neither /run/systemd/system nor {BootUnit.Folder} is there",
                    $"{string.Join(' ', wish.Files.SelectMany(file => (string[])["-f", file]).Prepend("-d").Prepend("up").Prepend(wish.Program).Select(Step.Quote))}"
                        + ", in what this host runs at boot: /etc/rc.local, /etc/local.d, a runit or OpenRC script, @reboot in root's crontab"
                )
            );
        }
        DemandOurs(observed, wish.Project);
        string text = BootUnit.Text(wish);
        var steps = new List<Step>();
        if (observed.Unit != text)
            steps.Add(new WriteUnit(wish.Project, text, observed.Unit) { Command = $"warren up -d at boot, services as {wish.Account}" });
        if (observed.Link is null)
            steps.Add(new LinkUnit(wish.Project));
        string? sysctls = wish.Persist.Count > 0 ? DropIn.Text(wish.Project, wish.Persist) : null;
        if (sysctls is not null && observed.DropIn != sysctls)
            steps.Add(new WriteDropIn(wish.Project, sysctls, observed.DropIn));
        if (sysctls is null && observed.DropIn is not null)
            steps.Add(new RemoveDropIn(wish.Project, observed.DropIn));
        return Told(observed, steps, [.. observed.Idle.Except(wish.Persist)]);
    }

    /// <summary>The project shall not come back.</summary>
    /// <exception cref="RefusedException">What stands under the unit's name is somebody else's.</exception>
    public static Plan Disable(ObservedBoot observed, string project)
    {
        DemandOurs(observed, project);
        var steps = new List<Step>();
        if (observed.Link is not null)
            steps.Add(new UnlinkUnit(project));
        if (observed.Unit is not null)
            steps.Add(new RemoveUnit(project, observed.Unit));
        if (observed.DropIn is not null)
            steps.Add(new RemoveDropIn(project, observed.DropIn));
        return Told(observed, steps, observed.Idle);
    }

    private static void DemandOurs(ObservedBoot observed, string project)
    {
        var refusals = new List<Refusal>();
        if (observed.Unit is not null && !BootUnit.IsOurs(observed.Unit, project))
            refusals.Add(Foreign(BootUnit.PathOf(project)));
        if (observed.Link is not null && !BootUnit.LeadsToUnit(observed.Link, project))
            refusals.Add(Foreign(BootUnit.LinkOf(project)));
        if (observed.DropIn is not null && !DropIn.IsOurs(observed.DropIn, project))
            refusals.Add(Foreign(DropIn.PathOf(project)));
        if (refusals.Count > 0)
            throw new RefusedException(RefusalKind.Conflict, refusals);
    }

    private static Refusal Foreign(string path) =>
        new($"{path} is there, and Warren did not make it", $"ls -l {path}, and remove it if it is of no use; or give the project another name: in the file");

    // What a drop-in that goes has switched on goes off again, last: nothing after it can fail.
    private static Plan Told(ObservedBoot observed, List<Step> steps, IReadOnlyList<string> idle)
    {
        if (observed.SystemdRuns && steps.Exists(step => step is not (WriteDropIn or RemoveDropIn)))
            steps.Add(new ReloadUnits());
        foreach (string link in idle)
            steps.Add(new SwitchForwardingOff(link));
        return new Plan(steps);
    }
}
