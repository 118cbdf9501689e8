using System.Net;
using BenchmarkDotNet.Attributes;
using Warren.Model;
using Warren.Planning;
using Warren.Specs;
using Warren.Tests.Planning;

namespace Warren.Bench;

/// <summary>The plan for a file of 1,000 namespaces.</summary>
public class Plans
{
    private readonly Wish _wish = ProjectWish.Up("bench", Files.Namespaces(), []);
    private readonly Wish _one = new() { Ensure = [new NamespaceWish("late")] };
    private Observed _nothing = null!;
    private Observed _everything = null!;
    private Observed _beside = null!;

    /// <summary>A host with an uplink: with nothing, and as the file says.</summary>
    [GlobalSetup]
    public void Prepare()
    {
        if (!Cidr.TryParse("10.0.0.0/24", out Cidr? network))
            throw new InvalidOperationException("10.0.0.0/24 is a network");
        var host = new World
        {
            Addresses = [IPAddress.Parse("10.0.0.173")],
            Uplinks = [new Uplink("ens5", 1500, Forwarding: false)],
            Taken = [new TakenNetwork(network.Value, "route 10.0.0.0/24 dev ens5")],
        };
        _nothing = host.Observe(_wish);
        host.Apply(Planner.Make(_nothing, _wish));
        _everything = host.Observe(_wish);
        _beside = host.Observe(_one);
        if (!Planner.Make(_everything, _wish).IsEmpty)
            throw new InvalidOperationException("the plan leaves something to do");
    }

    /// <summary>All of it.</summary>
    [Benchmark]
    public int First() => Planner.Make(_nothing, _wish).Steps.Count;

    /// <summary>None of it: all stands.</summary>
    [Benchmark]
    public int NothingToDo() => Planner.Make(_everything, _wish).Steps.Count;

    /// <summary>One namespace, beside all of them.</summary>
    [Benchmark]
    public int OneMore() => Planner.Make(_beside, _one).Steps.Count;
}
