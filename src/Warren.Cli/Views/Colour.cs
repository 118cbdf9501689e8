namespace Warren.Cli.Views;

/// <summary>Colours on a terminal, unless NO_COLOR is set (no-color.org).</summary>
internal static class Colour
{
    private static bool? s_wanted;

    private static bool Wanted =>
        s_wanted ??=
            string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
            && Environment.GetEnvironmentVariable("TERM") is not "dumb"
            && Output.IsTerminal(1);

    /// <summary>The sign of a step: what comes is green, what goes is red, what changes is yellow.</summary>
    public static string Sign(char sign) =>
        sign switch
        {
            '+' => Green("+"),
            '-' => Red("-"),
            _ => Yellow(sign.ToString()),
        };

    public static string Green(string text) => Dyed(text, "32");

    public static string Red(string text) => Dyed(text, "31");

    public static string Yellow(string text) => Dyed(text, "33");

    /// <summary>The text with an SGR code around it (ECMA-48, 8.3.117).</summary>
    public static string Dyed(string text, string code) => Wanted ? $"\x1b[{code}m{text}\x1b[0m" : text;
}
