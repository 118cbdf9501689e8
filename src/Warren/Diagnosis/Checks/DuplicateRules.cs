namespace Warren.Diagnosis.Checks;

/// <summary>Rules that stand more than once in a chain, as a script that ran twice leaves them.</summary>
internal static class DuplicateRules
{
    public static IEnumerable<Finding> Check(Condition condition)
    {
        foreach (var same in condition.Rules.Where(rule => rule.Text.Length > 0).GroupBy(rule => (rule.Table, rule.Chain, rule.Text)))
        {
            int count = same.Count();
            if (count < 2)
                continue;
            string removal = same.Last().Removal;
            yield return new Finding(Troubles.DuplicateRule, $"{same.Key.Table}, chain {same.Key.Chain}: {same.Key.Text} stands there {(count == 2 ? "twice" : $"{count} times")}")
            {
                Consequence = "who takes one away leaves the other in force",
                Remedy = removal.Length > 0 ? removal : "take one of them out of that chain",
            };
        }
    }
}
