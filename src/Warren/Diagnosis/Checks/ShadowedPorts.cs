using Warren.Model;
using Warren.Planning;

namespace Warren.Diagnosis.Checks;

/// <summary>Published ports that rules of others lead elsewhere.</summary>
internal static class ShadowedPorts
{
    public static IEnumerable<Finding> Check(Condition condition)
    {
        foreach ((ObservedNamespace space, _, LinkMark mark) in condition.Marked)
        {
            foreach (Forward forward in condition.ForwardsOf(mark))
            {
                foreach (ForeignForward foreign in condition.Asked?.ForeignForwards ?? [])
                {
                    if (!foreign.Host.Overlaps(forward.Host))
                        continue;
                    string removal = condition.Leads.FirstOrDefault(lead => lead.Place == foreign.Place)?.Removal ?? "";
                    yield return new Finding(Troubles.PortShadowed, $"port {forward.Host} is led elsewhere by another rule: {foreign.Place}")
                    {
                        Namespace = space.Name,
                        Ports = [forward.Host],
                        Consequence = "who calls the port may get another server, or none: of two rules for a packet only one counts",
                        Remedy = removal.Length > 0 ? removal : $"take that rule out, or publish another port: warren publish {space.Name} OTHER:{forward.Port}",
                    };
                }
            }
        }
    }
}
