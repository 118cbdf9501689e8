using AwesomeAssertions;
using Warren.Kernel.Tests.Running;

namespace Warren.Kernel.Tests.Projects;

/// <summary>Files of one project, before and after somebody edited it; and what the host shows of a project.</summary>
internal static class ProjectFiles
{
    /// <summary>Ports of every kind, name servers, a subnet of its own, a service.</summary>
    public const string First = """
        name: plug
        namespaces:
          web1:
            subnet: 192.168.7.0/24
            ports: ["6000:8080", "127.0.0.1:5353:53/udp", "6010-6012:9000-9002"]
            dns: [1.1.1.1]
            run: sleep 10001
          web2:
            ports: ["6001:8080", "10.0.0.173:6002:8081"]
          old1: {subnet: 192.168.9.0/24, ports: ["6003:8080"]}
        """;

    /// <summary>Another subnet, a port that went from web1 to web2, one namespace in the place and with the subnet of another, other name servers,
    /// another service.</summary>
    public const string Second = """
        name: plug
        namespaces:
          web1:
            subnet: 192.168.8.0/24
            ports: ["6000:8080", "127.0.0.1:5353:53/udp"]
            dns: [9.9.9.9]
            run: sleep 10002
          web2:
            ports: ["6001:8080", "10.0.0.173:6002:8081", "6010:9000"]
          new1: {subnet: 192.168.9.0/24, ports: ["6003:8080"]}
        """;

    // What says only when something was made does not count: numbers, and that the kernel has not yet heard of a link's carrier.
    private const string State = """
        warren ls --json
        nft list ruleset | sed 's/counter packets [0-9]* bytes [0-9]*/counter/; /"wrn-[^"]*" ct count/d; /"wrn-[^"]*" expires/d'
        for name in $(ls /run/netns); do
            echo "in $name"
            nsenter --net=/run/netns/$name ip -o addr | grep -v 'inet6 fe80'
            nsenter --net=/run/netns/$name ip route
            readlink /etc/netns/$name/*; cat /etc/netns/$name/* 2>/dev/null
        done | sed 's/^[0-9]*: //; s/@if[0-9]*//; s/ linkdown//'
        ip -o addr show | grep wrn- | sed 's/^[0-9]*: //; s/@if[0-9]*//' | grep -v 'inet6 fe80' | sort
        for group in 22354 22355; do ip -o link show group $group | sed 's/^[0-9]*: //; s/@if[0-9]*//; s/NO-CARRIER,//; s/,LOWER_UP//; s/,M-DOWN//; s/ state [A-Z]*//; s/link-netns[^ ]* [^ ]*//' | sort; done
        cat /run/warren/projects/*/names | sort
        """;

    /// <summary>Writes a file of a project on the host of a sandbox.</summary>
    /// <returns>Its path.</returns>
    public static string Write(Sandbox sandbox, string name, string text)
    {
        string path = $"/run/sandbox/{name}.yaml";
        sandbox.Do($"cat >{path} <<'EOF'\n{text}\nEOF");
        return path;
    }

    /// <summary>All that a host shows of its projects, and that is the same whenever they were made; and the services' command lines.</summary>
    public static string StateOf(Sandbox sandbox)
    {
        string text = sandbox.Do(State);
        // a supervisor looks now and then whether all is well
        return text + string.Join('\n', sandbox.Processes().Where(line => !line.StartsWith("cat", StringComparison.Ordinal) && !line.Contains("__heal", StringComparison.Ordinal)));
    }

    /// <summary>Brings a file up, and holds that then all is as it says.</summary>
    public static void Converge(Sandbox sandbox, string path, string because)
    {
        Ending ending = sandbox.Sh($"warren up -d -f {path} && warren status -f {path} >/dev/null && warren up -d -f {path} >/run/sandbox/second; code=$?; cat /run/sandbox/second; rm -f /run/sandbox/second; exit $code");
        ending.ExitCode.Should().Be(0, $"{because}: {ending.Output}{ending.Errors}");
        ending.Output.Should().EndWith("already up to date: nothing to do\n", because);
    }
}
