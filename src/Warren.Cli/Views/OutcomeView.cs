using Warren.Kernel;
using Warren.Model;
using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Cli.Views;

/// <summary>What was done, in a few lines.</summary>
internal static class OutcomeView
{
    public static void Write(Outcome outcome)
    {
        if (outcome.Plan.IsEmpty)
        {
            Output.Line("nothing to do");
            return;
        }
        // no LINQ: this runs at the end of every change, and a query's machinery takes longer to load than the loop to run
        foreach (Step step in outcome.Plan.Steps)
        {
            switch (step)
            {
                case CreateLink { Link: { } link }:
                    Output.Line(link.Namespace + ": " + link.Inside.Address + " on " + link.InsideName + ", behind " + link.Host.Address + " on " + link.Name);
                    break;
                case ChangeRules { Table: TableChange.Delete } when outcome.Plan.Steps.Count == 1:
                    Output.Line("host: table inet warren removed");
                    break;
                case ChangeRules rules:
                    if (rules.Table == TableChange.Repair)
                        Output.Line("table inet warren was incomplete, and was made again");
                    foreach (PinEntry entry in rules.Unpin)
                    {
                        if (rules.Table != TableChange.Delete && !Deletes(outcome.Plan, entry.Namespace))
                            Output.Line($"{entry.Namespace}: leaves not by {Terminal.Safe(entry.Pin.Uplink)} only any more");
                    }
                    foreach (PinEntry entry in rules.Pin)
                        Output.Line($"{entry.Namespace}: leaves by {entry.Pin.Uplink} only");
                    foreach (string project in rules.CloseFor)
                        Output.Line($"host: forwards only what is of namespaces, for {project}");
                    foreach (string project in rules.OpenFor)
                        Output.Line($"host: forwards again what it did before {project}");
                    Write(rules.Publish, "published");
                    if (rules.Table != TableChange.Delete)
                        Write(rules.Unpublish, "unpublished");
                    break;
                case SwitchLinkOn on when !Creates(outcome.Plan, on.Name):
                    Output.Line($"{on.Namespace}: link {on.Name} switched on again");
                    break;
                case SwitchForwardingOn on when !CreatesAny(outcome.Plan):
                    Output.Line($"host: {on.Words}");
                    break;
                case OpenNeighbour open:
                    Output.Line($"host: {open.Words}");
                    break;
                // with a namespace that goes they are a matter of course; alone they were left behind
                case CloseNeighbour close when !DeletesAny(outcome.Plan):
                    Output.Line($"host: removed {close.Words}");
                    break;
                case DeleteNamespace delete:
                    Output.Line($"{delete.Name}: removed");
                    break;
                case DeleteLink delete when !Deletes(outcome.Plan, delete.Namespace) && !Creates(outcome.Plan, delete.Name):
                    Output.Line($"{delete.Namespace}: link removed");
                    break;
                case SwitchInsideOn or AddAddress or AddDefaultRoute or SetHostRoute or WriteResolver or RemoveResolver when !Deletes(outcome.Plan, step.Namespace):
                    Output.Line($"{step.Namespace}: {step.Sign} {step.Words}");
                    break;
                case WriteHosts when !CreatesAny(outcome.Plan) && !DeletesAny(outcome.Plan):
                    Output.Line($"host: {step.Sign} {step.Words}");
                    break;
                case LinkHosts when !CreatesAny(outcome.Plan):
                    Output.Line($"{step.Namespace}: {step.Sign} {step.Words}");
                    break;
                case OpenSockets open:
                    Output.Line($"{open.Namespace}: {open.Words}");
                    break;
                case StopService stop when !Deletes(outcome.Plan, step.Namespace):
                    Output.Line($"{stop.Service.FullName}: stopped");
                    break;
            }
        }
        foreach (Holder holder in outcome.Holders)
            Output.Line($"{holder.Namespace}: {holder.Name} (pid {holder.ProcessId}) is still in it; the namespace is gone when it ends");
    }

    private static bool DeletesAny(Plan plan)
    {
        foreach (Step step in plan.Steps)
        {
            if (step is DeleteNamespace or DeleteLink)
                return true;
        }
        return false;
    }

    private static bool CreatesAny(Plan plan) => plan.Steps.Any(step => step is CreateLink);

    private static bool Creates(Plan plan, string link) => plan.Steps.Any(step => step is CreateLink create && create.Link.Name == link);

    private static bool Deletes(Plan plan, string name)
    {
        foreach (Step step in plan.Steps)
        {
            if (step is DeleteNamespace delete && delete.Name == name)
                return true;
        }
        return false;
    }

    private static void Write(IReadOnlyList<ForwardEntry> entries, string verb)
    {
        var forwards = new List<Forward>();
        for (int i = 0; i < entries.Count; i++)
        {
            forwards.Add(new Forward(entries[i].Host, entries[i].Target.Port));
            if (i + 1 < entries.Count && entries[i + 1].Namespace == entries[i].Namespace)
                continue;
            // what led to nobody is nobody's
            Output.Line($"{(entries[i].Namespace.Length > 0 ? entries[i].Namespace : "host")}: {verb} {string.Join(' ', LinkMark.Ranges(forwards))}");
            forwards.Clear();
        }
    }
}
