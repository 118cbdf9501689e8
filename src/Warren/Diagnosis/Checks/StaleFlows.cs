using System.Net;
using Warren.Model;
using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Diagnosis.Checks;

/// <summary>Running connections to a published port that still lead where it led before.</summary>
internal static class StaleFlows
{
    public static IEnumerable<Finding> Check(Condition condition)
    {
        foreach (var same in Stale(condition).GroupBy(flow => (flow.Entry.Host, flow.Entry.Target.Address)))
        {
            ForwardEntry entry = same.First().Entry;
            Target now = condition.Seen.Forwards[entry.Host];
            string[] from = [.. same.Select(flow => flow.From.ToString()).Distinct()];
            string more = from.Length > 3 ? $" and {from.Length - 3} more" : "";
            yield return new Finding(Troubles.StaleFlow, $"port {entry.Host} leads to {now}, but what {string.Join(", ", from.Take(3))}{more} sends there goes on to {entry.Target.Address}, where nobody is")
            {
                Namespace = condition.Marked.FirstOrDefault(each => each.Mark.Inside.Address.Equals(now.Address)).Space?.Name ?? "",
                Ports = [entry.Host],
                Consequence = "for them the port does not answer until they are silent long enough; with UDP that may be never",
                Remedy = string.Join("; ", new EndFlows([entry], []).Shell),
                Fixable = true,
            };
        }
    }

    /// <summary>The flows, as the forwards that they would follow: one for each that can be ended by itself.</summary>
    public static IReadOnlyList<ForwardEntry> Entries(Condition condition) => [.. Stale(condition).Select(flow => flow.Entry).Distinct()];

    private static IEnumerable<(ForwardEntry Entry, IPAddress From)> Stale(Condition condition)
    {
        var alive = new HashSet<IPAddress>();
        foreach ((_, _, LinkMark mark) in condition.Marked)
            alive.Add(mark.Inside.Address);
        foreach (LedFlow flow in condition.Flows)
        {
            var at = new HostPort(flow.To, flow.Port, flow.Protocol);
            HostPort host = condition.Seen.Forwards.ContainsKey(at) ? at : at with { HostAddress = null };
            if (!condition.Seen.Forwards.TryGetValue(host, out Target target) || target.Address.Equals(flow.Led) || !alive.Contains(target.Address))
                continue;
            if (alive.Contains(flow.Led) || condition.Spaces.Any(space => space.Links.Any(link => link.Addresses.Contains(flow.Led))))
                continue;
            // a rule of others, which is told as such
            if (condition.Leads.Any(lead => lead.Address.Equals(flow.Led)))
                continue;
            yield return (new ForwardEntry(host, new Target(flow.Led, target.Port), ""), flow.From);
        }
    }
}
