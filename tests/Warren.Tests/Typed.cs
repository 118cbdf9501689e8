using AwesomeAssertions;
using Warren.Model;

namespace Warren.Tests;

/// <summary>Values in the words in which they are typed, for tests to be read.</summary>
internal static class Typed
{
    public static PortRequest Ports(string text)
    {
        PortRequest.TryParse(text, out PortRequest? request, out string? fault).Should().BeTrue(fault);
        return request!;
    }

    public static Forward Forward(string text) => Ports(text).Forwards.Single();

    public static IEnumerable<HostPort> Listens(string text)
    {
        ListenRequest.TryParse(text, out ListenRequest? request, out string? fault).Should().BeTrue(fault);
        return request!.Hosts;
    }

    public static Cidr Cidr(string text)
    {
        Warren.Model.Cidr.TryParse(text, out Cidr? cidr).Should().BeTrue($"'{text}' is meant as ADDRESS/LENGTH");
        return cidr!.Value;
    }
}
