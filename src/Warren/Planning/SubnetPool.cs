using System.Net;
using Warren.Model;

namespace Warren.Planning;

/// <summary>Finds subnets that collide with nothing on the host.</summary>
/// <param name="taken">What is in use.</param>
internal sealed class SubnetPool(IReadOnlyList<TakenNetwork> taken)
{
    private const int PrefixLength = 30;

    // A VPN that takes all traffic does it with 0.0.0.0/1 and 128.0.0.0/1, others with eight of /3: as much a default route as 0.0.0.0/0.
    internal const int ShortestSubnet = 8;

    // Little used parts of the private ranges (RFC 1918); then shared address space (RFC 6598) and the range for benchmarks (RFC 2544).
    private const int FirstOfTen = 213;
    private const int LastOfTen = 254;

    private static readonly (byte First, byte Second, byte Third, int PrefixLength)[] Others =
    [
        (172, 29, 0, 16),
        (172, 30, 0, 16),
        (172, 31, 0, 16),
        (192, 168, 240, 20),
        (100, 126, 0, 16),
        (198, 18, 0, 16),
    ];

    /// <summary>Where subnets are, as long as it has a free one.</summary>
    internal static Cidr Usual { get; } = new(new IPAddress([10, FirstOfTen, 0, 0]), 16);

    private readonly List<TakenNetwork> _taken = [.. taken];
    private readonly List<Cidr> _reserved = [];
    private int _pool;
    private int _place;
    private List<(int First, int Last)>? _blocked;
    private int _next;

    /// <summary>A subnet of four addresses that is not in use; it is from now on. Null if there is none.</summary>
    public Cidr? Take()
    {
        for (; Pool(_pool) is { } pool; _pool++, _place = 0, _blocked = null)
        {
            if (_blocked is null)
            {
                _blocked = Blocked(pool);
                _next = 0;
            }
            while (_next < _blocked.Count && _blocked[_next].First <= _place)
            {
                _place = Math.Max(_place, _blocked[_next].Last + 1);
                _next++;
            }
            if (_place < 1 << (PrefixLength - pool.PrefixLength))
                return new Cidr(pool.At((UInt128)_place++ * 4), PrefixLength);
        }
        return null;
    }

    /// <summary>Keeps a subnet that is asked for by name: it is not given to one that may have any.</summary>
    public void Reserve(Cidr network)
    {
        _reserved.Add(network);
        _blocked = null;
    }

    /// <summary>Marks a subnet as in use.</summary>
    public void Add(Cidr network, string reason)
    {
        _taken.Add(new TakenNetwork(network, reason));
        _blocked = null;
    }

    /// <summary>Marks a subnet as free: the link that has it goes before any is made.</summary>
    public void Release(Cidr network)
    {
        _taken.RemoveAll(each => each.Network.PrefixLength >= network.PrefixLength && each.Network.Overlaps(network));
        _blocked = null;
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

    // Which places of a pool are in use, from the first to the last.
    private List<(int First, int Last)> Blocked(Cidr pool)
    {
        var blocked = new List<(int First, int Last)>();
        foreach (TakenNetwork network in _taken)
        {
            if (Counts(network.Network))
                Block(blocked, pool, network.Network);
        }
        foreach (Cidr network in _reserved)
            Block(blocked, pool, network);
        blocked.Sort();
        return blocked;
    }

    private static void Block(List<(int First, int Last)> blocked, Cidr pool, Cidr network)
    {
        if (!network.Overlaps(pool))
            return;
        if (network.PrefixLength <= pool.PrefixLength)
        {
            blocked.Add((0, int.MaxValue - 1));
            return;
        }
        int first = (int)(network.Offset(pool) / 4);
        int places = network.PrefixLength >= PrefixLength ? 1 : 1 << (PrefixLength - network.PrefixLength);
        blocked.Add((first, first + places - 1));
    }

    private static bool Counts(Cidr network) => network.PrefixLength >= ShortestSubnet;

    // 10.213.0.0/16 to 10.254.0.0/16, then the others; null after the last
    private static Cidr? Pool(int index)
    {
        if (index <= LastOfTen - FirstOfTen)
            return new Cidr(new IPAddress([10, (byte)(FirstOfTen + index), 0, 0]), 16);
        index -= LastOfTen - FirstOfTen + 1;
        return index < Others.Length
            ? new Cidr(new IPAddress([Others[index].First, Others[index].Second, Others[index].Third, 0]), Others[index].PrefixLength)
            : null;
    }
}
