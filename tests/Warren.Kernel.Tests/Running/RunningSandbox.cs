using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using AwesomeAssertions;
using Xunit;

namespace Warren.Kernel.Tests.Running;

/// <summary>What a script left.</summary>
internal sealed record Ending(int ExitCode, string Output, string Errors)
{
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The fields of a /proc/PID/status, blanks made single.</summary>
    public string Status(string field) =>
        string.Join(' ', Lines.Single(line => line.StartsWith(field + ":", StringComparison.Ordinal))
            .Split((char[])['\t', ' '], StringSplitOptions.RemoveEmptyEntries)[1..]);
}

/// <summary>
/// A shell script in network and mount namespaces of its own, in a session without a terminal. /run and /etc are its own
/// copies; a namespace <c>web1</c> with an interface <c>veth7</c> and an /etc/netns/web1/resolv.conf exists; a user
/// <c>warrentest</c> (4242, group 4243, also in 4244) exists; <c>$P</c> is the probe. All of it goes with its last process.
/// </summary>
internal sealed partial class RunningSandbox : IDisposable
{
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    private const string Furnish = """
        set -e
        mount -t tmpfs tmpfs /run
        mkdir /run/etc
        cp -dR --preserve=mode /etc/. /run/etc 2>/dev/null || : # in a user namespace not all can be read
        mount --bind /run/etc /etc
        echo 'warrentest:x:4242:4243::/home/warrentest:/bin/bash' >>/run/etc/passwd
        echo 'warrentest:x:4243:' >>/run/etc/group
        echo 'warrenmore:x:4244:warrentest' >>/run/etc/group
        mkdir -p /run/etc/netns/web1
        echo 'nameserver 192.0.2.53' >/run/etc/netns/web1/resolv.conf
        ip netns add web1
        ip -n web1 link add veth7 type veth peer name veth8
        set +e
        unset SUDO_UID SUDO_GID SUDO_USER
        cd /run

        """;

    private readonly Process _process;
    private readonly Task<string> _errors;

    private RunningSandbox(string script, string unshare)
    {
        ProcessStartInfo start = new("setsid")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string word in (string[])["unshare", .. unshare.Split(' '), "bash", "-c", Furnish + script])
            start.ArgumentList.Add(word);
        start.Environment["P"] =
            Environment.GetEnvironmentVariable("WARREN_RUNNING_PROBE")
            ?? Path.Combine(AppContext.BaseDirectory, "Warren.Running.Probe");
        _process = Process.Start(start)!;
        _errors = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>The first process: what the script calls <c>exec</c> on keeps this id.</summary>
    public int ProcessId => _process.Id;

    public static RunningSandbox Start(string script, string unshare = "--mount --net")
    {
        Assert.SkipUnless(geteuid() == 0, "needs root: namespaces with more than one user");
        return new RunningSandbox(script, unshare);
    }

    public static Ending Run(string script, string unshare = "--mount --net")
    {
        using RunningSandbox sandbox = Start(script, unshare);
        return sandbox.End();
    }

    public void Type(string text)
    {
        _process.StandardInput.Write(text);
        _process.StandardInput.Flush();
    }

    public void Signal(int signal) => kill(ProcessId, signal).Should().Be(0);

    /// <summary>Reads lines until one contains a text.</summary>
    public string ReadLine(string expected)
    {
        StringBuilder seen = new();
        using CancellationTokenSource bound = new(Bound);
        while (true)
        {
            string? line = _process.StandardOutput.ReadLineAsync(bound.Token).AsTask().GetAwaiter().GetResult();
            if (line is null)
                throw new InvalidOperationException($"no '{expected}' but {seen}; errors: {_errors.Result}");
            if (line.Contains(expected, StringComparison.Ordinal))
                return line;
            seen.AppendLine(line);
        }
    }

    /// <summary>Waits for the script's end.</summary>
    public Ending End()
    {
        using CancellationTokenSource bound = new(Bound);
        string output = _process.StandardOutput.ReadToEndAsync(bound.Token).GetAwaiter().GetResult();
        _process.WaitForExitAsync(bound.Token).GetAwaiter().GetResult();
        return new Ending(_process.ExitCode, output, _errors.WaitAsync(bound.Token).GetAwaiter().GetResult());
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _ = kill(-ProcessId, 9);
        _process.Dispose();
    }

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
