using System.Net;
using System.Numerics;
using AwesomeAssertions;
using CsCheck;
using Warren.Model;
using Xunit;

namespace Warren.Tests.Model;

public sealed class Cidrs
{
    // of both families, of every length, and often near each other
    internal static readonly Gen<Cidr> Any = Gen.OneOf(
        Gen.Select(Gen.Byte.Array[4], Gen.Int[0, 32], (bytes, length) => new Cidr(new IPAddress(bytes), length)),
        Gen.Select(Gen.UInt[0xc0a80000, 0xc0a80fff], Gen.Int[18, 32], (number, length) => new Cidr(V4(number), length)),
        Gen.Select(Gen.Byte.Array[16], Gen.OneOf(Gen.Int[0, 2], Gen.Int[0, 128]), (bytes, length) => new Cidr(new IPAddress(bytes), length))
    );

    [Theory]
    [InlineData("192.168.0.2/24", "192.168.0.2", 24)]
    [InlineData("0.0.0.0/0", "0.0.0.0", 0)]
    [InlineData("255.255.255.255/32", "255.255.255.255", 32)]
    [InlineData("fd00::2/64", "fd00::2", 64)]
    [InlineData("::/0", "::", 0)]
    [InlineData("::1/128", "::1", 128)]
    public void Are_read(string text, string address, int length)
    {
        Cidr.TryParse(text, out Cidr? cidr).Should().BeTrue();
        cidr.Should().Be(new Cidr(IPAddress.Parse(address), length));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("10.0.0.1")]
    [InlineData("10.0.0.1/")]
    [InlineData("/24")]
    [InlineData("10.0.0.1/33")]
    [InlineData("10.0.0.1/-1")]
    [InlineData("10.0.0.1/+1")]
    [InlineData("10.0.0.1/ 1")]
    [InlineData("10.0.0.1/24/24")]
    [InlineData("10.0.0.1/99999999999999999999")]
    [InlineData("10.0.0/24")]
    [InlineData("10.1/24")]
    [InlineData("1/24")]
    [InlineData("010.0.0.1/24")]
    [InlineData("0x0a.0.0.1/24")]
    [InlineData("256.0.0.1/24")]
    [InlineData(" 10.0.0.1/24")]
    [InlineData("10.0.0.1 /24")]
    [InlineData("10.0.0.1:80/24")]
    [InlineData("١٠.0.0.1/24")]
    [InlineData("fd00::2/129")]
    [InlineData("[fd00::2]/64")]
    [InlineData("[fd00::2]:80/64")]
    [InlineData("fe80::1%1/64")]
    [InlineData("fe80::1%lo/64")]
    [InlineData("fe80::1%0/64")]
    [InlineData("localhost/8")]
    public void Or_refused(string text) => Cidr.TryParse(text, out _).Should().BeFalse();

    [Fact]
    public void Are_written_as_they_are_read() =>
        Any.Sample(cidr => Cidr.TryParse(cidr.ToString(), out Cidr? read) && read == cidr);

    [Fact]
    public void No_text_makes_the_reader_fail() =>
        Gen.OneOf(Gen.String, Gen.String[Gen.Char["0123456789abcdef.:/%[]x+- "], 0, 30]).Sample(text => Cidr.TryParse(text, out _) || true);

    [Fact]
    public void Contain_the_addresses_between_their_first_and_last() =>
        Gen.Select(Any, Any, Gen.Bool)
            .Sample(
                (cidr, other, own) =>
                {
                    IPAddress address = own ? cidr.At(0) : other.Address;
                    BigInteger number = Number(address);
                    (BigInteger first, BigInteger last) = Bounds(cidr);
                    bool inside = address.AddressFamily == cidr.Address.AddressFamily && number >= first && number <= last;
                    return cidr.Contains(address) == inside;
                }
            );

    [Fact]
    public void Overlap_when_they_have_an_address_in_common() =>
        Gen.Select(Any, Any)
            .Sample(
                (a, b) =>
                {
                    (BigInteger firstA, BigInteger lastA) = Bounds(a);
                    (BigInteger firstB, BigInteger lastB) = Bounds(b);
                    bool common = a.Width == b.Width && firstA <= lastB && firstB <= lastA;
                    return a.Overlaps(b) == common && b.Overlaps(a) == common;
                }
            );

    [Fact]
    public void Network_and_hosts() =>
        Any.Sample(cidr =>
        {
            (BigInteger first, BigInteger last) = Bounds(cidr);
            BigInteger addresses = last - first + 1;
            // of 2^128 addresses there are two less
            BigInteger hosts = addresses > 2 ? addresses - 2 : addresses;
            return Number(cidr.Network.Address) == first
                && cidr.Network.PrefixLength == cidr.PrefixLength
                && cidr.Network.IsNetwork
                && cidr.IsNetwork == (Number(cidr.Address) == first)
                && (BigInteger)cidr.Hosts == hosts;
        });

    [Fact]
    public void Host_bits_are_kept()
    {
        Cidr cidr = Typed.Cidr("192.168.0.2/24");
        cidr.ToString().Should().Be("192.168.0.2/24");
        cidr.Network.ToString().Should().Be("192.168.0.0/24");
        cidr.At(1).Should().Be(IPAddress.Parse("192.168.0.1"));
    }

    internal static IPAddress V4(uint number) =>
        new([(byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number]);

    private static BigInteger Number(IPAddress address) => new(address.GetAddressBytes(), isUnsigned: true, isBigEndian: true);

    private static (BigInteger First, BigInteger Last) Bounds(Cidr cidr)
    {
        BigInteger size = BigInteger.Pow(2, cidr.Width - cidr.PrefixLength);
        BigInteger first = Number(cidr.Address) / size * size;
        return (first, first + size - 1);
    }
}
