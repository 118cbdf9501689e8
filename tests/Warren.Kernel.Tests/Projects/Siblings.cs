using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests.Projects;

/// <summary>What a name of a file leads to answers: ports inside that are published on all addresses, and no others.</summary>
public sealed class Siblings
{
    private const string Text = """
        name: shop
        namespaces:
          web1: {subnet: 192.168.7.0/24, ports: ["6000:8080", "6001:8080", "127.0.0.1:6002:8081", "10.0.0.173:6003:8082", "6004:53/udp"]}
          web2: {subnet: 192.168.8.0/24}
        """;

    [Fact]
    public void Reach_what_is_published_on_all_addresses_by_its_name_and_port_inside()
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] before = sandbox.Snapshot();
        string path = ProjectFiles.Write(sandbox, "shop", Text);
        ProjectFiles.Converge(sandbox, path, "from nothing");
        Place web1 = sandbox.Inside("web1");
        Place web2 = sandbox.Inside("web2");
        web1.Serve("tcp", "8080-8083", "web1");
        web1.Serve("udp", "53", "web1");
        sandbox.Do("warren exec web2 -- python3 -c 'import socket; print(socket.create_connection((\"web1\", 8080), 10).recv(99).decode())'").Should().StartWith("web1 192.168.8.2 ", "the caller's own address");
        web2.Ask("tcp", "192.168.7.2", 8080).Should().StartWith("web1 192.168.8.2 ");
        web2.Ask("udp", "192.168.7.2", 53).Should().StartWith("web1 192.168.8.2 ");
        foreach ((string protocol, int port) in ((string, int)[])[("tcp", 8081), ("tcp", 8082), ("tcp", 8083), ("udp", 8080), ("tcp", 53)])
            web2.Ask(protocol, "192.168.7.2", port, patience: 0.5).Should().Be(Place.Silent, $"{port}/{protocol} is not published on all addresses");
        web2.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("web1");
        // a neighbour with a route to it
        sandbox.Outside.Do($"ip route add 192.168.7.0/24 via {Sandbox.HostAddress}");
        sandbox.Outside.Ask("tcp", "192.168.7.2", 8080, patience: 0.5).Should().Be(Place.Silent, "only other namespaces reach it so");
        sandbox.Outside.Do($"ip route del 192.168.7.0/24 via {Sandbox.HostAddress}");
        web1.Ask("tcp", "192.168.8.2", 8080, patience: 0.5).Should().Be(Place.Silent, "web2 publishes nothing");
        sandbox.Do($"warren down -f {path}; rm {path}");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void Reach_a_port_until_the_last_that_leads_there_goes()
    {
        using Sandbox sandbox = Sandbox.Start();
        string path = ProjectFiles.Write(sandbox, "shop", Text);
        ProjectFiles.Converge(sandbox, path, "from nothing");
        Place web2 = sandbox.Inside("web2");
        sandbox.Inside("web1").Serve("tcp", "8080-8083", "web1");
        Launched flow = web2.Hold("tcp", "192.168.7.2", 8080);
        sandbox.Do("warren unpublish web1 6001:8080");
        web2.Ask("tcp", "192.168.7.2", 8080).Should().StartWith("web1", "6000 leads there too");
        sandbox.Do("warren publish web1 6005:8083");
        web2.Ask("tcp", "192.168.7.2", 8083).Should().StartWith("web1");
        sandbox.Do("warren unpublish web1 6000:8080");
        web2.Ask("tcp", "192.168.7.2", 8080, patience: 0.5).Should().Be(Place.Silent);
        web2.Ask("tcp", "192.168.7.2", 8083).Should().StartWith("web1");
        flow.ReadLine("stopped");
        ProjectFiles.Converge(sandbox, path, "as the file has it");
        web2.Ask("tcp", "192.168.7.2", 8080).Should().StartWith("web1");
        web2.Ask("tcp", "192.168.7.2", 8083, patience: 0.5).Should().Be(Place.Silent);
    }

    [Fact]
    public void That_were_typed_are_not_reached_so()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren add web1 --subnet 192.168.7.0/24 -p 6000:8080; warren add web2");
        sandbox.Inside("web1").Serve("tcp", "8080", "web1");
        sandbox.Inside("web2").Ask("tcp", "192.168.7.2", 8080, patience: 0.5).Should().Be(Place.Silent);
        sandbox.Do("nft -j list set inet warren targets4").Should().NotContain("elem");
    }
}
