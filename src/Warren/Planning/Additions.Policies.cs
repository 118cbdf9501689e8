using Warren.Planning.Steps;

namespace Warren.Planning;

// The part about what a project's file says of the whole host.
internal sealed partial class Additions
{
    // What the project's file says of the host; what those of others say stays, and comes again with the table.
    private ChangeRules WithPolicies(ChangeRules rules)
    {
        if (_observed.ClosedFor.Count == 0 && !_wish.DropsForwarded)
            return rules;
        List<string> stand = [.. _observed.ClosedFor.Select(each => each.Project)];
        List<string> shall = _wish.Project is null ? stand : [.. stand.Where(project => project != _wish.Project)];
        if (_wish is { DropsForwarded: true, Project: { } own })
            shall.Add(own);
        return rules with { CloseFor = TableStands ? [.. shall.Except(stand)] : shall, OpenFor = TableStands ? [.. stand.Except(shall)] : [] };
    }

    // Whoever closed it already was told.
    private IEnumerable<Refusal> Losing()
    {
        if (!_wish.DropsForwarded || _observed.Forwarding.Count == 0 || _observed.ClosedFor.Any(each => each.Project == _wish.Project))
            return [];
        return
        [
            new Refusal(
                $"host: forward-policy: drop: what the host forwards for others is dropped, of {string.Join(", ", _observed.Forwarding)}",
                "nothing, if that is meant; else leave the line out: namespaces are closed without it"
            ),
        ];
    }
}
