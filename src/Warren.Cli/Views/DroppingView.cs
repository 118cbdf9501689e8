using Warren.Firewall.Neighbours;
using Warren.Model;
using Warren.Planning;

namespace Warren.Cli.Views;

/// <summary>A warning for each chain of another firewall that drops packets of namespaces and was left so.</summary>
internal static class DroppingView
{
    /// <summary>Writes them to standard error.</summary>
    public static void Tell(CommandLine line, Plan plan)
    {
        foreach (Obstacle obstacle in plan.LeftDropping)
        {
            string whose = obstacle.Owner.Length > 0 ? ", kept by " + obstacle.Owner : "";
            Output.Error(Terminal.Safe($"warren {line.Verb}: left as it is: {obstacle.Chain}{whose}, drops packets of wrn-*: {obstacle.Cause}"));
            Output.Error(Terminal.Safe($"  type: {string.Join(" && ", Openings.OpenCommands(obstacle.Chain))}; or the same without --no-neighbours"));
        }
    }
}
