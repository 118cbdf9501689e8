using System.Net;
using AwesomeAssertions;
using CsCheck;
using Warren.Model;
using Warren.Planning;
using Warren.Tests.Model;
using Xunit;

namespace Warren.Tests.Planning;

public sealed class SubnetPools
{
    // around the pools, of every length that counts and some that do not
    private static readonly Gen<Cidr> s_near = Gen.OneOf(
        Network(0x0ad50000, 0x0ad500ff, 26, 32),
        Network(0x0ad50000, 0x0ad7ffff, 15, 32),
        Network(0x0a000000, 0x0affffff, 8, 24),
        Network(0xac100000, 0xac1fffff, 12, 20),
        Network(0, uint.MaxValue, 0, 32),
        Cidrs.Any
    );

    [Fact]
    public void Subnets_overlap_nothing_in_use_and_not_each_other() =>
        s_near
            .List[0, 40]
            .Sample(taken =>
            {
                SubnetPool pool = Pool(taken);
                var used = new List<Cidr>(taken.Where(Counts));
                for (int i = 0; i < 40; i++)
                {
                    if (pool.Take() is not { } subnet)
                        return true;
                    if (!subnet.IsNetwork || subnet.PrefixLength != 30 || used.Exists(subnet.Overlaps))
                        return false;
                    used.Add(subnet);
                }
                return true;
            });

    // as slow as it is simple: every place of the first pool, one after the other
    [Fact]
    public void The_first_free_one_is_taken() =>
        Network(0x0ad50000, 0x0ad501ff, 22, 32)
            .List[0, 30]
            .Sample(taken =>
            {
                Cidr? first = Enumerable
                    .Range(0, 1 << 14)
                    .Select(place => (Cidr?)new Cidr(Cidrs.V4(0x0ad50000 + ((uint)place * 4)), 30))
                    .First(subnet => !taken.Exists(subnet!.Value.Overlaps));
                return Pool(taken).Take() == first;
            });

    [Fact]
    public void What_is_marked_in_between_is_left_out() =>
        Gen.Select(s_near.List[0, 10], Network(0x0ad50000, 0x0ad5003f, 26, 32))
            .Sample(
                (taken, own) =>
                {
                    SubnetPool pool = Pool(taken);
                    var used = new List<Cidr>(taken.Where(Counts));
                    for (int i = 0; i < 3; i++)
                    {
                        if (pool.Take() is { } before)
                            used.Add(before);
                    }
                    pool.Add(own, "a wish");
                    used.Add(own);
                    for (int i = 0; i < 10; i++)
                    {
                        if (pool.Take() is not { } subnet)
                            return true;
                        if (used.Exists(subnet.Overlaps))
                            return false;
                        used.Add(subnet);
                    }
                    return true;
                }
            );

    [Theory]
    [InlineData("10.213.0.0/30", "")]
    [InlineData("10.213.0.4/30", "10.213.0.2/32")]
    [InlineData("10.214.0.0/30", "10.213.0.0/16")]
    [InlineData("10.216.0.0/30", "10.213.0.0/16 10.214.0.0/15")]
    [InlineData("172.29.0.0/30", "10.0.0.0/8")]
    [InlineData("192.168.240.0/30", "10.0.0.0/8 172.16.0.0/12")]
    [InlineData("100.126.0.0/30", "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16")]
    [InlineData("198.18.0.0/30", "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10")]
    public void Another_pool_follows_one_in_use(string first, string taken) =>
        Pool(taken.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Typed.Cidr)).Take().Should().Be(Typed.Cidr(first));

    // A VPN that takes all traffic: as good as a default route, and no reason to have no subnet.
    [Theory]
    [InlineData("0.0.0.0/0")]
    [InlineData("0.0.0.0/1 128.0.0.0/1")]
    [InlineData("0.0.0.0/3 32.0.0.0/3 64.0.0.0/3 96.0.0.0/3 128.0.0.0/3 160.0.0.0/3 192.0.0.0/3 224.0.0.0/3")]
    [InlineData("fd00::/8 fe80::/64 ::/0")]
    public void Routes_for_all_traffic_do_not_count(string taken) =>
        Pool(taken.Split(' ').Select(Typed.Cidr)).Take().Should().Be(Typed.Cidr("10.213.0.0/30"));

    [Fact]
    public void None_is_left_when_all_are_in_use() =>
        Pool(new[] { "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15" }.Select(Typed.Cidr))
            .Take()
            .Should()
            .BeNull();

    [Fact]
    public void A_pool_is_used_to_its_end()
    {
        SubnetPool pool = Pool([Typed.Cidr("10.213.0.0/17"), Typed.Cidr("10.213.128.0/18"), Typed.Cidr("10.213.192.0/18")]);
        pool.Take().Should().Be(Typed.Cidr("10.214.0.0/30"));
        pool = Pool([Typed.Cidr("10.213.0.0/17"), Typed.Cidr("10.213.128.0/18"), Typed.Cidr("10.213.192.0/19"), Typed.Cidr("10.213.224.0/20"),
            Typed.Cidr("10.213.240.0/21"), Typed.Cidr("10.213.248.0/22"), Typed.Cidr("10.213.252.0/23"), Typed.Cidr("10.213.254.0/24"),
            Typed.Cidr("10.213.255.0/25"), Typed.Cidr("10.213.255.128/26"), Typed.Cidr("10.213.255.192/27"), Typed.Cidr("10.213.255.224/28"),
            Typed.Cidr("10.213.255.240/29")]);
        pool.Take().Should().Be(Typed.Cidr("10.213.255.248/30"));
        pool.Take().Should().Be(Typed.Cidr("10.213.255.252/30"));
        pool.Take().Should().Be(Typed.Cidr("10.214.0.0/30"));
    }

    [Fact]
    public void Overlap_names_what_is_in_the_way_but_for_the_own_subnet()
    {
        SubnetPool pool = new([new TakenNetwork(Typed.Cidr("0.0.0.0/1"), "vpn"), new TakenNetwork(Typed.Cidr("192.168.0.0/24"), "lan")]);
        pool.Overlap(Typed.Cidr("192.168.0.1/30"), except: null)!.Value.Reason.Should().Be("lan");
        pool.Overlap(Typed.Cidr("192.168.0.1/16"), except: null)!.Value.Reason.Should().Be("lan");
        pool.Overlap(Typed.Cidr("192.168.0.1/30"), except: Typed.Cidr("192.168.0.1/24")).Should().BeNull();
        pool.Overlap(Typed.Cidr("192.168.1.1/24"), except: null).Should().BeNull();
        pool.Overlap(Typed.Cidr("10.0.0.1/24"), except: null).Should().BeNull();
    }

    private static bool Counts(Cidr network) => network.PrefixLength >= 8;

    private static SubnetPool Pool(IEnumerable<Cidr> taken) => new([.. taken.Select(network => new TakenNetwork(network, "in use"))]);

    private static Gen<Cidr> Network(uint first, uint last, int shortest, int longest) =>
        Gen.Select(Gen.UInt[first, last], Gen.Int[shortest, longest], (number, length) => new Cidr(Cidrs.V4(number), length).Network);
}
