using System.Text.Json.Nodes;
using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary>What is shown is what would be done: nothing is changed by showing, and the commands shown do the same.</summary>
public sealed class Plans
{
    private const string Add = "warren add web1 -p 6000:8080 -p 127.0.0.1:53:53/udp -p 7000-7009:8000-8009";

    [Fact]
    public void Showing_a_plan_changes_nothing()
    {
        using Sandbox sandbox = Sandbox.Start();
        string[] before = sandbox.Snapshot();
        foreach (string option in (string[])["--dry-run", "--shell", "--json --dry-run"])
            sandbox.Do($"{Add} {option}").Should().Contain("web1");
        sandbox.Do(Add.Replace("warren", "warren plan", StringComparison.Ordinal)).Should().Contain("Nothing was changed");
        sandbox.ShouldBe(before);
        sandbox.Do(Add);
        string[] made = sandbox.Snapshot();
        foreach (string plan in (string[])["plan rm web1", "plan rm --all", "rm web1 --shell", "plan publish web1 6001:8081", "plan unpublish web1 6000:8080"])
            sandbox.Do("warren " + plan).Should().Contain("web1");
        sandbox.Do("warren plan add web1").Should().Be("Nothing to do.\n");
        foreach (string look in (string[])["ls", "show web1", "ports", "ls --json"])
            sandbox.Do("warren " + look);
        sandbox.ShouldBe(made);
    }

    [Theory]
    [InlineData(Add, "")]
    [InlineData("warren add web1 --subnet 192.168.0.0/24 -p 6000:8080", "")]
    [InlineData("warren add mine -p 6000:8080", "ip netns add mine")]
    [InlineData("warren add web2 -p 6001:8080", "warren add web1 -p 6000:8080")]
    [InlineData("warren publish web1 6001:8080 10.0.0.173:6002:8080/udp", "warren add web1 -p 6000:8080")]
    [InlineData("warren unpublish web1 6000:8080", "warren add web1 -p 6000:8080 -p 6001:8081")]
    [InlineData("warren rm web1", "warren add web1 -p 6000:8080; warren add web2 -p 6001:8081")]
    [InlineData("warren rm web1", "warren add web1 -p 6000:8080")]
    [InlineData("warren rm mine", "ip netns add mine; warren add mine -p 6000:8080")]
    [InlineData("warren rm --all", "warren add web1 -p 6000:8080; warren add web2 -p 6001:8081")]
    public void The_commands_shown_do_the_same(string change, string before)
    {
        Assert.SkipUnless(Sandbox.IsRoot, "needs root: the commands name groups that others do not have");
        using Sandbox one = Sandbox.Start();
        using Sandbox other = Sandbox.Start();
        one.Do(before);
        other.Do(before);
        one.Do(change);
        other.Do($"{change} --shell >/run/sandbox/script && sh -e /run/sandbox/script && rm /run/sandbox/script");
        Links(other).Should().Be(Links(one));
        Rules(other).Should().Equal(Rules(one));
    }

    // links, addresses, routes and switches, on the host and in each namespace
    private static string Links(Sandbox sandbox) =>
        sandbox.Do(
            """
            names=$(ls /run/netns 2>/dev/null)
            for name in '' $names; do
                echo "== $name"
                if [ -n "$name" ]; then in="ip netns exec $name"; else in=; fi
                $in ip -d -o link | sed 's/NO-CARRIER,//; s/,LOWER_UP//; s/ state [A-Z]*//; s/ qdisc [a-z]*//'
                $in ip -o addr | grep -v fe80:
                $in ip route show table all | grep -v 'fe80:\|ff00:' | sed 's/ linkdown//'
                $in grep -rs '' /proc/sys/net | grep -v nf_conntrack_count | sort
            done
            """
        );

    // every object of nf_tables as JSON, without handles and counts; rules with their place in the chain
    private static List<string> Rules(Sandbox sandbox)
    {
        var found = new List<string>();
        var places = new Dictionary<string, int>();
        foreach (JsonNode? each in JsonNode.Parse(sandbox.Do("nft -j list ruleset"))!["nftables"]!.AsArray())
        {
            (string kind, JsonNode? value) = each!.AsObject().First();
            if (kind == "metainfo")
                continue;
            Strip(value!);
            string place = "";
            if (kind == "rule")
            {
                string chain = $"{value!["table"]} {value["chain"]}";
                place = $" {chain} {places[chain] = places.GetValueOrDefault(chain) + 1}";
            }
            if (value!["elem"] is JsonArray elements)
                value["elem"] = new JsonArray([.. elements.Select(element => (JsonNode)element!.ToJsonString()).OrderBy(text => text!.ToString(), StringComparer.Ordinal)]);
            found.Add($"{kind}{place} {value.ToJsonString()}");
        }
        found.Sort(StringComparer.Ordinal);
        return found;
    }

    private static void Strip(JsonNode node)
    {
        if (node is JsonObject one)
        {
            one.Remove("handle");
            if (one.ContainsKey("counter"))
                one["counter"] = null;
        }
        foreach (JsonNode? each in node is JsonObject members ? members.Select(member => member.Value) : node as JsonArray ?? [])
        {
            if (each is JsonObject or JsonArray)
                Strip(each);
        }
    }
}
