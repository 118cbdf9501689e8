using System.Reflection;
using AwesomeAssertions;
using Warren.Planning;
using Xunit;

namespace Warren.Tests.Architecture;

/// <summary>Dependencies point one way: Warren.Cli -> Warren -> Warren.Netlink -> the base class library.</summary>
public sealed class Layers
{
    private const string NetlinkName = "Warren.Netlink";
    private static readonly Assembly s_netlink = typeof(Warren.Netlink.Wire.NetlinkSocket).Assembly;
    private static readonly Assembly s_warren = typeof(Planner).Assembly;
    private static readonly Assembly s_program = typeof(Warren.Cli.ExitCode).Assembly;

    [Fact]
    public void Netlink_needs_the_base_class_library_and_nothing_else() =>
        Others(s_netlink).Should().BeEmpty();

    [Fact]
    public void Warren_needs_netlink_and_a_parser_and_not_the_program() =>
        Others(s_warren).Should().BeEquivalentTo(NetlinkName, "SharpYaml");

    [Fact]
    public void The_program_needs_warren_and_a_command_line() =>
        Others(s_program).Should().BeEquivalentTo("Warren", NetlinkName, "System.CommandLine");

    [Theory]
    [InlineData("Warren.Model")]
    [InlineData("Warren.Specs")]
    [InlineData("Warren.Specs.Yaml")]
    [InlineData("Warren.Planning")]
    [InlineData("Warren.Planning.Steps")]
    [InlineData("Warren.Diagnosis.Checks")]
    public void Names_no_type_of_netlink(string folder) =>
        AssemblyNames.Uses(s_warren, name => name == folder, NetlinkName).Should().BeEmpty();

    [Fact]
    public void Views_name_no_type_of_netlink() =>
        AssemblyNames.Uses(s_program, name => name == "Warren.Cli.Views", NetlinkName).Should().BeEmpty();

    // the search finds something where there is something
    [Fact]
    public void Kernel_names_types_of_netlink() =>
        AssemblyNames
            .Uses(s_warren, name => name == "Warren.Kernel", NetlinkName)
            .Should()
            .Contain("HostSession.get_Route: NetlinkSocket")
            .And.Contain("Observer.Observe: NftChain");

    // what it refers to that is not of the base class library
    private static IEnumerable<string> Others(Assembly assembly)
    {
        string library = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        return AssemblyNames.References(assembly).Where(name => !File.Exists(Path.Combine(library, name + ".dll")));
    }
}
