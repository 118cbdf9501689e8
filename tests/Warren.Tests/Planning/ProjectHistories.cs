using System.Net;
using AwesomeAssertions;
using CsCheck;
using Warren.Kernel;
using Warren.Model;
using Warren.Planning;
using Warren.Planning.Steps;
using Warren.Specs;
using Xunit;
using Dns = Warren.Model.Dns;
using Spec = Warren.Model.Spec;

namespace Warren.Tests.Planning;

/// <summary>
/// Hosts with any history: files of two projects brought up and down, each change cut off anywhere, and things taken away by others. On each of
/// them any file comes up as it says, or is refused with reasons.
/// </summary>
public sealed class ProjectHistories
{
    private static readonly string[] s_names = ["web1", "web2", "web3"];
    private static readonly string[] s_projects = ["shop", "blog"];

    private static readonly Gen<NamespaceSpec> s_space =
        from name in Any(s_names)
        from subnet in Any("", "", "192.168.0.0/24", "192.168.1.0/24", "10.213.0.0/30")
        from ports in Any("6000:80", "6001:80", "6000:81", "127.0.0.1:6000:80", "7000-7001:80", "192.168.0.1:6001:80").Array[0, 2]
        from dns in Any("", "", "192.0.2.53", "192.0.2.54")
        select new NamespaceSpec(name)
        {
            Subnet = subnet.Length > 0 ? Typed.Cidr(subnet) : null,
            Ports = [.. ports.Distinct().Select(Typed.Ports)],
            Dns = dns.Length > 0 ? new Dns([IPAddress.Parse(dns)], []) : null,
        };

    private static readonly Gen<Spec> s_spec =
        from spaces in s_space.Array[1, 3]
        from closes in Any(false, false, true)
        select new Spec([.. spaces.DistinctBy(space => space.Name)]) { DropsForwarded = closes };

    // one thing that happens: a file comes up or goes down, up to some step; or somebody takes something away
    private static readonly Gen<Happening> s_happening =
        from project in Any(s_projects)
        from spec in s_spec
        from goesDown in Gen.Int[0, 4].Select(number => number == 0)
        from steps in Gen.Int[0, 60]
        from damage in Gen.Int[0, 30]
        from name in Any(s_names)
        select new Happening(project, spec, goesDown, steps, damage, name);

    private sealed record Happening(string Project, Spec Spec, bool GoesDown, int Steps, int Damage, string Name)
    {
        public override string ToString() =>
            $"{Project} {(GoesDown ? "down" : "up")} until {Steps}, damage {Damage} of {Name}:\n{SpecWriter.Write(Spec)}";
    }

    private static Gen<T> Any<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);

    // each project has its own names on record
    private sealed record Past(World World, Dictionary<string, SortedSet<string>> Records)
    {
        public World Of(string project)
        {
            World.Record.Clear();
            World.Record.UnionWith(Records[project]);
            return World;
        }

        public void Note(string project) => Records[project] = new(World.Record, StringComparer.Ordinal);
    }

    [Fact]
    public void Every_file_comes_up_as_it_says_or_is_refused() =>
        Gen.Select(s_happening.Array[0, 4], s_spec)
            .Sample(
                (happenings, spec) =>
                {
                    Past past = Live(happenings);
                    World world = past.Of("shop");
                    string before = world.ToString();
                    Wish wish = ProjectWish.Up("shop", spec, []);
                    Plan plan;
                    try
                    {
                        plan = Make(world, wish);
                    }
                    catch (RefusedException e)
                    {
                        e.Refusals.Should().NotBeEmpty().And.OnlyContain(refusal => refusal.What.Length > 0 && refusal.Remedy.Length > 0);
                        world.ToString().Should().Be(before);
                        return;
                    }
                    Carry(world, wish, plan, plan.Steps.Count);
                    ShouldBeAs(spec, world);
                    world.ClosedFor.Contains("shop").Should().Be(spec.DropsForwarded);
                    Make(world, wish).Steps.Should().BeEmpty("nothing is left to do");
                },
                iter: 1000,
                print: each => string.Join("\n", each.Item1.Select(happening => happening.ToString())) + "\nthen\n" + SpecWriter.Write(each.Item2)
            );

    [Fact]
    public void Every_project_goes_down_and_the_other_stays() =>
        s_happening.Array[1, 4]
            .Sample(
                happenings =>
                {
                    Past past = Live(happenings);
                    World world = past.Of("shop");
                    string[] others = [.. world.Spaces.Where(entry => entry.Value.Link?.Mark?.Project == "blog").Select(entry => $"{entry.Key} {entry.Value}")];
                    Wish wish = ProjectWish.Down("shop", happenings[^1].Spec, []);
                    Carry(world, wish, Make(world, wish), int.MaxValue);
                    world.ClosedFor.Should().NotContain("shop");
                    world.Spaces.Should().OnlyContain(entry => entry.Value.Link == null || entry.Value.Link.Mark == null || entry.Value.Link.Mark.Project != "shop");
                    world.Spaces.Where(entry => entry.Value.Link?.Mark?.Project == "blog").Select(entry => $"{entry.Key} {entry.Value}").Should().Equal(others);
                    Make(world, wish).Steps.Should().BeEmpty("nothing is left to do");
                    world.Hosts.Should().NotContainKey("shop");
                    foreach (Target target in world.Forwards.Values)
                        OwnerOf(world, target).Should().NotBeNull($"{target} is somebody's");
                    if (others.Length == 0 && world.Spaces.Values.All(space => space.Link is null))
                        world.Ruleset.Should().Be(RulesetState.Absent);
                },
                iter: 1000,
                print: each => string.Join("\n", each.Select(happening => happening.ToString()))
            );

    private static void ShouldBeAs(Spec spec, World world)
    {
        foreach (NamespaceSpec space in spec.Namespaces)
        {
            World.Space stands = world.Spaces[space.Name];
            stands.Presence.Should().Be(Presence.Standing);
            stands.LoopbackUp.Should().BeTrue();
            World.HostEnd link = stands.Link!;
            (link.Up, link.PeerUp, link.PeerHasAddress, stands.DefaultRoute || link.Routes).Should().Be((true, true, true, true));
            LinkMark mark = link.Mark!;
            mark.Project.Should().Be("shop");
            link.Address!.Value.Overlaps(mark.Inside).Should().BeTrue();
            if (space.Subnet is { } subnet)
                mark.Inside.Network.Should().Be(subnet);
            stands.Hosts.Should().Be(HostNames.PathOf("shop"));
            world.Hosts["shop"].Should().Contain(new NamedAddress(space.Name, mark.Inside.Address));
            stands.Resolver.Should().Be(space.Dns is null ? null : Resolver.Text(space.Name, space.Dns));
            // a port of a range may be any of it, each other is that which was asked for
            mark.Forwards.Should().HaveCount(space.Ports.Sum(request => request.TakesAny ? 1 : request.Forwards.Count()));
            mark.Forwards.Should().OnlyContain(forward => space.Ports.Any(request => request.Forwards.Contains(forward)));
            world.Targets.Where(inside => inside.Address.Equals(mark.Inside.Address)).Should().BeEquivalentTo(
                mark.Forwards.Where(forward => forward.Host.HostAddress is null).Select(forward => new InnerPort(mark.Inside.Address, forward.Port, forward.Host.Protocol)).Distinct(),
                "siblings reach what is published on all addresses, and nothing else"
            );
            foreach (Forward forward in mark.Forwards)
                world.Forwards.Should().Contain(forward.Host, new Target(mark.Inside.Address, forward.Port));
        }
        world.Hosts["shop"].Should().HaveCount(spec.Namespaces.Count);
        HashSet<IPAddress> led = [.. world.Spaces.Values.Select(each => each.Link?.Mark?.Inside.Address).OfType<IPAddress>()];
        world.Targets.Should().OnlyContain(inside => led.Contains(inside.Address));
        world.Ruleset.Should().Be(RulesetState.Intact);
        world.Uplinks.Should().OnlyContain(uplink => uplink.Forwarding || world.ForwardsAnyway);
        world.Spaces.Should().OnlyContain(entry => entry.Value.Link == null || entry.Value.Link.Mark == null || entry.Value.Link.Mark.Project != "shop" || spec.Namespaces.Any(space => space.Name == entry.Key));
        foreach ((HostPort host, Target target) in world.Forwards)
        {
            if (OwnerOf(world, target) is { } owner && spec.Namespaces.Any(space => space.Name == owner))
                world.Spaces[owner].Link!.Mark!.Forwards.Should().Contain(new Forward(host, target.Port), "nothing else leads to it");
        }
    }

    private static string? OwnerOf(World world, Target target) =>
        world.Spaces.Where(entry => entry.Value.Link?.Mark?.Inside.Address.Equals(target.Address) == true).Select(entry => entry.Key).FirstOrDefault();

    private static Past Live(IEnumerable<Happening> happenings)
    {
        var world = new World { Addresses = [IPAddress.Parse("192.0.2.10")], Uplinks = [new Uplink("eth0", 1500, Forwarding: false)] };
        var past = new Past(world, s_projects.ToDictionary(project => project, _ => new SortedSet<string>(StringComparer.Ordinal)));
        foreach (Happening each in happenings)
        {
            past.Of(each.Project);
            Wish wish = each.GoesDown ? ProjectWish.Down(each.Project, each.Spec, []) : ProjectWish.Up(each.Project, each.Spec, []);
            try
            {
                Carry(world, wish, Make(world, wish), each.Steps);
            }
            catch (RefusedException)
            {
                // then nothing happened
            }
            past.Note(each.Project);
            Damage(world, each);
        }
        return past;
    }

    // what others do to a host
    private static void Damage(World world, Happening happening)
    {
        if (!world.Spaces.TryGetValue(happening.Name, out World.Space? space) || space.Link is not { } link)
            return;
        World.Space? damaged = happening.Damage switch
        {
            0 => space with { Link = link with { Up = false } },
            // of another project's link this is not seen, and its subnet is free then
            1 when happening.Project == "shop" && link.Mark?.Project == "shop" => space with { Link = link with { Address = null } },
            2 => space with { Link = link with { Peer = null, Routes = false } },
            3 => space with { Link = link with { PeerUp = false, Routes = false } },
            4 => space with { Link = link with { PeerHasAddress = false, Routes = false } },
            5 => space with { LoopbackUp = false },
            6 => space with { Link = null },
            7 => space with { Presence = Presence.Absent, Link = link with { Peer = null }, Inside = [], Marked = false, LoopbackUp = false },
            8 => space with { Link = link with { Alias = "" } },
            _ => null,
        };
        if (damaged is not null)
            world.Spaces[happening.Name] = damaged;
        if (happening.Damage == 11 && world.Ruleset == RulesetState.Intact && link.Mark is { } mark)
            _ = world.Targets.Add(new InnerPort(mark.Inside.Address, 9999, Protocol.Tcp));
        if (happening.Damage == 12)
            world.Targets.Clear();
        if (happening.Damage is 9 or 10)
        {
            world.Ruleset = happening.Damage == 9 ? RulesetState.Absent : RulesetState.Damaged;
            world.Forwards.Clear();
            world.Targets.Clear();
            world.Closed.Clear();
            if (happening.Damage == 9)
                world.ClosedFor.Clear();
        }
    }

    private static Plan Make(World world, Wish wish)
    {
        wish = Host.WithPrune(wish, [.. world.Record]);
        return Planner.Make(world.Observe(wish), wish);
    }

    private static void Carry(World world, Wish wish, Plan plan, int steps)
    {
        world.Begin(wish);
        foreach (Step step in plan.Steps.Take(steps))
            world.Apply(step);
        if (steps >= plan.Steps.Count)
            world.End(wish);
    }
}
