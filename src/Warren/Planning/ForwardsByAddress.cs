using System.Net;
using Warren.Model;

namespace Warren.Planning;

/// <summary>Forwards in force by the address that they lead to: of a thousand namespaces each finds its own without looking at all.</summary>
internal sealed class ForwardsByAddress
{
    private readonly Dictionary<IPAddress, List<Forward>> _forwards = [];

    /// <summary>Takes them all.</summary>
    public ForwardsByAddress(IReadOnlyDictionary<HostPort, Target> forwards)
    {
        foreach ((HostPort host, Target target) in forwards)
        {
            if (!_forwards.TryGetValue(target.Address, out List<Forward>? list))
                _forwards[target.Address] = list = [];
            list.Add(new Forward(host, target.Port));
        }
        foreach (List<Forward> list in _forwards.Values)
        {
            if (list.Count > 1)
                list.Sort((a, b) => Removal.Order(a.Host).CompareTo(Removal.Order(b.Host)));
        }
    }

    /// <summary>Those that lead to an address, in the order in which ports are told.</summary>
    public IReadOnlyList<Forward> To(IPAddress address) => _forwards.TryGetValue(address, out List<Forward>? list) ? list : [];
}
