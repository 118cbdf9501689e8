using Warren.Specs.Yaml;

namespace Warren.Specs;

/// <summary>A key of the file: what it does, for people and editors, and how it is read.</summary>
/// <param name="Name">The key.</param>
/// <param name="Description">One sentence.</param>
/// <param name="Schema">The JSON schema of its value, without the description.</param>
/// <param name="Bind">Reads the value.</param>
internal sealed record SpecKey<T>(string Name, string Description, string Schema, Action<Binder, Entry, T> Bind);

/// <summary>The keys that a mapping of one kind may have.</summary>
/// <param name="Where">The kind, as in "unknown key 'x' in a namespace".</param>
/// <param name="Keys">The keys.</param>
/// <param name="TakesExtensions">Whether keys that begin with <c>x-</c> are left alone.</param>
/// <param name="Foreign">What to write in place of a key of compose, or of one that belongs elsewhere; null for all others.</param>
internal sealed record KeySet<T>(string Where, SpecKey<T>[] Keys, bool TakesExtensions, Func<string, string?> Foreign);

/// <summary>All keys of the file. The binder, the schema and the suggestions have them from here.</summary>
internal static class SpecKeys
{
    private const string Text = """{ "type": "string" }""";
    private const string NamePattern = """{ "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$|\\$" }""";
    private const string Subnet = """{ "type": "string", "pattern": "^([0-9]{1,3}\\.){3}[0-9]{1,3}/[0-9]{1,2}$|\\$", "examples": ["192.168.0.0/24"] }""";
    private const string Address = """{ "type": "string", "pattern": "^([0-9]{1,3}\\.){3}[0-9]{1,3}/[0-9]{1,2}$|\\$", "examples": ["192.168.0.2/24"] }""";
    private const string Command = """{ "$ref": "#/$defs/command" }""";
    private const string Texts = """{ "type": ["array", "null"], "items": { "type": "string" } }""";

    private const string Capabilities = """{ "type": ["array", "null"], "items": { "$ref": "#/$defs/capability" }, "examples": [["net_admin"]] }""";

    /// <summary>The file itself.</summary>
    public static KeySet<SpecDraft> File { get; } = new(
        "the file",
        [
            new("name", "The project's name, which `warren ls` shows.", NamePattern, static (binder, entry, draft) => binder.ProjectName(entry, draft)),
            new(
                "namespaces",
                "The network namespaces, by name.",
                """{ "type": "object", "minProperties": 1, "propertyNames": { "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$" }, "additionalProperties": { "$ref": "#/$defs/namespace" } }""",
                static (binder, entry, draft) => binder.Namespaces(entry, draft)
            ),
            new("host", "What shall hold for the whole host while the project stands.", """{ "$ref": "#/$defs/host" }""", static (binder, entry, draft) => binder.Host(entry, draft)),
        ],
        TakesExtensions: true,
        static key => key switch
        {
            "services" => "services belong to a namespace: namespaces: {NAME: {services: {…}}}",
            "version" => "no version is needed; leave it out",
            "networks" or "volumes" or "secrets" or "configs" => "there is no such thing here; leave it out",
            "forward-policy" => "'forward-policy' belongs to 'host': host: {forward-policy: drop}",
            "namespace" or "ns" => "did you mean 'namespaces'?",
            _ => InService(key) ? $"'{key}' belongs to a namespace or a service: namespaces: {{NAME: {{…}}}}" : null,
        }
    );

    /// <summary>The host.</summary>
    public static KeySet<HostDraft> Host { get; } = new(
        "'host'",
        [
            new(
                "forward-policy",
                "drop: the host forwards nothing but what is of namespaces; docker, libvirt and all others lose their traffic.",
                """{ "enum": ["drop", "accept"], "default": "accept" }""",
                static (binder, entry, draft) => draft.DropsForwarded = binder.ForwardPolicy(entry) ?? draft.DropsForwarded
            ),
        ],
        TakesExtensions: false,
        static key => key is "policy" or "forward" or "forwarding" ? "did you mean 'forward-policy'?" : null
    );

    /// <summary>A namespace.</summary>
    public static KeySet<NamespaceDraft> Namespace { get; } = new(
        "a namespace",
        [
            new("subnet", "Its subnet: the host end gets the first address, the namespace the second. Chosen free if left out.", Subnet, static (binder, entry, draft) => binder.Subnet(entry, draft)),
            new("address", "Its address with prefix length; with gateway.", Address, static (binder, entry, draft) => binder.Address(entry, draft)),
            new("gateway", "The host end's address; with address.", """{ "type": "string", "pattern": "^([0-9]{1,3}\\.){3}[0-9]{1,3}$|\\$", "examples": ["192.168.0.1"] }""", static (binder, entry, draft) => binder.Gateway(entry, draft)),
            new("uplink", "The one link of the host by which it leaves; by any other its packets are refused. Any if left out.", """{ "type": "string", "pattern": "^[A-Za-z0-9_.][A-Za-z0-9_.@~=-]{0,14}$|\\$", "examples": ["tun0"] }""", static (binder, entry, draft) => binder.Uplink(entry, draft)),
            new("ports", "Ports to publish on the host: [HOSTIP:][HOSTPORT[-END]:]PORT[-END][/tcp|/udp], as docker's -p; HOSTPORT:fd hands its service a listening socket.", """{ "type": ["array", "null"], "items": { "$ref": "#/$defs/port" }, "examples": [["6000:8080"], ["127.0.0.1:6000:8080", "53:53/udp"], ["6000:fd"]] }""", static (binder, entry, draft) => binder.Ports(entry, draft)),
            new("dns", "Its name servers, three at most; the host's if left out.", """{ "anyOf": [{ "$ref": "#/$defs/servers" }, { "$ref": "#/$defs/dns" }], "examples": [["1.1.1.1"]] }""", static (binder, entry, draft) => binder.Dns(entry, draft)),
            new("environment", "Variables for its services.", """{ "$ref": "#/$defs/environment" }""", static (binder, entry, draft) => binder.Environment(entry, draft.Environment)),
            new("user", "As whom its services run: a name, a uid or UID:GID; who called sudo if left out.", """{ "type": ["string", "integer"], "examples": ["alice"] }""", static (binder, entry, draft) => draft.User = binder.Filled(entry) ?? draft.User),
            new("capabilities", "Capabilities that its services keep.", Capabilities, static (binder, entry, draft) => draft.Capabilities = binder.Capabilities(entry)),
            new("working_dir", "The folder that its services start in, relative to the file's; the file's if left out.", Text, static (binder, entry, draft) => draft.Directory = binder.Directory(entry) ?? draft.Directory),
            new("run", "The one program that runs in it; for several write services.", """{ "$ref": "#/$defs/short" }""", static (binder, entry, draft) => binder.Run(entry, draft)),
            new("services", "Programs that run in it, by name.", """{ "type": ["object", "null"], "propertyNames": { "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$" }, "additionalProperties": { "$ref": "#/$defs/short" } }""", static (binder, entry, draft) => binder.Services(entry, draft)),
        ],
        TakesExtensions: true,
        static key => key switch
        {
            "command" or "cmd" or "entrypoint" or "exec" => "did you mean 'run'?",
            "restart" or "depends_on" or "ready" or "stop_grace_period" => $"'{key}' belongs to a service: run: {{command: …, {key}: …}}",
            "publish" or "expose" or "forward" => "did you mean 'ports'?",
            "ip" or "ipv4_address" => "did you mean 'address'?",
            "interface" or "via" or "egress" => "did you mean 'uplink'?",
            "service" or "programs" => "did you mean 'services'?",
            "forward-policy" => "'forward-policy' is the host's: host: {forward-policy: drop}, beside namespaces",
            _ => Compose(key),
        }
    );

    /// <summary>A service, or what stands below <c>run</c>.</summary>
    public static KeySet<ServiceDraft> Service { get; } = new(
        "a service",
        [
            new("command", "The program and its arguments: a list, or a text that is split into words as a shell splits it, with nothing expanded.", Command, static (binder, entry, draft) => binder.Command(entry.Value, draft)),
            new("working_dir", "The folder it starts in, relative to the file's.", Text, static (binder, entry, draft) => draft.Directory = binder.Directory(entry) ?? draft.Directory),
            new("environment", "Variables, beside those of the namespace.", """{ "$ref": "#/$defs/environment" }""", static (binder, entry, draft) => binder.Environment(entry, draft.Environment)),
            new("user", "As whom it runs: a name, a uid or UID:GID.", """{ "type": ["string", "integer"], "examples": ["alice"] }""", static (binder, entry, draft) => draft.User = binder.Filled(entry) ?? draft.User),
            new("capabilities", "Capabilities that it keeps, in place of the namespace's.", Capabilities, static (binder, entry, draft) => draft.Capabilities = binder.Capabilities(entry)),
            new("restart", "When it is started again after it ended.", """{ "anyOf": [{ "enum": ["no", "always", "on-failure"] }, { "type": "string", "pattern": "^on-failure:[1-9][0-9]*$|\\$" }], "default": "no" }""", static (binder, entry, draft) => binder.Restart(entry, draft)),
            new("depends_on", "Services that must be ready before it starts: SERVICE of the same namespace, NAMESPACE/SERVICE, or NAMESPACE.", """{ "type": ["array", "null"], "items": { "type": "string" }, "examples": [["db"]] }""", static (binder, entry, draft) => binder.DependsOn(entry, draft)),
            new("ready", "How one knows that it is ready: a port on which somebody listens, or a command that succeeds.", """{ "$ref": "#/$defs/ready" }""", static (binder, entry, draft) => binder.Ready(entry, draft)),
            new("stop_grace_period", "How long it has to end after SIGTERM; 10s if left out.", """{ "$ref": "#/$defs/duration" }""", static (binder, entry, draft) => draft.StopGrace = binder.Duration(entry) ?? draft.StopGrace),
        ],
        TakesExtensions: true,
        static key => key switch
        {
            "run" or "cmd" or "entrypoint" or "exec" => "did you mean 'command'?",
            "ports" or "dns" or "subnet" or "address" or "gateway" => $"'{key}' belongs to the namespace, beside 'run' or 'services'",
            "healthcheck" or "readiness" => "did you mean 'ready'?",
            "publish" or "expose" => "ports belong to the namespace: ports: [\"6000:8080\"]",
            "after" or "requires" or "needs" => "did you mean 'depends_on'?",
            _ => Compose(key),
        }
    );

    /// <summary>Name servers in their long form.</summary>
    public static KeySet<DnsDraft> Dns { get; } = new(
        "'dns'",
        [
            new("servers", "Addresses of name servers, three at most.", """{ "$ref": "#/$defs/servers" }""", static (binder, entry, draft) => draft.Servers = binder.Servers(entry)),
            new("search", "Domains to look names up in.", Texts, static (binder, entry, draft) => draft.Search = binder.Search(entry)),
        ],
        TakesExtensions: false,
        static key => key is "nameservers" or "server" ? "did you mean 'servers'?" : key is "dns_search" or "domains" ? "did you mean 'search'?" : null
    );

    /// <summary>A port in its long form.</summary>
    public static KeySet<PortDraft> Port { get; } = new(
        "a port",
        [
            new("host", "The host's port, or several as in 8000-8009; any free one if left out.", """{ "$ref": "#/$defs/portNumber" }""", static (binder, entry, draft) => draft.Host = binder.PortNumber(entry, draft)),
            new("port", "The port inside.", """{ "$ref": "#/$defs/portNumber" }""", static (binder, entry, draft) => draft.Port = binder.PortNumber(entry, draft)),
            new("protocol", "tcp or udp; tcp if left out.", """{ "enum": ["tcp", "udp"] }""", static (binder, entry, draft) => draft.Protocol = binder.PortProtocol(entry, draft)),
            new("address", "The host's address that answers; all if left out.", Text, static (binder, entry, draft) => draft.Address = binder.PortAddress(entry, draft)),
            new("listen", "In place of port: services are handed a socket that listens on the host's port, as systemd does (LISTEN_FDS).", """{ "anyOf": [{ "type": "boolean" }, { "type": "string", "pattern": "^(true|false)$|\\$" }] }""", static (binder, entry, draft) => draft.Listen = binder.PortListen(entry, draft)),
            new("service", "With listen: the service that is handed the socket, or several; the only one if left out.", """{ "anyOf": [{ "type": "string" }, { "type": "array", "minItems": 1, "items": { "type": "string" } }] }""", static (binder, entry, draft) => draft.Services = binder.PortServices(entry, draft)),
        ],
        TakesExtensions: false,
        static key => key switch
        {
            "target" or "container" or "container_port" => "did you mean 'port'?",
            "published" or "host_port" => "did you mean 'host'?",
            "host_ip" or "ip" => "did you mean 'address'?",
            "fd" or "socket" or "activate" => "did you mean 'listen'?",
            "services" => "did you mean 'service'?",
            "mode" or "app_protocol" or "name" => "there is no such thing here; leave it out",
            _ => null,
        }
    );

    /// <summary>When a service is ready.</summary>
    public static KeySet<ReadyDraft> Ready { get; } = new(
        "'ready'",
        [
            new("port", "A port of the namespace on which somebody listens then: 8080, or 53/udp.", """{ "anyOf": [{ "type": "integer", "minimum": 1, "maximum": 65535 }, { "type": "string", "pattern": "^[0-9]{1,5}(/tcp|/udp)?$|\\$" }] }""", static (binder, entry, draft) => binder.ReadyPort(entry, draft)),
            new("command", "A command that ends with 0 then.", Command, static (binder, entry, draft) => binder.ReadyCommand(entry, draft)),
            new("timeout", "After how long the service counts as failed; 30s if left out.", """{ "$ref": "#/$defs/duration" }""", static (binder, entry, draft) => binder.ReadyTimeout(entry, draft)),
        ],
        TakesExtensions: false,
        static key => key switch
        {
            "test" or "exec" or "cmd" => "did you mean 'command'?",
            "tcp" or "udp" or "listen" => "did you mean 'port'?",
            "start_period" or "interval" or "retries" => "write how long it may take at most: timeout: 30s",
            _ => null,
        }
    );

    private static bool InService(string key)
    {
        foreach (SpecKey<NamespaceDraft> each in Namespace.Keys)
        {
            if (each.Name == key)
                return true;
        }
        foreach (SpecKey<ServiceDraft> each in Service.Keys)
        {
            if (each.Name == key)
                return true;
        }
        return false;
    }

    private static string? Compose(string key) =>
        key switch
        {
            "image" or "build" or "container_name" or "platform" or "pull_policy" => "there are no images here: the host's own programs run; leave it out",
            "volumes" or "tmpfs" or "devices" or "secrets" or "configs" => "the host's own files are seen as they are; leave it out",
            "networks" or "network_mode" or "links" or "hostname" or "extra_hosts" => "each namespace has its own network already; leave it out",
            "env" or "env_file" or "variables" => "did you mean 'environment'?",
            "cap_add" or "caps" or "cap" => "did you mean 'capabilities'?",
            "cap_drop" or "privileged" or "security_opt" => "all is dropped but what 'capabilities' names",
            "workdir" or "cwd" or "directory" or "dir" => "did you mean 'working_dir'?",
            "dns_search" => "it is written dns: {servers: […], search: […]}",
            "uid" or "group" => "did you mean 'user'? It takes UID:GID too",
            _ => null,
        };
}
