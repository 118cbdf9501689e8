using CsCheck;
using Warren.Model;
using Warren.Planning;
using Warren.Tests.Model;
using Xunit;

namespace Warren.Tests.Planning;

/// <summary>Whatever is kept as a range, it is what a plain list would be.</summary>
public sealed class ForwardSets
{
    // few hosts, ports close together: they meet, touch and split each other; more than 32 at times
    private static readonly Gen<PortRequest> s_close = Gen.Select(
        Gen.Bool,
        Gen.Int[1, 60],
        Gen.Int[0, 8],
        Gen.Int[0, 1],
        Gen.Bool,
        (local, port, more, shift, udp) =>
            new PortRequest(local ? System.Net.IPAddress.Loopback : null, port, port + more, port + shift, port + shift + more, udp ? Protocol.Udp : Protocol.Tcp)
    );

    [Fact]
    public void Are_what_a_list_would_be() =>
        Gen.Select(s_close.List[0, 60], s_close.List[0, 40], Gen.Bool).Sample((come, go, whole) =>
        {
            ForwardSet set = Of(come, whole);
            ForwardSet gone = Of(go, whole);
            List<Forward> list = [.. come.SelectMany(request => request.Forwards).Distinct()];
            bool same = set.SequenceEqual(list) && set.Count == list.Count && list.TrueForAll(set.Contains);
            same &= list.Select((forward, i) => set[i] == forward).All(equal => equal);
            set.Remove(gone);
            list.RemoveAll(gone.Contains);
            same &= set.SequenceEqual(list) && set.Count == list.Count;
            same &= go.SelectMany(request => request.Forwards).All(forward => !set.Contains(forward));
            // nothing that could be one range is two
            return same && set.Runs.ToArray().SequenceEqual(new ForwardSet(list).Runs.ToArray());
        });

    [Fact]
    public void Of_a_request_are_those_that_it_includes() =>
        Gen.Select(PortRequests.Any, s_close).Sample((any, other) =>
            any.Forwards.All(any.Includes) && other.Forwards.All(forward => any.Includes(forward) == any.Forwards.Contains(forward))
        );

    private static ForwardSet Of(List<PortRequest> requests, bool whole)
    {
        var set = new ForwardSet([]);
        foreach (PortRequest request in requests)
        {
            if (whole)
                set.Add(request);
            else
                foreach (Forward forward in request.Forwards)
                    set.Add(forward);
        }
        return set;
    }
}
