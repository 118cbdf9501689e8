using Warren.Model;
using Warren.Planning.Steps;

namespace Warren.Planning;

/// <summary>What becomes of a project's services, beside what becomes of its namespaces.</summary>
internal static class ServiceChanges
{
    /// <summary>Puts the steps about services around those about the network: what stops, stops first; what starts, starts last.</summary>
    /// <param name="observed">What was found.</param>
    /// <param name="wish">What is wished for.</param>
    /// <param name="steps">The steps about the network.</param>
    public static List<Step> Around(Observed observed, Wish wish, List<Step> steps)
    {
        if (observed.Services.Count == 0 && wish.Services.Count == 0)
            return steps;
        var wanted = new Dictionary<string, Service>();
        foreach (Service service in wish.Services)
            wanted[service.FullName] = service;
        HashSet<string> going = [];
        HashSet<string> fresh = [];
        foreach (Step step in steps)
        {
            if (step is DeleteNamespace delete)
                going.Add(delete.Name);
            else if (step is CreateNamespace create)
                fresh.Add(create.Name);
        }
        var asked = new HashSet<string>();
        foreach (NamespaceWish each in wish.Ensure)
            asked.Add(each.Name);

        var all = new List<Step>();
        var standing = new Dictionary<string, ObservedService>();
        foreach (ObservedService each in observed.Services)
        {
            string name = each.Service.FullName;
            standing[name] = each;
            bool leaves = wish.IsRemoval
                ? wish.Whole || wish.RemoveAll || wish.Prune.Contains(each.Service.Namespace)
                : going.Contains(each.Service.Namespace) || (!wanted.ContainsKey(name) && (wish.Whole || asked.Contains(each.Service.Namespace)));
            if (leaves && each.Alive)
            {
                all.Add(new StopService(each.Service));
                AddSockets(all, each.Service, each.Service.Listens, []);
            }
        }
        all.AddRange(steps);
        foreach (Service service in wish.Services)
        {
            if (!standing.TryGetValue(service.FullName, out ObservedService? each) || !each.Alive)
            {
                AddSockets(all, service, [], service.Listens);
                all.Add(new StartService(service));
            }
            else if (!each.Service.Equals(service) || fresh.Contains(service.Namespace))
            {
                AddSockets(all, service, each.Service.Listens, service.Listens);
                all.Add(new RestartService(service));
            }
        }
        return all;
    }

    // those that it had and those that it shall have; what it keeps stays open
    private static void AddSockets(List<Step> steps, Service service, IReadOnlyList<HostPort> had, IReadOnlyList<HostPort> shall)
    {
        HostPort[] gone = [.. had.Except(shall)];
        HostPort[] come = [.. shall.Except(had)];
        if (gone.Length > 0)
            steps.Add(new CloseSockets(service, gone));
        if (come.Length > 0)
            steps.Add(new OpenSockets(service, come));
    }
}
