using System.Net;
using Warren.Model;
using Warren.Running;
using Warren.Specs.Yaml;

namespace Warren.Specs;

/// <content>The keys of a namespace.</content>
internal sealed partial class Binder
{
    private const string PortHint = "[HOSTIP:]HOSTPORT:PORT[/tcp|/udp], as in 6000:8080";

    /// <summary>Reads <c>subnet</c>. In a later file it takes the place of an address.</summary>
    public void Subnet(Entry entry, NamespaceDraft draft)
    {
        if (Filled(entry) is not { } text)
            return;
        if (draft.Address is { } address && address.Place.Source != entry.Value.Place.Source)
            (draft.Address, draft.Gateway) = (null, null);
        draft.Subnet = new Written<string>(text, entry.Value.Place);
    }

    /// <summary>Reads <c>address</c>. In a later file it takes the place of a subnet.</summary>
    public void Address(Entry entry, NamespaceDraft draft)
    {
        if (Filled(entry) is not { } text)
            return;
        if (draft.Subnet is { } subnet && subnet.Place.Source != entry.Value.Place.Source)
            draft.Subnet = null;
        draft.Address = new Written<string>(text, entry.Value.Place);
    }

    /// <summary>Reads <c>gateway</c>.</summary>
    public void Gateway(Entry entry, NamespaceDraft draft)
    {
        if (Filled(entry) is { } text)
            draft.Gateway = new Written<string>(text, entry.Value.Place);
    }

    /// <summary>Reads <c>uplink</c>.</summary>
    public void Uplink(Entry entry, NamespaceDraft draft)
    {
        if (Filled(entry) is not { } name)
            return;
        if (UplinkName.Fault(name) is { } fault)
            faults.Add(entry.Value.Place, $"the uplink {Faults.Quote(name)} {fault}", "a link's name, as ip link shows it: tun0");
        else
            draft.Uplink = name;
    }

    /// <summary>Reads <c>ports</c>. Those of a later file are added.</summary>
    public void Ports(Entry entry, NamespaceDraft draft)
    {
        if (!Is(entry.Value, NodeKind.Sequence, "'ports'", "as in ports: [\"6000:8080\"]"))
            return;
        HashSet<PortRequest>? earlier = null;
        if (draft.Ports.Count > 0)
            earlier = [.. draft.Ports.Select(port => port.Value)];
        foreach (Node item in entry.Value.Items)
        {
            PortRequest? request = item.Kind == NodeKind.Mapping ? LongPort(item, draft) : ShortPort(item, draft);
            if (request is not null && earlier?.Contains(request) != true)
                draft.Ports.Add(new Written<PortRequest>(request, item.Place));
        }
    }

    /// <summary>Reads a port's <c>host</c> or <c>port</c>: a number, or two.</summary>
    public string? PortNumber(Entry entry, PortDraft draft)
    {
        string? text = Filled(entry);
        if (text is not null && text.Any(c => !char.IsAsciiDigit(c) && c != '-'))
        {
            faults.Add(entry.Value.Place, $"{Faults.Quote(text)} is no port", "a number, or a range as in 8000-8009");
            text = null;
        }
        draft.IsFaulty |= text is null;
        return text;
    }

    /// <summary>Reads a port's <c>protocol</c>.</summary>
    public string? PortProtocol(Entry entry, PortDraft draft)
    {
        string? text = Filled(entry);
        if (text is not (null or "tcp" or "udp"))
        {
            faults.Add(entry.Value.Place, $"{Faults.Quote(text)} is not a protocol", "tcp or udp");
            text = null;
        }
        draft.IsFaulty |= text is null;
        return text;
    }

    /// <summary>Reads a port's <c>address</c>.</summary>
    public string? PortAddress(Entry entry, PortDraft draft)
    {
        string? text = Filled(entry);
        if (text is not null && (!Cidr.TryParseAddress(text, out IPAddress? address) || address.AddressFamily != System.Net.Sockets.AddressFamily.InterNetwork))
        {
            faults.Add(entry.Value.Place, $"{Faults.Quote(text)} is not an IPv4 address", "as in 127.0.0.1");
            text = null;
        }
        draft.IsFaulty |= text is null;
        return text;
    }

    /// <summary>Reads <c>dns</c>: a list of servers, or a mapping.</summary>
    public void Dns(Entry entry, NamespaceDraft draft)
    {
        if (entry.Value.Kind == NodeKind.Mapping)
            Mapping(entry.Value, SpecKeys.Dns, draft.Dns);
        else
            draft.Dns.Servers = Servers(entry);
    }

    /// <summary>Reads a list of name servers.</summary>
    public List<IPAddress>? Servers(Entry entry)
    {
        const int Most = 3;
        if (Texts(entry, "as in dns: [1.1.1.1]") is not { } texts)
            return null;
        var servers = new List<IPAddress>(texts.Count);
        foreach ((string text, Node node) in texts)
        {
            if (!Cidr.TryParseAddress(text, out IPAddress? address))
                faults.Add(node.Place, $"{Faults.Quote(text)} is not an address of a name server", "as in 1.1.1.1");
            else if (servers.Contains(address))
                faults.Add(node.Place, $"the name server {address} is given twice");
            else if (servers.Count == Most)
                faults.Add(node.Place, $"more than {Most} name servers; no more are asked (man 5 resolv.conf)");
            else
                servers.Add(address);
        }
        return servers;
    }

    /// <summary>Reads a list of search domains.</summary>
    public List<string>? Search(Entry entry)
    {
        if (Texts(entry, "as in search: [example.org]") is not { } texts)
            return null;
        var domains = new List<string>(texts.Count);
        foreach ((string text, Node node) in texts)
        {
            if (text.Length is 0 or > 253 || text.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_')))
                faults.Add(node.Place, $"{Faults.Quote(text)} is no domain", "as in example.org");
            else
                domains.Add(text);
        }
        return domains;
    }

    /// <summary>Reads <c>environment</c>, a mapping or a list. What a later file says of a variable holds.</summary>
    public void Environment(Entry entry, EnvironmentDraft draft)
    {
        switch (entry.Value.Kind)
        {
            case NodeKind.Mapping:
                foreach (Entry each in entry.Value.Entries)
                {
                    if (!IsVariableName(each.Key.Text))
                        faults.Add(each.Key.Place, $"{Faults.Quote(each.Key.Text)} cannot be the name of a variable");
                    else if (each.Value.IsNull)
                        Inherit(each.Key.Text, draft);
                    else if (Text(each.Value, $"the variable '{each.Key.Text}'") is { } value)
                        draft.Values[each.Key.Text] = value;
                }
                break;
            case NodeKind.Sequence:
                EnvironmentList(entry, draft);
                break;
            default:
                Is(entry.Value, NodeKind.Mapping, "'environment'", "as in environment: {NAME: value}, or environment: [NAME=value]");
                break;
        }
    }

    /// <summary>Reads <c>capabilities</c>.</summary>
    public List<string>? Capabilities(Entry entry)
    {
        if (Texts(entry, "as in capabilities: [net_admin]") is not { } texts)
            return null;
        var names = new List<string>(texts.Count);
        foreach ((string text, Node node) in texts)
        {
            if (Running.Capabilities.Knows(text))
            {
                names.Add(text);
                continue;
            }
            string name = text.StartsWith("cap_", StringComparison.OrdinalIgnoreCase) ? text[4..] : text;
            string? near = Nearest.Of(name, Running.Capabilities.All.Select(known => known[4..]));
            string hint = near is null ? "man 7 capabilities lists them, net_admin for one" : $"did you mean '{near}'?";
            if (name.Equals("all", StringComparison.OrdinalIgnoreCase))
                hint = "name each that is needed, as in [net_admin, net_raw]";
            faults.Add(node.Place, $"no capability {Faults.Quote(text)}", hint);
        }
        return names;
    }

    /// <summary>Reads <c>working_dir</c>: absolute from here on.</summary>
    public string? Directory(Entry entry)
    {
        if (Filled(entry) is not { } text)
            return null;
        if (text is ['~'] or ['~', '/', ..])
        {
            faults.Add(entry.Value.Place, "'~' is not expanded here", "write the whole path, or ${HOME}");
            return null;
        }
        string path = Path.GetFullPath(Path.Combine(entry.Value.Place.Source.Source.Folder, text));
        return path.Length > 1 ? path.TrimEnd('/') is { Length: > 0 } trimmed ? trimmed : "/" : path;
    }

    /// <summary>Reads <c>run</c>.</summary>
    public void Run(Entry entry, NamespaceDraft draft) =>
        Service(entry, draft.Run ??= new ServiceDraft("", entry.Key.Place));

    /// <summary>Reads <c>services</c>.</summary>
    public void Services(Entry entry, NamespaceDraft draft)
    {
        if (!Is(entry.Value, NodeKind.Mapping, "'services'", "as in services: {web: flask run}"))
            return;
        draft.ServicesKey = entry.Key.Place;
        foreach (Entry each in entry.Value.Entries)
        {
            NameFault(each.Key, "a service");
            Service(each, draft.Services.Find(each.Key.Text) ?? draft.Services.Add(new ServiceDraft(each.Key.Text, each.Key.Place)));
        }
    }

    private PortRequest? ShortPort(Node item, NamespaceDraft space)
    {
        if (Text(item, "an item of 'ports'") is not { } text)
            return null;
        if (ListenRequest.IsMeant(text))
        {
            AddListen(ShortListen(item, text), space);
            return null;
        }
        if (PortRequest.TryParse(text, out PortRequest? request, out string? fault))
            return request;
        faults.Add(item.Place, $"{Faults.Quote(text)} is no port to publish: {fault}", PortHint);
        return null;
    }

    private PortRequest? LongPort(Node item, NamespaceDraft space)
    {
        var draft = new PortDraft();
        Mapping(item, SpecKeys.Port, draft);
        if (draft.IsFaulty)
            return null;
        if (draft.Listen)
        {
            AddListen(LongListen(item, draft), space);
            return null;
        }
        if (draft.Services is { } services)
        {
            faults.Add(services[0].Place, "'service' is for ports with 'listen'; a published port leads to whoever listens on it inside", "leave it out, or as in {host: 6000, listen: true, service: web}");
            return null;
        }
        if (draft.Port is null)
        {
            faults.Add(item.Place, "the port inside the namespace is missing", "as in {host: 6000, port: 8080}");
            return null;
        }
        string host = draft.Host is null && draft.Address is null ? "" : draft.Host + ":";
        string text = (draft.Address is null ? "" : draft.Address + ":") + host + draft.Port + (draft.Protocol is null ? "" : "/" + draft.Protocol);
        if (PortRequest.TryParse(text, out PortRequest? request, out string? fault))
            return request;
        faults.Add(item.Place, $"{Faults.Quote(text)} is no port to publish: {fault}", "as in {host: 6000, port: 8080}");
        return null;
    }

    private void EnvironmentList(Entry entry, EnvironmentDraft draft)
    {
        var given = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string text, Node node) in Texts(entry, "") ?? [])
        {
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? text : text[..equals];
            if (!IsVariableName(name))
                faults.Add(node.Place, $"{Faults.Quote(text)} is no variable", "as in NAME=value");
            else if (!given.Add(name))
                faults.Add(node.Place, $"the variable '{name}' is given twice");
            else if (equals < 0)
                Inherit(name, draft);
            else
                draft.Values[name] = text[(equals + 1)..];
        }
    }

    // a name without a value: that of who reads the file, if there is one
    private void Inherit(string name, EnvironmentDraft draft)
    {
        if (variables[name] is { } value)
            draft.Values[name] = value;
        else
            draft.Values.Remove(name);
    }

    private static bool IsVariableName(string name) => name.Length > 0 && !name.AsSpan().ContainsAny('=', '\0');
}
