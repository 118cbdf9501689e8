using Warren.Model;
using Warren.Specs.Yaml;

namespace Warren.Specs;

/// <content>Ports on which services listen themselves.</content>
internal sealed partial class Binder
{
    private const string ListenHint = "as in {host: 6000, listen: true}";

    /// <summary>Reads a port's <c>listen</c>.</summary>
    public bool PortListen(Entry entry, PortDraft draft)
    {
        string? text = Filled(entry);
        if (text is not (null or "true" or "false"))
        {
            faults.Add(entry.Value.Place, $"'listen' takes true or false, not {Faults.Quote(text)}", ListenHint);
            text = null;
        }
        draft.IsFaulty |= text is null;
        return text == "true";
    }

    /// <summary>Reads a port's <c>service</c>: a name, or a list of names.</summary>
    public List<Written<string>>? PortServices(Entry entry, PortDraft draft)
    {
        var services = new List<Written<string>>();
        if (entry.Value.Kind != NodeKind.Sequence)
        {
            if (Filled(entry) is { } name)
                services.Add(new Written<string>(name, entry.Value.Place));
        }
        else
        {
            foreach ((string text, Node node) in Texts(entry, "") ?? [])
                services.Add(new Written<string>(text, node.Place));
            if (entry.Value.Items.Count == 0)
                faults.Add(entry.Value.Place, "'service' names none", "leave it out, or name services: service: [web]");
        }
        draft.IsFaulty |= services.Count == 0;
        return services;
    }

    private static void AddListen(ListenDraft? listen, NamespaceDraft draft)
    {
        // the same again in a later file is the same
        if (listen is not null && !draft.Listens.Exists(earlier => earlier.Place.Source != listen.Place.Source && earlier.IsSame(listen)))
            draft.Listens.Add(listen);
    }

    private ListenDraft? ShortListen(Node item, string text)
    {
        if (ListenRequest.TryParse(text, out ListenRequest? request, out string? fault))
            return new ListenDraft(request, [], item.Place);
        faults.Add(item.Place, $"{Faults.Quote(text)} is no port to listen on: {fault}", "[HOSTIP:]HOSTPORT:fd[/tcp|/udp], as in 6000:fd");
        return null;
    }

    private ListenDraft? LongListen(Node item, PortDraft draft)
    {
        if (draft.Port is not null)
        {
            faults.Add(item.Place, "'port' and 'listen' exclude each other: what listens is handed the host's own port", ListenHint);
            return null;
        }
        if (draft.Host is null)
        {
            faults.Add(item.Place, "the host's port to listen on is missing", ListenHint);
            return null;
        }
        string text = (draft.Address is null ? "" : draft.Address + ":") + draft.Host + ":fd" + (draft.Protocol is null ? "" : "/" + draft.Protocol);
        return ShortListen(item, text) is { } listen ? listen with { Services = draft.Services ?? [] } : null;
    }
}
