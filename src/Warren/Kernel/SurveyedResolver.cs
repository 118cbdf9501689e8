using System.Net;
using Warren.Model;
using Dns = Warren.Model.Dns;

namespace Warren.Kernel;

/// <summary>The name servers that <c>ip netns exec</c> gives a namespace: /etc/netns/NAME/resolv.conf. See resolv.conf(5).</summary>
internal static class SurveyedResolver
{
    private const long Longest = 64 * 1024;
    private const int MostServers = 3;

    /// <summary>Name servers and search domains; null if there is no such file, or if it says more than a <see cref="Dns"/> can.</summary>
    public static Dns? Read(string name, Action<string> remark)
    {
        string path = $"/etc/netns/{name}/resolv.conf";
        string[] lines;
        try
        {
            var file = new FileInfo(path);
            if (file.LinkTarget is { } target && Planning.Resolver.Upstreams.Contains(target))
                return null;
            // a pipe has no length either
            if (!file.Exists || (file.LinkTarget is null && file.Length is 0 or > Longest))
                return null;
            lines = File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            remark($"{name}: {path} cannot be read: {e.Message}");
            return null;
        }
        return Parse(lines, why => remark($"{name}: {path} is not taken over: {why}"));
    }

    internal static Dns? Parse(IEnumerable<string> lines, Action<string> fault)
    {
        var servers = new List<IPAddress>();
        List<string> search = [];
        foreach (string line in lines)
        {
            string[] words = line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0 || words[0][0] is '#' or ';')
                continue;
            switch (words)
            {
                case ["nameserver", var text] when Cidr.TryParseAddress(text, out IPAddress? server):
                    // the resolver asks no more
                    if (servers.Count < MostServers)
                        servers.Add(server);
                    break;
                case ["search", _, ..]:
                    // the last counts
                    search = [.. words[1..]];
                    break;
                default:
                    fault($"'{line.Trim()}' is neither a name server nor a search domain");
                    return null;
            }
        }
        if (servers.Count > 0)
            return new Dns(servers, search);
        fault("it names no server");
        return null;
    }
}
