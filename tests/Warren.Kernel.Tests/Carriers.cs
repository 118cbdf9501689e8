using AwesomeAssertions;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary>A link carries packets when Warren says that it is done, also where the kernel is busy with the carriers of hundreds of others.</summary>
public sealed class Carriers
{
    // The kernel looks at a hundred links a second that nobody asks for, in the order in which they changed.
    private const string HundredsOfLinksComeUp = """
        seq -f 'link add x%.0f group 97 type veth peer name y%.0f' 400 | sed 's/$/ group 98/' >/run/links
        ip -batch /run/links
        ip link set group 97 up
        ip link set group 98 up
        """;

    private const string States = "ip -j link | jq -r '.[] | select(.ifname == \"eth0\") | .operstate'";

    [Fact]
    public void A_port_answers_at_once_where_hundreds_of_links_come_up()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do(HundredsOfLinksComeUp);
        // all are listed, as to ask for one by its name hurries it
        sandbox.Do($"warren add web -p 6000:8080 >/dev/null && ip netns exec web {States}").Trim().Should().Be("UP");
        sandbox.Do("ip -j link").Should().Contain("\"operstate\":\"UNKNOWN\"", "others still wait, or this shows nothing");
    }

    // a socket in each is open until the last link is up
    [Fact]
    public void More_namespaces_than_descriptors_are_made()
    {
        using Sandbox sandbox = Sandbox.Start();
        const int Many = 120;
        sandbox.Do($"{{ echo 'name: many'; echo 'namespaces:'; seq -f '  m%.0f: {{}}' {Many}; }} >/run/many.yaml");
        sandbox.Do("(ulimit -Sn 64 && warren up -d -f /run/many.yaml) && ip -br link | grep -c wrn-").Should().EndWith($"{Many}\n");
        sandbox.Do("warren down -f /run/many.yaml");
    }
}
