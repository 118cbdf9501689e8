using System.Globalization;
using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary>One namespace that starts more flows than there is room for: property 31.</summary>
public sealed class Floods
{
    // README.md says so
    private const int MostFlows = 16384;

    private const int Port = 5000;

    [Fact]
    public void A_flood_takes_no_others_connections()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren add web1");
        sandbox.Do("warren add web2 -p 6000:8080");
        sandbox.Inside("web2").Serve("tcp", "8080", "web2");
        sandbox.Outside.Serve("tcp", "7000", "outside");
        Launched running = sandbox.Inside("web1").Hold("tcp", Sandbox.InternetAddress, 7000);

        // From every port of its own to one port: without a limit no port of the host's address is left towards that one.
        sandbox.Inside("web1").Flood(Sandbox.InternetAddress, Port, 1024, 65535);

        sandbox.Outside.Serve("udp", $"{Port}", "outside", Sandbox.InternetAddress);
        Place other = sandbox.Inside("web2");
        for (int i = 0; i < 20; i++)
            other.Ask("udp", Sandbox.InternetAddress, Port).Should().StartWith("outside");
        other.Ask("tcp", Sandbox.InternetAddress, 7000).Should().StartWith("outside");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("web2");
        Alive(sandbox).Should().BeInRange(MostFlows, MostFlows + 100);
        sandbox.Do("nft list chain inet warren flood").Should().MatchRegex("counter packets [1-9]");

        // what ran before goes on
        running.Signal(15);
        running.End().Output.Should().BeEmpty();
    }

    private static int Alive(Sandbox sandbox) =>
        int.Parse(sandbox.Do("cat /proc/sys/net/netfilter/nf_conntrack_count"), CultureInfo.InvariantCulture);
}
