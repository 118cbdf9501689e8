using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests.Projects;

/// <summary>The namespaces of a file know each other by name.</summary>
public sealed class Names
{
    private const string One = "name: shop\nnamespaces:\n  web1: {subnet: 192.168.7.0/24}\n";
    private const string Two = One + "  web2: {subnet: 192.168.8.0/24}\n";

    [Fact]
    public void Of_all_namespaces_of_a_file_resolve_in_each()
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] before = sandbox.Snapshot();
        string path = ProjectFiles.Write(sandbox, "shop", Two);
        ProjectFiles.Converge(sandbox, path, "from nothing");
        sandbox.Do("warren add other");
        foreach (string inside in (string[])["warren exec web1 --", "warren exec web1 --user 65534:65534 --", "ip netns exec web1"])
        {
            sandbox.Do($"{inside} getent ahostsv4 web1 web2 | grep STREAM | tr -s ' '").Should().Be("192.168.7.2 STREAM web1\n192.168.8.2 STREAM web2\n", inside);
            sandbox.Do($"{inside} getent ahostsv4 localhost").Should().StartWith("127.0.0.1 ", inside);
            sandbox.Sh($"{inside} getent ahostsv4 other").ExitCode.Should().Be(2, "it is of no file");
        }
        sandbox.Do("warren exec other -- cat /etc/hosts").Should().Be(sandbox.Do("cat /etc/hosts"));
        sandbox.Do($"warren rm other; warren down -f {path}; rm {path}");
        sandbox.ShouldBe(before);
    }

    [Theory]
    [InlineData("warren exec web1 --")]
    [InlineData("ip netns exec web1")]
    public void Are_known_to_programs_that_ran_before(string inside)
    {
        using Sandbox sandbox = Sandbox.Start();
        string path = ProjectFiles.Write(sandbox, "shop", One);
        ProjectFiles.Converge(sandbox, path, "from nothing");
        Launched program = sandbox.Host.Start($"exec {inside} sh -c 'echo up; while read name; do getent hosts $name || echo unknown; done'");
        program.ReadLine("up");
        Ask("web2").Should().Be("unknown");
        ProjectFiles.Write(sandbox, "shop", Two);
        ProjectFiles.Converge(sandbox, path, "one came");
        Ask("web2").Should().StartWith("192.168.8.2 ");
        ProjectFiles.Write(sandbox, "shop", Two.Replace("192.168.8.0", "192.168.9.0", StringComparison.Ordinal));
        ProjectFiles.Converge(sandbox, path, "it moved");
        Ask("web2").Should().StartWith("192.168.9.2 ");
        sandbox.Do("echo '10.0.0.2 router' >>/etc/hosts");
        ProjectFiles.Converge(sandbox, path, "the host's own changed");
        Ask("router").Should().StartWith("10.0.0.2 ");
        sandbox.Do("warren rm web2");
        Ask("web2").Should().Be("unknown");

        string Ask(string name)
        {
            program.Write(name + "\n");
            return program.ReadLine("");
        }
    }

    [Fact]
    public void Of_some_of_a_file_stay_when_others_are_brought_up_and_down()
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] before = sandbox.Snapshot();
        string path = ProjectFiles.Write(sandbox, "shop", Two);
        sandbox.Do($"warren up -d -f {path} web2 && warren up -d -f {path} web1");
        sandbox.Do("ip netns exec web1 getent hosts web1 web2").Should().Contain("192.168.7.2 ").And.Contain("192.168.8.2 ");
        sandbox.Do($"warren down -f {path} web2");
        sandbox.Sh("ip netns exec web1 getent hosts web2").ExitCode.Should().Be(2);
        sandbox.Do("ip netns exec web1 getent hosts web1").Should().Contain("192.168.7.2 ");
        sandbox.Do($"warren rm web1; rm {path}");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void Come_before_what_the_host_says_and_never_take_localhost()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("echo '10.0.0.2 web2' >>/etc/hosts");
        string path = ProjectFiles.Write(sandbox, "shop", Two + "  localhost: {}\n");
        ProjectFiles.Converge(sandbox, path, "from nothing");
        sandbox.Do("ip netns exec web1 getent ahostsv4 web2").Should().StartWith("192.168.8.2 ");
        sandbox.Do("ip netns exec web1 getent ahostsv4 localhost").Should().StartWith("127.0.0.1 ");
    }

    [Fact]
    public void Are_not_written_into_a_file_of_somebody_else()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("mkdir -p /etc/netns/web1; echo '10.0.0.2 router' >/etc/netns/web1/hosts");
        string[] before = sandbox.Snapshot();
        string path = ProjectFiles.Write(sandbox, "shop", Two);
        Ending up = sandbox.Sh($"warren up -d -f {path}");
        up.ExitCode.Should().Be(0);
        up.Errors.Should().Be(
            "warren up: web1: /etc/netns/web1/hosts is not Warren's and stays as it is: other namespaces are not known by name in it\n"
                + "  type: rm /etc/netns/web1/hosts, then warren up\n"
        );
        sandbox.Do("ip netns exec web1 cat /etc/hosts").Should().Be("10.0.0.2 router\n");
        sandbox.Do("ip netns exec web2 getent hosts web1").Should().StartWith("192.168.7.2 ");
        sandbox.Do($"warren down -f {path}; rm {path}");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void That_a_reboot_left_behind_are_in_nobodys_way()
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] before = sandbox.Snapshot();
        // /etc stays, /run goes
        sandbox.Do("mkdir -p /etc/netns/web1; ln -s /run/warren/projects/shop/hosts /etc/netns/web1/hosts; warren add web1");
        sandbox.Do("warren exec web1 -- cat /etc/hosts").Should().Be(sandbox.Do("cat /etc/hosts"));
        sandbox.Do("warren rm web1; rmdir /etc/netns");
        sandbox.ShouldBe(before);
    }
}
