using System.Text;
using AwesomeAssertions;
using Warren.Cli;
using Warren.Cli.Commands;
using Warren.Kernel;
using Warren.Model;
using Warren.Planning;
using Warren.Planning.Steps;
using Warren.Tests.Architecture;
using Xunit;

namespace Warren.Tests.Planning;

/// <summary>
/// A folder per case under Plans/: what was observed, what was typed, and the whole text of what is said to it. And what holds
/// for every plan: it is the same every time, it leaves nothing to do, it can be undone, and it can be cut off at any step.
/// </summary>
[Collection("the program's output")]
public sealed class PlanCases
{
    private const string Folder = "tests/Warren.Tests/Plans";

    public static TheoryData<string> All =>
        [.. Directory.EnumerateDirectories(Path.Combine(Repository.Root, Folder)).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(All))]
    public void Are_told(string name)
    {
        Typing typing = Type(name, "plan");
        typing.Text.ShouldBeIn($"{Folder}/{name}/plan.txt");
        if (typing.Outcome is { Plan.IsEmpty: false })
            Type(name, "plan", "--shell").Text.ShouldBeIn($"{Folder}/{name}/shell.txt");
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Are_the_same_every_time(string name)
    {
        if (Type(name) is not { Outcome: { } first, Wish: { } wish })
            return;
        Type(name).Outcome!.Plan.Steps.Should().Equal(first.Plan.Steps);
        // in whatever order the kernel lists the elements of a map
        Observed reversed = first.Before with { Forwards = new Dictionary<HostPort, Target>(first.Before.Forwards.Reverse()) };
        Planner.Make(reversed, Host.WithPrune(wish, [.. Read(name).Record])).Steps.Should().Equal(first.Plan.Steps);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Leave_nothing_to_do(string name)
    {
        Typing typing = Type(name);
        if (typing.Outcome is not { } outcome)
            return;
        World world = Read(name);
        Carry(world, typing.Wish!, outcome.Plan);
        Again(world, typing.Wish!).Should().BeEmpty();
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Are_undone_by_their_steps_undos(string name)
    {
        if (Type(name).Outcome is not { } outcome)
            return;
        string before = Undoable(Read(name));
        for (int count = 1; count <= outcome.Plan.Steps.Count; count++)
        {
            if (IsForGood(outcome, outcome.Plan.Steps[count - 1]))
                return;
            World world = Read(name);
            foreach (Step step in outcome.Plan.Steps.Take(count))
                world.Apply(step);
            foreach (Step step in outcome.Plan.Steps.Take(count).Reverse())
            {
                if (step.Undo is { } undo)
                    world.Apply(undo);
            }
            Undoable(world).Should().Be(before, $"after {count} steps of {outcome.Plan.Steps.Count} all was undone");
        }
    }

    // an empty file of a namespace that was never finished need not come back
    private static string Undoable(World world)
    {
        foreach (string half in world.Spaces.Where(entry => entry.Value.Presence == Presence.HalfMade).Select(entry => entry.Key).ToList())
            world.Spaces.Remove(half);
        return world.ToString();
    }

    private static bool IsForGood(Outcome outcome, Step step) =>
        step switch
        {
            // what is gone does not come back: removal starts with what hurts least, and is repeated, not undone
            DeleteNamespace or ChangeRules { Table: TableChange.Repair } => true,
            DeleteLink delete => delete.Was is null || !IsWhole(outcome.Before.Namespaces.First(space => space.Name == delete.Of)),
            // what was mended stays so, and so do programs
            SwitchInsideOn or AddAddress or AddDefaultRoute or SetHostRoute or ServiceStep => true,
            // a link that was made goes as a whole; one that stood and was down is better up
            SwitchLinkOn on => !outcome.Plan.Steps.OfType<CreateLink>().Any(create => create.Link.Name == on.Name),
            // noted before, so not noted as Warren's any more: forwarding is off, as whoever switched it off wants it
            SwitchForwardingOn on => outcome.Before.SwitchedOn.Contains(on.Uplink),
            _ => false,
        };

    private static bool IsWhole(ObservedNamespace space) =>
        space is { Link: { Up: true, Host: not null }, Inside: null or { End: not null, EndUp: true, HasAddress: true, LoopbackUp: true, HasDefaultRoute: true } };

    [Theory]
    [MemberData(nameof(All))]
    public void Cut_off_at_any_step_and_planned_again_end_the_same(string name)
    {
        Typing typing = Type(name);
        if (typing.Outcome is not { } outcome)
            return;
        World whole = Read(name);
        Carry(whole, typing.Wish!, outcome.Plan);
        for (int count = 0; count < outcome.Plan.Steps.Count; count++)
        {
            World world = Read(name);
            world.Begin(typing.Wish!);
            foreach (Step step in outcome.Plan.Steps.Take(count))
                world.Apply(step);
            try
            {
                Carry(world, typing.Wish!, Plan(world, typing.Wish!));
            }
            catch (RefusedException e) when (SaysThatItIsGone(e, typing.Wish!))
            {
                // already
            }
            world.ToString().Should().Be(whole.ToString(), $"it was cut off after {count} steps of {outcome.Plan.Steps.Count}");
            world.Record.Should().Equal(whole.Record);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Cut_off_at_any_step_can_be_removed(string name)
    {
        if (Type(name).Outcome is not { } outcome)
            return;
        var all = new Wish { RemoveAll = true };
        World clean = Read(name);
        clean.Apply(Planner.Make(clean.Observe(all), all));
        for (int count = 0; count <= outcome.Plan.Steps.Count; count++)
        {
            World world = Read(name);
            foreach (Step step in outcome.Plan.Steps.Take(count))
                world.Apply(step);
            world.Apply(Planner.Make(world.Observe(all), all));
            world.Ruleset.Should().Be(RulesetState.Absent);
            world.SwitchedOn.Should().BeEmpty();
            world.Spaces.Values.Should().OnlyContain(space => space.Link == null && space.Presence != Presence.HalfMade && !space.Marked);
            world.Uplinks.Should().Equal(clean.Uplinks);
            world.Obstacles.Should().OnlyContain(obstacle => !obstacle.Opened);
        }
    }

    // What the plan says once it was carried out: empty, or that what shall go is not there.
    private static IReadOnlyList<Step> Again(World world, Wish wish)
    {
        try
        {
            return Plan(world, wish).Steps;
        }
        catch (RefusedException e) when (SaysThatItIsGone(e, wish))
        {
            return [];
        }
    }

    private static Plan Plan(World world, Wish wish)
    {
        wish = Host.WithPrune(wish, [.. world.Record]);
        return Planner.Make(world.Observe(wish), wish);
    }

    private static void Carry(World world, Wish wish, Plan plan)
    {
        world.Begin(wish);
        world.Apply(plan);
        world.End(wish);
    }

    private static bool SaysThatItIsGone(RefusedException e, Wish wish) =>
        e.Kind switch
        {
            RefusalKind.NotFound => wish.Remove.Count > 0 || wish.Ensure.Any(each => each.Unpublish.Count > 0),
            // the namespace of another, which stays
            RefusalKind.Conflict => wish.Remove.Count > 0,
            _ => false,
        };

    private static World Read(string name) => WorldFile.Read(Path.Combine(Repository.Root, Folder, name, "observed.json"));

    private sealed record Typing(string Text, Wish? Wish, Outcome? Outcome);

    private const string File = "warren.yaml";

    // the line of wish.txt through the whole program, with the host on paper in place of this one
    private static Typing Type(string name, string? before = null, string? after = null)
    {
        World world = Read(name);
        string line = System.IO.File.ReadAllText(Path.Combine(Repository.Root, Folder, name, "wish.txt")).TrimEnd('\n');
        // a case with a file is typed as `up` or `down`, with names of it or without
        string file = Path.Combine(Repository.Root, Folder, name, File);
        string[] words = System.IO.File.Exists(file)
            ? [.. line.Split(' ').SkipWhile(word => word == "up").Prepend("plan"), "-f", file, .. after is null ? [] : (string[])[after]]
            : [.. new[] { before }.Concat(line.Split(' ')).Append(after).OfType<string>()];
        var text = new StringBuilder();
        Wish? asked = null;
        Outcome? outcome = null;
        // one case after the other: both are the program's, not the thread's
        (Action<int, string> send, Func<CommandLine, Wish, bool, Outcome> fulfilment) = (Output.Send, Change.Fulfilment);
        try
        {
            Output.Send = (_, each) => text.Append(each);
            Change.Fulfilment = (_, wish, _) =>
            {
                asked = wish;
                wish = Host.WithPrune(wish, [.. world.Record]);
                Observed observed = world.Observe(wish);
                return outcome = new Outcome(observed, Planner.Make(observed, wish));
            };
            int code = Program.Invoke(CommandLine.Split(words));
            Output.Flush();
            if (code != ExitCode.Done)
                text.Append($"exit {code}\n");
        }
        finally
        {
            (Output.Send, Change.Fulfilment) = (send, fulfilment);
        }
        return new Typing(text.Replace(file, File).ToString(), asked, outcome);
    }
}
