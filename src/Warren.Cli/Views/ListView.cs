using System.Text.Json;
using Warren.Model;
using Warren.Planning;

namespace Warren.Cli.Views;

/// <summary>Warren's namespaces, a line each.</summary>
internal static class ListView
{
    public static void Write(Observed observed, bool json)
    {
        ObservedNamespace[] spaces =
        [
            .. observed.Namespaces.Where(space => space.Link is not null || space.IsOurs || space.Presence == Presence.HalfMade).OrderBy(space => space.Name, StringComparer.Ordinal),
        ];
        var forwards = new ForwardsByAddress(observed.Forwards);
        if (json)
        {
            Json.Write(writer => WriteJson(writer, observed, forwards, spaces));
            return;
        }
        if (spaces.Length == 0)
        {
            Output.Line("no namespaces; warren add web1 makes one");
            return;
        }
        var table = new Table("NAME", "STATE", "ADDRESS", "GATEWAY", "LINK", "PUBLISHED");
        foreach (ObservedNamespace space in spaces)
        {
            table.Add(
                Terminal.Safe(space.Name),
                State(space, observed),
                space.Link?.Mark?.Inside.ToString() ?? "-",
                space.Link?.Host?.Address.ToString() ?? "-",
                space.Link?.Name ?? "-",
                string.Join(' ', LinkMark.Ranges(ForwardsOf(forwards, space)))
            );
        }
        table.Write();
    }

    /// <summary><c>up</c>; else what is missing.</summary>
    internal static string State(ObservedNamespace space, Observed observed)
    {
        if (space.Presence != Presence.Standing)
            return space.Presence == Presence.HalfMade ? "half-made" : "no namespace";
        if (space.Link is not { } link)
            return "no link";
        if (link.Mark is null || !link.Up)
            return "half-made";
        if (observed.Ruleset != RulesetState.Intact)
            return observed.Ruleset == RulesetState.Absent ? "no rules" : "rules damaged";
        foreach (Forward forward in link.Mark.Forwards)
        {
            if (!observed.Forwards.TryGetValue(forward.Host, out Target target) || target != new Target(link.Mark.Inside.Address, forward.Port))
                return "ports missing";
        }
        return link.Mark.Adopted ? "up, adopted" : "up";
    }

    /// <summary>The forwards that lead to a namespace, as the kernel has them.</summary>
    internal static IReadOnlyList<Forward> ForwardsOf(ForwardsByAddress forwards, ObservedNamespace space) =>
        space.Link?.Mark is { } mark ? forwards.To(mark.Inside.Address) : [];

    private static void WriteJson(Utf8JsonWriter json, Observed observed, ForwardsByAddress forwards, ObservedNamespace[] spaces)
    {
        json.WriteStartArray();
        foreach (ObservedNamespace space in spaces)
        {
            json.WriteStartObject();
            WriteMembers(json, observed, forwards, space);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    internal static void WriteMembers(Utf8JsonWriter json, Observed observed, ForwardsByAddress forwards, ObservedNamespace space)
    {
        json.WriteString("name", space.Name);
        json.WriteString("state", State(space, observed));
        json.WriteBoolean("adopted", space.Link?.Mark?.Adopted == true);
        json.WriteString("address", space.Link?.Mark?.Inside.ToString());
        json.WriteString("gateway", space.Link?.Host?.Address.ToString());
        json.WriteString("link", space.Link?.Name);
        json.WriteString("uplink", space.Link?.Mark?.Uplink);
        json.WriteStartArray("ports");
        foreach (Forward forward in ForwardsOf(forwards, space))
            PortsView.WriteForward(json, forward.Host, forward.Port);
        json.WriteEndArray();
    }
}
