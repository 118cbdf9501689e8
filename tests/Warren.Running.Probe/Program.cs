using System.Globalization;
using System.Text;
using Warren.Netlink.Namespaces;
using Warren.Running;

// The verbs of Warren.Running for tests to start: exec, run, end NAMESPACE MILLISECONDS.
// exec and run take what ExecRequest.ToArguments writes: NAMESPACE [--user=U] [--cap=C]… -- COMMAND…
return args switch
{
    [Child.Verb or "exec", .. string[] rest] => Child.Enter(rest),
    ["run", .. string[] rest] => Run(rest),
    ["end", string name, string milliseconds] => End(name, int.Parse(milliseconds, CultureInfo.InvariantCulture)),
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
        Child.Complain(e);
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

// without the console, which changes the terminal
static unsafe void Say(string line)
{
    byte[] bytes = Encoding.UTF8.GetBytes(line + "\n");
    fixed (byte* first = bytes)
        _ = SystemCalls.write(1, first, (nuint)bytes.Length);
}
