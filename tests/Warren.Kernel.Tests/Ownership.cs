using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary>What is somebody else's is not taken for Warren's, and what is Warren's is mended.</summary>
public sealed class Ownership
{
    [Fact]
    public void A_table_of_our_name_that_is_not_ours_is_refused_and_stays()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("nft 'add table inet warren; add chain inet warren mine { type filter hook input priority 0; }'");
        string[] before = sandbox.Snapshot();
        Ending added = sandbox.Run("warren add web1");
        added.ExitCode.Should().Be(3);
        added.Errors.Should().Contain("inet warren that Warren did not make").And.Contain("nft delete table inet warren");
        sandbox.Do("warren rm --all");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void A_table_of_ours_that_is_incomplete_is_made_again()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("nft 'add table inet warren { comment \"made by warren\"; map forwards4 { type inet_service : ipv4_addr; }; }'");
        sandbox.Do("warren add web1 -p 6000:8080").Should().Contain("was made again");
        sandbox.Inside("web1").Serve("tcp", "8080", "web1");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("web1");
    }

    [Fact]
    public void A_link_of_others_in_the_group_of_Warrens_links_stays_when_those_go()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("ip link add other type veth peer name rehto && ip link set dev other group 22354; for i in $(seq 20); do ip netns add n$i; done");
        string[] before = sandbox.Snapshot();
        sandbox.Do("for i in 1 2 3 4; do warren add web$i; done; warren rm --all");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void Forwarding_that_was_switched_off_for_the_whole_host_is_switched_on_again()
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] before = sandbox.Snapshot();
        sandbox.Do("warren add web1");
        sandbox.Do("echo 1 >/proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/net/ipv4/ip_forward");
        sandbox.Inside("web1").Pings(Sandbox.InternetAddress).Should().BeFalse("else this proves nothing");
        sandbox.Do("warren add web1").Should().Contain("switched on again");
        sandbox.Inside("web1").Pings(Sandbox.InternetAddress).Should().BeTrue();
        sandbox.Do("warren rm web1");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void Forwarding_is_put_back_though_the_note_about_it_is_gone()
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] before = sandbox.Snapshot();
        sandbox.Do("warren add web1; rm -r /run/warren; warren rm web1; rmdir /run/netns 2>/dev/null || { umount /run/netns && rmdir /run/netns; }");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void Run_in_a_namespace_that_lost_its_link_leaves_it_and_its_processes()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("warren add web1");
        Launched server = sandbox.Inside("web1").Serve("tcp", "8080", "old");
        sandbox.Do("ip link del wrn-web1; warren run web1 -- true");
        sandbox.Do("ip netns pids web1").Trim().Should().Be($"{server.ProcessId}");
    }

    [Theory]
    [InlineData("warren ls @/etc/hostname", 2)]
    [InlineData("warren add @/etc/hostname", 2)]
    [InlineData("warren rm web1 -- web2", 2)]
    [InlineData("warren ls >/dev/full", 1)]
    public void A_line_that_cannot_be_meant_or_written_says_so(string line, int code)
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] before = sandbox.Snapshot();
        Ending ending = sandbox.Run(line);
        ending.ExitCode.Should().Be(code);
        sandbox.ShouldBe(before);
    }
}
