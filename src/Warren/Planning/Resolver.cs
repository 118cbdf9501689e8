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

    /// <summary>Whether Warren wrote a file.</summary>
    public static bool IsOurs(string? text) => text?.StartsWith(Mark, StringComparison.Ordinal) == true;
}
