using System.Text.Json.Nodes;
using AwesomeAssertions;

namespace Warren.Kernel.Tests;

/// <summary>All that plans change, as <c>ip</c>, <c>nft</c> and /proc/sys show it, without what differs by itself: handles, counts, carriers.</summary>
internal static class Wiring
{
    /// <summary>Fails if two hosts are not wired alike.</summary>
    public static void ShouldBeTheSame(Sandbox other, Sandbox one)
    {
        Links(other).Should().Be(Links(one));
        Rules(other).Should().Equal(Rules(one));
    }

    // links, addresses, routes and switches, on the host and in each namespace, and the namespaces' own files
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
            grep -rs '' /etc/netns | sort
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
