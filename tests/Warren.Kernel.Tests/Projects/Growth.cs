using System.Globalization;
using AwesomeAssertions;
using Xunit;

namespace Warren.Kernel.Tests.Projects;

/// <summary>What a change of one namespace costs does not grow with the namespaces that the host has: counted, not timed.</summary>
public sealed class Growth
{
    private const int Many = 300;

    [Fact]
    public void A_change_asks_as_much_on_a_crowded_host_as_on_an_empty_one()
    {
        Sandbox.Need("strace");
        using Sandbox sandbox = Sandbox.Start();
        ProjectFiles.Write(sandbox, "one", "name: one\nnamespaces: {one: {ports: ['5000:8080']}}");
        ProjectFiles.Write(sandbox, "changed", "name: one\nnamespaces: {one: {ports: ['5001:8080']}}");
        string many = ProjectFiles.Write(
            sandbox,
            "many",
            "name: many\nnamespaces: {" + string.Join(", ", Enumerable.Range(1, Many).Select(i => $"m{i}: {{ports: ['{6000 + i}:8080']}}")) + "}"
        );
        // the table stands, and is not made again
        sandbox.Do("warren add other");
        List<Cost> alone = CostOfEach(sandbox);
        sandbox.Do($"warren up -d -f {many}");
        List<Cost> crowded = CostOfEach(sandbox);
        alone.Should().HaveCount(crowded.Count);
        foreach ((Cost small, Cost large) in alone.Zip(crowded))
        {
            large.Messages.Should().BeCloseTo(small.Messages, (uint)(small.Messages / 10), $"of {small.Of}: {small}, {large}");
            large.Bytes.Should().BeCloseTo(small.Bytes, (uint)(small.Bytes / 10), $"of {small.Of}: {small}, {large}");
        }
        sandbox.Do($"warren down -f {many}");
    }

    // A range, which the link's alias holds, and a list that it does not; a namespace that was typed, and one of a file. What is saved of a
    // file's wish is read as a whole, and so files do not count here.
    [Theory]
    [InlineData("N0000-N9999:N0000-N9999")]
    [InlineData("$(seq -f %.0f:80 N0000 2 N9999)")]
    public void A_port_asks_as_much_beside_thousands_as_alone(string ports)
    {
        Sandbox.Need("strace");
        using Sandbox sandbox = Sandbox.Start();
        string file = ProjectFiles.Write(sandbox, "one", "name: one\nnamespaces: {w2: {ports: ['5000:8080']}}");
        sandbox.Do($"warren add w1 -p 5001:8080 && warren up -d -f {file}");
        string[] lines = ["publish w1 5002:9000", "unpublish w1 5002:9000", "publish w2 5003:9000", "unpublish w2 5003:9000"];
        Cost[] alone = [.. lines.Select(line => CostOf(sandbox, line, "sendto,recvfrom"))];
        for (int i = 1; i <= 2; i++)
            sandbox.Do($"warren publish w{i} {ports.Replace("N", $"{i}", StringComparison.Ordinal)}");
        Cost[] crowded = [.. lines.Select(line => CostOf(sandbox, line, "sendto,recvfrom"))];
        foreach ((Cost small, Cost large) in alone.Zip(crowded))
        {
            large.Messages.Should().BeCloseTo(small.Messages, (uint)(small.Messages / 10), $"of {small.Of}: {small}, {large}");
            large.Bytes.Should().BeCloseTo(small.Bytes, (uint)(small.Bytes / 10), $"of {small.Of}: {small}, {large}");
        }
    }

    // Of a namespace in which all is well: one question and its answer; its link, its address, its port and its names are of lists.
    [Fact]
    public void Nothing_to_do_asks_a_namespace_one_question()
    {
        Sandbox.Need("strace");
        using Sandbox sandbox = Sandbox.Start();
        string[] files = [.. new[] { Many / 2, Many }.Select(count => ProjectFiles.Write(sandbox, $"many{count}", "name: many\nnamespaces: {" + Names(count) + "}"))];
        var costs = new List<Cost>();
        foreach (string file in files)
        {
            sandbox.Do($"warren up -d -f {file}");
            costs.Add(CostOf(sandbox, $"up -d -f {file}"));
            sandbox.Do("cat /run/out").Should().Contain("nothing to do");
        }
        // each 32 KiB of the lists are a message more
        (costs[1].Messages - costs[0].Messages).Should().BeLessThan(Many / 2 * 2 * 11 / 10, $"{costs[0]}, {costs[1]}");
        sandbox.Do($"warren down -f {files[1]}");

        static string Names(int count) => string.Join(", ", Enumerable.Range(1, count).Select(i => $"m{i}: {{ports: ['{6000 + i}:8080']}}"));
    }

    // They go with their group, in one message: nothing is written to each.
    [Fact]
    public void The_links_of_all_that_go_are_one_request()
    {
        Sandbox.Need("strace");
        using Sandbox sandbox = Sandbox.Start();
        var costs = new List<Cost>();
        foreach (int count in (int[])[Many / 2, Many])
        {
            string file = ProjectFiles.Write(sandbox, "many", $"name: many\nnamespaces: {{{string.Join(", ", Enumerable.Range(1, count).Select(i => $"m{i}: {{}}"))}}}");
            sandbox.Do($"warren up -d -f {file}");
            costs.Add(CostOf(sandbox, $"down -f {file}", "sendto"));
        }
        costs[1].Messages.Should().Be(costs[0].Messages);
        costs[1].Bytes.Should().BeCloseTo(costs[0].Bytes, 100);
    }

    // Before its first line a .NET program would read a list of all mounts: each name of a namespace is one.
    [Fact]
    public void A_start_reads_as_much_with_many_mounts_as_with_few()
    {
        Sandbox.Need("strace");
        using Sandbox sandbox = Sandbox.Start();
        Cost few = CostOf(sandbox, "--version");
        sandbox.Do($"for i in $(seq {Many}); do ip netns add n$i; done");
        Cost many = CostOf(sandbox, "--version");
        many.Messages.Should().Be(few.Messages);
        // a list of its own mappings is a line longer or shorter from one start to the next
        many.Bytes.Should().BeCloseTo(few.Bytes, (uint)(few.Bytes / 10));
    }

    private sealed record Cost(string Of, int Messages, int Bytes);

    private static List<Cost> CostOfEach(Sandbox sandbox)
    {
        const string One = "/run/sandbox/one.yaml";
        const string Changed = "/run/sandbox/changed.yaml";
        return
        [
            CostOf(sandbox, "add two -p 5005:8080"),
            CostOf(sandbox, "add two -p 5005:8080"),
            CostOf(sandbox, "publish two 127.0.0.1:5006:8080"),
            CostOf(sandbox, "rm two"),
            CostOf(sandbox, $"up -d -f {One}"),
            CostOf(sandbox, $"up -d -f {Changed}"),
            CostOf(sandbox, $"down -f {Changed}"),
        ];
    }

    // Netlink's messages, and whatever else is read.
    private static Cost CostOf(Sandbox sandbox, string line, string calls = "sendto,recvfrom,read")
    {
        string trace = sandbox.Do($"strace -f -qq -e trace={calls} -o /run/cost warren {line} >/run/out 2>&1 || {{ cat /run/out >&2; exit 1; }}; cat /run/cost");
        int[] sizes = [.. trace.Split('\n').Select(call => call.Split(" = ")[^1]).Where(result => int.TryParse(result, out _)).Select(Read)];
        return new Cost(line, sizes.Length, sizes.Sum());
    }

    private static int Read(string number) => int.Parse(number, CultureInfo.InvariantCulture);
}
