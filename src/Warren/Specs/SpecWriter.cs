using System.Globalization;
using System.Text;
using Warren.Model;

namespace Warren.Specs;

/// <summary>Writes a spec as a file that says the same, in the form a person would choose: short where there is a short form, and what all
/// services of a namespace have in common said once.</summary>
internal static class SpecWriter
{
    /// <summary>The file.</summary>
    public static string Write(Spec spec)
    {
        var text = new StringBuilder();
        if (spec.Name is { } name)
            text.Append("name: ").Append(YamlText.Scalar(name)).Append("\n\n");
        if (spec.DropsForwarded)
            text.Append("host: { forward-policy: drop }\n\n");
        text.Append("namespaces:\n");
        foreach (NamespaceSpec space in spec.Namespaces)
            Namespace(text, space);
        return text.ToString();
    }

    private static void Namespace(StringBuilder text, NamespaceSpec space)
    {
        const string Indent = "    ";
        text.Append("  ").Append(YamlText.Key(space.Name)).Append(':');
        int before = text.Length;
        text.Append('\n');
        if (space.Subnet is { } subnet)
            Line(text, Indent, "subnet", subnet.ToString());
        if (space.Address is { } address)
            Line(text, Indent, "address", address.ToString());
        if (space.Gateway is { } gateway)
            Line(text, Indent, "gateway", gateway.ToString());
        if (space.Uplink is { } uplink)
            Line(text, Indent, "uplink", YamlText.Value(uplink));
        List<string> ports = [.. space.Ports.Select(port => "\"" + Port(port) + "\""), .. SocketWriter.Ports(space.Services)];
        if (ports.Count > 0)
            Line(text, Indent, "ports", "[" + string.Join(", ", ports) + "]");
        if (space.Dns is { } dns)
            Dns(text, Indent, dns);
        Services(text, Indent, space.Services);
        if (text.Length == before + 1)
            text.Insert(before, " {}");
    }

    private static void Dns(StringBuilder text, string indent, Dns dns)
    {
        string servers = List(dns.Servers.Select(server => server.ToString()));
        if (dns.Search.Count == 0)
            Line(text, indent, "dns", servers);
        else
            Line(text, indent, "dns", (dns.Servers.Count == 0 ? "{ " : "{ servers: " + servers + ", ") + "search: " + List(dns.Search) + " }");
    }

    private static void Services(StringBuilder text, string indent, IReadOnlyList<Service> services)
    {
        if (services.Count == 0)
            return;
        // what they have in common is their namespace's
        Service shared = new("", "", [])
        {
            Directory = services.All(each => each.Directory == services[0].Directory) ? services[0].Directory : "",
            User = services.All(each => each.User == services[0].User) ? services[0].User : null,
            Capabilities = services.All(each => each.Capabilities.SequenceEqual(services[0].Capabilities)) ? services[0].Capabilities : [],
            Environment = services.All(each => each.Environment.SequenceEqual(services[0].Environment)) ? services[0].Environment : [],
        };
        Environment(text, indent, shared.Environment);
        Identity(text, indent, shared);
        if (shared.Directory.Length > 0)
            Line(text, indent, "working_dir", YamlText.Value(shared.Directory));
        if (services is [{ Name: "" } run])
        {
            Service(text, indent, "run", run, shared, services);
            return;
        }
        text.Append(indent).Append("services:\n");
        foreach (Service service in services)
            Service(text, indent + "  ", YamlText.Key(service.Name), service, shared, services);
    }

    private static void Service(StringBuilder text, string outer, string key, Service service, Service shared, IReadOnlyList<Service> siblings)
    {
        string indent = outer + "  ";
        var rest = new StringBuilder();
        if (shared.Directory.Length == 0)
            Line(rest, indent, "working_dir", YamlText.Value(service.Directory));
        if (shared.Environment.Count == 0)
            Environment(rest, indent, service.Environment);
        Identity(rest, indent, service with { User = shared.User is null ? service.User : null, Capabilities = shared.Capabilities.Count == 0 ? service.Capabilities : [] });
        if (service.Restart != RestartPolicy.No)
        {
            string limit = service.RestartLimit is { } number ? ":" + number.ToString(CultureInfo.InvariantCulture) : "";
            Line(rest, indent, "restart", service.Restart == RestartPolicy.Always ? "always" : "on-failure" + limit);
        }
        if (service.DependsOn.Count > 0)
            Line(rest, indent, "depends_on", List(service.DependsOn.Select(target => Target(target, service, siblings))));
        if (service.Ready is { } ready)
            Line(rest, indent, "ready", Ready(ready));
        if (service.StopGrace != new Service("", "", []).StopGrace)
            Line(rest, indent, "stop_grace_period", Durations.Text(service.StopGrace));
        text.Append(outer).Append(key).Append(':');
        if (rest.Length == 0)
            text.Append(' ').Append(Command(service.Command)).Append('\n');
        else
            Line(text.Append('\n'), indent, "command", Command(service.Command)).Append(rest);
    }

    private static void Environment(StringBuilder text, string indent, IReadOnlyList<KeyValuePair<string, string>> variables)
    {
        if (variables.Count == 0)
            return;
        text.Append(indent).Append("environment:\n");
        foreach ((string name, string value) in variables)
            Line(text, indent + "  ", YamlText.Key(name), YamlText.Value(value));
    }

    private static void Identity(StringBuilder text, string indent, Service service)
    {
        if (service.User is { } user)
            Line(text, indent, "user", YamlText.Value(user));
        if (service.Capabilities.Count > 0)
            Line(text, indent, "capabilities", List(service.Capabilities));
    }

    // in the shortest words that mean the same
    private static string Target(string fullName, Service service, IReadOnlyList<Service> siblings)
    {
        if (fullName.StartsWith(service.Namespace + "/", StringComparison.Ordinal))
            return fullName[(service.Namespace.Length + 1)..];
        bool hidden = siblings.Any(each => each.Name == fullName);
        return hidden ? fullName + "/" : fullName;
    }

    private static string Ready(Readiness ready)
    {
        string what = ready.Port is { } port
            ? "port: " + Words.Number(port) + (ready.Protocol == Protocol.Udp ? "/udp" : "")
            : "command: " + Command(ready.Command);
        return "{ " + what + (ready.Timeout == new Readiness().Timeout ? "" : ", timeout: " + Durations.Text(ready.Timeout)) + " }";
    }

    // as -p takes it, with what goes without saying left out
    private static string Port(PortRequest port)
    {
        string address = port.HostAddress is null ? "" : port.HostAddress + ":";
        bool isAnyFree = port.TakesAny && PortRequest.TryParse(Words.Number(port.First), out PortRequest? any, out _) && (any.HostFirst, any.HostLast) == (port.HostFirst, port.HostLast);
        string host = isAnyFree ? address.Length == 0 ? "" : ":" : Range(port.HostFirst, port.HostLast) + ":";
        return address + host + Range(port.First, port.Last) + (port.Protocol == Protocol.Udp ? "/udp" : "");
    }

    private static string Range(int first, int last) => first == last ? Words.Number(first) : Words.Number(first) + "-" + Words.Number(last);

    private static string Command(IReadOnlyList<string> words)
    {
        if (!words.All(YamlText.IsPlainWord) || words[0].Contains('=', StringComparison.Ordinal))
            return List(words);
        string line = string.Join(' ', words);
        return words.Count == 1 ? YamlText.Scalar(line) : YamlText.IsPlain(line) ? line : List(words);
    }

    private static string List(IEnumerable<string> texts) => "[" + string.Join(", ", texts.Select(YamlText.Value)) + "]";

    private static StringBuilder Line(StringBuilder text, string indent, string key, string value) =>
        text.Append(indent).Append(key).Append(": ").Append(value).Append('\n');
}
