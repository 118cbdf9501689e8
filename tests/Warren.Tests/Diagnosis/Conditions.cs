using System.Net;
using Warren.Diagnosis;
using Warren.Model;
using Warren.Planning;

namespace Warren.Tests.Diagnosis;

/// <summary>Hosts on paper for checks: web1 10.213.0.2/30 behind wrn-web1, and what else a test says.</summary>
internal static class Conditions
{
    public static readonly HostLink Uplink = new("ens5", "") { Addresses = [Typed.Cidr("10.0.0.173/24")] };

    /// <summary>A healthy host with web1.</summary>
    /// <param name="ports">Its published ports, as <c>-p</c> takes them, with blanks between.</param>
    public static Condition Of(string ports = "")
    {
        Forward[] forwards = [.. ports.Split(' ', StringSplitOptions.RemoveEmptyEntries).SelectMany(port => Typed.Ports(port).Forwards)];
        var mark = new LinkMark("web1", Typed.Cidr("10.213.0.2/30"), forwards);
        var space = new ObservedNamespace("web1", Presence.Standing)
        {
            LinkName = "wrn-web1",
            IsOurs = true,
            Link = new ObservedLink("wrn-web1", 3) { Mark = mark, Host = Typed.Cidr("10.213.0.1/30"), Up = true },
        };
        var seen = new Observed
        {
            Namespaces = [space],
            Ruleset = RulesetState.Intact,
            Forwards = forwards.ToDictionary(forward => forward.Host, forward => new Target(mark.Inside.Address, forward.Port)),
        };
        return new Condition
        {
            Kernel = new KernelFacts("6.1.0-18-amd64"),
            Seen = seen,
            Asked = seen with { Uplinks = [new Uplink("ens5", 1500, true)] },
            Table = OwnTable.Own,
            Links = [Uplink, new HostLink("wrn-web1", "veth") { Addresses = [Typed.Cidr("10.213.0.1/30")], LeadsTo = "web1" }],
            Routes =
            [
                new HostRoute(null, "ens5"),
                new HostRoute(Typed.Cidr("10.0.0.0/24"), "ens5"),
                new HostRoute(Typed.Cidr("10.213.0.0/30"), "wrn-web1"),
                new HostRoute(Typed.Cidr("10.213.0.1/32"), "wrn-web1", HostRoute.Local),
            ],
            Spaces = [Inside()],
            NameServers = [IPAddress.Parse("10.0.0.2")],
        };
    }

    public static SpaceFacts Inside(params Server[] servers) =>
        new("web1") { Links = [new SpaceLink("eth0", 1500, [IPAddress.Parse("10.213.0.2")], "wrn-web1")], Servers = servers };

    public static Server Server(string address, int port, string command = "server") =>
        new(IPAddress.Parse(address), port, Protocol.Tcp, "server (pid 812)") { Command = command.Split(' ') };

    public static Condition With(this Condition condition, params Server[] servers) => condition with { Spaces = [Inside(servers)] };

    /// <summary>The ids that are told.</summary>
    public static IReadOnlyList<string> Ids(this Condition condition) => [.. Examination.Of(condition).Select(finding => finding.Trouble.Id)];

    /// <summary>The only finding.</summary>
    public static Finding Finding(this Condition condition) => Examination.Of(condition).Single();
}
