using System.CommandLine;

namespace Warren.Cli.Commands;

/// <summary><c>warren unpublish NAME PORTS…</c></summary>
internal static class Unpublish
{
    public static Command Build(CommandLine line) =>
        Publish.Build(
            line,
            new Command("unpublish", "Take published ports back; flows through them end."),
            "[HOSTIP:]HOSTPORT[-END]:PORT[-END][/tcp|/udp], as it was published",
            (wish, ports) => wish with { Unpublish = ports }
        );
}
