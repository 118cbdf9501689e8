using AwesomeAssertions;

namespace Warren.Tests.Architecture;

/// <summary>Files of the repository that tests compare with. With WARREN_ACCEPT=1 in the environment they are written instead:
/// <c>git diff</c> then shows what changed.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    private static bool Accepts => Environment.GetEnvironmentVariable("WARREN_ACCEPT") == "1";

    /// <summary>Compares a text with a file.</summary>
    public static void ShouldBeIn(this string text, string path)
    {
        string file = Path.Combine(Root, path);
        if (Accepts)
            File.WriteAllText(file, text);
        File.Exists(file).Should().BeTrue($"{path} has what is expected; WARREN_ACCEPT=1 writes it");
        text.Should().Be(File.ReadAllText(file), $"that is what {path} says; WARREN_ACCEPT=1 writes it anew");
    }

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "warren.slnx")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException($"{AppContext.BaseDirectory} is in no clone of the repository.");
    }
}
