using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using AwesomeAssertions;
using Warren.Kernel.Tests.Running;

namespace Warren.Kernel.Tests;

/// <summary>A network namespace of a sandbox, as a place to run things in.</summary>
/// <param name="sandbox">Which sandbox.</param>
/// <param name="network">The namespace's file; null for the host.</param>
internal sealed class Place(Sandbox sandbox, string? network)
{
    public const string Refused = "refused";
    public const string Silent = "silent";

    private static readonly string s_traffic = Path.Combine(AppContext.BaseDirectory, "traffic.py");

    /// <summary>Runs a script to its end.</summary>
    public Ending Sh(string script)
    {
        using Launched running = sandbox.Launch(network, ["sh", "-c", script]);
        return running.End();
    }

    /// <summary>Runs a script that must succeed.</summary>
    public string Do(string script)
    {
        Ending ending = Sh(script);
        ending.ExitCode.Should().Be(0, $"{script}: {ending.Output}{ending.Errors}");
        return ending.Output;
    }

    /// <summary>Starts a script that goes on; it ends with the sandbox.</summary>
    public Launched Start(string script) => sandbox.Keep(sandbox.Launch(network, ["sh", "-c", script]));

    /// <summary>Starts a command that goes on, without a shell.</summary>
    public Launched StartCommand(params string[] words) => sandbox.Keep(sandbox.Launch(network, words));

    /// <summary>Starts a server, and waits until it listens.</summary>
    /// <param name="protocol">tcp or udp.</param>
    /// <param name="ports">One, or a range: 8000-8003.</param>
    /// <param name="text">What it answers, with the caller's address and the port behind it.</param>
    /// <param name="address">Where it listens.</param>
    public Launched Serve(string protocol, string ports, string text = "hello", string address = "0.0.0.0")
    {
        Launched server = Traffic("serve", protocol, address, ports, text);
        server.ReadLine("ready");
        return server;
    }

    /// <summary>The answer of a server; or <see cref="Refused"/>, <see cref="Silent"/>, unreachable.</summary>
    public string Ask(string protocol, string address, int port, double patience = 10, string source = "")
    {
        using Launched client = sandbox.Launch(network, Command("ask", protocol, address, $"{port}", $"{patience}", source));
        Ending ending = client.End();
        ending.ExitCode.Should().Be(0, ending.Errors);
        return ending.Output.Trim();
    }

    /// <summary>Starts a flow, and waits for its first answer.</summary>
    public Launched Hold(string protocol, string address, int port)
    {
        Launched flow = Traffic("hold", protocol, address, $"{port}");
        flow.ReadLine("flowing");
        return flow;
    }

    /// <summary>Starts a flow from each of many ports of its own.</summary>
    public void Flood(string address, int port, int first, int last)
    {
        using Launched flood = sandbox.Launch(network, Command("flood", address, $"{port}", $"{first}", $"{last}"));
        Ending ending = flood.End();
        ending.Output.Should().Be("flooded\n", ending.Errors);
    }

    /// <summary>Starts a server for <see cref="Transfer"/>, and waits until it listens.</summary>
    public void ServeBulk(int port, string address = "0.0.0.0") => Traffic("bulk", address, $"{port}").ReadLine("ready");

    /// <summary>Moves bytes to a server or from it.</summary>
    /// <param name="address">The server's.</param>
    /// <param name="port">Its port.</param>
    /// <param name="fetch">From it, not to it.</param>
    /// <param name="size">How many.</param>
    /// <param name="patience">How many seconds nothing may come.</param>
    /// <returns>How many arrived.</returns>
    public int Transfer(string address, int port, bool fetch, int size, double patience = 15)
    {
        using Launched client = sandbox.Launch(network, Command("transfer", address, $"{port}", fetch ? "d" : "u", $"{size}", $"{patience}"));
        Ending ending = client.End();
        ending.ExitCode.Should().Be(0, ending.Errors);
        return int.Parse(ending.Output[(ending.Output.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
    }

    /// <summary>Sends one router advertisement out of a link.</summary>
    public void Advertise(string link)
    {
        using Launched sent = sandbox.Launch(network, Command("advertise", link));
        Ending ending = sent.End();
        ending.Output.Should().Be("sent\n", ending.Errors);
    }

    /// <summary>Starts to capture what arrives on a link.</summary>
    public Launched Capture(string link)
    {
        Launched capture = Traffic("capture", link);
        capture.ReadLine("ready");
        return capture;
    }

    /// <summary>Sends one crafted frame.</summary>
    public void Inject(string link, string mac, string protocol, string source, string destination, string flags = "")
    {
        using Launched sent = sandbox.Launch(network, Command("inject", link, mac, protocol, source, destination, flags));
        Ending ending = sent.End();
        ending.Output.Should().Be("sent\n", ending.Errors);
    }

    /// <summary>Whether an address answers a ping.</summary>
    public bool Pings(string address) => Sh($"ping -n -c 1 -W 2 {address}").ExitCode == 0;

    /// <summary>The hardware address of a link here.</summary>
    public string Mac(string link) => Do($"ip -o link show {link} | sed 's/.*link.ether \\([^ ]*\\).*/\\1/'").Trim();

    private Launched Traffic(params string[] words) => sandbox.Keep(sandbox.Launch(network, Command(words)));

    private static string[] Command(params string[] words) => ["python3", "-I", "-S", "-u", s_traffic, .. words];
}

/// <summary>A process in a sandbox.</summary>
internal sealed partial class Launched : IDisposable
{
    private readonly Process _process;
    private readonly string _command;
    private readonly Task<string> _errors;

    public Launched(Process process, string command)
    {
        _process = process;
        _command = command;
        _errors = process.StandardError.ReadToEndAsync();
    }

    public int ProcessId => _process.Id;

    /// <summary>Reads lines until one contains a text.</summary>
    /// <param name="expected">The text.</param>
    /// <param name="seen">Gets the lines before it.</param>
    public string ReadLine(string expected, ICollection<string>? seen = null)
    {
        StringBuilder all = new();
        using CancellationTokenSource bound = new(Sandbox.Bound);
        while (true)
        {
            string? line;
            try
            {
                line = _process.StandardOutput.ReadLineAsync(bound.Token).AsTask().GetAwaiter().GetResult();
            }
            catch (OperationCanceledException e)
            {
                throw new TimeoutException($"{_command}: no '{expected}' but: {all}", e);
            }
            if (line is null)
                throw new InvalidOperationException($"{_command}: no '{expected}' but: {all} errors: {_errors.Result}");
            if (line.Contains(expected, StringComparison.Ordinal))
                return line;
            seen?.Add(line);
            all.AppendLine(line);
        }
    }

    public void Write(string text)
    {
        _process.StandardInput.Write(text);
        _process.StandardInput.Flush();
    }

    public void Signal(int signal) => kill(ProcessId, signal).Should().Be(0);

    /// <summary>Waits for its end.</summary>
    public Ending End()
    {
        using CancellationTokenSource bound = new(Sandbox.Bound);
        try
        {
            _process.StandardInput.Close();
            string output = _process.StandardOutput.ReadToEndAsync(bound.Token).GetAwaiter().GetResult();
            _process.WaitForExitAsync(bound.Token).GetAwaiter().GetResult();
            return new Ending(_process.ExitCode, output, _errors.WaitAsync(bound.Token).GetAwaiter().GetResult());
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException($"{_command}: not ended after {Sandbox.Bound}", e);
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _ = kill(_process.Id, 9);
        _process.Dispose();
    }

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
