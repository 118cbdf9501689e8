using Warren.Kernel;
using Warren.Model;
using Warren.Planning;

namespace Warren.Cli.Views;

/// <summary>One namespace in full.</summary>
internal static class ShowView
{
    public static void Write(Observed observed, ObservedNamespace space, Inside inside, bool json)
    {
        if (json)
        {
            WriteJson(observed, space, inside);
            return;
        }
        Output.Line($"{space.Name}: {ListView.State(space, observed)}");
        if (space.Link is { } link)
            Output.Line($"  link       {link.Name} {link.Host?.ToString() ?? "without address"} on the host");
        foreach (InsideLink each in inside.Links)
        {
            string addresses = each.Addresses.Count == 0 ? "without address" : string.Join(' ', each.Addresses);
            Output.Line($"  inside     {Terminal.Safe(each.Name)} {addresses}, {(each.Up ? "up" : "down")}, mtu {each.Mtu}");
        }
        foreach (string gateway in inside.Gateways)
            Output.Line($"  route      default via {gateway}");
        if (space.Link?.Mark?.Uplink is { } uplink)
            Output.Line($"  uplink     {uplink} only");
        foreach (string range in LinkMark.Ranges(ListView.ForwardsOf(new ForwardsByAddress(observed.Forwards), space)))
            Output.Line($"  published  {range}");
        foreach (HandedSocket socket in HandedSockets.Find([space]))
            Output.Line($"  listens    {ListenRequest.Of([socket.Host])[0]}, {Terminal.Safe(socket.Program)}");
        foreach (InsideProcess process in inside.Processes)
            Output.Line($"  process    {process.Id} {process.Name}");
    }

    private static void WriteJson(Observed observed, ObservedNamespace space, Inside inside) =>
        Json.Write(json =>
        {
            json.WriteStartObject();
            ListView.WriteMembers(json, observed, new ForwardsByAddress(observed.Forwards), space);
            json.WriteStartArray("inside");
            foreach (InsideLink link in inside.Links)
            {
                json.WriteStartObject();
                json.WriteString("name", link.Name);
                json.WriteBoolean("up", link.Up);
                json.WriteNumber("mtu", link.Mtu);
                json.WriteStartArray("addresses");
                foreach (Cidr address in link.Addresses)
                    json.WriteStringValue(address.ToString());
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteStartArray("gateways");
            foreach (string gateway in inside.Gateways)
                json.WriteStringValue(gateway);
            json.WriteEndArray();
            json.WriteStartArray("processes");
            foreach (InsideProcess process in inside.Processes)
            {
                json.WriteStartObject();
                json.WriteNumber("pid", process.Id);
                json.WriteString("name", process.Name);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        });
}
