using System.Diagnostics;
using Warren.Firewall.Neighbours;
using Warren.Netlink.Nftables;
using Warren.Planning;

namespace Warren.Kernel.Tests.Neighbours;

public class OpeningChanges
{
    private static readonly ForeignChain Nft = new(FirewallBackend.Nft, "inet", "filter", "forward");
    private static readonly ForeignChain IptablesNft = new(FirewallBackend.IptablesNft, "ip", "filter", "FORWARD");
    private static readonly ForeignChain Legacy = new(FirewallBackend.IptablesLegacy, "ip", "filter", "FORWARD");

    public static TheoryData<string, string, FirewallBackend> Iptables =>
        new()
        {
            { "iptables-nft", "ip", FirewallBackend.IptablesNft },
            { "iptables-legacy", "ip", FirewallBackend.IptablesLegacy },
        };

    [Theory]
    [MemberData(nameof(Iptables))]
    public void Stand_first_input_before_output(string tool, string family, FirewallBackend backend) =>
        OwnNetwork.Run(() =>
        {
            OwnNetwork.Shell($"{tool} -A FORWARD -i eth0 -j DROP");
            using NftSocket nft = NftSocket.Open();
            Openings.Open(nft, new ForeignChain(backend, family, "filter", "FORWARD"));
            Listed(tool)
                .Should()
                .Equal(
                    "-P FORWARD ACCEPT",
                    "-A FORWARD -i wrn-+ -m comment --comment warren -j ACCEPT",
                    "-A FORWARD -o wrn-+ -m comment --comment warren -j ACCEPT",
                    "-A FORWARD -i eth0 -j DROP"
                );
        });

    [Theory]
    [MemberData(nameof(Iptables))]
    public void Go_even_doubled_and_nothing_else_goes(string tool, string family, FirewallBackend backend) =>
        OwnNetwork.Run(() =>
        {
            // each is Warren's rule but for one thing
            OwnNetwork.Shell(
                $"""
                {tool} -P FORWARD DROP
                {tool} -A FORWARD -i wrn-+ -j ACCEPT
                {tool} -A FORWARD -i wrn-+ -m comment --comment "warren too" -j ACCEPT
                {tool} -A FORWARD -i wrn-web1 -m comment --comment warren -j ACCEPT
                {tool} -A FORWARD ! -i wrn-+ -m comment --comment warren -j ACCEPT
                {tool} -A FORWARD -i wrn-+ -m comment --comment warren -j DROP
                {tool} -A FORWARD -i wrn-+ -m comment --comment warren
                {tool} -A FORWARD -i wrn-+ -p tcp -m comment --comment warren -j ACCEPT
                {tool} -A FORWARD -i wrn-+ -s 10.0.0.1 -m comment --comment warren -j ACCEPT
                {tool} -A FORWARD -i wrn-+ -o wrn-+ -m comment --comment warren -j ACCEPT
                {tool} -A FORWARD -m comment --comment warren -j ACCEPT
                """
            );
            string[] before = Listed(tool);
            OwnNetwork.Shell(
                $"""
                for i in 1 2 3; do {tool} -A FORWARD -i wrn-+ -m comment --comment warren -j ACCEPT; done
                {tool} -I FORWARD 4 -o wrn-+ -m comment --comment warren -j ACCEPT
                """
            );
            Listed(tool).Should().HaveCount(before.Length + 4);
            using NftSocket nft = NftSocket.Open();
            ForeignChain chain = Openings.FindOpen(nft, nft.Chains()).Should().ContainSingle().Subject;
            chain.Should().Be(new ForeignChain(backend, family, "filter", "FORWARD"));
            Openings.Close(nft, chain);
            Listed(tool).Should().Equal(before);
            Openings.Close(nft, chain);
            Listed(tool).Should().Equal(before);
        });

    [Fact]
    public void Of_nft_go_even_doubled_and_nothing_else_goes() =>
        OwnNetwork.Run(() =>
        {
            OwnNetwork.Shell(Scenarios.NftPolicy);
            OwnNetwork.Shell(
                """
                nft -f - <<'E'
                add rule inet filter forward iifname "wrn-*" accept
                add rule inet filter forward iifname "wrn-*" accept comment "not warren"
                add rule inet filter forward iifname "wrn-*" tcp dport 80 accept comment "warren"
                add rule inet filter forward iifname "wrn-*" drop comment "warren"
                add rule inet filter forward iifname { "wrn-a", "wrn-b" } accept comment "warren"
                E
                """
            );
            string before = OwnNetwork.Rules();
            OwnNetwork.Shell(
                """
                nft 'add rule inet filter forward iifname "wrn-*" counter accept comment "warren"'
                nft 'insert rule inet filter forward iifname "wrn-*" accept comment "warren"'
                nft 'insert rule inet filter forward oifname "wrn-*" accept comment "warren"'
                """
            );
            using NftSocket nft = NftSocket.Open();
            Openings.FindOpen(nft, nft.Chains()).Should().Equal(Nft);
            Openings.Close(nft, Nft);
            OwnNetwork.Rules().Should().Be(before);
        });

    [Fact]
    public void Without_the_tool_iptables_nft_lists_the_same_rules() =>
        OwnNetwork.Run(() =>
        {
            OwnNetwork.Shell("iptables-nft -P FORWARD DROP; iptables-nft -A FORWARD -i eth0 -j ACCEPT");
            using NftSocket nft = NftSocket.Open();
            Openings.Open(nft, IptablesNft);
            string withTool = OwnNetwork.Command("nft", "--debug=netlink", "list", "chain", "ip", "filter", "FORWARD");
            string saved = OwnNetwork.Rules();
            Openings.Close(nft, IptablesNft);
            Openings.Open(nft, IptablesNft, NoTools);
            OwnNetwork.Rules().Should().Be(saved);
            string without = OwnNetwork.Command("nft", "--debug=netlink", "list", "chain", "ip", "filter", "FORWARD");
            WithoutHandles(without).Should().Be(WithoutHandles(withTool));
            OwnNetwork.Shell("iptables-nft-save > /run/saved; iptables-nft-restore < /run/saved");
            Obstacles.Found(nft).Should().ContainSingle().Which.Opened.Should().BeTrue();
        });

    [Fact]
    public void Are_made_in_a_table_that_iptables_nft_cannot_read() =>
        OwnNetwork.Run(() =>
        {
            OwnNetwork.Shell(
                "iptables-nft -P FORWARD DROP; nft 'add rule ip filter FORWARD meta mark set ip saddr map { 10.0.0.1 : 1 }'"
            );
            OwnNetwork.Try("iptables-nft", "-S", "FORWARD").Code.Should().NotBe(0);
            using NftSocket nft = NftSocket.Open();
            Openings.Open(nft, IptablesNft);
            Obstacles.Found(nft).Should().ContainSingle().Which.Opened.Should().BeTrue();
            Openings.Close(nft, IptablesNft);
            Openings.FindOpen(nft, nft.Chains()).Should().BeEmpty();
        });

    [Fact]
    public void Without_iptables_legacy_an_error_says_what_to_install() =>
        OwnNetwork.Run(() =>
        {
            OwnNetwork.Shell(Scenarios.LegacyDocker);
            using NftSocket nft = NftSocket.Open();
            ForeignChain chain = Obstacles.Found(nft).Should().ContainSingle().Subject.Chain;
            string before = OwnNetwork.Rules();
            Action open = () => Openings.Open(nft, chain, NoTools);
            open.Should()
                .Throw<NeighbourException>()
                .WithMessage(
                    "cannot open chain FORWARD of table filter (iptables-legacy), there in DOCKER-USER, kept by docker: "
                        + "iptables-legacy is not installed*apt install iptables*"
                        + "type: iptables-legacy -w 10 -I DOCKER-USER -o wrn-+ -m comment --comment warren -j ACCEPT && *"
                );
            OwnNetwork.Rules().Should().Be(before);
        });

    [Fact]
    public void Wait_for_the_lock_of_iptables_legacy_for_a_bounded_time() =>
        OwnNetwork.Run(() =>
        {
            OwnNetwork.Shell("iptables-legacy -P FORWARD DROP");
            using NftSocket nft = NftSocket.Open();
            // this /run is the test's own
            using Process holder = OwnNetwork.Start("flock", "/run/xtables.lock", "sh", "-c", "echo held; cat");
            holder.StandardOutput.ReadLine().Should().Be("held");
            NeighbourTools patience = NeighbourTools.OfHost with { LockSeconds = 1 };
            var watch = Stopwatch.StartNew();
            Action open = () => Openings.Open(nft, Legacy, patience);
            open.Should()
                .Throw<NeighbourException>()
                .WithMessage("cannot open chain FORWARD of table filter (iptables-legacy): iptables-legacy says: *xtables lock*1s*type: *");
            watch.Elapsed.Should().BeGreaterThan(TimeSpan.FromSeconds(0.9)).And.BeLessThan(TimeSpan.FromSeconds(10));
            Listed("iptables-legacy -w 1").Should().BeEmpty("the lock is held");

            holder.StandardInput.Close();
            holder.WaitForExit(TimeSpan.FromSeconds(10)).Should().BeTrue();
            Listed("iptables-legacy").Should().Equal("-P FORWARD DROP");
            Openings.Open(nft, Legacy, patience);
            Obstacles.Found(nft).Should().ContainSingle().Which.Opened.Should().BeTrue();
        });

    [Fact]
    public void Are_refused_in_a_table_that_belongs_to_a_process() =>
        OwnNetwork.Run(() =>
        {
            using Process owner = OwnNetwork.Start("nft", "-i");
            owner.StandardInput.WriteLine("add table inet firewalld { flags owner; }");
            owner.StandardInput.WriteLine("add chain inet firewalld f { type filter hook forward priority 0; policy drop; }");
            owner.StandardInput.WriteLine("list chain inet firewalld f");
            owner.StandardInput.Flush();
            while (owner.StandardOutput.ReadLine() is { } line && !line.Contains("policy drop", StringComparison.Ordinal)) { }
            using NftSocket nft = NftSocket.Open();
            Obstacle obstacle = Obstacles.Found(nft).Should().ContainSingle().Subject;
            Action open = () => Openings.Open(nft, obstacle.Chain);
            open.Should()
                .Throw<NeighbourException>()
                .WithMessage("cannot open chain f of table inet firewalld, kept by firewalld: *(EPERM)*NftablesTableOwner=yes*firewall-cmd --permanent --zone=trusted --add-interface=wrn-+ && firewall-cmd --reload*--no-neighbours*type: nft *");
            owner.StandardInput.Close();
            owner.WaitForExit(TimeSpan.FromSeconds(10)).Should().BeTrue();
        });

    [Fact]
    public void No_tool_is_taken_from_PATH_or_the_working_directory() =>
        NeighbourTools.OfHost.Folders.Should().OnlyContain(folder => Path.IsPathFullyQualified(folder))
            .And.NotContain(folder => folder.StartsWith("/home", StringComparison.Ordinal) || folder.StartsWith("/tmp", StringComparison.Ordinal));

    [Fact]
    public void An_obstacle_that_came_back_in_front_is_seen_and_opened_again() =>
        OwnNetwork.Run(() =>
        {
            OwnNetwork.Shell("iptables-nft -P FORWARD DROP");
            using NftSocket nft = NftSocket.Open();
            Openings.Open(nft, IptablesNft);
            OwnNetwork.Shell("iptables-nft -N strict; iptables-nft -A strict -j REJECT; iptables-nft -I FORWARD -j strict");
            Obstacles.Found(nft).Should().ContainSingle().Which.Opened.Should().BeFalse();
            Openings.Open(nft, IptablesNft);
            Obstacles.Found(nft).Should().ContainSingle().Which.Opened.Should().BeTrue();
            Listed("iptables-nft").Should().HaveCount(4);
        });

    [Fact]
    public void An_old_opening_beside_DOCKER_USER_goes_too() =>
        OwnNetwork.Run(() =>
        {
            OwnNetwork.Shell("iptables-nft -P FORWARD DROP");
            using NftSocket nft = NftSocket.Open();
            Openings.Open(nft, IptablesNft);
            // docker comes later
            OwnNetwork.Shell("iptables-nft -N DOCKER-USER; iptables-nft -A DOCKER-USER -j RETURN; iptables-nft -I FORWARD -j DOCKER-USER");
            ForeignChain chain = Obstacles.Found(nft).Should().ContainSingle().Subject.Chain;
            chain.Place.Should().Be("DOCKER-USER");
            Openings.Open(nft, chain);
            Listed("iptables-nft").Should().Equal("-P FORWARD DROP", "-A FORWARD -j DOCKER-USER");
            Openings.Open(nft, IptablesNft);
            Openings.FindOpen(nft, nft.Chains()).Should().BeEquivalentTo([IptablesNft, chain]);
            Openings.Close(nft, chain);
            Openings.FindOpen(nft, nft.Chains()).Should().BeEmpty();
        });

    private static NeighbourTools NoTools => new([]);

    private static string[] Listed(string tool)
    {
        (int code, string output, _) = OwnNetwork.Try("sh", "-c", $"{tool} -S FORWARD");
        return code == 0 ? output.Split('\n', StringSplitOptions.RemoveEmptyEntries) : [];
    }

    // "ip filter FORWARD 7 8" before each rule
    private static string WithoutHandles(string listing) =>
        string.Join('\n', listing.Split('\n').Where(line => !line.StartsWith("ip filter FORWARD", StringComparison.Ordinal)));
}
