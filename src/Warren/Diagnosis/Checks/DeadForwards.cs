using System.Net;
using System.Net.Sockets;
using Warren.Model;
using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Diagnosis.Checks;

/// <summary>Ports that lead to an address where nobody is: of Warren's maps, and of rules of others.</summary>
internal static class DeadForwards
{
    private static readonly (Cidr Block, int Number)[] s_private =
    [
        (new Cidr(new IPAddress([10, 0, 0, 0]), 8), 0),
        (new Cidr(new IPAddress([172, 16, 0, 0]), 12), 1),
        (new Cidr(new IPAddress([192, 168, 0, 0]), 16), 2),
    ];

    public static IEnumerable<Finding> Check(Condition condition)
    {
        foreach (ForwardEntry entry in Own(condition.Seen))
        {
            yield return new Finding(Troubles.DeadForward, $"the table inet warren leads {entry.Host} to {entry.Target}, an address of no namespace")
            {
                Ports = [entry.Host],
                Consequence = "the port answers nobody",
                Remedy = "warren doctor --fix",
                Fixable = true,
            };
        }
        foreach (ForeignLead lead in condition.Leads)
        {
            if (WhyDead(condition, lead.Address) is not { } why)
                continue;
            yield return new Finding(Troubles.DeadForward, $"{lead.Place}: {why}")
            {
                Ports = lead.Ports,
                Consequence = "what the rule takes reaches nobody, and it is taken from whoever else publishes the port",
                Remedy = lead.Removal.Length > 0 ? lead.Removal : "take that rule out",
            };
        }
    }

    /// <summary>The elements of Warren's maps that lead to no namespace.</summary>
    public static IReadOnlyList<ForwardEntry> Own(Observed seen)
    {
        if (seen.Ruleset == RulesetState.Absent)
            return [];
        var owned = new HashSet<IPAddress>();
        foreach (ObservedNamespace space in seen.Namespaces)
        {
            if (space.Link?.Mark is { } mark)
                owned.Add(mark.Inside.Address);
        }
        return
        [
            .. seen.Forwards.Where(entry => !owned.Contains(entry.Value.Address))
                .OrderBy(entry => Removal.Order(entry.Key))
                .Select(entry => new ForwardEntry(entry.Key, entry.Value, "")),
        ];
    }

    // Only where it is certain: what lies behind a router, or in a namespace without a name, cannot be seen from here.
    private static string? WhyDead(Condition condition, IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetwork || IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any))
            return null;
        if (condition.Links.Any(link => link.Addresses.Any(own => own.Address.Equals(address))))
            return null;
        if (condition.Spaces.Any(space => space.Links.Any(link => link.Addresses.Contains(address))))
            return null;
        HostRoute? best = null;
        foreach (HostRoute route in condition.Routes)
        {
            if (route.Table == HostRoute.Local || route.Network is not { } network || !network.Contains(address))
                continue;
            if (best?.Network is not { } other || network.PrefixLength > other.PrefixLength)
                best = route;
        }
        if (best is null)
            return IsStray(condition, address) ? $"no link of this host leads to {address}, only the default route" : null;
        if (condition.Links.FirstOrDefault(link => link.Name == best.Link) is { LeadsTo: { Length: > 0 } space })
            return $"{best.Link} leads to the namespace {space}, which does not have {address}";
        return condition.Silent.Contains(address) ? $"{address} does not answer on {best.Link}" : null;
    }

    // A private address, and the way out does not lead into a network of that kind: no router will know it.
    private static bool IsStray(Condition condition, IPAddress address)
    {
        if (BlockOf(address) is not { } block)
            return false;
        HashSet<string> ways = [.. condition.Routes.Where(route => route.Network is null).Select(route => route.Link)];
        return !condition.Links.Any(link => ways.Contains(link.Name) && link.Addresses.Any(own => BlockOf(own.Address) == block));
    }

    private static int? BlockOf(IPAddress address)
    {
        foreach ((Cidr block, int number) in s_private)
        {
            if (block.Contains(address))
                return number;
        }
        return null;
    }
}
