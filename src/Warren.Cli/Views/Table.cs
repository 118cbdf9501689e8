using System.Text;

namespace Warren.Cli.Views;

/// <summary>Columns, as wide as their widest cell.</summary>
/// <param name="heads">The columns' heads.</param>
internal sealed class Table(params string[] heads)
{
    private readonly List<string[]> _rows = [heads];

    public void Add(params string[] cells) => _rows.Add(cells);

    public void Write()
    {
        int[] widths = new int[heads.Length];
        foreach (string[] row in _rows)
        {
            for (int i = 0; i < row.Length; i++)
                widths[i] = Math.Max(widths[i], row[i].Length);
        }
        var line = new StringBuilder();
        foreach (string[] row in _rows)
        {
            line.Clear();
            for (int i = 0; i < row.Length; i++)
                line.Append(row[i].PadRight(widths[i] + 2));
            Output.Line(line.ToString().TrimEnd());
        }
    }
}
