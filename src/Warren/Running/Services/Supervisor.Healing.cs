using System.Text;
using Warren.Kernel;
using Warren.Model;
using Warren.Netlink.Wire;

namespace Warren.Running.Services;

// what others change of the project's namespaces is mended: heard of here, done in a process of its own
internal sealed partial class Supervisor
{
    // It waits for the lock 60 seconds itself, and for each tool of a neighbour 30.
    private static readonly TimeSpan s_longestHeal = TimeSpan.FromMinutes(5);

    private readonly HealPace _pace = new();
    private DriftWatch? _drift;
    private LegacyWatch? _legacy;
    private Spawned? _heal;
    private LoopTimer? _healTimer;
    private LoopTimer? _healBound;
    private long _healAt;
    private LogFile? _ownLog;
    private bool _failedBefore;
    private string _toldFault = "";
    private string _toldGone = "";

    private void WatchDrift()
    {
        try
        {
            _drift = new DriftWatch(_folder.Project);
            _loop.Watch(_drift.NetworkDescriptor, () => Heard(_drift?.ReadNetwork() ?? ChangeKind.None));
            _loop.Watch(_drift.RulesDescriptor, () => Heard(_drift?.ReadRules() ?? ChangeKind.None));
            WatchLegacy();
            // between the end of `up` and now nobody heard anything
            Heard(ChangeKind.Others);
        }
        catch (NetlinkException e)
        {
            StopWatchingDrift();
            Say($"{Healing.NotMended}changes by others go unheard: {e.Message}");
        }
    }

    private void WatchLegacy()
    {
        try
        {
            _legacy = new LegacyWatch();
            _loop.Watch(_legacy.Descriptor, () => Heard(_legacy?.Read() == true ? ChangeKind.Others : ChangeKind.None));
        }
        catch (NetlinkException e)
        {
            // of inotify a user has 128 at once, if nobody raised it
            Say($"{Healing.NotMended}changes to legacy tables go unheard: {e.Message}");
        }
    }

    private void StopWatchingDrift()
    {
        _healTimer?.Cancel();
        if (_drift is { } drift)
        {
            _loop.Unwatch(drift.NetworkDescriptor);
            _loop.Unwatch(drift.RulesDescriptor);
            drift.Dispose();
            _drift = null;
        }
        if (_legacy is { } legacy)
        {
            _loop.Unwatch(legacy.Descriptor);
            legacy.Dispose();
            _legacy = null;
        }
        // it waits for the lock that whoever ends this has, or is as good as one that was cut off by the kernel: the next warren mends
        if (_heal is not { } heal)
            return;
        _ = SystemCalls.kill(heal.ProcessId, SystemCalls.SIGKILL);
        _ = SystemCalls.waitpid(heal.ProcessId, out _, 0);
        EndHeal(heal);
    }

    private void Heard(ChangeKind kind)
    {
        _pace.Note(EventLoop.Now, kind);
        ScheduleHeal();
    }

    private void ScheduleHeal()
    {
        if (_ending || _pace.Due is not { } due || (_healTimer is not null && _healAt <= due))
            return;
        _healTimer?.Cancel();
        _healAt = due;
        _healTimer = _loop.After(TimeSpan.FromMilliseconds(Math.Max(0, due - EventLoop.Now)), HealIfDue);
    }

    private void HealIfDue()
    {
        _healTimer = null;
        if (_ending || _pace.Due is not { } due)
            return;
        if (due > EventLoop.Now)
            ScheduleHeal();
        else
            BeginHeal();
    }

    private void BeginHeal()
    {
        _pace.Begin(EventLoop.Now);
        // services that were started without namespaces of theirs being wished for
        if (!SavedWish.Exists(_folder.Project))
        {
            _pace.End(EventLoop.Now, failed: false);
            return;
        }
        try
        {
            _heal = _spawning.StartAside(Healing.Verb, _folder.Project);
            _healBound = _loop.After(s_longestHeal, () => _ = _heal is { } heal ? SystemCalls.kill(heal.ProcessId, SystemCalls.SIGKILL) : 0);
        }
        catch (ExecException e)
        {
            Conclude(failed: true, Healing.NotMended + e.Message);
        }
    }

    // It has ended, and was waited for.
    private void HealEnded(Spawned heal, bool failed)
    {
        const int MostBytes = 16 * 1024;
        Span<byte> written = stackalloc byte[MostBytes];
        int length = Math.Max(0, Libc.Read(heal.Output, written));
        EndHeal(heal);
        Conclude(failed, Encoding.UTF8.GetString(written[..length]));
    }

    private void EndHeal(Spawned heal)
    {
        _healBound?.Cancel();
        int output = heal.Output;
        Libc.Close(ref output);
        _heal = null;
    }

    private void Conclude(bool failed, string lines)
    {
        _pace.End(EventLoop.Now, failed);
        string gone = "";
        string fault = "";
        foreach (string line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith(Healing.Mended, StringComparison.Ordinal))
                Say(line);
            else if (failed)
                fault = line; // the last one
            else
                gone = line;
        }
        // in the middle of a neighbour's reload much cannot be done: told is, once, what cannot be done the next time either
        if (failed && _failedBefore && fault.Length > 0 && fault != _toldFault)
            Say(_toldFault = fault);
        if (gone.Length > 0 && gone != _toldGone)
            Say(gone);
        _failedBefore = failed;
        if (!failed)
            (_toldFault, _toldGone) = ("", gone);
        ScheduleHeal();
    }

    private void Say(string text)
    {
        _ownLog ??= new LogFile(_folder, LogFile.Own);
        _ownLog.Add(Encoding.UTF8.GetBytes(text.Replace('\n', ' ')), LogFile.Said, DateTimeOffset.UtcNow);
        _ownLog.Flush();
        _told?.Invoke(new ServiceEvent(LogFile.Own, ServiceStatus.Running, Terminal.Safe(text)));
    }
}
