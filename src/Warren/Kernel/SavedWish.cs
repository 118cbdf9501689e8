using System.Net;
using System.Text.Json;
using Warren.Model;
using Warren.Netlink.Namespaces;
using Warren.Netlink.Wire;
using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Kernel;

/// <summary>
/// What a project's namespaces shall be like, as the last change left them, in the file <c>wish</c> of the project's folder: for a
/// supervisor that mends what others change. It is written under the lock, after the last step of what makes and before the first of what
/// removes, so that whoever reads it under the lock never brings back what somebody removed.
/// </summary>
/// <param name="Namespaces">The namespaces, with addresses and ports as they were chosen.</param>
/// <param name="LeaveNeighbours">Whether other firewalls stay as they are.</param>
internal sealed record SavedWish(IReadOnlyList<SavedNamespace> Namespaces, bool LeaveNeighbours)
{
    /// <summary>Whether the host forwards nothing but what is of namespaces.</summary>
    public bool DropsForwarded { get; init; }

    /// <summary>The file's name.</summary>
    public const string File = "wish";

    /// <summary>The wish of a project; null if there is none that can be read.</summary>
    public static SavedWish? Find(string project) => ProjectRecord.Read(project, File) is { } bytes ? Read(bytes) : null;

    /// <summary>Whether a project has one.</summary>
    public static bool Exists(string project) => System.IO.File.Exists($"{ProjectRecord.PathOf(project)}/{File}");

    /// <summary>Writes it, if it is another than it was; with no namespaces it goes.</summary>
    public void Write(string project)
    {
        byte[] bytes = ToBytes();
        if (Namespaces.Count == 0)
            ProjectRecord.RemoveFile(project, File);
        else if (ProjectRecord.Read(project, File) is not { } before || !before.AsSpan().SequenceEqual(bytes))
            ProjectRecord.Write(project, File, bytes);
    }

    /// <summary>What a wish has become: after its last step, with what stands then.</summary>
    /// <param name="wish">A project's wish.</param>
    /// <param name="after">The host, looked at after the last step.</param>
    /// <param name="before">What was saved before: a wish for some namespaces leaves the others.</param>
    public static SavedWish Of(Wish wish, Observed after, SavedWish? before)
    {
        var spaces = new Dictionary<string, ObservedNamespace>();
        foreach (ObservedNamespace space in after.Namespaces)
            spaces[space.Name] = space;
        ILookup<IPAddress, Forward> inForce = after.Forwards.ToLookup(entry => entry.Value.Address, entry => new Forward(entry.Key, entry.Value.Port));
        var all = new List<SavedNamespace>();
        var asked = new HashSet<string>();
        foreach (NamespaceWish each in wish.Ensure)
        {
            if (!asked.Add(each.Name) || !spaces.TryGetValue(each.Name, out ObservedNamespace? space) || space.Link is not { Mark: { } mark, Host: { } host })
                continue;
            // of many ports the mark does not name all
            IEnumerable<Forward> forwards = mark.Cut ? mark.Forwards.Union(inForce[mark.Inside.Address]) : mark.Forwards;
            all.Add(new SavedNamespace(each.Name, Inode(each.Name), mark.Inside, host.Address, [.. forwards]) { Dns = each.Dns, Uplink = mark.Uplink });
        }
        if (!wish.Whole && before is not null)
            all.InsertRange(0, before.Namespaces.Where(space => !asked.Contains(space.Name)));
        return new SavedWish(all, wish.LeaveNeighbours) { DropsForwarded = wish.DropsForwarded };
    }

    /// <summary>The wish without some namespaces.</summary>
    public SavedWish Without(IReadOnlyCollection<string> names) =>
        this with { Namespaces = [.. Namespaces.Where(space => !names.Contains(space.Name))] };

    /// <summary>The wish after somebody changed one of the namespaces by hand, as in <c>warren publish web1 6000:8080</c>.</summary>
    /// <param name="change">What was typed.</param>
    /// <param name="plan">What was done.</param>
    /// <param name="inode">See <see cref="SavedNamespace"/>.</param>
    public SavedWish With(NamespaceWish change, Plan plan, ulong inode)
    {
        var spaces = new List<SavedNamespace>(Namespaces);
        int at = spaces.FindIndex(space => space.Name == change.Name);
        if (at < 0)
            return this;
        var forwards = new List<Forward>(spaces[at].Forwards);
        foreach (ChangeRules rules in plan.Steps.OfType<ChangeRules>())
        {
            forwards.RemoveAll(forward => rules.Unpublish.Any(entry => entry.Host == forward.Host && entry.Namespace == change.Name));
            foreach (ForwardEntry entry in rules.Publish)
            {
                if (entry.Namespace == change.Name && !forwards.Exists(forward => forward.Host == entry.Host))
                    forwards.Add(new Forward(entry.Host, entry.Target.Port));
            }
        }
        spaces[at] = spaces[at] with { Inode = inode, Forwards = forwards, Dns = change.Dns ?? spaces[at].Dns, Uplink = change.Uplink ?? spaces[at].Uplink };
        return this with { Namespaces = spaces };
    }

    /// <summary>The wish for those of the namespaces that are still the same: one whose name is gone took its programs with it, or they hold it
    /// still, and a new one would be without them. One of that name that somebody made since is theirs.</summary>
    /// <param name="project">Whose it is.</param>
    /// <param name="inodeOf">What stands under a name: see <see cref="Inode"/>.</param>
    public Wish ToWish(string project, Func<string, ulong> inodeOf) =>
        new()
        {
            Project = project,
            Ensure = [.. Namespaces.Where(space => space.Inode != 0 && inodeOf(space.Name) == space.Inode).Select(space => space.ToWish())],
            Thorough = true,
            LeaveNeighbours = LeaveNeighbours,
            DropsForwarded = DropsForwarded,
        };

    /// <summary>The inode of the namespace that stands under a name; 0 if none does.</summary>
    public static ulong Inode(string name) => NamespaceNames.InodeOf(name) ?? 0;

    /// <summary>The file's content.</summary>
    public byte[] ToBytes()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteBoolean("leaveNeighbours", LeaveNeighbours);
            json.WriteBoolean("dropsForwarded", DropsForwarded);
            json.WriteStartArray("namespaces");
            foreach (SavedNamespace space in Namespaces)
                space.WriteTo(json);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote; null for anything else.</summary>
    public static SavedWish? Read(byte[] bytes)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes);
            JsonElement root = document.RootElement;
            var spaces = new List<SavedNamespace>();
            foreach (JsonElement space in root.GetProperty("namespaces").EnumerateArray())
                spaces.Add(SavedNamespace.Read(space));
            return new SavedWish(spaces, root.GetProperty("leaveNeighbours").GetBoolean())
            {
                DropsForwarded = root.TryGetProperty("dropsForwarded", out JsonElement drops) && drops.GetBoolean(),
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }
}

/// <summary>A namespace as it shall be.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Inode">The namespace itself: another one of that name is another one.</param>
/// <param name="Address">Its address.</param>
/// <param name="Gateway">The host end's address.</param>
/// <param name="Forwards">Its published ports.</param>
internal sealed record SavedNamespace(string Name, ulong Inode, Cidr Address, IPAddress Gateway, IReadOnlyList<Forward> Forwards)
{
    /// <summary>Its name servers; null for the host's.</summary>
    public Model.Dns? Dns { get; init; }

    /// <summary>The one link of the host by which it leaves; null for any.</summary>
    public string? Uplink { get; init; }

    public NamespaceWish ToWish() =>
        new(Name)
        {
            Address = Address,
            Gateway = Gateway,
            Publish = [.. Forwards.Select(PortRequest.Exactly)],
            Dns = Dns,
            Uplink = Uplink,
            Exact = true,
            ExactDns = true,
        };

    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("name", Name);
        json.WriteNumber("inode", Inode);
        json.WriteString("address", Address.ToString());
        json.WriteString("gateway", Gateway.ToString());
        if (Uplink is not null)
            json.WriteString("uplink", Uplink);
        Write(json, "publish", LinkMark.Ranges(Forwards));
        if (Dns is not null)
        {
            Write(json, "servers", Dns.Servers.Select(server => server.ToString()));
            Write(json, "search", Dns.Search);
        }
        json.WriteEndObject();
    }

    public static SavedNamespace Read(JsonElement json)
    {
        string name = Text(json.GetProperty("name"));
        if (NamespaceName.Fault(name) is not null || !Cidr.TryParse(Text(json.GetProperty("address")), out Cidr? address))
            throw new FormatException("no namespace");
        var forwards = new ForwardSet([]);
        foreach (string text in Texts(json.GetProperty("publish")))
        {
            if (!PortRequest.TryParse(text, out PortRequest? request, out _) || request.TakesAny)
                throw new FormatException("no port");
            forwards.Add(request);
        }
        return new SavedNamespace(name, json.GetProperty("inode").GetUInt64(), address.Value, IPAddress.Parse(Text(json.GetProperty("gateway"))), forwards)
        {
            Dns = json.TryGetProperty("servers", out JsonElement servers)
                ? new Model.Dns([.. Texts(servers).Select(IPAddress.Parse)], [.. Texts(json.GetProperty("search"))])
                : null,
            Uplink = json.TryGetProperty("uplink", out JsonElement uplink) ? Text(uplink) : null,
        };
    }

    private static string Text(JsonElement json) => json.GetString() ?? throw new FormatException("no text");

    private static IEnumerable<string> Texts(JsonElement json) => json.EnumerateArray().Select(Text);

    private static void Write(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }
}
