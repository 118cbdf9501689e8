using Warren.Model;
using Warren.Planning;

namespace Warren.Diagnosis.Checks;

/// <summary>Routes and addresses that came after a namespace was made, and overlap its subnet.</summary>
internal static class Subnets
{
    // so wide a route is as good as a default route
    private const int Widest = 8;

    public static IEnumerable<Finding> Check(Condition condition)
    {
        foreach ((ObservedNamespace space, ObservedLink link, LinkMark mark) in condition.Marked)
        {
            Cidr subnet = mark.Inside.Network;
            var overlaps = new List<string>();
            bool takesAll = false;
            foreach (HostRoute route in condition.Routes)
            {
                if (route.Network is not { } network || network.PrefixLength < Widest || route.Link == link.Name || !network.Overlaps(subnet))
                    continue;
                // the network's first and last address, which the kernel adds to each
                if (route.Table == HostRoute.Local && route.Link.Length == 0)
                    continue;
                overlaps.Add(route.ToString());
                takesAll |= network.PrefixLength >= subnet.PrefixLength;
            }
            if (overlaps.Count == 0)
                continue;
            yield return new Finding(Troubles.SubnetOverlap, $"its subnet {subnet} is in use elsewhere on this host: {string.Join(", ", overlaps.Distinct().Take(3))}")
            {
                Namespace = space.Name,
                Consequence = takesAll ? "packets for the namespace go astray: its published ports answer nobody, or not always" : "it cannot reach the part of that network that has the same addresses",
                Remedy = $"warren rm {space.Name}, then warren add {space.Name} again with its ports: Warren chooses a free subnet",
            };
        }
    }
}
