using System.Globalization;
using System.Text;
using BenchmarkDotNet.Attributes;
using Warren.Model;
using Warren.Specs;

namespace Warren.Bench;

/// <summary>A file of 1,000 namespaces, read.</summary>
public class Files
{
    private static readonly SpecSource[] s_bare = [Source("")];
    private static readonly SpecSource[] s_served = [Source(", run: { command: \"flask run --port 8080\", ready: { port: 8080 }, restart: on-failure }")];

    /// <summary>A published port each.</summary>
    [Benchmark]
    public int Ports() => Namespaces(s_bare).Namespaces.Count;

    /// <summary>A published port and a service each.</summary>
    [Benchmark]
    public int Services() => Namespaces(s_served).Namespaces.Count;

    internal static Spec Namespaces() => Namespaces(s_bare);

    private static Spec Namespaces(SpecSource[] sources) => SpecReader.Read(sources, _ => null);

    private static SpecSource Source(string more)
    {
        var text = new StringBuilder("name: bench\nnamespaces:\n");
        for (int i = 0; i < 1000; i++)
            text.Append(CultureInfo.InvariantCulture, $"  w{i}: {{ ports: [\"{6000 + i}:8080\"]{more} }}\n");
        return new SpecSource("warren.yaml", text.ToString(), "/");
    }
}
