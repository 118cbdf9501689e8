using Warren.Model;
using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Diagnosis.Checks;

/// <summary>Whether the host's rules and routes lead a namespace's packets to the world, by the link that they may leave by.</summary>
internal static class WaysOut
{
    public static IEnumerable<Finding> Check(Condition condition)
    {
        foreach ((ObservedNamespace space, ObservedLink link, LinkMark mark) in condition.Marked)
        {
            if (!condition.Ways.TryGetValue(space.Name, out WayOut? way))
                continue;
            if (mark.Uplink is { } pinned)
            {
                if (Pinned(condition, space.Name, link.Name, pinned, way) is { } finding)
                    yield return finding;
                continue;
            }
            // without any the host is told of, and not each namespace
            if (way.Fault.Length == 0 || !condition.Routes.Any(route => route is { Network: null, Table: not HostRoute.Local, Link.Length: > 0 }))
                continue;
            yield return new Finding(Troubles.NoWayOut, $"the host has a default route, and its packets do not get to it: {way.Fault}")
            {
                Namespace = space.Name,
                Evidence = [$"ip route get 1.1.1.1 from {mark.Inside.Address} iif {link.Name}: {way.Fault}"],
                Consequence = "it reaches nothing outside, and who calls its published ports from there gets no answer",
                Remedy = $"ip rule; ip route show table all: a rule or a route without a link catches {mark.Inside.Address}",
            };
        }
    }

    private static Finding? Pinned(Condition condition, string name, string link, string pinned, WayOut way)
    {
        string uplink = Terminal.Safe(pinned);
        HostLink? end = condition.Links.FirstOrDefault(each => each.Name == pinned);
        if (end is { Up: true } && way.Link == pinned)
            return null;
        string route = $"ip route add default via ROUTER dev {Step.Quote(pinned)} table 100; ip rule add iif {Step.Quote(link)} table 100";
        (string what, string remedy) =
            end is null ? ("there is no such link", $"bring {uplink} back; or pin it to another one: warren add {name} --uplink LINK")
            : !end.Up ? ("that is down", $"ip link set dev {Step.Quote(pinned)} up")
            : way.Link.Length > 0 ? ($"its way to the world leads by {Terminal.Safe(way.Link)}", route)
            : ("no route leads to the world by it", route);
        return new Finding(Troubles.PinnedUplink, $"it may leave by {uplink} only, and {what}")
        {
            Namespace = name,
            Consequence = "its packets to the world are refused, as was asked for, rather than sent by another link",
            Remedy = remedy,
        };
    }
}
