using AwesomeAssertions;
using Warren.Kernel.Tests.Projects;
using Warren.Kernel.Tests.Services;
using Xunit;

namespace Warren.Kernel.Tests.Neighbours;

/// <summary>A firewall, the program itself, writes its rules anew beside a running supervisor: property 18.</summary>
public sealed class Reloads
{
    private const string Text = """
        name: reload
        namespaces:
          web1: {ports: ["6000:8080"], run: sleep 10001}
        """;

    public static TheoryData<string> Names => [.. RealFirewall.All.Select(each => each.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Are_healed_without_a_command(string name)
    {
        // daemons want ids of their own
        Assert.SkipUnless(Sandbox.IsRoot, "not root");
        RealFirewall firewall = RealFirewall.All.Single(each => each.Name == name);
        Sandbox.Need(firewall.Programs);
        using Sandbox sandbox = Sandbox.Start();
        string path = ProjectFiles.Write(sandbox, "reload", Text);
        // it starts after Warren
        sandbox.Do($"warren up -d -f {path}");
        sandbox.Inside("web1").Serve("tcp", "8080", "web1");
        sandbox.Outside.Serve("tcp", "80", "internet");
        firewall.Start(sandbox);
        AllAnswer(sandbox, path, "it started");
        firewall.Reload(sandbox);
        AllAnswer(sandbox, path, "it reloaded");
        sandbox.Do("nft flush ruleset");
        firewall.Restart(sandbox);
        AllAnswer(sandbox, path, "it restarted on empty tables");
        sandbox.Do("warren logs").Should().NotContain("not mended");
        sandbox.Do($"warren down -f {path}; nft list ruleset").Should().NotContain("wrn-");
    }

    private static void AllAnswer(Sandbox sandbox, string path, string when)
    {
        const double Patience = 2;
        Project.Eventually(() => sandbox.Run($"warren status -f {path}").ExitCode == 0, $"status is clean after {when}");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000, Patience).Should().StartWith("web1", when);
        sandbox.Host.Ask("tcp", "127.0.0.1", 6000, Patience).Should().StartWith("web1", when);
        sandbox.Inside("web1").Ask("tcp", Sandbox.InternetAddress, 80, Patience).Should().StartWith("internet", when);
    }
}
