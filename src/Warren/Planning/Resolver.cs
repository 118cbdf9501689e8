using System.Text;
using Warren.Model;

namespace Warren.Planning;

/// <summary>The text of a namespace's own resolv.conf, which <c>ip netns exec</c> and Warren put in the place of the host's. See
/// resolv.conf(5), ip-netns(8).</summary>
internal static class Resolver
{
    /// <summary>Where <c>ip netns exec</c> looks for a namespace's own files of /etc.</summary>
    public const string Folder = "/etc/netns";

    private const string Mark = "# made by warren for ";
    private const string LinkMark = "-> ";

    /// <summary>Where those who put a stub of their own on 127.0.0.0/8 write the servers behind it: systemd-resolved, NetworkManager, resolvconf
    /// for dnsmasq.</summary>
    public static IReadOnlyList<string> Upstreams { get; } =
        ["/run/systemd/resolve/resolv.conf", "/run/NetworkManager/no-stub-resolv.conf", "/run/dnsmasq/resolv.conf"];

    /// <summary>The file's path.</summary>
    public static string PathOf(string name) => $"{Folder}/{name}/resolv.conf";

    /// <summary>The file's text.</summary>
    public static string Text(string name, Dns dns)
    {
        var text = new StringBuilder(Mark).Append(name);
        foreach (System.Net.IPAddress server in dns.Servers)
            text.Append("\nnameserver ").Append(server);
        if (dns.Search.Count > 0)
            text.Append("\nsearch ").AppendJoin(' ', dns.Search);
        return text.ToString();
    }

    /// <summary>What stands for a symbolic link in place of a text.</summary>
    public static string LinkTo(string path) => LinkMark + path;

    /// <summary>Where a symbolic link leads; null for a text.</summary>
    public static string? TargetOf(string text) => text.StartsWith(LinkMark, StringComparison.Ordinal) ? text[LinkMark.Length..] : null;

    /// <summary>Whether Warren wrote a file, or made a link.</summary>
    public static bool IsOurs(string? text) =>
        text is not null && (text.StartsWith(Mark, StringComparison.Ordinal) || (TargetOf(text) is { } path && Upstreams.Contains(path)));

    /// <summary>The name servers that a resolv.conf names: whether there are some, and whether one of them is the host's own stub.</summary>
    public static (bool Any, bool Stub) Servers(string text)
    {
        bool any = false;
        bool stub = false;
        foreach (string line in text.Split('\n'))
        {
            string[] words = line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words is not ["nameserver", var server, ..])
                continue;
            any = true;
            stub |= server.StartsWith("127.", StringComparison.Ordinal) || server == "::1";
        }
        return (any, stub);
    }
}
