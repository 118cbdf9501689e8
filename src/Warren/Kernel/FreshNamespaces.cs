using Warren.Model;
using Warren.Netlink.Namespaces;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;
using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Kernel;

/// <summary>New namespaces, furnished: lo up and marked, and the settings that programs inside want. Those of a plan are made while the links of those
/// before them are; the one of a wish for one already while the host is looked at. Nothing of them is seen until the plan's step names it.</summary>
internal sealed class FreshNamespaces : IDisposable
{
    private static FreshNamespaces? s_expected;

    private readonly ProcSys _settings = new();
    private readonly string _first;
    private readonly NamespacesAhead _ahead;

    private FreshNamespaces(IReadOnlyList<string> names)
    {
        _first = names[0];
        _ahead = new NamespacesAhead(names, name => Furnish(name, _settings), _settings.Dispose);
    }

    /// <summary>Begins with one that will be wished for, as it seems: while the wish is still being read.</summary>
    public static void Expect(string name)
    {
        try
        {
            if (NamespaceNames.StateOf(name) == NameState.Absent)
                s_expected = new FreshNamespaces([name]);
        }
        catch (NetlinkException)
        {
            // what is wrong is told when the wish is read
        }
    }

    /// <summary>Begins with the one that a wish will need; null if it needs none, or several.</summary>
    public static FreshNamespaces? Begin(Wish wish)
    {
        FreshNamespaces? expected = s_expected;
        s_expected = null;
        if (wish is not { Ensure: [{ MustExist: false } one], IsRemoval: false })
            expected?.Dispose();
        else if (expected?._first == one.Name)
            return expected;
        else
        {
            expected?.Dispose();
            return NamespaceNames.StateOf(one.Name) == NameState.Absent ? new FreshNamespaces([one.Name]) : null;
        }
        return null;
    }

    /// <summary>Begins with those of a plan; null if it makes less than two.</summary>
    public static FreshNamespaces? Begin(Plan plan)
    {
        var names = new List<string>();
        foreach (Step step in plan.Steps)
        {
            if (step is CreateNamespace create)
                names.Add(create.Name);
        }
        return names.Count > 1 ? new FreshNamespaces(names) : null;
    }

    /// <summary>Gives one that was begun with its name.</summary>
    /// <returns>A socket in it; null if it was not begun with, or it is not its turn.</returns>
    /// <exception cref="NetlinkException">It could not be made, or the name is taken.</exception>
    public NetlinkSocket? TryName(string name) => _ahead.TryName(name);

    /// <summary>Makes one now.</summary>
    /// <returns>A socket in it.</returns>
    /// <exception cref="NetlinkException">It could not be made, or the name is taken.</exception>
    public static NetlinkSocket Make(string name, ProcSys settings, NetworkNamespace home) =>
        NetworkNamespace.Create(name, () => Furnish(name, settings), home);

    public void Dispose() => _ahead.Dispose();

    private static NetlinkSocket Furnish(string name, ProcSys settings)
    {
        NetlinkSocket inside = NetlinkSocket.Open(NetlinkProtocol.Route);
        try
        {
            var batch = new NetlinkBatch(128);
            batch.SetLink(1, "lo", new LinkChange { Up = true, Alias = CreateNamespace.Mark + name });
            inside.Execute(batch);
            LetEveryGroupPing(settings);
            settings.Write("net/ipv4/ip_unprivileged_port_start", "0");
            settings.Write("net/ipv4/tcp_mtu_probing", "1");
            return inside;
        }
        catch
        {
            inside.Dispose();
            throw;
        }
    }

    // In a user namespace only the groups that it knows can be named.
    private static void LetEveryGroupPing(ProcSys settings)
    {
        const string Setting = "net/ipv4/ping_group_range";
        try
        {
            settings.Write(Setting, CreateNamespace.PingGroupRange);
        }
        catch (NetlinkException e) when (e.Errno == Errno.Invalid)
        {
            // lines of: first id here, first id outside, how many
            long[][] ranges =
            [
                .. (SmallFile.Read("/proc/self/gid_map") ?? "")
                    .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                    .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(long.Parse).ToArray()),
            ];
            settings.Write(Setting, $"{ranges.Min(range => range[0])} {ranges.Max(range => range[0] + range[2] - 1)}");
        }
    }
}
