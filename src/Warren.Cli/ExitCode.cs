using Warren.Planning;

namespace Warren.Cli;

/// <summary>The exit codes, as README.md documents them.</summary>
internal static class ExitCode
{
    /// <summary>Done, or nothing to do.</summary>
    public const int Done = 0;

    /// <summary>The kernel refused a step; what was done was undone.</summary>
    public const int Failed = 1;

    /// <summary>What was typed cannot be meant.</summary>
    public const int Usage = 2;

    /// <summary>With `plan --detailed-exitcode`: there is something to do.</summary>
    public const int Changes = 2;

    /// <summary>Something is in the way: a taken port, a subnet in use.</summary>
    public const int Conflict = 3;

    /// <summary>There is no such namespace, no such port.</summary>
    public const int NotFound = 4;

    /// <summary>No privilege, or the kernel lacks something.</summary>
    public const int Unable = 5;

    /// <summary>With `status` and `doctor`: something is missing or not as it should be.</summary>
    public const int Drifted = 6;

    /// <summary>With run and exec: Warren failed, not the command.</summary>
    public const int RunFailed = 125;

    public static int Of(RefusalKind kind) =>
        kind switch
        {
            RefusalKind.Usage => Usage,
            RefusalKind.NotFound => NotFound,
            RefusalKind.Unable => Unable,
            _ => Conflict,
        };
}
