using Warren.Firewall.Neighbours;
using Warren.Model;
using Warren.Planning;

namespace Warren.Cli.Views;

/// <summary>A warning for all that was left as it is though something is missed by it: chains of other firewalls, files of others, uplinks that are not there.</summary>
internal static class DroppingView
{
    /// <summary>Writes them to standard error.</summary>
    public static void Tell(CommandLine line, Plan plan)
    {
        foreach (Refusal remark in plan.Remarks)
        {
            Output.Error(Terminal.Safe($"warren {line.Verb}: {remark.What}"));
            Output.Error(Terminal.Safe($"  type: {remark.Remedy}"));
        }
        foreach ((string name, string uplink) in plan.CutOff)
        {
            Output.Error($"warren {line.Verb}: {name}: there is no link {uplink} on this host; until there is, nothing leaves {name}");
            Output.Error("  type: ip link, to see those there are");
        }
        foreach (Obstacle obstacle in plan.LeftDropping)
        {
            string whose = obstacle.Owner.Length > 0 ? ", kept by " + obstacle.Owner : "";
            Output.Error(Terminal.Safe($"warren {line.Verb}: left as it is: {obstacle.Chain}{whose}, drops packets of wrn-*: {obstacle.Cause}"));
            Output.Error(Terminal.Safe($"  type: {string.Join(" && ", Openings.OpenCommands(obstacle.Chain))}; or the same without --no-neighbours"));
        }
    }
}
