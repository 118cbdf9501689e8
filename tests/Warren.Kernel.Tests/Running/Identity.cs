using AwesomeAssertions;
using Xunit;

namespace Warren.Kernel.Tests.Running;

/// <summary>As whom a command runs, and what it may do: property 15.</summary>
public sealed class Identity
{
    private const string Empty = "0000000000000000";
    private const string NetAdmin = "0000000000001000";

    private static void ShouldBePowerless(Ending outcome)
    {
        outcome.ExitCode.Should().Be(0, outcome.Errors);
        foreach (string set in (string[])["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
            outcome.Status(set).Should().Be(Empty, set);
        outcome.Status("NoNewPrivs").Should().Be("1");
    }

    [Theory]
    [InlineData("exec")]
    [InlineData("run")]
    public void The_one_who_called_sudo(string verb)
    {
        Ending outcome = RunningSandbox.Run(
            $"SUDO_UID=4242 SUDO_GID=4243 $P {verb} web1 -- sh -c 'cat /proc/self/status; env'"
        );
        ShouldBePowerless(outcome);
        outcome.Status("Uid").Should().Be("4242 4242 4242 4242");
        outcome.Status("Gid").Should().Be("4243 4243 4243 4243");
        outcome.Status("Groups").Should().Be("4243 4244");
        outcome.Lines.Should().Contain(
            ["HOME=/home/warrentest", "USER=warrentest", "LOGNAME=warrentest", "SHELL=/bin/bash", "SUDO_UID=4242"]
        );
    }

    // Here systemd's, which reads files; LDAP and SSSD are asked in the same way. The built program has a C library of its own.
    [Theory]
    [InlineData("$P", "--user=dora")]
    [InlineData("warren", "--user=dora")]
    [InlineData("warren", "--user=61234")]
    [InlineData("warren", "")]
    public void A_user_of_a_source_that_is_no_file(string program, string user)
    {
        const string Sources = """
            sed -i -E '/^(passwd|group|initgroups):/d' /etc/nsswitch.conf
            printf 'passwd: files [NOTFOUND=continue] systemd\ngroup:\tfiles systemd # and no more\n' >>/etc/nsswitch.conf
            mkdir /run/userdb
            cd /run/userdb
            echo '{"userName": "dora", "uid": 61234, "gid": 61235, "homeDirectory": "/home/dora", "shell": "/bin/dash"}' >dora.user
            echo '{"groupName": "dora", "gid": 61235}' >dora.group
            ln -s dora.user 61234.user
            ln -s dora.group 61235.group
            echo 'more:x:61236:other,dora' >>/etc/group
            getent passwd dora >/dev/null || { echo no module; exit; }
            cd /run

            """;
        string path = Path.GetDirectoryName(Path.GetFullPath(Environment.GetEnvironmentVariable("WARREN") ?? "artifacts/warren"))!;
        Ending outcome = RunningSandbox.Run($"PATH={path}:$PATH\n{Sources}SUDO_UID=61234 {program} exec web1 {user} -- sh -c 'cat /proc/self/status; env'");
        Assert.SkipWhen(outcome.Output == "no module\n", "needs libnss-systemd");
        ShouldBePowerless(outcome);
        outcome.Status("Uid").Should().Be("61234 61234 61234 61234");
        outcome.Status("Gid").Should().Be("61235 61235 61235 61235");
        outcome.Status("Groups").Should().Be("61235 61236");
        outcome.Lines.Should().Contain(["HOME=/home/dora", "USER=dora", "LOGNAME=dora", "SHELL=/bin/dash"]);
    }

    [Fact]
    public void A_uid_without_a_name_has_its_group_alone()
    {
        Ending outcome = RunningSandbox.Run("SUDO_UID=54321 SUDO_GID=54322 $P exec web1 -- sh -c 'cat /proc/self/status; env'");
        ShouldBePowerless(outcome);
        outcome.Status("Uid").Should().Be("54321 54321 54321 54321");
        outcome.Status("Gid").Should().Be("54322 54322 54322 54322");
        outcome.Status("Groups").Should().BeEmpty();
        outcome.Lines.Should().Contain("HOME=/").And.NotContain(line => line.StartsWith("USER=", StringComparison.Ordinal));
    }

    [Fact]
    public void Root_without_sudo_stays_root_without_power()
    {
        Ending outcome = RunningSandbox.Run("$P exec web1 -- cat /proc/self/status");
        ShouldBePowerless(outcome);
        outcome.Status("Uid").Should().Be("0 0 0 0");
    }

    [Theory]
    [InlineData("")]
    [InlineData("SUDO_UID=4242 SUDO_GID=4243")]
    public void Root_on_purpose_keeps_everything(string sudo)
    {
        Ending outcome = RunningSandbox.Run(
            $"grep CapBnd /proc/self/status; {sudo} $P exec web1 --user=root -- cat /proc/self/status | sed s/^CapBnd/Now/"
        );
        outcome.Status("Uid").Should().Be("0 0 0 0");
        outcome.Status("NoNewPrivs").Should().Be("0");
        outcome.Status("Now").Should().Be(outcome.Status("CapBnd")).And.NotBe(Empty);
        outcome.Status("CapEff").Should().Be(outcome.Status("CapBnd"));
    }

    [Theory]
    [InlineData("warrentest", "4242", "4243", "4243 4244")]
    [InlineData("4242", "4242", "4243", "4243 4244")]
    [InlineData("4242:4244", "4242", "4244", "4244")]
    [InlineData("54321:7", "54321", "7", "")]
    public void Another_user(string user, string uid, string gid, string groups)
    {
        Ending outcome = RunningSandbox.Run($"SUDO_UID=0 SUDO_GID=0 $P exec web1 --user={user} -- cat /proc/self/status");
        ShouldBePowerless(outcome);
        outcome.Status("Uid").Should().StartWith(uid + " ");
        outcome.Status("Gid").Should().StartWith(gid + " ");
        outcome.Status("Groups").Should().Be(groups);
    }

    [Theory]
    [InlineData("--user=warrentest")]
    [InlineData("")]
    [InlineData("--user=root")]
    public void Capabilities_asked_for_are_all_there_are(string user)
    {
        Ending outcome = RunningSandbox.Run(
            $"$P exec web1 {user} --cap=cap_net_admin -- sh -c 'cat /proc/self/status; ip link set lo up; ip link show lo'"
        );
        outcome.ExitCode.Should().Be(0, outcome.Errors);
        foreach (string set in (string[])["CapInh", "CapPrm", "CapEff", "CapBnd"])
            outcome.Status(set).Should().Be(NetAdmin, set);
        outcome.Status("NoNewPrivs").Should().Be("1");
        outcome.Output.Should().Contain("LOOPBACK,UP");
    }

    [Fact]
    public void A_setuid_program_gives_nothing()
    {
        Ending outcome = RunningSandbox.Run(
            """
            cp /bin/cat /run/suid && chmod 4755 /run/suid
            SUDO_UID=4242 SUDO_GID=4243 $P exec web1 -- /run/suid /proc/self/status
            """
        );
        ShouldBePowerless(outcome);
        outcome.Status("Uid").Should().Be("4242 4242 4242 4242");
    }

    [Theory]
    [InlineData("SUDO_UID=4294967295 SUDO_GID=4243", "", "SUDO_UID is '4294967295'")]
    [InlineData("SUDO_UID=4242 SUDO_GID=4294967295", "", "SUDO_GID is '4294967295'")]
    [InlineData("SUDO_UID=-1 SUDO_GID=0", "", "SUDO_UID is '-1'")]
    [InlineData("SUDO_UID= SUDO_GID=0", "", "SUDO_UID is ''")]
    [InlineData("SUDO_UID=54321", "", "SUDO_GID is missing")]
    [InlineData("", "--user=nosuchuser", "no user 'nosuchuser'")]
    [InlineData("", "--user=54321", "say --user 54321:GID")]
    [InlineData("", "--user=4294967295", "no user '4294967295'")]
    [InlineData("", "--user=warrentest --cap=cap_fly", "no capability 'cap_fly'")]
    public void Nonsense_is_refused(string variables, string options, string words)
    {
        Ending outcome = RunningSandbox.Run($"{variables} $P exec web1 {options} -- echo ran");
        outcome.ExitCode.Should().Be(125);
        outcome.Output.Should().BeEmpty();
        outcome.Errors.Should().StartWith("warren exec: ").And.Contain(words).And.NotContain("   at ");
    }

    [Fact]
    public void Inside_a_user_namespace_only_its_own_users()
    {
        const string Unshare = "--user --map-root-user --mount --net";
        Ending own = RunningSandbox.Run("cat /proc/self/setgroups; $P exec web1 -- cat /proc/self/status", Unshare);
        ShouldBePowerless(own);
        own.Lines[0].Should().Be("deny");
        own.Status("Uid").Should().Be("0 0 0 0");
        Ending other = RunningSandbox.Run("SUDO_UID=4242 SUDO_GID=4243 $P exec web1 -- echo ran", Unshare);
        other.ExitCode.Should().Be(125);
        other.Output.Should().BeEmpty();
        other.Errors.Should().Contain("try --user root");
    }
}
