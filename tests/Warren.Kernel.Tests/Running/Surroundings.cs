using AwesomeAssertions;
using Xunit;

namespace Warren.Kernel.Tests.Running;

/// <summary>What a command finds around it: network, mounts, descriptors, signals, exit codes.</summary>
public sealed class Surroundings
{
    [Fact]
    public void The_network_is_the_namespaces()
    {
        Ending outcome = RunningSandbox.Run(
            "readlink /proc/self/ns/net; $P exec web1 -- readlink /proc/self/ns/net; ip netns exec web1 readlink /proc/self/ns/net"
        );
        outcome.Lines.Should().HaveCount(3);
        outcome.Lines[1].Should().Be(outcome.Lines[2]).And.NotBe(outcome.Lines[0]);
    }

    [Fact]
    public void Sys_is_what_ip_netns_exec_shows_and_keeps_the_cgroups()
    {
        Ending outcome = RunningSandbox.Run(
            """
            $P exec web1 -- ls /sys/class/net
            echo -; ip netns exec web1 ls /sys/class/net
            echo -; $P exec web1 -- sh -c 'grep -c " /sys " /proc/self/mountinfo; grep " /sys " /proc/self/mountinfo | cut -d" " -f4-'
            echo -; ip netns exec web1 sh -c 'grep -c " /sys " /proc/self/mountinfo; grep " /sys " /proc/self/mountinfo | cut -d" " -f4-'
            echo -; $P exec web1 -- ls /sys/fs/cgroup
            echo -; ls /sys/fs/cgroup
            """
        );
        string[] parts = outcome.Output.Split("-\n");
        parts[0].Should().Contain("veth7").And.Be(parts[1]);
        // but for the set-user-id bits, which a program without privilege cannot use
        parts[2].Should().StartWith("1\n").And.Contain("nosuid,");
        parts[2].Replace("nosuid,", "", StringComparison.Ordinal).Should().Be(parts[3]);
        parts[4].Should().Be(parts[5]);
    }

    [Fact]
    public void A_program_whose_file_asks_for_a_capability_starts_without_it()
    {
        // Debian's ping is such a file, and can do without
        Ending outcome = RunningSandbox.Run(
            """
            cp /bin/true /run/asks && setcap cap_net_raw+ep /run/asks
            $P exec web1 -- /run/asks; echo $?
            $P exec web1 -- cat /proc/self/mountinfo | awk '$5 == "/" { print $6 }'
            awk '$5 == "/" { print $6 }' /proc/self/mountinfo
            """
        );
        outcome.Lines[0].Should().Be("0");
        outcome.Lines[1].Should().Contain("nosuid");
        outcome.Lines[2].Should().NotContain("nosuid", "the host's mounts stay as they are");
    }

    [Fact]
    public void Sys_stays_where_the_kernel_allows_no_new_one()
    {
        // a user namespace may not mount a sysfs where none can be seen
        Ending outcome = RunningSandbox.Run(
            """
            mount -t tmpfs tmpfs /sys && echo old >/sys/marker
            cat >/run/inner <<'X'
            mount -t tmpfs tmpfs /run && ip netns add web1
            mount -t sysfs sysfs /mnt 2>/dev/null && echo allowed
            $P exec web1 -- cat /sys/marker
            X
            unshare --user --map-root-user --mount --net bash -c "$(cat /run/inner)"
            """
        );
        outcome.Output.Should().Be("old\n", outcome.Errors);
    }

    [Fact]
    public void Nothing_is_mounted_on_the_host()
    {
        Ending outcome = RunningSandbox.Run(
            """
            mount --make-rshared /
            cut -d' ' -f4- /proc/self/mountinfo >/run/before
            $P exec web1 -- cat /etc/resolv.conf
            cut -d' ' -f4- /proc/self/mountinfo | diff /run/before - && echo same
            """
        );
        outcome.Output.Should().Be("nameserver 192.0.2.53\nsame\n", outcome.Errors);
    }

    [Fact]
    public void Files_of_etc_netns_cover_those_of_etc()
    {
        Ending outcome = RunningSandbox.Run(
            """
            mkdir /etc/netns/web1/wfolder /etc/wfolder; echo in >/etc/netns/web1/wfolder/f
            echo nothing to cover >/etc/netns/web1/nosuchfile
            ln -sf /run/target /etc/linked; echo out >/run/target; echo through >/etc/netns/web1/linked
            $P exec web1 -- sh -c 'cat /etc/resolv.conf /etc/wfolder/f /etc/linked; ls /etc/nosuchfile'
            """
        );
        outcome.Output.Should().Be("nameserver 192.0.2.53\nin\nthrough\n", outcome.Errors);
    }

    [Fact]
    public void A_file_that_cannot_be_bound_is_named()
    {
        Ending outcome = RunningSandbox.Run("mkdir /etc/netns/web1/passwd; $P exec web1 -- echo ran");
        outcome.ExitCode.Should().Be(125);
        outcome.Output.Should().BeEmpty();
        outcome.Errors.Should().Be("warren exec: web1: bind /etc/netns/web1/passwd to /etc/passwd: Not a directory (ENOTDIR)\n");
    }

    [Theory]
    [InlineData("exec")]
    [InlineData("run")]
    public void No_descriptor_above_2_is_inherited(string verb)
    {
        // ls itself has the folder open, as the lowest that is free
        Ending outcome = RunningSandbox.Run(
            $"exec 3</etc/passwd 9>/run/out 77</run; $P {verb} web1 -- ls /proc/self/fd | head -5"
        );
        outcome.Lines.Take(5).Except(["ended 0"]).Should().Equal("0", "1", "2", "3");
    }

    [Theory]
    [InlineData("exec")]
    [InlineData("run")]
    public void Signals_are_as_a_program_expects_them(string verb)
    {
        Ending outcome = RunningSandbox.Run($"$P {verb} web1 -- cat /proc/self/status");
        outcome.Status("SigIgn").Should().Be("0000000000000000");
        outcome.Status("SigBlk").Should().Be("0000000000000000");
        Ending pipe = RunningSandbox.Run($"$P {verb} web1 -- sh -c 'yes; echo $? >&2' | head -1");
        pipe.Errors.Should().StartWith("141\n", "SIGPIPE ends a program");
    }

    [Theory]
    [InlineData("exec")]
    [InlineData("run")]
    public void What_nohup_ignores_stays_ignored(string verb)
    {
        Ending outcome = RunningSandbox.Run($"trap '' HUP; $P {verb} web1 -- cat /proc/self/status");
        outcome.Status("SigIgn").Should().Be("0000000000000001");
    }

    [Fact]
    public void The_process_id_stays()
    {
        using RunningSandbox sandbox = RunningSandbox.Start("exec $P exec web1 -- sh -c 'echo $$'");
        sandbox.End().Output.Should().Be($"{sandbox.ProcessId}\n");
    }

    [Fact]
    public void Bytes_that_are_not_text_arrive_as_they_are()
    {
        Ending outcome = RunningSandbox.Run(
            """
            export ODD=$'\xe4'
            for verb in exec run; do $P $verb web1 -- sh -c 'printf %s "$1$ODD" | od -An -tx1' sh $'a\xff\xfe'; done
            """
        );
        outcome.Lines.Where(line => !line.StartsWith("ended", StringComparison.Ordinal)).Should().Equal(" 61 ff fe e4", " 61 ff fe e4");
    }

    [Theory]
    [InlineData("true", 0)]
    [InlineData("sh -c 'exit 3'", 3)]
    [InlineData("flsk", 127)]
    [InlineData("/run/nosuch", 127)]
    [InlineData("''", 127)]
    [InlineData("/run/plain", 126)]
    [InlineData("/run", 126)]
    [InlineData("/run/badinterpreter", 126)]
    [InlineData("/run/binary", 126)]
    [InlineData("/run/script a", 5)]
    [InlineData("script a", 5)]
    [InlineData("plain", 126)]
    [InlineData("folder", 127)]
    [InlineData("shadowed", 0)]
    public void Exit_codes_are_those_of_shells(string command, int code)
    {
        const string Files = """
            mkdir /run/bin /run/bin/folder /run/bin2; export PATH=/run/bin:/run/bin2:$PATH
            echo x >/run/plain; cp /run/plain /run/bin/plain; cp /run/plain /run/bin/shadowed
            printf '#!/bin/sh\n' >/run/bin2/shadowed; chmod +x /run/bin2/shadowed
            printf '#!/no/such\n' >/run/badinterpreter; chmod +x /run/badinterpreter
            printf '\0\1\2' >/run/binary; chmod +x /run/binary
            echo '[ "$1" = a ] && exit 5' >/run/script; chmod +x /run/script; cp /run/script /run/bin/script

            """;
        RunningSandbox.Run($"{Files} $P exec web1 -- {command}").ExitCode.Should().Be(code);
        RunningSandbox.Run($"{Files} SUDO_UID=4242 SUDO_GID=4243 $P run web1 -- {command}").ExitCode.Should().Be(code);
    }

    [Fact]
    public void What_is_wrong_is_said_and_safe_to_print()
    {
        RunningSandbox.Run("$P exec web1 -- flsk").Errors.Should().Be(
            "warren exec: web1: no command 'flsk' in PATH; give its full path\n"
        );
        RunningSandbox.Run("$P run web1 -- flsk").Errors.Should().Contain(
            "warren run: web1: no command 'flsk' in PATH; give its full path\n"
        );
        RunningSandbox.Run("$P exec web1 -- $'a\\e[31mb'").Errors.Should().Contain(@"'a\x1b[31mb'").And.NotContain("\x1b");
        Ending none = RunningSandbox.Run("$P exec web2 -- true");
        none.ExitCode.Should().Be(125);
        none.Errors.Should().Be(
            "warren exec: web2: there is no such namespace; ip netns list shows those there are\n"
        );
    }

    [Theory]
    [InlineData("../netns/web1")]
    [InlineData("..")]
    [InlineData("''")]
    public void A_path_is_no_name(string name)
    {
        Ending outcome = RunningSandbox.Run($"$P exec {name} -- echo ran");
        outcome.ExitCode.Should().Be(125);
        outcome.Output.Should().BeEmpty();
    }

    [Fact]
    public void Without_privilege_sudo_is_advised()
    {
        Ending outcome = RunningSandbox.Run(
            "chmod 755 /run; setpriv --reuid 4242 --regid 4243 --clear-groups $P exec web1 -- echo ran"
        );
        outcome.ExitCode.Should().Be(125);
        outcome.Errors.Should().Contain("(EPERM)").And.Contain("sudo");
    }
}
