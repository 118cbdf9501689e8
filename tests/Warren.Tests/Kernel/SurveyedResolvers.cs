using System.Net;
using AwesomeAssertions;
using Warren.Kernel;
using Xunit;

namespace Warren.Tests.Kernel;

/// <summary>What of a resolv.conf(5) a file for warren can say.</summary>
public sealed class SurveyedResolvers
{
    [Theory]
    [InlineData("nameserver 9.9.9.9", "9.9.9.9", "")]
    [InlineData("# c\n; c\n\n  nameserver\t9.9.9.9  \nsearch a b\tc", "9.9.9.9", "a b c")]
    [InlineData("search a\nnameserver 9.9.9.9\nsearch b", "9.9.9.9", "b")]
    [InlineData("nameserver 1.1.1.1\nnameserver 2.2.2.2\nnameserver ::1\nnameserver 4.4.4.4", "1.1.1.1 2.2.2.2 ::1", "")]
    public void Servers_and_domains_are_read(string text, string servers, string search)
    {
        var faults = new List<string>();
        Warren.Model.Dns? dns = SurveyedResolver.Parse(text.Split('\n'), faults.Add);
        faults.Should().BeEmpty();
        dns!.Servers.Should().Equal(servers.Split(' ').Select(IPAddress.Parse));
        string.Join(' ', dns.Search).Should().Be(search);
    }

    [Theory]
    [InlineData("nameserver 9.9.9.9\noptions ndots:2", "'options ndots:2'")]
    [InlineData("nameserver 9.9.9.9\ndomain example.org", "'domain example.org'")]
    [InlineData("nameserver here", "'nameserver here'")]
    [InlineData("nameserver 9.9.9.9 8.8.8.8", "'nameserver 9.9.9.9 8.8.8.8'")]
    [InlineData("search", "'search'")]
    [InlineData("search a", "no server")]
    [InlineData("", "no server")]
    public void Anything_else_is_told(string text, string fault)
    {
        var faults = new List<string>();
        SurveyedResolver.Parse(text.Split('\n'), faults.Add).Should().BeNull();
        faults.Should().ContainSingle().Which.Should().Contain(fault);
    }
}
