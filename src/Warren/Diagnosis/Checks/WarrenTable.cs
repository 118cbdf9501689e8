using Warren.Planning;

namespace Warren.Diagnosis.Checks;

/// <summary>Warren's own table.</summary>
internal static class WarrenTable
{
    public static IEnumerable<Finding> Check(Condition condition)
    {
        bool anyLink = condition.Seen.Namespaces.Any(space => space.Link is not null);
        const string Unguarded = "no published port answers, nothing from a namespace reaches the world, and nothing guards them";
        if (condition.Table == OwnTable.Foreign)
        {
            yield return new Finding(Troubles.TableForeign, "there is a table inet warren that Warren did not make: it lacks the comment \"made by warren\"")
            {
                Consequence = anyLink ? Unguarded : "no namespace can be made",
                Remedy = "nft list table inet warren, and nft delete table inet warren if it is of no use; then warren add NAME again",
            };
            yield break;
        }
        if (!anyLink)
        {
            // one whose link is gone gets another, and needs the table
            if (condition.Table != OwnTable.Absent && !condition.Seen.Namespaces.Any(space => space.IsOurs))
            {
                yield return new Finding(Troubles.TableLeftover, "the table inet warren stands, though no namespace does")
                {
                    Consequence = "it does nothing, and it is in the way of who looks for what is Warren's",
                    Remedy = "warren rm --all",
                    Fixable = true,
                };
            }
            yield break;
        }
        if (condition.Table == OwnTable.Absent)
        {
            yield return new Finding(Troubles.TableMissing, "the table inet warren is gone, and namespaces stand; nft flush ruleset does that")
            {
                Consequence = Unguarded,
                Remedy = "warren doctor --fix",
                Fixable = true,
            };
        }
        else if (condition.Table == OwnTable.Dormant)
        {
            yield return new Finding(Troubles.TableDormant, "the table inet warren has the flag dormant: somebody switched it off")
            {
                Consequence = Unguarded,
                Remedy = "warren doctor --fix",
                Fixable = true,
            };
        }
        else if (condition.Seen.Ruleset != RulesetState.Intact)
        {
            yield return new Finding(Troubles.TableDamaged, "in the table inet warren a chain or a rule is missing or too much")
            {
                Evidence = ["nft list table inet warren shows it; warren plan add NAME --shell shows how it should be"],
                Consequence = "some packets are dropped that should pass, or pass that should be dropped",
                Remedy = "warren doctor --fix",
                Fixable = true,
            };
        }
        else if (condition.ChangedRules.Count > 0)
        {
            yield return new Finding(Troubles.TableDamaged, "in the table inet warren a rule is not as Warren made it")
            {
                Evidence = condition.ChangedRules,
                Consequence = "some packets are dropped that should pass, or pass that should be dropped",
                Remedy = "nft delete table inet warren, then warren doctor --fix, which makes it again with the published ports",
            };
        }
    }
}
