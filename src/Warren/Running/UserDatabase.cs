using System.Globalization;
using Warren.Firewall.Neighbours;

namespace Warren.Running;

/// <summary>
/// Users and groups: of the host's files, passwd(5) and group(5), and of the other sources that nsswitch.conf(5) names (LDAP, SSSD, systemd).
/// Those are modules of the host's C library, which a program that has its own one cannot load: getent(1) and id(1) ask them.
/// </summary>
internal static class UserDatabase
{
    private const string UsersFile = "/etc/passwd";
    private const string GroupsFile = "/etc/group";
    private const string SourcesFile = "/etc/nsswitch.conf";

    /// <summary>The user with a name; null if there is none.</summary>
    public static Account? Find(string name) => Find(name, fields => fields[0] == name);

    /// <summary>The user with a number; null if there is none, or none with a name.</summary>
    public static Account? Find(uint uid)
    {
        string number = uid.ToString(CultureInfo.InvariantCulture);
        return Find(number, fields => fields[2] == number);
    }

    /// <summary>The numbers of all groups of a user who has a name; the account's own is the first.</summary>
    /// <exception cref="ExecException">id(1) cannot tell them.</exception>
    public static IReadOnlyList<uint> GroupsOf(Account account)
    {
        var groups = new List<uint> { account.Gid };
        // systemd's module adds none to a user of the files, who else has one of its own
        if (SourcesOf("initgroups", "group").Exists(source => source is not "files" and not "systemd") || !InFile(account))
        {
            foreach (string group in Ask("id", ["-G", "--", account.Name!], $"the groups of {account} cannot be listed").Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries))
                Add(group);
            return groups;
        }
        foreach (string line in Lines(GroupsFile))
        {
            // name:password:number:member,member
            string[] fields = line.Split(':');
            if (fields.Length >= 4 && fields[3].Split(',').Contains(account.Name))
                Add(fields[2]);
        }
        return groups;

        void Add(string text)
        {
            if (uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint group) && !groups.Contains(group))
                groups.Add(group);
        }
    }

    private static Account? Find(string key, Predicate<string[]> isIt)
    {
        if (Search(Lines(UsersFile), isIt) is { } account)
            return account;
        // by a number it finds whom a name of digits does not mean
        return SourcesOf("passwd").Exists(source => source != "files") && TryAsk("getent", ["--", "passwd", key], out string entry)
            ? Search(entry.Split('\n'), isIt)
            : null;
    }

    private static bool InFile(Account account) => Search(Lines(UsersFile), fields => fields[0] == account.Name) is not null;

    private static Account? Search(IEnumerable<string> lines, Predicate<string[]> isIt)
    {
        foreach (string line in lines)
        {
            // name:password:uid:gid:words:home:shell
            string[] fields = line.Split(':');
            if (
                fields.Length >= 7
                && isIt(fields)
                && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out uint uid)
                && uint.TryParse(fields[3], NumberStyles.None, CultureInfo.InvariantCulture, out uint gid)
            )
            {
                return new Account(uid, gid)
                {
                    Name = fields[0],
                    Home = fields[5].Length > 0 ? fields[5] : "/",
                    Shell = fields[6].Length > 0 ? fields[6] : "/bin/sh",
                };
            }
        }
        return null;
    }

    // The sources of the first database that the file speaks of, without what stands in brackets.
    private static List<string> SourcesOf(params ReadOnlySpan<string> databases)
    {
        IReadOnlyList<string> lines = Lines(SourcesFile);
        foreach (string database in databases)
        {
            foreach (string line in lines)
            {
                string text = line.Split('#')[0].Trim();
                if (!text.StartsWith(database, StringComparison.Ordinal) || !text[database.Length..].TrimStart().StartsWith(':'))
                    continue;
                List<string> words = [.. text[(text.IndexOf(':', StringComparison.Ordinal) + 1)..].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)];
                return words.FindAll(word => word.AsSpan().IndexOfAny("[]=") < 0);
            }
        }
        return [];
    }

    private static IReadOnlyList<string> Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string Ask(string tool, IReadOnlyList<string> arguments, string otherwise) =>
        TryAsk(tool, arguments, out string output) ? output : throw new ExecException(ExecException.Failed, $"{otherwise}; try {tool} {Model.Terminal.Safe(string.Join(' ', arguments))}");

    private static bool TryAsk(string tool, IReadOnlyList<string> arguments, out string output)
    {
        output = "";
        NeighbourTools tools = NeighbourTools.OfHost;
        return tools.Find(tool) is { } path && tools.Run(path, arguments, out output) is null;
    }
}
