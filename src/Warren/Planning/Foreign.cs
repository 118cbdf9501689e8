using Warren.Model;

namespace Warren.Planning;

/// <summary>How a firewall's rules are kept.</summary>
public enum FirewallBackend
{
    /// <summary>nf_tables, written by nft or a library.</summary>
    Nft,

    /// <summary>nf_tables, written by iptables-nft.</summary>
    IptablesNft,

    /// <summary>The legacy tables, which nf_tables does not show.</summary>
    IptablesLegacy,
}

/// <summary>A base chain of another firewall, by its place.</summary>
/// <param name="Backend">How it is kept.</param>
/// <param name="Family">As nft writes it: <c>ip</c>, <c>inet</c>.</param>
/// <param name="Table">Its table: <c>filter</c>.</param>
/// <param name="Name">Its name: <c>FORWARD</c>.</param>
public sealed record ForeignChain(FirewallBackend Backend, string Family, string Table, string Name)
{
    /// <summary>The chain where the neighbour wants other people's rules, which this one jumps to: <c>DOCKER-USER</c>; else itself.</summary>
    public string Place { get; init; } = Name;

    /// <summary>In words: <c>chain FORWARD of table ip filter (iptables-nft)</c>.</summary>
    public override string ToString()
    {
        string tool = Backend switch
        {
            FirewallBackend.IptablesNft => " (iptables-nft)",
            FirewallBackend.IptablesLegacy => " (iptables-legacy)",
            _ => "",
        };
        string family = Backend == FirewallBackend.IptablesLegacy ? "" : Family + " ";
        return $"chain {Name} of table {family}{Table}{tool}{(Place == Name ? "" : $", there in {Place}")}";
    }
}

/// <summary>A chain of another firewall that drops what Warren forwards: an accept elsewhere does not override it.</summary>
/// <param name="Chain">Which chain.</param>
/// <param name="Cause">Why: <c>policy drop</c>, or the rule's text.</param>
/// <param name="Owner">Whose it is, as far as it can be told: <c>docker</c>, <c>ufw</c>; empty if not.</param>
/// <param name="Opened">Whether Warren's accept rules stand at its head already.</param>
public sealed record Obstacle(ForeignChain Chain, string Cause, string Owner, bool Opened);

/// <summary>A rule of another firewall that certainly drops what a namespace starts, or what is for one of its ports, on every uplink.</summary>
/// <param name="Namespace">The namespace.</param>
/// <param name="Protocol">Of which protocol; null for all.</param>
/// <param name="Obstacle">The chain, and the rule.</param>
public sealed record Block(string Namespace, Protocol? Protocol, Obstacle Obstacle)
{
    /// <summary>Of which published port; null for what the namespace starts.</summary>
    public Forward? Forward { get; init; }

    /// <summary>Why it is in the way, and what can be done.</summary>
    internal Refusal Refusal =>
        new(
            $"{Namespace}: {Obstacle.Chain}{(Obstacle.Owner.Length > 0 ? ", kept by " + Obstacle.Owner : "")}, drops "
                + (Forward is { } forward ? $"what comes for port {forward.Host}" : $"all{(Protocol is { } protocol ? " " + protocol.Word() : "")} that it sends out")
                + $": {Obstacle.Cause}",
            "take that rule out, or put one before it that lets wrn-* pass; or --no-neighbours, which goes on without these packets"
        );
}

/// <summary>A rule of another firewall that takes a port away before Warren's forward could.</summary>
/// <param name="Host">Which port.</param>
/// <param name="Place">Where the rule is and what it says: <c>table ip nat, chain DOCKER: tcp dport 6000 dnat to 172.17.0.2:80</c>.</param>
public sealed record ForeignForward(HostPort Host, string Place);
