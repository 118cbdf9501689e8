using System.Globalization;
using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Diagnosis.Checks;

/// <summary>The links to the world, and what the host does with packets in general.</summary>
internal static class Uplinks
{
    public static IEnumerable<Finding> Check(Condition condition)
    {
        if (!condition.Marked.Any())
            yield break;
        if (condition.Asked is not null && !condition.Routes.Any(route => route is { Network: null, Table: not HostRoute.Local, Link.Length: > 0 }))
        {
            yield return new Finding(Troubles.NoDefaultRoute, "this host has no default route")
            {
                Consequence = "namespaces reach only the host's own networks, and published ports answer only there",
                Remedy = "ip route add default via ROUTER",
            };
        }
        if (condition.Sysctl("net.ipv4.conf.all.route_localnet") == "1")
        {
            yield return new Finding(Troubles.RouteLocalnet, "net.ipv4.conf.all.route_localnet is 1")
            {
                Consequence = "every link takes packets for 127.0.0.1 from outside; Warren's table drops them, but only while a namespace stands",
                Remedy = "sysctl -w net.ipv4.conf.all.route_localnet=0, if nothing else needs it",
            };
        }
        if (Strict(condition) is { } strict)
            yield return strict;
        if (!condition.Marked.Any(each => condition.ForwardsOf(each.Mark).Any(forward => forward.Host.HostAddress is null)))
            yield break;
        foreach (HostLink card in condition.Links)
        {
            if (!card.Up || card.Forwarding != false || card.Addresses.Count == 0 || card.Name == "lo" || condition.Uplinks.Any(uplink => uplink.Name == card.Name))
                continue;
            yield return new Finding(Troubles.CardNotForwarding, $"{Model.Terminal.Safe(card.Name)} ({string.Join(", ", card.Addresses)}) passes nothing on, and no default route leads by it")
            {
                Consequence = "who comes in by it gets no answer from published ports",
                Remedy = "sysctl -w " + Step.Quote($"net/ipv4/conf/{card.Name}/forwarding=1") + $"; or publish on its address: -p {card.Addresses[0].Address}:6000:8080",
            };
        }
    }

    private static Finding? Strict(Condition condition)
    {
        if (condition.Uplinks.Count < 2)
            return null;
        // the kernel takes the larger of the two; 1 is strict, 2 is loose
        int all = int.TryParse(condition.Sysctl("net.ipv4.conf.all.rp_filter"), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : 0;
        var strict = new List<string>();
        foreach (Uplink uplink in condition.Uplinks)
        {
            if (condition.Links.FirstOrDefault(link => link.Name == uplink.Name) is { } link && Math.Max(all, link.ReversePathFilter) == 1)
                strict.Add(uplink.Name);
        }
        if (strict.Count == 0)
            return null;
        string logged = condition.Sysctl("net.ipv4.conf.all.log_martians") == "1" ? "; dmesg shows them as martian" : "; net.ipv4.conf.all.log_martians=1 makes dmesg show them";
        return new Finding(Troubles.StrictReversePath, $"rp_filter is 1 (strict) on {string.Join(", ", strict)}, and the host has {condition.Uplinks.Count} links to the world: {string.Join(", ", condition.Uplinks.Select(uplink => uplink.Name))}")
        {
            Consequence = "who calls a published port over a link that is not the best way back is dropped without a word" + logged,
            Remedy = "sysctl -w " + string.Join(' ', strict.Select(name => Step.Quote($"net/ipv4/conf/{name}/rp_filter=2"))),
        };
    }
}
