using System.Net;
using Warren.Model;

namespace Warren.Planning;

/// <summary>Finds subnets that collide with nothing on the host.</summary>
/// <param name="taken">What is in use.</param>
internal sealed class SubnetPool(IReadOnlyList<TakenNetwork> taken)
{
    private const int PrefixLength = 30;

    // A VPN that takes all traffic does it with 0.0.0.0/1 and 128.0.0.0/1, others with eight of /3: as much a default route as 0.0.0.0/0.
    private const int ShortestSubnet = 8;

    // Little used parts of the private ranges (RFC 1918); then shared address space (RFC 6598) and the range for benchmarks (RFC 2544).
    private static readonly Cidr[] Pools =
    [
        .. Enumerable.Range(213, 42).Select(second => Pool($"10.{second}.0.0", 16)),
        Pool("172.29.0.0", 16),
        Pool("172.30.0.0", 16),
        Pool("172.31.0.0", 16),
        Pool("192.168.240.0", 20),
        Pool("100.126.0.0", 16),
        Pool("198.18.0.0", 16),
    ];

    private readonly List<TakenNetwork> _taken = [.. taken];
    private int _pool;
    private int _place;
    private List<Cidr>? _inPool;

    /// <summary>A subnet of four addresses that is not in use; it is from now on. Null if there is none.</summary>
    public Cidr? Take()
    {
        for (; _pool < Pools.Length; _pool++, _place = 0, _inPool = null)
        {
            Cidr pool = Pools[_pool];
            _inPool ??= InPool(pool);
            int places = 1 << (PrefixLength - pool.PrefixLength);
            while (_place < places)
            {
                var candidate = new Cidr(pool.At((UInt128)_place * 4), PrefixLength);
                int skip = Blocked(candidate, pool);
                if (skip == 0)
                {
                    _place++;
                    return candidate;
                }
                _place += skip;
            }
        }
        return null;
    }

    /// <summary>Marks a subnet as in use.</summary>
    public void Add(Cidr network, string reason)
    {
        _taken.Add(new TakenNetwork(network, reason));
        _inPool = null;
    }

    /// <summary>What a subnet collides with, or null.</summary>
    /// <param name="host">The host end's address in the subnet.</param>
    /// <param name="except">The address of a host end that is to be replaced by this one.</param>
    public TakenNetwork? Overlap(Cidr host, Cidr? except)
    {
        foreach (TakenNetwork network in _taken)
        {
            if (Counts(network.Network) && network.Network.Overlaps(host) && !(except is { } own && own.Network.Overlaps(network.Network)))
                return network;
        }
        return null;
    }

    // How many places from the candidate on are in use: 0 if it is free.
    private int Blocked(Cidr candidate, Cidr pool)
    {
        foreach (Cidr network in _inPool!)
        {
            if (!network.Overlaps(candidate))
                continue;
            if (network.PrefixLength <= pool.PrefixLength)
                return 1 << (PrefixLength - pool.PrefixLength);
            return network.PrefixLength >= PrefixLength ? 1 : 1 << (PrefixLength - network.PrefixLength);
        }
        return 0;
    }

    private List<Cidr> InPool(Cidr pool)
    {
        var networks = new List<Cidr>();
        foreach (TakenNetwork network in _taken)
        {
            if (Counts(network.Network) && network.Network.Overlaps(pool))
                networks.Add(network.Network);
        }
        return networks;
    }

    private static bool Counts(Cidr network) => network.PrefixLength >= ShortestSubnet;

    private static Cidr Pool(string address, int prefixLength) => new(IPAddress.Parse(address), prefixLength);
}
