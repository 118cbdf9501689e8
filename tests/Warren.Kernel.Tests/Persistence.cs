using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary><c>warren enable</c> and <c>disable</c>: the files of a unit, and that what is in them brings a project back.</summary>
public sealed class Persistence
{
    private const string File = "/etc/shop/warren.yaml";
    private const string Unit = "/etc/systemd/system/warren-shop.service";
    private const string Link = "/etc/systemd/system/multi-user.target.wants/warren-shop.service";
    private const string Trace = "strace -f -b execve";

    private static Sandbox WithFile(string text = "name: shop\nnamespaces:\n  web1: { ports: ['6000:8080'] }\n")
    {
        Sandbox sandbox = Sandbox.Start();
        sandbox.Install();
        // folders of an overlay that something was in once are there in its upper part
        sandbox.Do("mkdir -p /etc/shop /etc/systemd/system/multi-user.target.wants; cd /etc/systemd/system; touch x multi-user.target.wants/x; rm x multi-user.target.wants/x");
        sandbox.Do($"cat >{File} <<'EOF'\n{text}EOF");
        return sandbox;
    }

    [Fact]
    public void Files_come_and_go_and_twice_is_once()
    {
        using Sandbox sandbox = WithFile();
        string[] before = sandbox.Snapshot();
        sandbox.Do($"warren plan enable -f {File}").Should().Be(
            $"""
            host
              + {Unit}: warren up -d at boot, services as root
              + {Link}
            Plan: 2 to add, 0 to change, 0 to remove. Nothing was changed.

            """
        );
        sandbox.ShouldBe(before, "that was only a plan");
        sandbox.Do($"cd /etc/shop; warren enable").Should().Be(
            $"""
            host: + {Unit}: warren up -d at boot, services as root
            host: + {Link}
            shop: comes back after a reboot; warren-shop.service runs warren up -d, services as root

            """
        );
        sandbox.Do($"readlink {Link}").Should().Be(Unit + "\n");
        sandbox.Do($"stat -c %a {Unit}; head -2 {Unit}").Should().Be($"644\n# made by warren for project shop\n# file: {File}\n");
        string[] enabled = sandbox.Snapshot();
        sandbox.Do($"warren enable -f {File}").Should().Be("nothing to do\n");
        sandbox.ShouldBe(enabled);
        sandbox.Do($"warren disable -f {File}").Should().Be(
            $"""
            host: - {Link}
            host: - {Unit}
            shop: does not come back after a reboot; what stands goes on until then

            """
        );
        sandbox.ShouldBe(before);
        sandbox.Do("warren disable shop").Should().Be("nothing to do\n");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void What_the_unit_says_brings_the_project_back()
    {
        using Sandbox sandbox = WithFile(
            "name: shop\nnamespaces:\n  web1:\n    ports: ['6000:8080']\n    run: [sh, -c, 'echo uid $$(id -u); env | grep GREETING; exec sleep 1000']\n    environment: { GREETING: \"${GREETING}\" }\n"
        );
        string sudo = Sandbox.IsRoot ? "SUDO_UID=65534 SUDO_GID=65534 SUDO_USER=nobody" : "";
        string user = Sandbox.IsRoot ? "65534" : "0";
        Ending refused = sandbox.Sh($"GREETING='say 100% $hi' warren enable -f {File}");
        refused.ExitCode.Should().Be(2);
        refused.Errors.Should().Contain("GREETING").And.Contain("--env GREETING");
        sandbox.Do($"env {sudo} GREETING='say 100% $hi' warren enable -e GREETING -f {File}").Should().Contain(Sandbox.IsRoot ? "services as nobody" : "services as root");
        string[] off = sandbox.Snapshot();

        // as systemd reads them: of a line without quotes in it a word is a word
        string[] lines = sandbox.Do($"cat {Unit}").Split('\n');
        string environment = string.Join(' ', lines.Where(line => line.StartsWith("Environment=", StringComparison.Ordinal)).Select(line => Unquoted(line["Environment=".Length..])));
        string start = lines.Single(line => line.StartsWith("ExecStart=", StringComparison.Ordinal))["ExecStart=".Length..];
        string stop = lines.Single(line => line.StartsWith("ExecStop=", StringComparison.Ordinal))["ExecStop=".Length..];
        sandbox.Do($"env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin {environment} {start}").Should().Contain("web1: running");
        Launched log = sandbox.Host.Start("exec warren logs -f");
        log.ReadLine($"uid {user}");
        log.ReadLine("GREETING=say 100% $hi");
        sandbox.Do($"GREETING='say 100% $hi' warren status -f {File}").Should().Contain("enabled: warren-shop.service brings it up at boot");
        sandbox.Do($"env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin {environment} {stop}").Should().Contain("shop: comes back at the next boot; warren disable shop prevents that");
        sandbox.ShouldBe(off);
    }

    [Fact]
    public void A_unit_of_somebody_else_stays()
    {
        using Sandbox sandbox = WithFile();
        sandbox.Do($"echo '[Unit]' >{Unit}; ln -s /dev/null {Link}");
        string[] before = sandbox.Snapshot();
        foreach (string verb in (string[])["enable", "disable"])
        {
            Ending refused = sandbox.Sh($"warren {verb} -f {File}");
            refused.ExitCode.Should().Be(3);
            refused.Errors.Should().Contain($"{Unit} is there, and Warren did not make it").And.Contain($"{Link} is there, and Warren did not make it");
        }
        sandbox.ShouldBe(before);
    }

    [Theory]
    [InlineData("enable", "symlinkat")]
    [InlineData("enable", "fsync")]
    [InlineData("enable", "/^rename")]
    [InlineData("disable", "unlinkat")]
    public void Cut_off_it_is_finished_by_the_next(string verb, string call)
    {
        using Sandbox sandbox = WithFile();
        Assert.SkipUnless(sandbox.Run($"{Trace} -o /dev/null true").ExitCode == 0, "strace is missing, or does not know -b");
        string[] off = sandbox.Snapshot();
        sandbox.Do($"warren enable -f {File}");
        string[] on = sandbox.Snapshot();
        foreach (string next in (string[])["enable", "disable"])
        {
            // of unlinkat the first is of a draft, the second of the link
            string which = call == "unlinkat" ? ":when=2" : "";
            sandbox.Do($"warren {(verb == "enable" ? "disable" : "enable")} -f {File}");
            sandbox.Sh($"{Trace} -o /dev/null -e inject={call}:signal=KILL{which} warren {verb} -f {File}").ExitCode.Should().NotBe(0);
            sandbox.Do($"warren {next} -f {File}");
            sandbox.Do($"warren {next} -f {File}").Should().Be("nothing to do\n");
            sandbox.ShouldBe(next == "enable" ? on : off, $"{verb} was killed, and then {next} came");
        }
    }

    [Fact]
    public void Where_systemd_runs_it_is_told_and_what_it_refuses_is_undone()
    {
        using Sandbox sandbox = WithFile();
        sandbox.Do("mkdir -p /run/systemd/system; printf '#!/bin/sh\\necho \"$@\" >>/run/sandbox/told\\n' >/run/sandbox/systemctl; chmod +x /run/sandbox/systemctl");
        sandbox.Do("printf '#!/bin/sh\\necho no such luck >&2; exit 1\\n' >/run/sandbox/failing; chmod +x /run/sandbox/failing");
        Assert.SkipUnless(sandbox.Sh("mount --bind /run/sandbox/failing /usr/bin/systemctl").ExitCode == 0, "systemctl is not installed");
        string[] before = sandbox.Snapshot();
        Ending failed = sandbox.Sh($"warren enable -f {File}");
        failed.ExitCode.Should().Be(1);
        failed.Errors.Should().Contain("systemctl daemon-reload: no such luck").And.Contain("everything before it was undone");
        sandbox.ShouldBe(before);
        sandbox.Do("mount --bind /run/sandbox/systemctl /usr/bin/systemctl");
        sandbox.Do($"warren enable -f {File}").Should().Contain("host: ~ systemctl daemon-reload");
        sandbox.Do($"warren enable -f {File}").Should().Be("nothing to do\n");
        sandbox.Do("warren disable shop").Should().Contain("host: ~ systemctl daemon-reload");
        sandbox.Do("cat /run/sandbox/told").Should().Be("daemon-reload\ndaemon-reload\n");
    }

    [Fact]
    public void A_file_that_is_gone_or_faulty_is_disabled_all_the_same()
    {
        using Sandbox sandbox = WithFile();
        string[] before = sandbox.Snapshot();
        sandbox.Do($"warren enable -f {File}; mv {File} {File}.gone; warren disable -f {File}; mv {File}.gone {File}");
        sandbox.ShouldBe(before);
    }

    [Theory]
    [InlineData("/run/sandbox/warren.yaml", "is gone after a reboot")]
    [InlineData("-", "is standard input")]
    [InlineData("/dev/stdin", "is gone after a reboot")]
    public void A_file_that_is_not_there_at_boot_is_refused(string path, string why)
    {
        using Sandbox sandbox = WithFile();
        sandbox.Do($"cp {File} /run/sandbox/warren.yaml");
        string[] before = sandbox.Snapshot();
        Ending refused = sandbox.Sh($"warren enable -f {path} <{File}");
        refused.ExitCode.Should().Be(2);
        refused.Errors.Should().Contain($"{path} {why}");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void The_commands_that_are_printed_do_the_same()
    {
        using Sandbox sandbox = WithFile();
        string[] before = sandbox.Snapshot();
        sandbox.Do($"sh -e -c \"$(warren enable -f {File} --shell)\"");
        sandbox.Do($"warren enable -f {File}").Should().Be("nothing to do\n");
        sandbox.Do("sh -e -c \"$(warren disable shop --shell)\"");
        sandbox.ShouldBe(before);
    }

    private static string Unquoted(string value) =>
        value.StartsWith('"') ? $"'{value[1..^1].Replace("%%", "%", StringComparison.Ordinal)}'" : value.Replace("%%", "%", StringComparison.Ordinal);
}
