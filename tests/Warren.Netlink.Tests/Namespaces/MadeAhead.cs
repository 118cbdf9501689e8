using System.Globalization;
using Warren.Netlink.Namespaces;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Tests.Namespaces;

public class MadeAhead
{
    [Fact]
    public void Each_is_another_one_and_gets_its_name_in_turn() =>
        InNamespace.Run(
            () =>
            {
                NamespaceNames.PrepareFolder();
                ulong home = Current();
                // more than are ready at a time
                string[] names = [.. Enumerable.Range(0, 40).Select(i => "web" + i.ToString(CultureInfo.InvariantCulture))];
                var furnished = new Dictionary<string, ulong>();
                using (var ahead = new NamespacesAhead(names, name => Furnish(furnished, name)))
                {
                    ahead.TryName("web1").Should().BeNull("it is not its turn");
                    foreach (string name in names)
                    {
                        using NetlinkSocket? inside = ahead.TryName(name);
                        using NetworkNamespace opened = NetworkNamespace.Open(name);
                        opened.Inode.Should().Be(furnished[name]);
                        inside!.NamespaceCookie.Should().Be(opened.Run(Cookie));
                    }
                    ahead.TryName("web0").Should().BeNull("all have their names");
                }
                Current().Should().Be(home);
                furnished.Values.Should().OnlyHaveUniqueItems().And.NotContain(home);
                NamespaceNames.List().Should().BeEquivalentTo(names);
            },
            mounts: true
        );

    [Fact]
    public void Those_without_a_name_are_gone_with_it() =>
        InNamespace.Run(
            () =>
            {
                NamespaceNames.PrepareFolder();
                var furnished = new Dictionary<string, ulong>();
                using var all = new CountdownEvent(8);
                using (
                    var ahead = new NamespacesAhead(
                        [.. Enumerable.Range(0, 20).Select(i => "web" + i.ToString(CultureInfo.InvariantCulture))],
                        name =>
                        {
                            NetlinkSocket socket = Furnish(furnished, name);
                            all.Signal();
                            return socket;
                        }
                    )
                )
                {
                    all.Wait(TimeSpan.FromSeconds(30)).Should().BeTrue();
                    Held().Should().IntersectWith(furnished.Values);
                }
                furnished.Should().HaveCount(8, "more are not made before the first is named");
                NamespaceNames.List().Should().BeEmpty();
                Held().Should().NotIntersectWith(furnished.Values);
            },
            mounts: true
        );

    [Fact]
    public void What_goes_wrong_is_told_when_its_turn_comes() =>
        InNamespace.Run(
            () =>
            {
                NamespaceNames.PrepareFolder();
                var furnished = new Dictionary<string, ulong>();
                using var ahead = new NamespacesAhead(
                    ["web1", "web2", "web3"],
                    name => name == "web2" ? throw new NetlinkException(Errno.NotPermitted, "furnish", name) : Furnish(furnished, name)
                );
                ahead.TryName("web1")!.Dispose();
                Action second = () => ahead.TryName("web2");
                second.Should().Throw<NetlinkException>().WithMessage("furnish web2: *");
                File.WriteAllText("/run/netns/web3", "");
                NetworkNamespace.Create("web3", Current);
                Action third = () => ahead.TryName("web3");
                third.Should().Throw<NetlinkException>().Which.Errno.Should().Be(Errno.Exists);
                NamespaceNames.List().Should().BeEquivalentTo("web1", "web3");
            },
            mounts: true
        );

    private static NetlinkSocket Furnish(Dictionary<string, ulong> furnished, string name)
    {
        furnished[name] = Current();
        return NetlinkSocket.Open(NetlinkProtocol.Route);
    }

    private static ulong Current()
    {
        using NetworkNamespace current = NetworkNamespace.OpenCurrent();
        return current.Inode;
    }

    private static ulong Cookie()
    {
        using NetlinkSocket socket = NetlinkSocket.Open(NetlinkProtocol.Route);
        return socket.NamespaceCookie;
    }

    // the namespaces of which this process has a descriptor: net:[4026531840]
    private static List<ulong> Held()
    {
        var held = new List<ulong>();
        foreach (string path in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
        {
            if (new FileInfo(path).LinkTarget is { } target && target.StartsWith("net:[", StringComparison.Ordinal))
                held.Add(ulong.Parse(target.AsSpan(5).TrimEnd(']'), CultureInfo.InvariantCulture));
        }
        return held;
    }
}
