namespace Warren.Firewall.Neighbours;

/// <summary>By what Warren's table and rules are known.</summary>
internal static class Marks
{
    /// <summary>The comment of Warren's rules in chains of other firewalls.</summary>
    public const string Comment = "warren";

    /// <summary>The name of Warren's own table, of family inet.</summary>
    public const string Table = "warren";

    /// <summary>What the names of tables begin with that follow packets for a moment, of family inet.</summary>
    public const string TracePrefix = "warren-trace-";
}
