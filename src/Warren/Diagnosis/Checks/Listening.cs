using System.Net;
using Warren.Model;
using Warren.Planning;

namespace Warren.Diagnosis.Checks;

/// <summary>Whether somebody inside answers a published port.</summary>
internal static class Listening
{
    public static IEnumerable<Finding> Check(Condition condition)
    {
        foreach ((ObservedNamespace space, _, LinkMark mark) in condition.Marked)
        {
            if (space.Presence != Presence.Standing || condition.Inside(space.Name) is not { } inside)
                continue;
            IReadOnlyList<Forward> forwards = condition.ForwardsOf(mark);
            var silent = new List<Forward>();
            foreach (var same in forwards.GroupBy(forward => (forward.Port, forward.Host.Protocol)))
            {
                Server[] there = [.. inside.Servers.Where(server => server.Port == same.Key.Port && server.Protocol == same.Key.Protocol)];
                if (Array.Exists(there, server => server.Takes(mark.Inside.Address)))
                    continue;
                if (there.Length > 0)
                    yield return Elsewhere(space.Name, mark, [.. same], there);
                else
                    silent.AddRange(same);
            }
            if (silent.Count == 0)
                continue;
            Server[] spare =
            [
                .. inside.Servers.Where(server => server.Protocol == Protocol.Tcp && !forwards.Any(forward => forward.Port == server.Port && forward.Host.Protocol == Protocol.Tcp)),
            ];
            List<Forward> tcp = silent.FindAll(forward => forward.Host.Protocol == Protocol.Tcp);
            if (tcp.Count > 0 && spare.Length > 0)
            {
                yield return OtherPort(space.Name, tcp, spare);
                silent.RemoveAll(tcp.Contains);
            }
            foreach (IGrouping<Protocol, Forward> same in silent.GroupBy(forward => forward.Host.Protocol))
                yield return Nobody(space.Name, [.. same]);
        }
    }

    private static Finding Elsewhere(string name, LinkMark mark, IReadOnlyList<Forward> forwards, Server[] there)
    {
        bool loopback = Array.TrueForAll(there, server => IPAddress.IsLoopback(server.Address));
        Server first = there[0];
        string where = string.Join(", ", there.Select(server => $"{server.Process} listens on {server.Where}").Distinct());
        string only = loopback ? "" : $", and the port leads to {mark.Inside.Address}";
        return new Finding(
            loopback ? Troubles.ServerOnLoopback : Troubles.ServerOnOtherAddress,
            loopback ? $"nothing listens on port {Port(forwards[0])} inside that others reach; {where}" : $"{where}{only}"
        )
        {
            Namespace = name,
            Ports = [.. forwards.Select(forward => forward.Host)],
            Consequence = Answer(forwards),
            Remedy = "start it with an address that others reach: " + Again(first),
        };
    }

    private static Finding OtherPort(string name, List<Forward> forwards, Server[] spare)
    {
        string where = string.Join(", ", spare.Take(3).Select(server => $"{server.Process} listens on {server.Where}"));
        return new Finding(Troubles.ServerOnOtherPort, $"nothing listens on port {Inside(forwards)} inside; {where}")
        {
            Namespace = name,
            Ports = [.. forwards.Select(forward => forward.Host)],
            Consequence = Answer(forwards),
            Remedy = $"start it on port {Port(forwards[0])}; or warren unpublish {name} {forwards[0]}, and warren publish {name} {forwards[0] with { Port = spare[0].Port }}",
        };
    }

    private static Finding Nobody(string name, List<Forward> forwards) =>
        new(Troubles.NobodyListens, $"nothing listens on port {Inside(forwards)} inside")
        {
            Namespace = name,
            Ports = [.. forwards.Select(forward => forward.Host)],
            Consequence = Answer(forwards),
            Remedy = $"warren exec {name} -- COMMAND, to start a server there",
        };

    // the forwards are of one protocol
    private static string Answer(IReadOnlyList<Forward> forwards)
    {
        IEnumerable<string> ports = LinkMark.Ranges(forwards).Select(range => range[..range.LastIndexOf(':')]);
        bool one = forwards.Count == 1;
        string named = $"{(one ? "port" : "ports")} {string.Join(' ', ports)}";
        return forwards[0].Host.Protocol == Protocol.Tcp
            ? $"{named} of this host {(one ? "answers" : "answer")} \"connection refused\""
            : $"what is sent to UDP {named} of this host is lost";
    }

    private static string Inside(List<Forward> forwards) =>
        string.Join(' ', LinkMark.Ranges(forwards).Select(range => range[(range.LastIndexOf(':') + 1)..]).Distinct());

    private static string Port(Forward forward) => Words.Number(forward.Port) + (forward.Host.Protocol == Protocol.Udp ? "/udp" : "");

    // The command with which it was started, with the address that everybody reaches; in general words where that is not certain.
    private static string Again(Server server)
    {
        const string Everywhere = "0.0.0.0";
        string[] words = [.. server.Command];
        int program = Array.FindIndex(words, word => Path.GetFileName(word) == "flask");
        if (program >= 0)
        {
            List<string> own = ["flask", .. words[(program + 1)..]];
            int option = own.FindIndex(word => word is "--host" or "-h");
            if (option >= 0 && option + 1 < own.Count)
                own[option + 1] = Everywhere;
            else
                own.InsertRange(own.Contains("run") ? own.IndexOf("run") + 1 : own.Count, ["--host", Everywhere]);
            return Told(own);
        }
        bool changed = false;
        for (int i = 0; i < words.Length; i++)
        {
            foreach (string own in (string[])["127.0.0.1", "localhost", "::1"])
            {
                // a word of its own, or --bind=127.0.0.1:8080; not a part of a longer text
                if (words[i] != own && !words[i].EndsWith("=" + own, StringComparison.Ordinal) && !words[i].Contains(own + ":" + server.Port, StringComparison.Ordinal))
                    continue;
                words[i] = words[i].Replace(own, Everywhere, StringComparison.Ordinal);
                changed = true;
            }
        }
        return changed ? Told(words) : $"{Everywhere} in place of {server.Address}";
    }

    private static string Told(IReadOnlyList<string> words)
    {
        const int Longest = 200;
        string command = string.Join(' ', words.Select(Planning.Steps.Step.Quote));
        return command.Length > Longest ? command[..Longest] + "…" : command;
    }
}
