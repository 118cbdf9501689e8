using Warren.Planning;

namespace Warren.Diagnosis.Checks;

/// <summary>Projects that /run/warren tells of, and their services.</summary>
internal static class Projects
{
    public static IEnumerable<Finding> Check(Condition condition)
    {
        foreach (ProjectFacts project in condition.Projects)
        {
            bool stands = condition.Seen.Namespaces.Any(space =>
                space.Link?.Mark?.Project == project.Name || ((space.Presence != Presence.Absent || space.Link is not null) && project.Names.Contains(space.Name))
            );
            // services may be in namespaces that were typed
            stands |= project.Services.Any(service => condition.Seen.Namespaces.Any(space => space.Name == service.Namespace && space.Presence == Presence.Standing));
            if (!stands && !project.Supervised)
            {
                yield return new Finding(Troubles.LeftoverRecord, $"/run/warren/projects/{project.Name} tells of a project, and none of its namespaces is there{Names(project)}")
                {
                    Consequence = "nothing hangs on it; logs of its services may be in there",
                    Remedy = $"warren up with its file, to have it again; or rm -r /run/warren/projects/{project.Name}",
                };
                continue;
            }
            if (!project.Supervised && project.Services.Count > 0)
            {
                foreach (IGrouping<string, string> space in project.Services.GroupBy(service => service.Namespace, service => service.Service))
                {
                    yield return new Finding(Troubles.SupervisorDead, $"project {project.Name} wishes for {string.Join(", ", space)}, and nobody supervises them")
                    {
                        Namespace = space.Key,
                        Consequence = "what runs of them goes on alone; what ends is not started again, and logs stop",
                        Remedy = "warren up -d, in the folder of its warren.yaml",
                    };
                }
            }
            foreach ((string space, string service, string words) in project.Failed)
            {
                yield return new Finding(Troubles.ServiceFailed, $"the service {service} of project {project.Name}: {words}")
                {
                    Namespace = space,
                    Consequence = "it is not started again by itself",
                    Remedy = $"warren logs {service}; then warren restart {service}",
                };
            }
        }
    }

    private static string Names(ProjectFacts project) => project.Names.Count == 0 ? "" : $": {string.Join(", ", project.Names.Take(5))}{(project.Names.Count > 5 ? ", …" : "")}";
}
