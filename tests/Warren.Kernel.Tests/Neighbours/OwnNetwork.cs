using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Warren.Kernel.Tests.Neighbours;

/// <summary>
/// Runs a test in a network namespace and a mount namespace of its own, with a /run of its own (iptables-legacy keeps its lock
/// there), on a thread that ends with it. Sockets and processes that the test makes on this thread are in the namespaces too.
/// </summary>
internal static partial class OwnNetwork
{
    private const int CLONE_NEWNS = 0x20000;
    private const int CLONE_NEWNET = 0x40000000;
    private const ulong MS_REC = 0x4000;
    private const ulong MS_PRIVATE = 1 << 18;
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(120);

    /// <summary>Runs the test; skips it, visibly, where namespaces may not be made.</summary>
    public static void Run(Action test)
    {
        ExceptionDispatchInfo? failure = null;
        string refused = "";
        var thread = new Thread(() =>
        {
            try
            {
                refused = Enter();
                if (refused.Length == 0)
                    test();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        })
        {
            IsBackground = true,
            Name = "own network",
        };
        thread.Start();
        if (!thread.Join(Bound))
            throw new TimeoutException($"The test did not end within {Bound.TotalSeconds} s.");
        Assert.SkipWhen(refused.Length > 0, $"{refused}; run as root");
        failure?.Throw();
    }

    /// <summary>Runs a script of sh to its end.</summary>
    /// <returns>What it printed.</returns>
    public static string Shell(string script) => Command("sh", "-ec", script);

    /// <summary>Runs a program to its end.</summary>
    /// <returns>What it printed.</returns>
    public static string Command(string program, params string[] arguments)
    {
        (int code, string output, string errors) = Try(program, arguments);
        return code == 0
            ? output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {code}: {errors}");
    }

    /// <summary>Runs a program to its end, whatever it is.</summary>
    public static (int Code, string Output, string Errors) Try(string program, params string[] arguments)
    {
        using Process process = Start(program, arguments);
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Bound))
        {
            process.Kill();
            throw new TimeoutException($"{program} did not end within {Bound.TotalSeconds} s.");
        }
        return (process.ExitCode, output.Result, errors.Result);
    }

    /// <summary>Starts a program.</summary>
    public static Process Start(string program, params string[] arguments) =>
        Process.Start(
            new ProcessStartInfo(program, arguments)
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                RedirectStandardInput = true,
            }
        )!;

    /// <summary>The legacy tables that are there.</summary>
    public static string LegacyNames() => File.ReadAllText("/proc/thread-self/net/ip_tables_names");

    /// <summary>All rules there are, as the tools save them, counters and remarks aside; no table is made by looking.</summary>
    public static string Rules()
    {
        string script = """
            nft -s list ruleset
            iptables-nft-save | grep -v '^#' | sed 's/\[[0-9:]*\]//'
            if [ -s /proc/self/net/ip_tables_names ]; then iptables-legacy-save | grep -v '^#' | sed 's/\[[0-9:]*\]//'; fi
            """;
        return Shell(script);
    }

    private static string Enter()
    {
        if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0)
            return Refusal("unshare(CLONE_NEWNET | CLONE_NEWNS)");
        if (mount("none", "/", null, MS_REC | MS_PRIVATE, null) != 0)
            return Refusal("mount --make-rprivate /");
        return mount("tmpfs", "/run", "tmpfs", 0, null) != 0 ? Refusal("mount -t tmpfs tmpfs /run") : "";
    }

    private static string Refusal(string call) => $"{call}: {Marshal.GetLastPInvokeErrorMessage()}";

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string? type, ulong flags, string? data);
}
