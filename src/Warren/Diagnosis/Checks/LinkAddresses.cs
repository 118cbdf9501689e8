using Warren.Model;
using Warren.Planning;

namespace Warren.Diagnosis.Checks;

/// <summary>Addresses on the host's ends of links that others gave them, taking them for links to the world.</summary>
internal static class LinkAddresses
{
    // what a host gives itself where nobody answers: RFC 3927
    private static readonly Cidr s_linkLocal = new(new System.Net.IPAddress([169, 254, 0, 0]), 16);

    public static IEnumerable<Finding> Check(Condition condition)
    {
        foreach ((ObservedNamespace space, ObservedLink link, LinkMark mark) in condition.Marked)
        {
            Cidr[] others = Others(condition, link.Name, mark);
            // who gave it an address by hand may have meant it
            if (condition.AddressClient is null)
                others = [.. others.Where(address => s_linkLocal.Overlaps(address))];
            if (others.Length == 0)
                continue;
            string addresses = string.Join(", ", others);
            string[] routes = [.. condition.Routes.Where(route => route.Link == link.Name && route.Table != HostRoute.Local && route.Network?.Overlaps(mark.Inside.Network) != true).Select(route => route.ToString()).Distinct()];
            yield return condition.AddressClient is { } client
                ? new Finding(Troubles.AddressClient, $"{client} takes {link.Name} for a link to the world, and gave it {addresses}")
                {
                    Namespace = space.Name,
                    Evidence = routes,
                    Consequence = $"it asks {space.Name} for this host's addresses, routes and name servers, and whoever answers there decides them",
                    Remedy = "sed -i '1i denyinterfaces wrn-*' /etc/dhcpcd.conf; dhcpcd -k; systemctl restart dhcpcd",
                }
                : new Finding(Troubles.AddressClient, $"{link.Name} has {addresses}, which Warren did not give it")
                {
                    Namespace = space.Name,
                    Evidence = routes,
                    Consequence = "a program on this host took it for a link to the world; it may come back, with routes and name servers from inside",
                    Remedy = string.Join("; ", others.Select(address => $"ip addr del {address} dev {Planning.Steps.Step.Quote(link.Name)}")),
                };
        }
    }

    /// <summary>The addresses of a link's host end that are not Warren's.</summary>
    internal static Cidr[] Others(Condition condition, string link, LinkMark mark) =>
        [.. condition.Links.Where(each => each.Name == link).SelectMany(each => each.Addresses).Where(address => !mark.Inside.Network.Overlaps(address))];
}
