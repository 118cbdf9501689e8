using System.Net;
using AwesomeAssertions;
using Warren.Diagnosis;
using Warren.Kernel;
using Warren.Model;
using Warren.Planning;
using Warren.Tests.Architecture;
using Xunit;

namespace Warren.Tests.Diagnosis;

public sealed class CheckedHosts
{
    [Fact]
    public void A_healthy_host_has_no_finding() => Conditions.Of().Ids().Should().BeEmpty();

    [Theory]
    [InlineData("5.13.19-generic", "kernel-too-old")]
    [InlineData("4.18.0-553.el8", "kernel-too-old")]
    [InlineData("5.14.0", "")]
    [InlineData("6.1.0-18-amd64", "")]
    [InlineData("10.0", "")]
    [InlineData("odd", "")]
    public void The_kernels_age_counts(string release, string id) =>
        string.Join(' ', (Conditions.Of() with { Kernel = new KernelFacts(release) }).Ids()).Should().Be(id);

    [Fact]
    public void What_the_kernel_lacks_is_told()
    {
        var kernel = new KernelFacts("6.1.0") { NoTables = "EINVAL", HasVeth = false, SysctlFault = "EROFS" };
        (Conditions.Of() with { Kernel = kernel }).Ids().Should().Equal("no-nf-tables", "no-veth", "sysctls-read-only");
        (Conditions.Of() with { Kernel = kernel with { Privileged = false } }).Ids()
            .Should().Equal(["no-privilege", "no-nf-tables", "no-veth"], "who may not write cannot tell whether others may");
        (Conditions.Of() with { Kernel = kernel with { NoTables = null, HasVeth = null, SysctlFault = null } }).Ids().Should().BeEmpty("veth may be there");
    }

    [Theory]
    [InlineData(262144, 262144, 0, "conntrack-full")]
    [InlineData(91, 100, 5, "conntrack-full")]
    [InlineData(90, 100, 0, "")]
    [InlineData(90, 100, 5, "conntrack-dropped")]
    [InlineData(5, 0, 0, "")]
    public void The_table_of_connections_is_full_from_nine_tenths_on(long count, long most, long dropped, string id) =>
        string.Join(' ', (Conditions.Of() with { Conntrack = new ConntrackFacts(count, most, dropped) }).Ids()).Should().Be(id);

    [Theory]
    [InlineData(0, 0, "")]
    [InlineData(0, 1, "strict-rp-filter")]
    [InlineData(1, 0, "strict-rp-filter")]
    [InlineData(1, 2, "")]
    [InlineData(2, 1, "")]
    public void Of_rp_filter_the_larger_value_counts(int all, int own, string id)
    {
        Condition host = Conditions.Of();
        host = host with
        {
            Asked = host.Asked! with { Uplinks = [new Uplink("ens5", 1500, true), new Uplink("wan0", 1500, true)] },
            Links = [.. host.Links, new HostLink("wan0", "") { ReversePathFilter = own }],
            Sysctls = new Dictionary<string, string> { ["net.ipv4.conf.all.rp_filter"] = $"{all}" },
        };
        // ens5 has 0 of its own: with all=1 it is strict too
        string.Join(' ', host.Ids()).Should().Be(all == 1 ? "strict-rp-filter" : id);
        (host with { Asked = host.Asked! with { Uplinks = [new Uplink("wan0", 1500, true)] } }).Ids().Should().BeEmpty("one way out is the way back");
    }

    [Theory]
    [InlineData("10.213.0.0/16 tun0", "the part of that network")]
    [InlineData("10.213.0.2/32 tun0", "go astray")]
    [InlineData("10.213.0.0/30 tun0", "go astray")]
    [InlineData("0.0.0.0/1 tun0", "")]
    [InlineData("10.213.0.4/30 tun0", "")]
    [InlineData("10.213.0.3/32 wrn-web1", "")]
    public void A_route_in_its_subnet_is_told_with_what_it_takes(string route, string consequence)
    {
        string[] words = route.Split(' ');
        Condition host = Conditions.Of();
        host = host with { Routes = [.. host.Routes, new HostRoute(Typed.Cidr(words[0]), words[1])] };
        if (consequence.Length == 0)
            host.Ids().Should().BeEmpty();
        else
            host.Finding().Consequence.Should().Contain(consequence);
    }

    [Theory]
    [InlineData("10.213.0.1/30", false, "")]
    [InlineData("169.254.9.9/16", false, "ip addr del 169.254.9.9/16 dev wrn-web1")]
    [InlineData("169.254.9.9/16", true, "sed -i '1i denyinterfaces wrn-*' /etc/dhcpcd.conf; dhcpcd -k; systemctl restart dhcpcd")]
    [InlineData("192.0.2.77/24", false, "")]
    [InlineData("192.0.2.77/24", true, "sed -i '1i denyinterfaces wrn-*' /etc/dhcpcd.conf; dhcpcd -k; systemctl restart dhcpcd")]
    public void An_address_that_a_client_gave_a_link_is_told_and_one_by_hand_is_not(string address, bool client, string remedy)
    {
        Condition host = Conditions.Of() with
        {
            Links = [Conditions.Uplink, new HostLink("wrn-web1", "veth") { Addresses = [Typed.Cidr("10.213.0.1/30"), Typed.Cidr(address)] }],
            AddressClient = client ? new Held(812, "dhcpcd") : null,
        };
        if (remedy.Length == 0)
            host.Ids().Should().BeEmpty();
        else
            host.Finding().Remedy.Should().Be(remedy);
    }

    [Theory]
    [InlineData("ens5", "ens5", "")]
    [InlineData("wan0", "ens5", "it may leave by wan0 only, and its way to the world leads by ens5")]
    [InlineData("wan0", "", "it may leave by wan0 only, and no route leads to the world by it")]
    [InlineData("wan1", "ens5", "it may leave by wan1 only, and that is down")]
    [InlineData("gone", "ens5", "it may leave by gone only, and there is no such link")]
    [InlineData(null, "ens5", "")]
    [InlineData(null, "", "the host has a default route, and its packets do not get to it: no way")]
    public void The_way_out_leads_by_the_link_that_was_asked_for(string? pinned, string way, string what)
    {
        Condition host = Conditions.Of();
        ObservedNamespace space = host.Seen.Namespaces[0];
        ObservedLink link = space.Link!;
        host = host with
        {
            Seen = host.Seen with { Namespaces = [space with { Link = link with { Mark = link.Mark! with { Uplink = pinned } } }] },
            Links = [.. host.Links, new HostLink("wan0", "") { Up = true }, new HostLink("wan1", "") { Up = false }],
            Ways = new Dictionary<string, WayOut> { ["web1"] = new WayOut(way, way.Length > 0 ? "" : "no way") },
        };
        if (what.Length == 0)
            host.Ids().Should().BeEmpty();
        else
            host.Finding().What.Should().Be(what);
    }

    [Theory]
    [InlineData("10.0.0.2", "")]
    [InlineData("10.0.0.173", "")]
    [InlineData("10.99.0.2", "")]
    [InlineData("198.51.100.7", "")]
    [InlineData("192.168.0.2", "only the default route")]
    [InlineData("172.20.0.2", "only the default route")]
    [InlineData("10.213.0.2", "")]
    [InlineData("10.213.0.3", "leads to the namespace web1")]
    [InlineData("10.0.0.9", "does not answer on ens5")]
    public void A_rule_is_dead_only_where_that_is_certain(string address, string why)
    {
        Condition host = Conditions.Of() with
        {
            Leads = [new ForeignLead("table ip nat, chain PREROUTING: x", IPAddress.Parse(address), "nft delete rule x", [])],
            Silent = new HashSet<IPAddress> { IPAddress.Parse("10.0.0.9") },
        };
        if (why.Length == 0)
        {
            host.Ids().Should().BeEmpty();
            return;
        }
        host.Finding().What.Should().Contain(why);
        host.Finding().Remedy.Should().Be("nft delete rule x");
    }

    [Fact]
    public void The_same_rule_in_two_chains_is_no_duplicate()
    {
        ForeignLine rule = new("table ip filter", "FORWARD", "-A X -j ACCEPT", "");
        (Conditions.Of() with { Rules = [rule, rule with { Chain = "INPUT" }, rule with { Table = "table ip mine" }] }).Ids().Should().BeEmpty();
        Finding told = (Conditions.Of() with { Rules = [rule, rule, rule] }).Finding();
        told.What.Should().Contain("3 times");
    }

    [Theory]
    [InlineData("iptables-nft", "", "nat", "")]
    [InlineData("iptables-nft", "nat", "", "legacy-and-nft")]
    [InlineData("iptables-legacy", "nat", "", "")]
    [InlineData("iptables-legacy", "", "nat", "legacy-and-nft")]
    [InlineData(null, "nat", "filter", "legacy-and-nft")]
    [InlineData(null, "nat", "", "")]
    public void Rules_that_the_command_does_not_show_are_told(string? command, string legacy, string nft, string id)
    {
        string[] Tables(string name) => name.Length > 0 ? [name] : [];
        string.Join(' ', (Conditions.Of() with { Iptables = new IptablesFacts(command, Tables(legacy), Tables(nft)) }).Ids()).Should().Be(id);
    }

    [Theory]
    [InlineData("127.0.0.53", null, "resolver-stub")]
    [InlineData("127.0.0.53", "10.0.0.2", "")]
    [InlineData("10.0.0.2", "127.0.0.1", "resolver-loopback")]
    [InlineData("127.0.0.53 10.0.0.2", null, "")]
    [InlineData("", null, "")]
    public void Name_servers_inside_are_those_of_the_file_that_counts(string host, string? own, string id)
    {
        static IPAddress[] Addresses(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(IPAddress.Parse)];
        Condition condition = Conditions.Of() with
        {
            NameServers = Addresses(host),
            NameServersBehind = Addresses("192.0.2.53"),
            Spaces = [Conditions.Inside() with { NameServers = own is null ? null : Addresses(own) }],
        };
        string.Join(' ', condition.Ids()).Should().Be(id);
        if (id.Length > 0)
            condition.Finding().Remedy.Should().Contain("nameserver 192.0.2.53");
    }

    [Fact]
    public void A_name_server_of_its_own_on_loopback_answers()
    {
        var server = new Server(IPAddress.Loopback, 53, Protocol.Udp, "dnsmasq (pid 1)");
        (Conditions.Of() with { Spaces = [Conditions.Inside(server) with { NameServers = [IPAddress.Loopback] }] }).Ids().Should().BeEmpty();
    }

    [Fact]
    public void Flows_to_another_namespace_or_by_a_rule_of_others_are_not_stale()
    {
        Condition host = Conditions.Of("6000:8080").With(Conditions.Server("0.0.0.0", 8080));
        LedFlow Flow(string led) => new(Protocol.Tcp, IPAddress.Parse("10.0.0.173"), 6000, IPAddress.Parse(led), IPAddress.Parse("10.0.0.2"));
        (host with { Flows = [Flow("10.213.0.2")] }).Ids().Should().BeEmpty();
        (host with { Flows = [Flow("10.213.0.9"), Flow("10.213.0.9")] }).Ids().Should().Equal("stale-flow");
        (host with { Flows = [Flow("10.0.0.2")], Leads = [new ForeignLead("x", IPAddress.Parse("10.0.0.2"), "", [])] }).Ids().Should().BeEmpty();
    }

    [Fact]
    public void A_link_that_is_left_of_a_port_publishes_on_an_address_that_is_gone()
    {
        Condition host = Conditions.Of("10.0.0.99:6000:8080").With(Conditions.Server("0.0.0.0", 8080));
        host.Ids().Should().Equal("host-address-gone");
        (host with { Links = [.. host.Links, new HostLink("ens6", "") { Addresses = [Typed.Cidr("10.0.0.99/24")] }] }).Ids().Should().BeEmpty();
    }

    [Fact]
    public void Where_run_is_shared_each_mount_is_there_twice_and_not_stacked()
    {
        string[] lines =
        [
            "25 1 0:23 / /run rw - tmpfs tmpfs rw",
            "40 25 0:23 /netns /run/netns rw shared:5 - tmpfs tmpfs rw",
            "50 40 0:4 net:[4026532281] /run/netns/web1 rw shared:7 - nsfs nsfs rw",
            "51 25 0:4 net:[4026532281] /run/netns/web1 rw shared:7 - nsfs nsfs rw",
        ];
        MountedNames.Below(lines).Should().BeEmpty();
        string[] stacked = [.. lines, "60 50 0:4 net:[4026532300] /run/netns/web1 rw - nsfs nsfs rw", "61 51 0:4 net:[4026532300] /run/netns/web1 rw - nsfs nsfs rw"];
        MountedNames.Below(stacked).Should().ContainSingle().Which.Value.Should().Equal(4026532281);
    }

    [Fact]
    public void Every_id_is_documented_once_with_weight_and_words()
    {
        string[] rows = [.. File.ReadAllLines(Path.Combine(Repository.Root, "docs/doctor.md")).Where(line => line.StartsWith("| `", StringComparison.Ordinal))];
        rows.Should().BeEquivalentTo(Troubles.All.Select(trouble => $"| `{trouble.Id}` | {trouble.Word} | {trouble.Words} |"));
        Troubles.All.Select(trouble => trouble.Id).Should().OnlyHaveUniqueItems();
    }
}
