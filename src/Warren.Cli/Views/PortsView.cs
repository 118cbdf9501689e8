using System.Text.Json;
using Warren.Kernel;
using Warren.Model;
using Warren.Planning;

namespace Warren.Cli.Views;

/// <summary>Published ports, a line each.</summary>
internal static class PortsView
{
    public static void Write(Observed observed, IReadOnlyList<HandedSocket> sockets, bool json)
    {
        KeyValuePair<HostPort, Target>[] forwards =
        [
            .. observed
                .Forwards.OrderBy(entry => entry.Key.Port)
                .ThenBy(entry => entry.Key.Protocol)
                .ThenBy(entry => entry.Key.HostAddress?.ToString() ?? "", StringComparer.Ordinal),
        ];
        var names = new Dictionary<System.Net.IPAddress, string>();
        foreach (ObservedNamespace space in observed.Namespaces)
        {
            if (space.Link?.Mark is { } mark)
                names.TryAdd(mark.Inside.Address, space.Name);
        }
        if (json)
        {
            Json.Write(writer =>
            {
                writer.WriteStartArray();
                foreach ((HostPort host, Target target) in forwards)
                    WriteForward(writer, host, target.Port, target, names.GetValueOrDefault(target.Address));
                foreach (HandedSocket socket in sockets)
                    WriteSocket(writer, socket);
                writer.WriteEndArray();
            });
            return;
        }
        if (forwards.Length + sockets.Count == 0)
        {
            Output.Line("no published ports; warren publish NAME 6000:8080 makes one");
            return;
        }
        var table = new Table("HOST", "NAMESPACE", "TARGET");
        foreach ((HostPort host, Target target) in forwards)
            table.Add(host.ToString(), names.GetValueOrDefault(target.Address) ?? "-", target.ToString());
        foreach (HandedSocket socket in sockets)
            table.Add(socket.Host.ToString(), socket.Namespace, "fd of " + Terminal.Safe(socket.Program));
        table.Write();
    }

    private static void WriteSocket(Utf8JsonWriter json, HandedSocket socket)
    {
        json.WriteStartObject();
        json.WriteString("hostAddress", socket.Host.HostAddress?.ToString());
        json.WriteNumber("hostPort", socket.Host.Port);
        json.WriteString("protocol", socket.Host.Protocol.Word());
        json.WriteBoolean("listen", true);
        json.WriteString("namespace", socket.Namespace);
        json.WriteString("program", socket.Program);
        json.WriteEndObject();
    }

    internal static void WriteForward(Utf8JsonWriter json, HostPort host, int port, Target? target = null, string? name = null)
    {
        json.WriteStartObject();
        json.WriteString("hostAddress", host.HostAddress?.ToString());
        json.WriteNumber("hostPort", host.Port);
        json.WriteString("protocol", host.Protocol == Protocol.Tcp ? "tcp" : "udp");
        json.WriteNumber("port", port);
        if (target is { } where)
        {
            json.WriteString("address", where.Address.ToString());
            json.WriteString("namespace", name);
        }
        json.WriteEndObject();
    }
}
