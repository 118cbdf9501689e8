using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Warren.Model;
using Xunit;

namespace Warren.Kernel.Tests.Services;

/// <summary>What a service sees: who it is, its variables, its files.</summary>
public sealed class Surroundings
{
    [Fact]
    public void It_has_the_variables_of_who_typed_and_its_own_on_top()
    {
        using var project = new Project();
        Service service = Project.Script("db", "env | sort; pwd; exec sleep 1000") with
        {
            Directory = "/usr",
            Environment = [new("MINE", "a b"), new("OVER", "mine"), new("WARREN_SERVICE", "forged"), new("HOME", "/mine")],
        };
        project.Sandbox.Sh($"THEIRS=1 OVER=theirs WARREN_PROJECT=else {project.UpCommand(service)}").ExitCode.Should().Be(0);
        Project.Eventually(() => project.Sandbox.Do("warren logs").Contains("/usr\n", StringComparison.Ordinal), "it has written");
        string[] seen = project.Sandbox.Do("warren logs").Split('\n');
        seen.Should().Contain(["MINE=a b", "OVER=mine", "THEIRS=1", "HOME=/mine", "WARREN_PROJECT=demo", "WARREN_SERVICE=web1/db", "WARREN_NAMESPACE=web1", "/usr"]);
        seen.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void It_is_who_called_sudo_and_has_no_privilege()
    {
        Assert.SkipUnless(Sandbox.IsRoot, "needs root: namespaces with more than one user");
        using var project = new Project();
        Service service = Project.Script("", "id -u; id -g; grep -E 'CapEff|NoNewPrivs' /proc/self/status | tr -d '\\t'; echo to >/dev/stderr; echo $HOME; exec sleep 1000");
        project.Sandbox.Sh($"SUDO_UID=65534 SUDO_GID=65534 {project.UpCommand(service)}").ExitCode.Should().Be(0);
        Project.Eventually(() => project.Sandbox.Do("warren logs").Split('\n').Length > 5, "it has written");
        project.Sandbox.Do("warren logs").Split('\n')[..5].Should().Equal("65534", "65534", "CapEff:0000000000000000", "NoNewPrivs:1", "to");
        project.Sandbox.Do($"stat -c %u /proc/{project.ProcessOf("web1")}").Trim().Should().Be("65534");
    }

    [Fact]
    public void It_can_be_another_user_with_a_capability()
    {
        Assert.SkipUnless(Sandbox.IsRoot, "needs root: namespaces with more than one user");
        using var project = new Project();
        Service service = Project.Script("", "id -un; echo $HOME; grep CapEff /proc/self/status | tr -d '\\t'; exec sleep 1000") with { User = "daemon", Capabilities = ["cap_net_admin"] };
        project.Up(service).ExitCode.Should().Be(0);
        Project.Eventually(() => project.Sandbox.Do("warren logs").Contains("Cap", StringComparison.Ordinal), "it has written");
        project.Sandbox.Do("warren logs").Should().Be("daemon\n/usr/sbin\nCapEff:0000000000001000\n");
    }

    [Fact]
    public void It_has_nothing_open_but_its_output_and_reads_nothing()
    {
        using var project = new Project();
        Service service = new("web1", "", ["python3", "-I", "-S", "-c", "import os,time; print(sorted(int(f) for f in os.listdir('/proc/self/fd'))[:-1], os.readlink('/proc/self/fd/0'), repr(os.read(0,1)), os.getsid(0)==os.getpid(), flush=True); time.sleep(1000)"]);
        project.Sandbox.Sh($"exec 7</etc/passwd; {project.UpCommand(service, Project.Sleeper("other"))}").ExitCode.Should().Be(0);
        Project.Eventually(() => project.Sandbox.Do("warren logs web1").Length > 0, "it has written");
        project.Sandbox.Do("warren logs web1").Should().Contain("[0, 1, 2] /dev/null b'' True");
    }

    [Fact]
    public void It_may_open_as_many_files_as_who_typed()
    {
        using var project = new Project();
        project.Supervise("ulimit -Sn 777");
        project.Up(Project.Script("", "ulimit -Sn; exec sleep 1000")).ExitCode.Should().Be(0);
        Project.Eventually(() => project.Sandbox.Do("warren logs").Length > 0, "it has written");
        project.Sandbox.Do("warren logs").Should().Be("777\n");
        project.Sandbox.Do($"grep 'Max open files' /proc/{project.Supervisor()}/limits").Should().NotContain(" 777 ");
    }

    [Fact]
    public void Its_supervisor_is_out_of_the_terminals_session()
    {
        using var project = new Project();
        project.Up(Project.Sleeper("")).ExitCode.Should().Be(0);
        string supervisor = project.Supervisor();
        project.Sandbox.Do($"ps -o sid= -p {supervisor}").Trim().Should().Be(supervisor);
        project.Sandbox.Do($"readlink /proc/{supervisor}/fd/0").Trim().Should().Be("/dev/null");
        project.Sandbox.Do("stat -c '%a' /run/warren/projects /run/warren/projects/demo /run/warren/projects/demo/log /run/warren/projects/demo/services /run/warren/projects/demo/control")
            .Should()
            .Be("700\n700\n700\n600\n600\n");
    }

    // as much of systemd-run as matters here: starts what is after --, and returns when it says that it is ready
    private const string SystemdRun =
        """
        #!/usr/bin/python3 -ISu
        import os, socket, subprocess, sys
        heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); heard.bind('/run/heard'); heard.settimeout(20)
        command = sys.argv[sys.argv.index('--') + 1:]
        subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={'NOTIFY_SOCKET': '/run/heard'})
        open('/run/unit', 'w').write(heard.recv(100).decode() + ' ' + sys.argv[4])
        """;

    [Fact]
    public void Where_systemd_runs_the_host_the_supervisor_is_a_unit_of_it()
    {
        using var project = new Project();
        File.WriteAllText(Path.Combine(project.Folder, "systemd-run"), SystemdRun);
        project.Sandbox.Do(
            $"""
            mkdir -p /run/systemd/system
            chmod +x {project.Folder}/systemd-run
            mount -t tmpfs -o mode=755 tmpfs /usr/local/sbin
            cp {project.Folder}/systemd-run /usr/local/sbin
            for true in /usr/sbin/systemd-run /sbin/systemd-run; do
                ! test -e $true || mount --bind {project.Folder}/systemd-run $true
            done
            """
        );
        Ending up = project.Sandbox.Sh($"MINE=1 {project.UpCommand(Project.Script("", "echo $MINE; exec sleep 1000"))}");
        up.Output.Should().Be("web1: running\n", up.Errors);
        project.Sandbox.Do("cat /run/unit").Should().Be("READY=1 --unit=warren-demo.service");
        Project.Eventually(() => project.Sandbox.Do("warren logs").Length > 0, "it has written");
        project.Sandbox.Do("warren logs").Should().Be("1\n", "its variables are those of who typed, not the unit's");
        // what systemctl stop does
        project.Sandbox.Do($"kill -TERM {project.Supervisor()}");
        Project.Eventually(() => project.Processes().Length == 0, "the services are stopped");
    }

    [Fact]
    public void Two_hundred_are_no_burden()
    {
        using var project = new Project();
        Service[] services = [.. Enumerable.Range(0, 200).Select(i => Project.Sleeper($"s{i}"))];
        Launched supervisor = project.Supervise("ulimit -Sn 256");
        Ending up = project.Up(services);
        up.Lines.Should().HaveCount(200).And.AllSatisfy(line => line.Should().EndWith(": running"));
        string status = project.Sandbox.Do($"cat /proc/{project.Supervisor()}/status");
        int kilobytes = int.Parse(status.Split('\n').Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1]);
        kilobytes.Should().BeLessThan(40 * 1024);
        project.Down();
        project.Processes().Should().BeEmpty();
        supervisor.End().ExitCode.Should().Be(0);
    }
}
