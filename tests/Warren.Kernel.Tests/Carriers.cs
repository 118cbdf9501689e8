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
}
