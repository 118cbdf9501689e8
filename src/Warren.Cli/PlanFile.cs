using System.Text;
using System.Text.Json;
using Warren.Cli.Views;
using Warren.Model;
using Warren.Planning;
using Warren.Planning.Steps;
using Warren.Specs;

namespace Warren.Cli;

/// <summary>A plan that was written down to be reviewed: what was wished for, and every step that it came to. It is carried out only if it
/// comes to the same steps again.</summary>
/// <param name="Project">The project's name.</param>
/// <param name="Folder">The folder that the file's relative paths begin at.</param>
/// <param name="Names">The namespaces that were asked for; empty for all.</param>
/// <param name="Spec">What was wished for.</param>
/// <param name="Steps">The steps, as they are told.</param>
internal sealed record PlanFile(string Project, string Folder, IReadOnlyList<string> Names, Spec Spec, IReadOnlyList<string> Steps)
{
    private const int Format = 1;
    private const long MostBytes = 64 << 20;

    /// <summary>Every step of a plan, with the commands that it stands for.</summary>
    public static IReadOnlyList<string> Told(Plan plan) =>
        [.. plan.Steps.Select(step => $"{step.Sign} {(step.Namespace.Length > 0 ? step.Namespace + ": " : "")}{step.Words}\n{string.Join('\n', step.Shell)}")];

    /// <summary>Writes it into a file.</summary>
    /// <exception cref="RefusedException">The file cannot be written.</exception>
    public void Write(string path, Plan plan)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteNumber("format", Format);
            json.WriteString("project", Project);
            json.WriteString("folder", Folder);
            json.WriteStartArray("names");
            foreach (string name in Names)
                json.WriteStringValue(name);
            json.WriteEndArray();
            json.WriteString("spec", SpecWriter.Write(Spec));
            PlanJson.WriteSummary(json, plan);
            PlanJson.WriteSteps(json, plan);
            json.WriteStartArray("told");
            foreach (string step in Steps)
                json.WriteStringValue(step);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        buffer.WriteByte((byte)'\n');
        NewFile.Write(path, buffer.ToArray(), FileMode.Create, "warren plan -o FILE");
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="RefusedException">It is no such file.</exception>
    public static PlanFile Read(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MostBytes)
                throw Wrong(path, "is too large");
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            JsonElement root = document.RootElement;
            if (root.GetProperty("format").GetInt32() != Format)
                throw Wrong(path, "is of another version of warren");
            string project = Text(root, "project");
            string folder = Text(root, "folder");
            if (!ProjectName.IsValid(project))
                throw Wrong(path, "names no project");
            string[] names = Texts(root, "names");
            if (Array.Exists(names, name => NamespaceName.Fault(name) is not null))
                throw Wrong(path, "names what can be no namespace");
            return new PlanFile(
                project,
                folder,
                names,
                SpecReader.Read([new SpecSource(path, Text(root, "spec"), folder)], _ => null),
                Texts(root, "told")
            );
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Wrong(path, "is no file");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or SpecException)
        {
            throw Wrong(path, "is not a plan that warren plan -o wrote");
        }
    }

    /// <summary>Refuses a plan that came to other steps than were written down.</summary>
    /// <exception cref="RefusedException">It is another.</exception>
    public void Demand(Plan plan, string path)
    {
        IReadOnlyList<string> now = Told(plan);
        for (int i = 0; i < Math.Max(now.Count, Steps.Count); i++)
        {
            string was = i < Steps.Count ? Steps[i] : "nothing more";
            string comes = i < now.Count ? now[i] : "nothing more";
            if (was == comes)
                continue;
            throw new RefusedException(
                RefusalKind.Conflict,
                new Refusal(
                    $"the host has changed since {Terminal.Safe(path)} was written: step {i + 1} was '{First(was)}', and would be '{First(comes)}'",
                    "warren plan -o again, and review that"
                )
            );
        }
    }

    private static string First(string told) => Terminal.Safe(told.Split('\n')[0]);

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? throw new FormatException(name);

    private static string[] Texts(JsonElement element, string name) =>
        [.. element.GetProperty(name).EnumerateArray().Select(each => each.GetString() ?? throw new FormatException(name))];

    private static RefusedException Wrong(string path, string fault) =>
        new(RefusalKind.Usage, new Refusal($"{Terminal.Safe(path)} {fault}", "warren plan -o FILE writes one"));
}
