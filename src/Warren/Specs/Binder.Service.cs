using System.Globalization;
using Warren.Model;
using Warren.Specs.Yaml;

namespace Warren.Specs;

/// <content>The keys of a service.</content>
internal sealed partial class Binder
{
    private const string CommandHint = "as in flask --app hello run, or [flask, --app, hello, run]";

    /// <summary>Reads <c>command</c>. That of a later file takes its place.</summary>
    public void Command(Node node, ServiceDraft draft)
    {
        draft.HasCommand = true;
        draft.Command = Words(node) ?? draft.Command;
    }

    /// <summary>Reads <c>restart</c>.</summary>
    public void Restart(Entry entry, ServiceDraft draft)
    {
        const string OnFailure = "on-failure:";
        const int Most = 1_000_000;
        if (Filled(entry) is not { } text)
            return;
        int? limit = null;
        RestartPolicy? policy = text switch
        {
            "no" => RestartPolicy.No,
            "always" => RestartPolicy.Always,
            "on-failure" => RestartPolicy.OnFailure,
            _ => null,
        };
        if (text.StartsWith(OnFailure, StringComparison.Ordinal))
        {
            if (!int.TryParse(text.AsSpan(OnFailure.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number is 0 or > Most)
            {
                faults.Add(entry.Value.Place, $"{Faults.Quote(text[OnFailure.Length..])} is not how often it is started again; 1 to {Most} are allowed", "as in on-failure:5");
                return;
            }
            (policy, limit) = (RestartPolicy.OnFailure, number);
        }
        if (policy is null)
        {
            string meant = text switch
            {
                "unless-stopped" or "yes" or "true" or "on" => "always",
                "never" or "false" or "off" or "none" => "no",
                "on_failure" or "failure" => "on-failure",
                _ => Nearest.Of(text, ["no", "always", "on-failure"]) ?? "",
            };
            faults.Add(entry.Value.Place, $"{Faults.Quote(text)} does not say when it is started again", meant.Length > 0 ? $"did you mean '{meant}'?" : "no, always, on-failure or on-failure:5");
            return;
        }
        (draft.Restart, draft.RestartLimit) = (policy.Value, limit);
    }

    /// <summary>Reads <c>depends_on</c>. What a later file says is added.</summary>
    public void DependsOn(Entry entry, ServiceDraft draft)
    {
        string hint = entry.Value.Kind == NodeKind.Mapping
            ? $"as in depends_on: [{string.Join(", ", entry.Value.Entries.Take(5).Select(each => each.Key.Text))}]; what 'ready' says there is waited for"
            : "as in depends_on: [db]";
        if (Texts(entry, hint) is not { } texts)
            return;
        HashSet<string> known = [.. draft.DependsOn.Select(each => each.Value)];
        foreach ((string text, Node node) in texts)
        {
            if (known.Add(text))
                draft.DependsOn.Add(new Written<string>(text, node.Place));
        }
    }

    /// <summary>Reads <c>ready</c>.</summary>
    public void Ready(Entry entry, ServiceDraft draft)
    {
        string hint = "as in ready: {port: 8080}, or ready: {command: curl -sf localhost:8080}";
        if (entry.Value is { IsNull: true, IsLost: false })
            faults.Add(entry.Value.Place, "'ready' has no value", hint);
        if (!Is(entry.Value, NodeKind.Mapping, "'ready'", hint))
            return;
        ReadyDraft ready = draft.Ready ??= new ReadyDraft();
        Mapping(entry.Value, SpecKeys.Ready, ready);
        if (ready is { IsFaulty: false, Port: null, Command: null })
            faults.Add(entry.Value.Place, "'ready' says neither a port nor a command", hint);
        else if (ready is { Port: { } port, Command: { } command } && port.Place.Source == command.Place.Source)
            faults.Add((port.Place.Start > command.Place.Start ? port : (port with { Place = command.Place })).Place, "'ready' takes a port or a command, not both", hint);
    }

    /// <summary>Reads the <c>port</c> of <c>ready</c>. In a later file it takes the place of a command.</summary>
    public void ReadyPort(Entry entry, ReadyDraft draft)
    {
        if (Filled(entry) is not { } text)
        {
            draft.IsFaulty = true;
            return;
        }
        string number = text;
        Protocol protocol = Protocol.Tcp;
        if (text.EndsWith("/udp", StringComparison.Ordinal))
            (number, protocol) = (text[..^4], Protocol.Udp);
        else if (text.EndsWith("/tcp", StringComparison.Ordinal))
            number = text[..^4];
        if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port is 0 or > 65535 || number[0] == '0')
        {
            draft.IsFaulty = true;
            string hint = text.Contains(':', StringComparison.Ordinal) ? "the port inside alone, as in 8080" : "as in 8080, or 53/udp; ports are 1 to 65535";
            faults.Add(entry.Value.Place, $"{Faults.Quote(text)} is no port on which a service can listen", hint);
            return;
        }
        if (draft.Command is { } command && command.Place.Source != entry.Value.Place.Source)
            draft.Command = null;
        draft.Port = new Written<(int, Protocol)>((port, protocol), entry.Key.Place);
    }

    /// <summary>Reads the <c>command</c> of <c>ready</c>. In a later file it takes the place of a port.</summary>
    public void ReadyCommand(Entry entry, ReadyDraft draft)
    {
        if (Words(entry.Value) is not { } words)
        {
            draft.IsFaulty = true;
            return;
        }
        if (draft.Port is { } port && port.Place.Source != entry.Value.Place.Source)
            draft.Port = null;
        draft.Command = new Written<IReadOnlyList<string>>(words, entry.Key.Place);
    }

    /// <summary>Reads the <c>timeout</c> of <c>ready</c>.</summary>
    public void ReadyTimeout(Entry entry, ReadyDraft draft)
    {
        TimeSpan? timeout = Duration(entry);
        if (timeout == TimeSpan.Zero)
            faults.Add(entry.Value.Place, "'timeout' is 0: nothing could be ready in time", "leave it out for 30s");
        draft.Timeout = timeout ?? draft.Timeout;
    }

    // below run, or below a service's name: a command, or a mapping
    private void Service(Entry entry, ServiceDraft draft)
    {
        if (entry.Value.Kind == NodeKind.Mapping)
        {
            Mapping(entry.Value, SpecKeys.Service, draft);
            if (!draft.HasCommand)
            {
                draft.HasCommand = true;
                faults.Add(entry.Key.Place, $"{(draft.Name.Length == 0 ? "'run'" : $"the service {Faults.Quote(draft.Name)}")} has no command", "command: " + CommandHint);
            }
        }
        else
        {
            Command(entry.Value, draft);
        }
    }

    // a command's words: a list as it is, or a text split; null if it is wrong
    private List<string>? Words(Node node)
    {
        if (node.IsLost)
            return null;
        if (node.IsNull || node.Kind == NodeKind.Mapping)
        {
            faults.Add(node.Place, node.IsNull ? "the command is missing" : $"a command is a text or a list, not {node.KindWord}", CommandHint);
            return null;
        }
        var words = new List<string>();
        return (node.Kind == NodeKind.Scalar ? Split(node, words) : Collect(node, words)) ? words : null;
    }

    private bool Split(Node node, List<string> words)
    {
        if (variables.Expand(node) is not { } text)
            return false;
        if (CommandWords.Split(text, words) is not { } fault)
        {
            if (words[0].Length > 0)
                return true;
            faults.Add(node.Place, "the program's name is empty", CommandHint);
            return false;
        }
        bool asWritten = ReferenceEquals(text, node.Text) && fault.Length < text.Length;
        string hint = fault.Hint.Replace("\"…\"", Example(text), StringComparison.Ordinal);
        faults.Add(asWritten ? node.At(fault.Start, fault.Length) : node.Place, fault.Message, hint);
        return false;
    }

    // the command as an item of a list in double quotes
    private static string Example(string text)
    {
        const int Longest = 50;
        string line = text.Trim();
        return line.Length > Longest || line.AsSpan().ContainsAny('"', '\\', '\n') ? "\"…\"" : $"\"{line.Replace("$", "$$", StringComparison.Ordinal)}\"";
    }

    private bool Collect(Node node, List<string> words)
    {
        bool whole = true;
        foreach (Node item in node.Items)
        {
            if (Text(item, "a word of a command") is { } word)
                words.Add(word);
            else
                whole = false;
        }
        if (whole && (words.Count == 0 || words[0].Length == 0))
        {
            faults.Add(words.Count == 0 ? node.Place : node.Items[0].Place, words.Count == 0 ? "the command is empty" : "the program's name is empty", CommandHint);
            return false;
        }
        return whole;
    }
}
