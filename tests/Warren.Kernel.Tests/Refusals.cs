using System.Globalization;
using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary>
/// What is refused, before anything is changed, with one message, what to type instead and the documented exit code:
/// properties 11, 16, 17, 38 and 39.
/// </summary>
public sealed class Refusals
{
    private const int Failed = 1;
    private const int Usage = 2;
    private const int Conflict = 3;
    private const int NotFound = 4;
    private const int Unable = 5;

    private static Ending ShouldRefuse(Sandbox sandbox, string script, int code)
    {
        string[] before = sandbox.Snapshot();
        Ending ending = sandbox.Sh(script);
        ending.ExitCode.Should().Be(code, $"{script}: {ending.Output}{ending.Errors}");
        ending.Errors.Should().NotBeEmpty(script).And.NotContain("   at ", "no stack trace reaches a user").And.NotContain("Exception");
        sandbox.ShouldBe(before);
        return ending;
    }

    [Fact]
    public void Names_that_cannot_be_names()
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] names =
        [
            "", "a/b", "..", ".", "../web1", "web 1", "web\n1", "web\e[31m1", "web\x01", "web+", "web*", "%d", "web%d", "$(reboot)", "`reboot`",
            "a'b", "a\"b", "a;b", "a|b", "a:b", "-", ".hidden", "ä", "a\u202eb", "a~b", "a@b", "web1\x7f", new string('a', 64), new string('a', 5000),
        ];
        string[] before = sandbox.Snapshot();
        foreach (string name in names)
        {
            foreach (string[] verb in (string[][])[["add"], ["rm"], ["show"], ["add", "--dry-run"], ["run", "-p", "6000:8080"], ["exec"]])
            {
                bool runs = verb[0] is "run" or "exec";
                Ending ending = sandbox.Command(["warren", .. verb, name, .. (string[])(runs ? ["--", "touch", "/run/ran"] : [])]);
                // what begins with a dash is no name to begin with
                ending.ExitCode.Should().BeOneOf([Usage, runs ? 125 : Usage], $"{verb[0]} {name}: {ending.Output}{ending.Errors}");
                ending.Errors.Should().NotBeEmpty().And.NotContain("\e").And.NotContain("\u202e").And.NotContain("   at ");
                ending.Errors.Length.Should().BeLessThan(1000);
            }
        }
        sandbox.ShouldBe(before);
    }

    // what is made wrong, the command, and what undoes it
    [Theory]
    [InlineData("touch /run/warren", "rm /run/warren", Failed, "Not a directory (ENOTDIR)\n  type: ls -ld /run/warren: ")]
    // begun with before the line is read, and no reason to end in another way
    [InlineData("touch /run/netns", "rm /run/netns", Failed, "Not a directory (ENOTDIR)\n  type: ls -ld /run/netns", "rmdir /run/netns 2>/dev/null || :")]
    [InlineData("mount -t tmpfs -o ro tmpfs /run/warren", "umount /run/warren", Unable, "Read-only file system (EROFS)\n  type: findmnt -T ", "mkdir /run/warren")]
    [InlineData("mount -t tmpfs -o size=4k,nr_inodes=2 tmpfs /run/warren", "warren rm --all; umount /run/warren", Failed, "nothing was changed\n  type: df -h /run/warren; df -i /run/warren: ", "mkdir /run/warren")]
    [InlineData("ulimit -Sn 8", "ulimit -Sn 1024; warren rm --all", Failed, "  type: ulimit -n 1024; warren add web1\n")]
    public void A_place_that_cannot_be_used_is_told_with_what_mends_it(string wrong, string undo, int code, string told, string first = "true")
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(first);
        string[] before = sandbox.Snapshot();
        Ending ending = sandbox.Sh($"{wrong}; warren add web1; code=$?; {undo}; exit $code");
        ending.ExitCode.Should().Be(code, ending.Errors);
        ending.Errors.Should().Contain(told);
        sandbox.ShouldBe(before);
    }

    [Theory]
    [InlineData("ls", 0)]
    [InlineData("--help", 0)]
    [InlineData("add web1", 1)]
    public void A_full_disk_behind_standard_output_is_told(string line, int made)
    {
        using Sandbox sandbox = Sandbox.Start();
        Ending ending = sandbox.Sh($"warren {line} >/dev/full");
        ending.ExitCode.Should().Be(Failed);
        ending.Errors.Should().Be("warren: standard output cannot be written: No space left on device; what was done stays done\n");
        sandbox.Do("warren ls --json").Split("\"name\"").Should().HaveCount(1 + made);
    }

    [Theory]
    [InlineData("tcp", "0.0.0.0")]
    [InlineData("udp", "0.0.0.0")]
    [InlineData("tcp", "127.0.0.1")]
    [InlineData("udp", "10.0.0.173")]
    [InlineData("tcp", "::")]
    [InlineData("udp", "::")]
    public void A_port_on_which_a_process_of_the_host_listens(string protocol, string address)
    {
        using Sandbox sandbox = Sandbox.Start();
        Assert.SkipUnless(address != "::" || sandbox.Sh("[ -e /proc/net/if_inet6 ]").ExitCode == 0, "no IPv6 here");
        Launched server = sandbox.Host.Serve(protocol, "6000", "host", address);
        string word = protocol == "tcp" ? "" : "/udp";
        Ending refused = ShouldRefuse(sandbox, $"warren add web1 -p 6000:8080{word}", Conflict);
        refused.Errors.Should().Contain("6000").And.Contain("python3").And.Contain($"{server.ProcessId}").And.Contain("type: ");
        ShouldRefuse(sandbox, $"warren add web1 -p 5990-6010:5990-6010{word}", Conflict);
        // so many are looked for in a list
        ShouldRefuse(sandbox, $"warren add web1 -p 5800-6200:5800-6200{word}", Conflict).Errors.Should().Contain($"{server.ProcessId}");
        sandbox.Do($"warren add web1 -p 6000:8080{(protocol == "tcp" ? "/udp" : "")}").Should().Contain("published", "the other protocol is free");
        ShouldRefuse(sandbox, $"warren publish web1 6000:8080{word}", Conflict).Errors.Should().Contain($"{server.ProcessId}");
    }

    [Fact]
    public void A_listener_elsewhere_is_not_in_the_way()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("ip addr add 10.0.0.174/24 dev ens5");
        sandbox.Host.Serve("tcp", "6000", "host", "10.0.0.174");
        sandbox.Do($"warren add web1 -p {Sandbox.HostAddress}:6000:8080");
        sandbox.Inside("web1").Serve("tcp", "8080", "web1");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("web1");
        sandbox.Outside.Ask("tcp", "10.0.0.174", 6000).Should().StartWith("host");
        ShouldRefuse(sandbox, "warren add web2 -p 6000:8080", Conflict);
        ShouldRefuse(sandbox, "warren add web2 -p 10.0.0.174:6000:8080", Conflict);
    }

    [Fact]
    public void A_port_of_another_namespace()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren add web1 -p 6000:8080 -p 127.0.0.1:6001:8080");
        string taken = sandbox.Do("warren ports | grep -o '10[.][0-9.]*:8080' | head -1").Trim();
        ShouldRefuse(sandbox, "warren add web2 -p 6000:8080", Conflict).Errors.Should().Contain(taken);
        ShouldRefuse(sandbox, "warren add web2 -p 127.0.0.1:6000:8080", Conflict);
        ShouldRefuse(sandbox, "warren add web2 -p 6001:8080", Conflict);
        ShouldRefuse(sandbox, "warren add web2 -p 6002:8080 -p 6002:8081", Conflict);
        ShouldRefuse(sandbox, "warren publish web1 6000:8081", Conflict);
        sandbox.Do($"warren add web2 -p {Sandbox.HostAddress}:6001:8080");
    }

    [Theory]
    [InlineData("ip addr add 10.213.0.9/24 dev ens5", "")]
    [InlineData("ip route add 10.0.0.0/8 via 10.0.0.2", "10.9.0.0/24")]
    [InlineData("ip route add 10.213.0.0/16 via 10.0.0.2 table 77", "10.213.5.0/24")]
    [InlineData("ip route add blackhole 10.213.0.0/17", "10.213.5.0/24")]
    [InlineData("ip route add throw 10.213.0.0/17 table 500", "10.213.5.0/24")]
    public void A_subnet_in_use_is_refused_and_another_one_is_chosen(string inUse, string overlapping)
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(inUse);
        ShouldRefuse(sandbox, "warren add web1 --subnet 10.0.0.0/24", Conflict).Errors.Should().Contain("10.0.0.0/24").And.Contain("--subnet");
        ShouldRefuse(sandbox, "warren add web1 --subnet 10.0.0.128/25", Conflict);
        ShouldRefuse(sandbox, "warren add web1 --subnet 10.0.0.0/16", Conflict);
        ShouldRefuse(sandbox, "warren add web1 --address 10.0.0.200/30 --gateway 10.0.0.201", Usage);
        ShouldRefuse(sandbox, "warren add web1 --address 10.0.0.202/30 --gateway 10.0.0.201", Conflict);
        if (overlapping.Length > 0)
            ShouldRefuse(sandbox, $"warren add web1 --subnet {overlapping}", Conflict);
        sandbox.Do("warren add web1; warren add web2");
        sandbox.Inside("web1").Pings(Sandbox.InternetAddress).Should().BeTrue();
        string routes = sandbox.Do("ip -j route show table all");
        foreach (string link in (string[])["wrn-web1", "wrn-web2"])
        {
            string chosen = sandbox.Do($"ip -o -4 addr show {link} | sed 's/.*inet \\([^ ]*\\).*/\\1/'").Trim();
            if (inUse.Contains("10.213.0", StringComparison.Ordinal))
                chosen.Should().NotStartWith("10.213.0.");
            if (inUse.Contains("10.0.0.0/8", StringComparison.Ordinal))
                chosen.Should().NotStartWith("10.");
        }
        routes.Should().Contain("wrn-web2");
    }

    [Fact]
    public void A_host_that_has_routes_to_all_private_addresses()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("for n in 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10; do ip route add $n via 10.0.0.2; done");
        Ending ending = sandbox.Run("warren add web1");
        if (ending.ExitCode == 0)
            sandbox.Inside("web1").Pings(Sandbox.InternetAddress).Should().BeTrue();
        else
            ShouldRefuse(sandbox, "warren add web1", Conflict).Errors.Should().Contain("--subnet");
    }

    public static TheoryData<string, int, string> WrongInput =>
        new()
        {
            { "warren ad web1", Usage, "add" },
            { "warren add", Usage, "NAME" },
            { "warren add web1 web2", Usage, "web2" },
            { "warren add web1 --sbnet 10.1.0.0/24", Usage, "sbnet" },
            { "warren add web1 -p", Usage, "-p" },
            { "warren add web1 -p 0:80", Usage, "1 to 65535" },
            { "warren add web1 -p 65536:80", Usage, "1 to 65535" },
            { "warren add web1 -p 80:0", Usage, "1 to 65535" },
            { "warren add web1 -p -1:80", Usage, "" },
            { "warren add web1 -p 6000:8080/sctp", Usage, "/tcp or /udp" },
            { "warren add web1 -p 6000:8080/", Usage, "/tcp or /udp" },
            { "warren add web1 -p x:80", Usage, "host port" },
            { "warren add web1 -p 6000-5990:80", Usage, "before it begins" },
            { "warren add web1 -p 6000-6009:80-81", Usage, "host ports" },
            { "warren add web1 -p 1.2.3:6000:80", Usage, "IPv4" },
            { "warren add web1 -p 1:2:3:4", Usage, "" },
            { "warren add web1 -p '[::1]:6000:80'", Usage, "IPv6" },
            { "warren add web1 -p ''", Usage, "" },
            { "warren add web1 --subnet 192.168.0.0", Usage, "ADDRESS/LENGTH" },
            { "warren add web1 --subnet 192.168.0.1/24", Usage, "192.168.0.0/24" },
            { "warren add web1 --subnet 192.168.0.0/31", Usage, "8 to 30" },
            { "warren add web1 --subnet 192.168.0.0/33", Usage, "" },
            { "warren add web1 --subnet 127.0.0.0/24", Usage, "loopback" },
            { "warren add web1 --subnet 224.0.0.0/24", Usage, "" },
            { "warren add web1 --subnet fd00::/64", Usage, "IPv6" },
            { "warren add web1 --address 192.168.0.2/24", Usage, "--gateway" },
            { "warren add web1 --gateway 192.168.0.1", Usage, "--address" },
            { "warren add web1 --address 192.168.0.2/24 --gateway 192.168.0.2", Usage, "" },
            { "warren add web1 --address 192.168.0.2/24 --gateway 192.168.1.1", Usage, "" },
            { "warren add web1 --address 192.168.0.0/24 --gateway 192.168.0.1", Usage, "" },
            { "warren add web1 --address 192.168.0.255/24 --gateway 192.168.0.1", Usage, "" },
            { "warren rm", Usage, "--all" },
            { "warren rm web1 --all", Usage, "--all" },
            { "warren rm web1", NotFound, "no such namespace" },
            { "warren show web1", NotFound, "no such namespace" },
            { "warren publish web1 6000:8080", NotFound, "warren add web1" },
            { "warren unpublish web1 6000:8080", NotFound, "" },
            { "warren plan", Usage, "" },
            { "warren plan exec", Usage, "" },
            { "warren plan rm web1", NotFound, "no such namespace" },
            { "warren completion csh", Usage, "bash" },
            { "warren exec web1", 125, "--" },
            { "warren exec web1 -- true", 125, "web1" },
            { "warren run web1", 125, "--" },
            { "warren run web1 -p 0:1 -- true", 125, "1 to 65535" },
            { "warren run web1 --user nosuchuser -- true", 125, "nosuchuser" },
            { "warren run web1 --cap cap_fly -- true", 125, "cap_fly" },
            { "warren run web1 -- /no/such/program", 127, "/no/such/program" },
            { "warren run web1 -- /etc/passwd", 126, "/etc/passwd" },
            { "warren run web1 -- no-such-program", 127, "no-such-program" },
        };

    [Theory]
    [MemberData(nameof(WrongInput))]
    public void Input_that_cannot_be_meant(string command, int code, string words)
    {
        using Sandbox sandbox = Sandbox.Start();
        Ending refused = ShouldRefuse(sandbox, command, code);
        Assert.Contains(words, refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Ports_that_are_not_published()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren add web1 -p 6000:8080; warren add web2");
        ShouldRefuse(sandbox, "warren unpublish web1 6001:8080", NotFound).Errors.Should().Contain("6001");
        ShouldRefuse(sandbox, "warren unpublish web1 6000:8081", NotFound);
        ShouldRefuse(sandbox, "warren unpublish web1 6000:8080/udp", NotFound);
        ShouldRefuse(sandbox, "warren unpublish web2 6000:8080", NotFound);
        ShouldRefuse(sandbox, "warren unpublish web1 6000:8080 6001:8080", NotFound);
    }

    [Fact]
    public void A_namespace_that_stands_with_another_address()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren add web1 --subnet 192.168.0.0/24");
        ShouldRefuse(sandbox, "warren add web1 --subnet 192.168.1.0/24", Conflict).Errors.Should().Contain("192.168.0.2/24").And.Contain("warren rm web1");
        sandbox.Do("warren add web1 --subnet 192.168.0.0/24").Should().Be("nothing to do\n");
    }

    [Fact]
    public void A_link_of_others_under_the_name_that_the_link_would_have()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("ip link add wrn-web1 type veth peer name other");
        ShouldRefuse(sandbox, "warren add web1", Conflict).Errors.Should().Contain("wrn-web1");
        ShouldRefuse(sandbox, "warren rm web1", NotFound);
        sandbox.Do("ip link set wrn-web1 alias 'warren:web1 10.1.1.2/30'");
        ShouldRefuse(sandbox, "warren add web1", Conflict);
    }

    [Theory]
    [InlineData("-net_admin")]
    [InlineData("-sys_admin")]
    [InlineData("-all")]
    public void A_missing_capability(string capability)
    {
        Sandbox.Need("setpriv");
        using Sandbox sandbox = Sandbox.Start();
        string without = $"setpriv --bounding-set={capability} --inh-caps={capability}";
        foreach (string arguments in (string[])["add web1 -p 6000:8080", "rm --all", "ls", "ports", "show web1", "publish web1 1:1", "add web1 --dry-run"])
        {
            Ending refused = ShouldRefuse(sandbox, $"{without} warren {arguments}", Unable);
            refused.Errors.Should().Contain($"sudo warren {arguments}");
        }
        ShouldRefuse(sandbox, $"{without} warren run web1 -- true", 125).Errors.Should().Contain("sudo warren run web1 -- true");
        ShouldRefuse(sandbox, $"{without} warren exec web1 -- true", 125).Errors.Should().Contain("sudo warren exec web1 -- true");
    }

    [Fact]
    public void A_proc_that_cannot_be_written()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren add old");
        sandbox.Do("mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys");
        int next = NextLink(sandbox);
        foreach (string command in (string[])["add web1 -p 6000:8080", "rm old"])
        {
            Ending refused = ShouldRefuse(sandbox, $"warren {command}", Unable);
            refused.Errors.Should().Contain("/proc/sys").And.Contain("Read-only").And.Contain("type: ").And.NotContain("at the step");
        }
        NextLink(sandbox).Should().Be(next + 2, "no link came and was taken back: it was refused before the first step");
    }

    // the kernel counts the links of a namespace, and those that are gone
    private static int NextLink(Sandbox sandbox) =>
        int.Parse(sandbox.Do("ip link add probe type veth peer name peer; ip -o link show peer | cut -d: -f1; ip link del probe"), CultureInfo.InvariantCulture);

    [Fact]
    public void A_run_that_cannot_be_written()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("mount -o remount,bind,ro /run");
        Ending refused = ShouldRefuse(sandbox, "warren add web1 -p 6000:8080", Unable);
        refused.Errors.Should().Contain("/run/warren").And.Contain("Read-only");
    }

    [Fact]
    public void Strings_of_others_reach_the_terminal_without_control_characters()
    {
        using Sandbox sandbox = Sandbox.Start();
        // a link, a process and an alias whose names move the cursor, ring and turn text around
        sandbox.Do("""ip link add "$(printf 'a\033[2Jb\a')" type veth peer name peer; printf 'print("x")' >/run/x.py""");
        sandbox.Do("""ip link set dev peer name "$(printf 'x\302\233m')" up; ip addr add 10.44.0.1/24 dev "$(printf 'x\302\233m')" """);
        sandbox.Do("ip route del default; warren add web1 -p 6000:8080");
        Launched evil = sandbox.Inside("web1").StartCommand(
            "python3", "-I", "-S", "-u", "-c", "open('/proc/self/comm', 'wb').write(b'\\x1b[31mevil\\x07'); print('up'); import signal; signal.pause()"
        );
        evil.ReadLine("up");
        Launched listener = sandbox.Host.StartCommand(
            "python3", "-I", "-S", "-u", "-c",
            "open('/proc/self/comm', 'wb').write(b'\\x1b[31mevil\\x07'); import socket, signal; s = socket.create_server(('', 7000)); print('up'); signal.pause()"
        );
        listener.ReadLine("up");
        foreach (string command in (string[])["ls", "show web1", "ports", "show web1 --json", "ls --json", "add web2 --dry-run", "add web2 --shell",
            "add web2 --json --dry-run", "add web2 -p 7000:1", "rm web1 --dry-run", "rm --all"])
        {
            Ending ending = sandbox.Run("warren " + command);
            (ending.Output + ending.Errors).Where(letter => char.IsControl(letter) && letter != '\n').Should().BeEmpty(command);
        }
    }
}
