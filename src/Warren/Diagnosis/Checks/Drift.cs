using Warren.Model;
using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Diagnosis.Checks;

/// <summary>What differs from what Warren made, as `up` would change it: so `doctor`, `status` and `up` never disagree.</summary>
internal static class Drift
{
    public static IEnumerable<Finding> Check(Condition condition)
    {
        foreach ((string name, Refusal refusal) in condition.Refusals)
        {
            // told as what it is, with the port
            if (HostPorts.GoneAddresses(condition).Any(gone => refusal.What.Contains($" {gone} is not an address", StringComparison.Ordinal)))
                continue;
            yield return new Finding(Troubles.InTheWay, name.Length > 0 && refusal.What.StartsWith(name + ": ", StringComparison.Ordinal) ? refusal.What[(name.Length + 2)..] : refusal.What)
            {
                Namespace = name,
                Consequence = "what is wrong with it cannot be mended before that is settled",
                Remedy = refusal.Remedy,
            };
        }
        foreach (Step step in condition.Drift.Steps)
        {
            foreach (Finding finding in OfStep(condition, step))
                yield return finding with { Fixable = true };
        }
    }

    private static IEnumerable<Finding> OfStep(Condition condition, Step step)
    {
        switch (step)
        {
            case CreateLink { Link: var link } when IsStanding(condition, link.Namespace):
                yield return new Finding(Troubles.LinkMissing, $"the other end of {link.Name} is not in it any more")
                {
                    Namespace = link.Namespace,
                    Consequence = "it reaches nobody, and its published ports answer nobody",
                    Remedy = "warren doctor --fix, which makes the link again with the same address and ports",
                };
                break;
            case SwitchLinkOn on when !condition.Drift.Steps.Any(other => other is CreateLink { Link: var link } && link.Namespace == on.Namespace):
                yield return LinkOff(condition, on);
                break;
            case SwitchInsideOn { Link: "lo" } on:
                yield return new Finding(Troubles.LoopbackDown, "lo inside is down")
                {
                    Namespace = on.Of,
                    Consequence = "programs in it that talk to 127.0.0.1 fail",
                    Remedy = Shell(step),
                };
                break;
            case SwitchInsideOn on:
                yield return new Finding(Troubles.InsideDown, $"the link {on.Link} inside is down")
                {
                    Namespace = on.Of,
                    Consequence = "it reaches nobody, and its published ports answer nobody",
                    Remedy = Shell(step),
                };
                break;
            case AddAddress add:
                yield return new Finding(Troubles.AddressMissing, $"{add.Link}{(add.Inside ? " inside" : "")} has lost its address {add.Address}")
                {
                    Namespace = add.Of,
                    Consequence = "it reaches nobody, and its published ports answer nobody",
                    Remedy = Shell(step),
                };
                break;
            case AddDefaultRoute route:
                yield return new Finding(Troubles.DefaultRouteMissing, "there is no default route inside")
                {
                    Namespace = route.Of,
                    Consequence = "it reaches only this host, and who calls a published port from elsewhere gets no answer",
                    Remedy = Shell(step),
                };
                break;
            case SetHostRoute route:
                yield return new Finding(Troubles.HostRouteMissing, $"this host has no route to {route.Host.Network} any more, which is behind {route.Link}")
                {
                    Namespace = route.Of,
                    Consequence = "it reaches nobody, and its published ports answer nobody",
                    Remedy = Shell(step),
                };
                break;
            case SwitchForwardingOn { DropIn: null } on:
                yield return new Finding(Troubles.UplinkNotForwarding, $"net.ipv4.conf.{on.Uplink}.forwarding is 0")
                {
                    Evidence = condition.Sysctl("net.ipv4.ip_forward") == "0" ? ["net.ipv4.ip_forward is 0: who writes that switches forwarding off on every link"] : [],
                    Consequence = $"what comes in by {on.Uplink} reaches no namespace, answers neither",
                    Remedy = "sysctl -w " + Step.Quote($"net/ipv4/conf/{on.Uplink}/forwarding=1"),
                };
                break;
            case ChangeRules { Table: TableChange.None } rules:
                foreach (Finding finding in OfRules(rules))
                    yield return finding;
                break;
        }
    }

    private static bool IsStanding(Condition condition, string name) =>
        condition.Seen.Namespaces.Any(space => space.Name == name && space.Presence == Presence.Standing && space.Link?.Mark is not null);

    private static Finding LinkOff(Condition condition, SwitchLinkOn on)
    {
        HostLink? link = condition.Links.FirstOrDefault(each => each.Name == on.Name);
        return link is { Up: true }
            ? new Finding(Troubles.LinkNotForwarding, $"the host's end {on.Name} is up, and does not pass packets on: net.ipv4.conf.{on.Name}.forwarding or .route_localnet is 0")
            {
                Namespace = on.Namespace,
                Evidence = condition.Sysctl("net.ipv4.ip_forward") == "0" ? ["net.ipv4.ip_forward is 0: who writes that switches forwarding off on every link"] : [],
                Consequence = "it reaches only this host, and its published ports answer nobody elsewhere",
                Remedy = $"sysctl -w {Step.Quote($"net/ipv4/conf/{on.Name}/forwarding=1")} {Step.Quote($"net/ipv4/conf/{on.Name}/route_localnet=1")}",
            }
            : new Finding(Troubles.LinkDown, $"the host's end {on.Name} is down")
            {
                Namespace = on.Namespace,
                Consequence = "it reaches nobody, and its published ports answer nobody",
                Remedy = $"ip link set dev {Step.Quote(on.Name)} up",
            };
    }

    private static IEnumerable<Finding> OfRules(ChangeRules rules)
    {
        foreach (IGrouping<string, ForwardEntry> missing in rules.Publish.GroupBy(entry => entry.Namespace))
        {
            yield return new Finding(Troubles.PortsMissing, $"published, and not in the maps of the table inet warren: {Told(missing)}")
            {
                Namespace = missing.Key,
                Ports = [.. missing.Select(entry => entry.Host)],
                Consequence = "these ports answer nobody",
                Remedy = "warren doctor --fix",
            };
        }
    }

    private static string Told(IEnumerable<ForwardEntry> entries) => string.Join(' ', LinkMark.Ranges([.. entries.Select(entry => new Forward(entry.Host, entry.Target.Port))]));

    private static string Shell(Step step) => string.Join("; ", step.Shell);
}
