using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Tests;

/// <summary>
/// Runs a test in a network namespace of its own, on a thread that ends with it: a thread in a foreign namespace must never
/// get back to the pool. Sockets and processes that the test makes on this thread are in the namespace too.
/// </summary>
internal static partial class InNamespace
{
    private const int CLONE_NEWNS = 0x20000;
    private const int CLONE_NEWNET = 0x40000000;
    private const ulong MS_REC = 0x4000;
    private const ulong MS_PRIVATE = 1 << 18;
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    /// <summary>Runs the test; skips it, visibly, where namespaces may not be made.</summary>
    /// <param name="test">The test.</param>
    /// <param name="mounts">Whether it has mounts of its own too, and an empty /run: for tests that name namespaces.</param>
    public static void Run(Action test, bool mounts = false)
    {
        ExceptionDispatchInfo? failure = null;
        int refused = 0;
        var thread = new Thread(() =>
        {
            try
            {
                if (unshare(mounts ? CLONE_NEWNET | CLONE_NEWNS : CLONE_NEWNET) != 0 || (mounts && !OwnRun()))
                    refused = Marshal.GetLastPInvokeError();
                else
                    test();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        })
        {
            IsBackground = true,
            Name = "test namespace",
        };
        thread.Start();
        if (!thread.Join(Bound))
            throw new TimeoutException($"The test did not end within {Bound.TotalSeconds} s.");
        Assert.SkipWhen(refused != 0, $"unshare(2) or mount(2): {new Errno(refused).Text}; run as root");
        failure?.Throw();
    }

    /// <summary>Sets <c>lo</c> up in the calling thread's namespace.</summary>
    public static void SetLoopbackUp()
    {
        using var socket = NetlinkSocket.Open(NetlinkProtocol.Route);
        var batch = new NetlinkBatch();
        batch.SetLink(1, "lo", new LinkChange { Up = true });
        socket.Execute(batch);
    }

    /// <summary>Runs a program to its end in the calling thread's namespace.</summary>
    /// <returns>What it printed.</returns>
    public static string Command(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Bound))
        {
            process.Kill();
            throw new TimeoutException($"{program} did not end within {Bound.TotalSeconds} s.");
        }
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {errors.Result}");
        return output.Result;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string? type, ulong flags, string? data);

    private static bool OwnRun() =>
        mount("none", "/", null, MS_REC | MS_PRIVATE, null) == 0 && mount("tmpfs", "/run", "tmpfs", 0, null) == 0;
}
