using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary>
/// A host of its own for one test, in user, mount, network and UTS namespaces that one process holds. Its uplink <c>ens5</c>
/// 10.0.0.173/24 leads to a router and neighbour <c>outside</c>, 10.0.0.2, behind which 8.8.8.8 is the internet. /run is empty,
/// /etc is the machine's with every change kept apart. It goes, with all that runs in it, when the test ends.
/// </summary>
internal sealed partial class Sandbox : IDisposable
{
    public const string HostAddress = "10.0.0.173";
    public const string OutsideAddress = "10.0.0.2";
    public const string InternetAddress = "8.8.8.8";

    /// <summary>How long anything may take before the test fails.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    private const string Furnish = """
        set -e
        mount -t tmpfs tmpfs /run
        mkdir -p /run/lock /run/sandbox/etc /run/sandbox/work
        if ! mount -t overlay -o lowerdir=/etc,upperdir=/run/sandbox/etc,workdir=/run/sandbox/work overlay /etc 2>/dev/null; then
            cp -dR --preserve=mode /etc/. /run/sandbox/etc 2>/dev/null || :
            mount --bind /run/sandbox/etc /etc
        fi
        mount -t sysfs sysfs /sys 2>/dev/null || :
        # an answer of 'nothing here' for every question, not for one a second
        echo 0 >/proc/sys/net/ipv4/icmp_ratelimit
        : >/run/sandbox/outside
        unshare --net=/run/sandbox/outside ip -batch - <<'EOF'
        link set lo up
        addr add 8.8.8.8/32 dev lo
        EOF
        ip -batch - <<'EOF'
        link set lo up
        link add ens5 address 02:00:00:00:00:05 type veth peer name eth0 netns /run/sandbox/outside address 02:00:00:00:00:02
        addr add 10.0.0.173/24 dev ens5
        link set ens5 up
        route add default via 10.0.0.2
        EOF
        nsenter --net=/run/sandbox/outside ip -batch - <<'EOF'
        addr add 10.0.0.2/24 dev eth0
        link set eth0 up
        EOF
        """;

    // What a program may change on a host. Counters, the number of flows, the sets that packets change, whether a link has a carrier, and the link-local
    // addresses that follow from that change by themselves.
    private const string Everything = """
        for d in '' ' --net=/run/sandbox/outside'; do
            [ -z "$d" ] || set -- nsenter $d
            "$@" ip -d -o link; "$@" ip -o addr; "$@" ip route show table all; "$@" ip -6 route show table all; "$@" ip rule
        done | grep -v 'fe80::\|ff00::' | sed 's/NO-CARRIER,//; s/,LOWER_UP//; s/,M-DOWN//; s/ state [A-Z]*//; s/ linkdown//'
        ip neigh show nud permanent
        find /run /run/sandbox/etc /etc/netns -printf '%p %y %m %U:%G %l\n' 2>/dev/null
        find /run /etc/netns -type f -size +0 -exec sha256sum {} + 2>/dev/null
        cut -d' ' -f4- /proc/self/mountinfo
        grep -rs '' /proc/sys/net | grep -v nf_conntrack_count
        nft list ruleset | sed 's/counter packets [0-9]* bytes [0-9]*/counter/; /"wrn-[^"]*" ct count/d; /"wrn-[^"]*" expires/d'
        """;

    private readonly Process _holder;
    private readonly List<Launched> _started = [];

    private Sandbox(Process holder)
    {
        _holder = holder;
        Host = new Place(this, null);
        Outside = new Place(this, "/run/sandbox/outside");
    }

    public Place Host { get; }

    public Place Outside { get; }

    /// <summary>The folder that holds the program: <c>artifacts/</c>.</summary>
    private static readonly Lazy<string?> s_warren = new(FindWarren);

    public static Sandbox Start()
    {
        if (s_warren.Value is null)
            Assert.Skip("artifacts/warren is not built: dotnet publish src/Warren.Cli -r linux-x64, or set WARREN");
        Need("unshare", "nsenter", "ip", "nft", "python3");
        ProcessStartInfo start = new("unshare")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // the network namespace comes after the ids: some files of it belong to the root of that moment
        const string Holder = "echo ready; read go; exec unshare -n -m -u --propagation private sh -c 'echo made; exec cat'";
        foreach (string word in (string[])["-U", "sh", "-c", Holder])
            start.ArgumentList.Add(word);
        Process holder = Process.Start(start)!;
        if (holder.StandardOutput.ReadLine() != "ready")
        {
            string why = holder.StandardError.ReadToEnd().Trim();
            holder.Dispose();
            Assert.Skip($"no user namespaces here: {why}");
        }
        var sandbox = new Sandbox(holder);
        try
        {
            WriteMaps(holder.Id);
            holder.StandardInput.WriteLine("go");
            holder.StandardInput.Flush();
            if (holder.StandardOutput.ReadLine() != "made")
                throw new InvalidOperationException($"no namespaces: {holder.StandardError.ReadToEnd()}");
            Ending made = sandbox.Sh(Furnish);
            return made.ExitCode == 0 ? sandbox : throw new InvalidOperationException($"no sandbox: {made.Errors}");
        }
        catch
        {
            sandbox.Dispose();
            throw;
        }
    }

    /// <summary>Skips the test, visibly, if a program is not installed.</summary>
    public static void Need(params string[] programs)
    {
        foreach (string program in Missing(programs))
            Assert.Skip($"{program} is not installed");
    }

    /// <summary>Those of some programs that are not installed.</summary>
    public static IEnumerable<string> Missing(params string[] programs) =>
        programs.Where(program => !SearchPath.Split(':').Any(folder => File.Exists($"{folder}/{program}")));

    /// <summary>A file of the repository.</summary>
    public static string FileOfRepository(string path)
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists($"{folder.FullName}/warren.slnx"))
            folder = folder.Parent;
        return folder is null ? throw new InvalidOperationException("the tests do not run in the repository") : $"{folder.FullName}/{path}";
    }

    public static bool IsRoot => geteuid() == 0;

    public Place Inside(string name) => new(this, $"/run/netns/{name}");

    /// <summary>A command on the host: <c>warren add web1 -p 6000:8080</c>.</summary>
    public Ending Run(string command) => Host.Sh("exec " + command);

    /// <summary>A command on the host, word by word as it is.</summary>
    public Ending Command(params string[] words)
    {
        using Launched launched = Launch(null, words);
        return launched.End();
    }

    /// <summary>A command on the host that must succeed.</summary>
    public string Do(string command) => Host.Do(command);

    /// <summary>A script on the host.</summary>
    public Ending Sh(string script) => Host.Sh(script);

    /// <summary>All of the host that a program could leave a trace in, a line each.</summary>
    public string[] Snapshot() => [.. Host.Do(Everything).Split('\n').Order(StringComparer.Ordinal)];

    /// <summary>Fails with the lines that are new or gone.</summary>
    public void ShouldBe(string[] before, string because = "")
    {
        string[] after = Snapshot();
        // lines may be there twice
        List<string> gone = [.. before];
        List<string> came = [.. after.Where(line => !gone.Remove(line))];
        Assert.True(gone.Count == 0 && came.Count == 0, $"{because}\ngone:\n{string.Join('\n', gone)}\ncame:\n{string.Join('\n', came)}");
    }

    /// <summary>The command lines of the processes that Warren started here and that still live.</summary>
    public string[] Processes() => [.. Living().Select(each => each.Line).Order(StringComparer.Ordinal)];

    /// <summary>Kills the one process that Warren started here with this command line.</summary>
    public void Kill(string line) => _ = kill(Living().Single(each => each.Line == line).Id, 9);

    private List<(int Id, string Line)> Living()
    {
        string own = UserNamespaceOf(_holder.Id);
        var living = new List<(int Id, string Line)>();
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out int id) || id == _holder.Id || UserNamespaceOf(id) != own || IsZombie(id))
                continue;
            try
            {
                living.Add((id, File.ReadAllText($"{folder}/cmdline").Replace('\0', ' ').TrimEnd()));
            }
            catch (IOException)
            {
                // it has ended meanwhile
            }
        }
        // what a supervisor starts has the supervisor's own command line at first
        living.RemoveAll(each => living.Exists(other => other.Id == ParentOf(each.Id) && other.Line == each.Line && each.Line.Contains("__supervise", StringComparison.Ordinal)));
        return living;
    }

    // 0 for one that is gone; proc_pid_stat(5)
    private static int ParentOf(int process)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{process}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    // a folder of every host that nothing is in while tests run
    private const string Installed = "/mnt";

    /// <summary>Puts the program where one that is installed could be, wherever the repository is.</summary>
    public void Install() => Do($"mount --bind {s_warren.Value} {Installed}");

    internal Launched Launch(string? network, IEnumerable<string> words)
    {
        ProcessStartInfo start = new("nsenter")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        List<string> all = ["-t", $"{_holder.Id}", "-U", "-n", "-m", "-u", "--preserve-credentials", "--"];
        if (network is not null)
            all.AddRange(["nsenter", $"--net={network}", "--"]);
        foreach (string word in all.Concat(words))
            start.ArgumentList.Add(word);
        start.Environment["PATH"] = $"{Installed}:{s_warren.Value}:{SearchPath}";
        start.Environment["LC_ALL"] = "C";
        foreach (string variable in (string[])["SUDO_UID", "SUDO_GID", "SUDO_USER", "SUDO_COMMAND"])
            start.Environment.Remove(variable);
        return new Launched(Process.Start(start)!, string.Join(' ', words));
    }

    internal Launched Keep(Launched running)
    {
        lock (_started)
            _started.Add(running);
        return running;
    }

    public void Dispose()
    {
        // whatever is in the sandbox's user namespace was started from here
        string own = UserNamespaceOf(_holder.Id);
        for (bool found = own.Length > 0; found;)
        {
            found = false;
            foreach (string folder in Directory.EnumerateDirectories("/proc"))
            {
                if (!int.TryParse(Path.GetFileName(folder), out int id) || id == _holder.Id || UserNamespaceOf(id) != own || IsZombie(id))
                    continue;
                found |= kill(id, 9) == 0;
            }
        }
        foreach (Launched running in _started)
            running.Dispose();
        _ = kill(_holder.Id, 9);
        _holder.WaitForExit(Bound);
        _holder.Dispose();
    }

    private static string UserNamespaceOf(int process)
    {
        try
        {
            return new FileInfo($"/proc/{process}/ns/user").LinkTarget ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static bool IsZombie(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat") is { } stat && stat[stat.LastIndexOf(')') + 2] is 'Z' or 'X';
        }
        catch (IOException)
        {
            return true;
        }
    }

    // Root gives the sandbox all the ids it has itself; others can give their own one only.
    private static void WriteMaps(int process)
    {
        if (!IsRoot)
        {
            File.WriteAllText($"/proc/{process}/setgroups", "deny");
            File.WriteAllText($"/proc/{process}/uid_map", $"0 {geteuid()} 1");
            File.WriteAllText($"/proc/{process}/gid_map", $"0 {getegid()} 1");
            return;
        }
        foreach (string map in (string[])["uid_map", "gid_map"])
        {
            IEnumerable<string> lines = File.ReadLines($"/proc/self/{map}")
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Select(words => $"{words[0]} {words[0]} {words[2]}");
            File.WriteAllText($"/proc/{process}/{map}", string.Join('\n', lines) + "\n");
        }
    }

    private static string SearchPath { get; } =
        "/usr/sbin:/usr/bin:/sbin:/bin:" + Environment.GetEnvironmentVariable("PATH");

    private static string? FindWarren()
    {
        if (Environment.GetEnvironmentVariable("WARREN") is { Length: > 0 } given)
            return Path.GetDirectoryName(Path.GetFullPath(given));
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists($"{folder.FullName}/artifacts/warren"))
                return $"{folder.FullName}/artifacts";
        }
        return null;
    }

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc")]
    private static partial uint getegid();

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
