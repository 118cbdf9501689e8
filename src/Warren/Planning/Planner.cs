using Warren.Model;

namespace Warren.Planning;

/// <summary>
/// From what is and what is wished for to what is to be done. Pure: the same input gives the same plan; nothing is asked, nothing
/// is touched, and every reason to refuse is found before the first step.
/// </summary>
/// <remarks>
/// The order of the steps is what makes a host that lost its power at any of them one that can be mended: whatever was made can be
/// found again by the namespace's name, and nothing answers before its rules are there.
/// <code>
/// namespace (marked before it is named) -> link, down, its alias says what will be published -> rules, one transaction
///     -> openings in others' firewalls -> forwarding of uplinks -> link up
/// </code>
/// Removal goes the other way; while a link is there, so are the rules that guard it. What goes in favour of something else goes last,
/// but for a link whose subnet or name is needed.
/// </remarks>
public static class Planner
{
    /// <summary>Makes the plan.</summary>
    /// <exception cref="RefusedException">The wish cannot be fulfilled.</exception>
    public static Plan Make(Observed observed, Wish wish)
    {
        ArgumentNullException.ThrowIfNull(observed);
        ArgumentNullException.ThrowIfNull(wish);
        return wish.IsRemoval ? Removal.Make(observed, wish) : new Additions(observed, wish).Make();
    }
}
