using System.Net;
using AwesomeAssertions;
using CsCheck;
using Warren.Kernel;
using Warren.Model;
using Warren.Planning;
using Warren.Planning.Steps;
using Xunit;

namespace Warren.Tests.Running;

/// <summary>What a supervisor holds a project to.</summary>
public sealed class SavedWishes
{
    private static readonly SavedWish s_wish = new(
        [
            new SavedNamespace("web1", 4026532001, Network("10.213.0.2/30"), IPAddress.Parse("10.213.0.1"), [Forward("6000:8080"), Forward("127.0.0.1:5353:53/udp"), Forward("6001:8081")])
            {
                Dns = new Warren.Model.Dns([IPAddress.Parse("9.9.9.9")], ["example.org"]),
            },
            new SavedNamespace("web2", 4026532002, Network("192.168.7.9/24"), IPAddress.Parse("192.168.7.1"), []) { Uplink = "tun0" },
        ],
        LeaveNeighbours: true
    )
    {
        DropsForwarded = true,
    };

    [Fact]
    public void It_is_read_as_it_was_written()
    {
        SavedWish read = SavedWish.Read(s_wish.ToBytes())!;
        read.LeaveNeighbours.Should().BeTrue();
        read.DropsForwarded.Should().BeTrue();
        read.ToWish("shop", _ => 4026532001).DropsForwarded.Should().BeTrue("or healing would open the host");
        read.Namespaces.Select(space => (space.Name, space.Address, space.Gateway, space.Inode))
            .Should()
            .Equal(s_wish.Namespaces.Select(space => (space.Name, space.Address, space.Gateway, space.Inode)));
        read.Namespaces.Select(space => string.Join(' ', space.Forwards)).Should().Equal("6000:8080/tcp 127.0.0.1:5353:53/udp 6001:8081/tcp", "");
        read.Namespaces[0].Dns!.Servers.Should().Equal(IPAddress.Parse("9.9.9.9"));
        read.Namespaces[0].Dns!.Search.Should().Equal("example.org");
        read.Namespaces[1].Dns.Should().BeNull();
        read.Namespaces.Select(space => space.Uplink).Should().Equal(null, "tun0");
        read.ToWish("shop", _ => 4026532002).Ensure.Single().Uplink.Should().Be("tun0");
        // all there are: what is added must be written
        typeof(SavedNamespace).GetProperties().Where(property => property.CanWrite).Should().HaveCount(7);
    }

    [Fact]
    public void Of_any_bytes_it_is_none_or_one_that_can_be_written() =>
        Gen.OneOf(
                Gen.Byte.Array[0, 200],
                from at in Gen.Int[0, 300]
                from value in Gen.Byte
                select s_wish.ToBytes().Select((b, i) => i == at ? value : b).ToArray()
            )
            .Sample(bytes => SavedWish.Read(bytes) is not { } read || SavedWish.Read(read.ToBytes()) is not null);

    [Fact]
    public void What_was_typed_by_hand_is_part_of_it()
    {
        var target = new Target(IPAddress.Parse("10.213.0.2"), 9000);
        var plan = new Plan(
            [
                new ChangeRules
                {
                    Unpublish = [new ForwardEntry(Forward("6000:8080").Host, target, "web1")],
                    Publish = [new ForwardEntry(Forward("7000:9000").Host, target, "web1"), new ForwardEntry(Forward("7001:9000").Host, target, "web2")],
                },
            ]
        );
        SavedWish after = s_wish.With(new NamespaceWish("web1"), plan, 7);
        after.Namespaces[0].Forwards.Should().Equal(Forward("127.0.0.1:5353:53/udp"), Forward("6001:8081"), Forward("7000:9000"));
        after.Namespaces[0].Inode.Should().Be(7);
        after.Namespaces[0].Dns.Should().Be(s_wish.Namespaces[0].Dns);
        after.Namespaces[1].Should().Be(s_wish.Namespaces[1]);
        s_wish.With(new NamespaceWish("other"), plan, 7).Should().Be(s_wish);
    }

    [Fact]
    public void What_was_removed_is_no_part_of_it() =>
        s_wish.Without(["web1", "other"]).Namespaces.Should().Equal(s_wish.Namespaces[1]);

    [Theory]
    [InlineData(4026532001, true)]
    [InlineData(4026532009, false)]
    [InlineData(0, false)]
    public void Only_the_namespaces_that_are_still_the_same_are_wished_for(ulong found, bool wished)
    {
        Wish wish = s_wish.ToWish("shop", name => name == "web1" ? found : 4026532002);
        wish.Ensure.Select(each => each.Name).Should().Equal(wished ? ["web1", "web2"] : ["web2"]);
        wish.Should().BeEquivalentTo(new { Project = "shop", LeaveNeighbours = true, Whole = false, Thorough = true });
        wish.Services.Should().BeEmpty();
    }

    private static Cidr Network(string text) => Cidr.TryParse(text, out Cidr? network) ? network.Value : throw new ArgumentException(text, nameof(text));

    private static Forward Forward(string text) =>
        PortRequest.TryParse(text, out PortRequest? request, out _) ? request.Forwards.Single() : throw new ArgumentException(text, nameof(text));
}
