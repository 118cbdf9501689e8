using System.Text.Json;
using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary>Beside dhcpcd as Debian configures it, which takes every link for a link to the world: properties 26 and 27.</summary>
public sealed class Dhcpcd
{
    private const string Warrens = "10.213.0.1/30";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Does_not_hinder_namespaces_whoever_comes_first_and_is_told_how_to_leave_links(bool first)
    {
        using Sandbox sandbox = WithServer();
        Launched? client = first ? Start(sandbox) : null;
        sandbox.Do("warren add web1 -p 6000:8080");
        string[] before = Addresses(sandbox);
        client ??= Start(sandbox);
        sandbox.Inside("web1").Serve("tcp", "8080", "web1");
        Answers(sandbox);
        // nobody answers inside
        client.ReadLine("wrn-web1: using IPv4LL address");
        client.ReadLine("wrn-web1: executing");
        Answers(sandbox);
        Addresses(sandbox).Should().Equal(before);
        sandbox.Do("warren status; warren add web1").Should().Contain("nothing to do");

        JsonElement told = Finding(sandbox);
        told.GetProperty("what").GetString().Should().MatchRegex(@"^dhcpcd \(pid \d+\) takes wrn-web1 for a link to the world, and gave it 169\.254\.\d+\.\d+/16$");
        told.GetProperty("evidence").EnumerateArray().Select(line => line.GetString()).Should().Contain("route 169.254.0.0/16 dev wrn-web1");
        Mend(sandbox, told, client);
        sandbox.Do("ip -4 addr show wrn-web1; ip route show dev wrn-web1").Should().NotContain("169.254");
        Doctor.Told(sandbox, "").Should().BeEmpty();
        Answers(sandbox);
        Addresses(sandbox).Should().Equal(before);
        sandbox.Do("warren rm web1; ip route; nft list ruleset").Should().Contain("default via 10.0.0.2 dev ens5").And.NotContain("warren");
    }

    [Fact]
    public void What_a_namespace_serves_reaches_the_host_until_it_is_denied()
    {
        using Sandbox sandbox = WithServer();
        Launched client = Start(sandbox);
        sandbox.Do("warren add web1 -p 6000:8080; ip -n web1 addr add 192.0.2.1/24 dev eth0");
        sandbox.Inside("web1").Serve("tcp", "8080", "web1");
        Serve(sandbox.Inside("web1"), "192.0.2.77", "192.0.2.1", "eth0");
        client.ReadLine("wrn-web1: leased 192.0.2.77");
        client.ReadLine("wrn-web1: executing");
        sandbox.Do("ip route").Should().Contain("default via 192.0.2.1 dev wrn-web1", "else this proves nothing");
        JsonElement told = Finding(sandbox);
        told.GetProperty("what").GetString().Should().EndWith("gave it 192.0.2.77/24");
        told.GetProperty("evidence").EnumerateArray().Select(line => line.GetString()).Should().Contain("route default dev wrn-web1");
        // it leads to no world, and is not taken for one
        sandbox.Do("nft list set inet warren switched_on").Should().Contain("\"ens5\"").And.NotContain("wrn-web1");

        Mend(sandbox, told, client);
        sandbox.Do("warren add web2; ip route; ip -4 addr; cat /etc/resolv.conf").Should().Contain("default via 10.0.0.2 dev ens5").And.NotContain("192.0.2.");
        Answers(sandbox);
    }

    // A host whose uplink has its address of a server outside.
    private static Sandbox WithServer()
    {
        Sandbox.Need("dhcpcd", "dnsmasq");
        Sandbox sandbox = Doctor.Empty();
        Serve(sandbox.Outside, Sandbox.HostAddress, Sandbox.OutsideAddress, "eth0");
        return sandbox;
    }

    private static void Serve(Place place, string address, string router, string link) =>
        place.Start($"exec dnsmasq -d -C /dev/null -p 0 -i {link} -F {address},{address},1h -O 3,{router} -O 6,{router} -l /run/leases.{address} -u root -x '' 2>&1")
            .ReadLine("DHCP, IP range");

    // There is no systemd here.
    private static void Mend(Sandbox sandbox, JsonElement finding, Launched client)
    {
        const string Restart = "; systemctl restart dhcpcd";
        finding.GetProperty("remedy").GetString().Should().EndWith(Restart);
        sandbox.Do(finding.GetProperty("remedy").GetString()!.Replace(Restart, "", StringComparison.Ordinal));
        client.End();
        Start(sandbox);
    }

    private static Launched Start(Sandbox sandbox)
    {
        // nobody tells of links here as udev does, which dhcpcd would wait for
        sandbox.Do("mount -t tmpfs tmpfs /var/lib/dhcpcd; ip addr flush dev ens5");
        Launched client = sandbox.Host.Start("exec dhcpcd --nodev -B -d 2>&1");
        client.ReadLine($"ens5: leased {Sandbox.HostAddress}");
        client.ReadLine("ens5: adding default route");
        return client;
    }

    private static void Answers(Sandbox sandbox)
    {
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("web1");
        sandbox.Inside("web1").Pings(Sandbox.InternetAddress).Should().BeTrue();
    }

    private static string[] Addresses(Sandbox sandbox)
    {
        sandbox.Do("ip -4 -o addr show wrn-web1").Should().Contain(Warrens);
        return [sandbox.Host.Mac("wrn-web1"), sandbox.Inside("web1").Mac("eth0"), sandbox.Do("ip -n web1 -4 -o addr show eth0; ip -n web1 route")];
    }

    private static JsonElement Finding(Sandbox sandbox)
    {
        Doctor.Told(sandbox, "").Should().Equal("web1 link-given-an-address");
        using var told = JsonDocument.Parse(sandbox.Run("warren doctor --json").Output);
        return told.RootElement.GetProperty("findings").EnumerateArray().Single().Clone();
    }
}
