using Warren.Planning;
using Warren.Planning.Steps;

namespace Warren.Diagnosis.Checks;

/// <summary>How large packets may be along the way.</summary>
internal static class PacketSizes
{
    // a link of fewer bytes is none for IPv4 (RFC 791), and not counted when links are made either
    private const uint Smallest = 576;

    public static IEnumerable<Finding> Check(Condition condition)
    {
        foreach ((ObservedNamespace space, ObservedLink link, _) in condition.Marked)
        {
            SpaceLink? end = condition.Inside(space.Name)?.Links.FirstOrDefault(each => each.HostEnd == link.Name);
            if (end is not null && end.Mtu != link.Mtu)
            {
                uint less = Math.Min(end.Mtu, link.Mtu);
                yield return new Finding(Troubles.LinkMtu, $"{link.Name} takes packets of {link.Mtu} bytes, its other end {end.Name} of {end.Mtu}")
                {
                    Namespace = space.Name,
                    Consequence = "large packets get lost in one direction: connections start, and stop when there is much to say",
                    Remedy = Set(space.Name, link.Name, end.Name, less),
                };
                continue;
            }
            if (Narrowest(condition) is not { } uplink || uplink.Mtu >= link.Mtu)
                continue;
            yield return new Finding(Troubles.UplinkMtu, $"{uplink.Name} takes packets of {uplink.Mtu} bytes, {link.Name} of {link.Mtu}")
            {
                Namespace = space.Name,
                Consequence = "Warren makes TCP fit; large UDP packets (QUIC, DNS) get through only if the way tells their sender",
                Remedy = Set(space.Name, link.Name, end?.Name ?? "eth0", uplink.Mtu),
            };
        }
    }

    private static Uplink? Narrowest(Condition condition)
    {
        Uplink? narrowest = null;
        foreach (Uplink uplink in condition.Uplinks)
        {
            if (uplink.Mtu >= Smallest && (narrowest is null || uplink.Mtu < narrowest.Mtu))
                narrowest = uplink;
        }
        return narrowest;
    }

    private static string Set(string name, string host, string inside, uint mtu) =>
        $"ip link set dev {Step.Quote(host)} mtu {mtu}; ip -n {name} link set dev {Step.Quote(inside)} mtu {mtu}";
}
