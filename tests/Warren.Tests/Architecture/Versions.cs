using System.Reflection;
using AwesomeAssertions;
using Warren.Cli;
using Xunit;

namespace Warren.Tests.Architecture;

/// <summary>The version that the program tells is a constant, written by the build.</summary>
public sealed class Versions
{
    [Fact]
    public void What_is_told_is_what_the_assembly_says() =>
        BuiltAs.Version.Should().Be(typeof(BuiltAs).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion);
}
