using System.Diagnostics;

namespace Warren.Cli;

/// <summary>How far long work is: on a terminal one line that changes, elsewhere a line now and then. Nothing about short work.</summary>
/// <param name="verb">Whose work.</param>
internal sealed class Progress(string verb)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_pace = TimeSpan.FromSeconds(0.1);
    private static readonly TimeSpan s_pacePlain = TimeSpan.FromSeconds(5);

    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly bool _onTerminal = Output.IsTerminal(2);
    private TimeSpan _next = s_patience;
    private bool _drawn;

    /// <summary>Tells it, if it is time to.</summary>
    public void Tell(int done, int all)
    {
        TimeSpan now = Stopwatch.GetElapsedTime(_start);
        if (now < _next)
            return;
        _next = now + (_onTerminal ? s_pace : s_pacePlain);
        string text = $"warren {verb}: {done} of {all} steps";
        Output.Raw(2, _onTerminal ? $"\r{text}\x1b[K" : text + "\n");
        _drawn = _onTerminal;
    }

    /// <summary>Clears the line.</summary>
    public void End()
    {
        if (_drawn)
            Output.Raw(2, "\r\x1b[K");
        _drawn = false;
    }
}
