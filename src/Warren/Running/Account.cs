using System.Globalization;
using Warren.Model;

namespace Warren.Running;

/// <summary>As whom a command runs.</summary>
/// <param name="Uid">The user.</param>
/// <param name="Gid">The group.</param>
internal sealed record Account(uint Uid, uint Gid)
{
    // chown(2), setresuid(2): "leave it as it is", which for root would mean root
    private const uint Unchanged = uint.MaxValue;

    /// <summary>The login name, or null for a uid that has none.</summary>
    public string? Name { get; init; }

    /// <summary>Supplementary groups.</summary>
    public IReadOnlyList<uint> Groups { get; init; } = [];

    /// <summary>The home directory.</summary>
    public string Home { get; init; } = "/";

    /// <summary>The login shell.</summary>
    public string Shell { get; init; } = "/bin/sh";

    /// <summary>Whether the group was asked for by number.</summary>
    public bool HasOwnGroup { get; private init; }

    /// <summary>Whether this is who runs Warren now: then groups and environment stay what they are.</summary>
    public bool IsCaller { get; private init; }

    /// <summary>The account that a request means, by the host's sources of users (files, LDAP and so on).</summary>
    /// <param name="user">See <see cref="ExecRequest.User"/>.</param>
    /// <param name="variable">Reads the environment: SUDO_UID and SUDO_GID.</param>
    /// <exception cref="ExecException">There is none.</exception>
    public static Account Resolve(string? user, Func<string, string?> variable)
    {
        Account account = user is null ? OfCaller(variable) : Named(user);
        return account.Uid == SystemCalls.geteuid() && !account.HasOwnGroup
            ? account with { Gid = SystemCalls.getegid(), IsCaller = true }
            : account;
    }

    /// <summary><c>alice</c>, or <c>uid 1000</c>.</summary>
    public override string ToString() => Name is null ? $"uid {Uid}" : Terminal.Safe(Name);

    private static Account OfCaller(Func<string, string?> variable)
    {
        uint own = SystemCalls.geteuid();
        if (own != 0 || variable("SUDO_UID") is not string sudoUid)
            return new Account(own, SystemCalls.getegid());
        if (!TryParseId(sudoUid, out uint uid))
            throw BadVariable("SUDO_UID", sudoUid);
        Account? known = UserDatabase.Find(uid);
        uint gid = known?.Gid ?? 0;
        if (variable("SUDO_GID") is string sudoGid)
        {
            if (!TryParseId(sudoGid, out gid))
                throw BadVariable("SUDO_GID", sudoGid);
        }
        else if (known is null)
        {
            throw new ExecException(
                ExecException.Failed,
                $"SUDO_UID is {uid}, a user without a name, and SUDO_GID is missing; say --user {uid}:GID"
            );
        }
        return known is null ? new Account(uid, gid) : WithGroups(known with { Gid = gid });
    }

    private static Account Named(string user)
    {
        if (UserDatabase.Find(user) is Account named)
            return WithGroups(named);
        if (user == "root")
            return new Account(0, 0);
        int colon = user.IndexOf(':', StringComparison.Ordinal);
        if (colon > 0 && TryParseId(user[..colon], out uint uid) && TryParseId(user[(colon + 1)..], out uint gid))
        {
            Account? known = UserDatabase.Find(uid);
            Account account = known is null ? new Account(uid, gid) : WithGroups(known with { Gid = gid });
            return account with { HasOwnGroup = true };
        }
        if (!TryParseId(user, out uid))
            throw new ExecException(ExecException.Failed, $"no user '{Terminal.Safe(user)}'; getent passwd lists them");
        if (UserDatabase.Find(uid) is Account entry)
            return WithGroups(entry);
        if (uid == 0)
            return new Account(0, 0);
        throw new ExecException(ExecException.Failed, $"uid {uid} has no name, so its group is unknown; say --user {uid}:GID");
    }

    private static bool TryParseId(string text, out uint id) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id) && id != Unchanged;

    private static ExecException BadVariable(string name, string value) =>
        new(ExecException.Failed, $"{name} is '{Terminal.Safe(value)}', which is no user's number; say who with --user");

    private static Account WithGroups(Account account) => account with { Groups = UserDatabase.GroupsOf(account) };
}
