using System.Runtime.InteropServices;
using Warren.Model;
using Warren.Running.Services;

namespace Warren.Cli.Views;

/// <summary>Lines of services, each with the service's name before it: in colours at a terminal, unless NO_COLOR is set.</summary>
internal sealed partial class LogView
{
    // cyan, yellow, green, magenta, blue, and these again, bright; red is for what goes wrong
    private static readonly int[] s_colours = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];

    private readonly Dictionary<string, string> _prefixes = new(StringComparer.Ordinal);
    private readonly bool _coloured;

    /// <param name="services">The full names of all whose lines may come.</param>
    /// <param name="always">Whether also a single one is named.</param>
    public LogView(IReadOnlyList<string> services, bool always = false)
    {
        _coloured = isatty(1) == 1 && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        int width = 0;
        int count = 0;
        foreach (string service in services)
        {
            // what the supervisor itself says is rare
            if (service == LogFile.Own)
                continue;
            width = Math.Max(width, service.Length);
            count++;
        }
        for (int i = 0; i < services.Count; i++)
        {
            string name = Terminal.Safe(Shown(services[i])).PadRight(width);
            string prefix = count == 1 && !always && services[i] != LogFile.Own ? "" : _coloured ? $"\x1b[{s_colours[i % s_colours.Length]}m{name} |\x1b[0m " : name + " | ";
            _prefixes[services[i]] = prefix;
        }
    }

    /// <summary>Writes a line; what a terminal would obey is written out, but for tabs.</summary>
    public void Write(string service, string line) => Output.Line(Prefix(service) + SafeLine(line));

    /// <summary>Writes what Warren says about a service.</summary>
    public void Say(string service, string text) => Output.Line(Prefix(service) + (_coloured ? $"\x1b[2m[{SafeLine(text)}]\x1b[0m" : $"[{SafeLine(text)}]"));

    /// <summary>Writes a line of a log.</summary>
    public void Write(LogLine line)
    {
        if (line.IsWarrens)
            Say(line.Service, line.Text);
        else
            Write(line.Service, line.Text);
    }

    /// <summary>A line that is fit for a terminal: tabs stay, and a carriage return at the end goes.</summary>
    public static string SafeLine(string line)
    {
        if (line.EndsWith('\r'))
            line = line[..^1];
        return line.Contains('\t', StringComparison.Ordinal) ? string.Join('\t', line.Split('\t').Select(Terminal.Safe)) : Terminal.Safe(line);
    }

    private string Prefix(string service) => _prefixes.TryGetValue(service, out string? prefix) ? prefix : Terminal.Safe(Shown(service)) + " | ";

    private static string Shown(string service) => service == LogFile.Own ? "warren" : service;

    [LibraryImport("libc")]
    private static partial int isatty(int fd);
}
