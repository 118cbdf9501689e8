using BenchmarkDotNet.Attributes;
using Warren.Netlink.Rtnetlink;
using Warren.Netlink.Wire;

namespace Warren.Bench;

/// <summary>The netlink messages of 1,000 links, written and read.</summary>
public class Wire
{
    private const int Many = 1000;

    private readonly NetlinkBatch _batch = new(1 << 20);
    private readonly string[] _names = [.. Enumerable.Range(0, Many).Select(i => $"wrn-w{i}")];
    private readonly string[] _aliases = [.. Enumerable.Range(0, Many).Select(i => $"warren:w{i} 10.213.{i / 64}.{(i % 64 * 4) + 2}/30 {6000 + i}:8080")];
    private byte[] _links = [];

    /// <summary>The messages that the reader gets.</summary>
    [GlobalSetup]
    public void Prepare()
    {
        Change();
        _links = _batch.Bytes.ToArray();
    }

    /// <summary>Veth pairs, as <c>up</c> asks for them: two nests within another.</summary>
    [Benchmark]
    public int Make()
    {
        _batch.Clear();
        foreach (string name in _names)
        {
            var inside = new VethEnd("eth0") { Index = 2, Up = true };
            var host = new VethEnd(name) { Mtu = 1500, Group = 22354 };
            _batch.AddVeth(in inside, in host);
        }
        return _batch.Bytes.Length;
    }

    /// <summary>Changes of links with their aliases.</summary>
    [Benchmark]
    public int Change()
    {
        _batch.Clear();
        for (int i = 0; i < Many; i++)
        {
            var change = new LinkChange { Up = true, Alias = _aliases[i], Forwarding = true, RouteLocalnet = true };
            _batch.SetLink(i + 3, _names[i], in change);
        }
        return _batch.Bytes.Length;
    }

    /// <summary>Every attribute of every message, by type alone.</summary>
    [Benchmark]
    public int Walk()
    {
        int count = 0;
        var reader = new MessageReader(_links);
        while (reader.TryRead(out Message message))
        {
            AttributeReader attributes = message.Attributes<LinkHead>();
            while (attributes.Next())
                count += attributes.Type;
        }
        return count;
    }

    /// <summary>Links out of messages, as <c>ls</c> and <c>up</c> get them.</summary>
    [Benchmark]
    public int Read()
    {
        int count = 0;
        var reader = new MessageReader(_links);
        while (reader.TryRead(out Message message))
            count += Link.Parse(in message)?.Index ?? 0;
        return count;
    }

    // as large as ifinfomsg
    private readonly record struct LinkHead(long Kind, long Flags);
}
