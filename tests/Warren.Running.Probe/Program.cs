using System.Globalization;
using System.Text;
using Warren.Netlink.Namespaces;
using Warren.Planning;
using Warren.Running;
using Warren.Running.Services;

// up [-d] PROJECT FILE runs the services of a file, which SavedServices wrote without an environment; down PROJECT, stop-in PROJECT NAMESPACE….
// The verbs of Warren.Running for tests to start: exec, run, end NAMESPACE MILLISECONDS.
// exec and run take what ExecRequest.ToArguments writes: NAMESPACE [--user=U] [--cap=C]… -- COMMAND…
return args switch
{
    [Child.Verb, .. string[] rest] => Child.Enter(rest),
    ["exec", .. string[] rest] => Child.Enter(rest, "exec"),
    ["run", .. string[] rest] => Run(rest),
    ["end", string name, string milliseconds] => End(name, int.Parse(milliseconds, CultureInfo.InvariantCulture)),
    [Daemon.Verb, string project] => Daemon.Supervise(project),
    [Healing.Verb, string project] => Healing.Carry(project),
    ["up", "-d", string project, string file] => UpDetached(project, ReadServices(file)),
    ["up", string project, string file] => Services.RunHere(
        project,
        ReadServices(file),
        NativeText.Environment(),
        (name, line) => Say($"{name} | {line}"),
        told => Say($"{told.Name} * {told.Text}")
    ),
    ["down", string project] => Down(project),
    ["stop-in", string project, .. string[] namespaces] => StopIn(project, namespaces),
    _ => throw new InvalidOperationException("usage: exec|run NAMESPACE [--user=U] [--cap=C]… -- COMMAND…"),
};

static int Run(string[] arguments)
{
    try
    {
        string? file = Environment.GetEnvironmentVariable("PROBE_STARTED");
        int code = Child.Run(
            ExecRequest.FromArguments(arguments),
            child =>
            {
                if (file is not null)
                    File.WriteAllText(file, child.ToString(CultureInfo.InvariantCulture));
            }
        );
        Say($"ended {code}");
        return code;
    }
    catch (ExecException e)
    {
        Child.Complain("run", e);
        return e.ExitCode;
    }
}

static int End(string name, int milliseconds)
{
    using NetworkNamespace network = NetworkNamespace.Open(name);
    List<int> left = NamespaceProcesses.End(network.Inode, TimeSpan.FromMilliseconds(milliseconds));
    Say($"left {left.Count}");
    return 0;
}

static IReadOnlyList<Warren.Model.Service> ReadServices(string file) =>
    SavedServices.Read(File.ReadAllBytes(file))?.Services ?? throw new InvalidOperationException($"{file} holds no services");

static int UpDetached(string project, IReadOnlyList<Warren.Model.Service> services)
{
    try
    {
        bool failed = false;
        foreach (ServiceState state in Services.StartDetached(project, services, NativeText.Environment()))
        {
            failed |= state.IsFailure;
            Say($"{state.Name}: {state.Words}{(state.Why is null ? "" : ": " + state.Why)}");
            foreach (string line in state.LastLines)
                Say($"{state.Name} | {line}");
        }
        return failed ? 1 : 0;
    }
    catch (RefusedException e)
    {
        Say(e.Message);
        return 3;
    }
}

static int Down(string project)
{
    Services.Stop(project);
    Services.RemoveFiles(project);
    return 0;
}

static int StopIn(string project, string[] namespaces)
{
    Services.StopIn(project, namespaces, TimeSpan.FromSeconds(5));
    return 0;
}

// without the console, which changes the terminal
static unsafe void Say(string line)
{
    byte[] bytes = Encoding.UTF8.GetBytes(line + "\n");
    fixed (byte* first = bytes)
        _ = SystemCalls.write(1, first, (nuint)bytes.Length);
}
