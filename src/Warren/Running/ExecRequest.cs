using System.Globalization;
using Warren.Model;

namespace Warren.Running;

/// <summary>A command to run inside a namespace, and as whom.</summary>
internal sealed record ExecRequest
{
    /// <summary>The namespace's name in /run/netns.</summary>
    public required string Namespace { get; init; }

    /// <summary>The command and its arguments. Without a slash it is looked for in PATH.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>
    /// As whom: a name, a uid, or <c>UID:GID</c>. Null: the one who called sudo, else the caller. <c>root</c> keeps every
    /// privilege, unless <see cref="Capabilities"/> says which.
    /// </summary>
    public string? User { get; init; }

    /// <summary>The capabilities that the command keeps: <c>cap_net_admin</c>. All others are out of its reach for good.</summary>
    public IReadOnlyList<string> Capabilities { get; init; } = [];

    /// <summary>The folder to run in, entered with the command's own rights; null for the caller's.</summary>
    public string? Directory { get; init; }

    /// <summary>Variables that describe a user (HOME, USER, LOGNAME, SHELL) and were given on purpose: they are not set to the account's.</summary>
    public IReadOnlyList<string> KeptVariables { get; init; } = [];

    /// <summary>The ports whose sockets the command is handed, open as the descriptors from <see cref="FirstDescriptor"/> on.</summary>
    public IReadOnlyList<HostPort> Listens { get; init; } = [];

    /// <summary>Whether a supervisor waits at descriptor <see cref="ReportDescriptor"/>, which closes when the command runs; if it cannot be
    /// run, the exit code and the reason are written there. The command's output is a pipe, and is made its user's own.</summary>
    public bool Reports { get; init; }

    /// <summary>How many open files the command may have, softly; null for what this process may.</summary>
    public ulong? OpenFiles { get; init; }

    /// <summary>The first descriptor that is not standard input, output or error: SD_LISTEN_FDS_START, sd_listen_fds(3).</summary>
    public const int FirstDescriptor = 3;

    /// <summary>See <see cref="Reports"/>.</summary>
    public int ReportDescriptor => FirstDescriptor + Listens.Count;

    /// <summary>The arguments that tell another process of this program the same request, the command last.</summary>
    public List<string> ToArguments()
    {
        List<string> arguments = [Namespace];
        if (User is not null)
            arguments.Add(UserOption + User);
        foreach (string capability in Capabilities)
            arguments.Add(CapabilityOption + capability);
        if (Directory is not null)
            arguments.Add(DirectoryOption + Directory);
        foreach (string variable in KeptVariables)
            arguments.Add(KeepOption + variable);
        foreach (ListenRequest listen in ListenRequest.Of(Listens))
            arguments.Add(ListenOption + listen);
        if (Reports)
            arguments.Add(ReportOption);
        if (OpenFiles is { } files)
            arguments.Add(OpenFilesOption + files.ToString(CultureInfo.InvariantCulture));
        arguments.Add(EndOfOptions);
        arguments.AddRange(Command);
        return arguments;
    }

    /// <summary>Reads what <see cref="ToArguments"/> wrote.</summary>
    /// <exception cref="ExecException">It did not write this.</exception>
    public static ExecRequest FromArguments(ReadOnlySpan<string> arguments)
    {
        int end = arguments.IndexOf(EndOfOptions);
        if (end < 1)
            throw new ExecException(ExecException.Failed, $"'{EndOfOptions}' is missing before the command");
        string? user = null;
        string? directory = null;
        bool reports = false;
        ulong? openFiles = null;
        List<string> capabilities = [];
        List<string> kept = [];
        List<HostPort> listens = [];
        foreach (string option in arguments[1..end])
        {
            if (option.StartsWith(UserOption, StringComparison.Ordinal))
                user = option[UserOption.Length..];
            else if (option.StartsWith(CapabilityOption, StringComparison.Ordinal))
                capabilities.Add(option[CapabilityOption.Length..]);
            else if (option.StartsWith(DirectoryOption, StringComparison.Ordinal))
                directory = option[DirectoryOption.Length..];
            else if (option.StartsWith(KeepOption, StringComparison.Ordinal))
                kept.Add(option[KeepOption.Length..]);
            else if (
                option.StartsWith(ListenOption, StringComparison.Ordinal)
                && ListenRequest.TryParse(option[ListenOption.Length..], out ListenRequest? listen, out _)
            )
                listens.AddRange(listen.Hosts);
            else if (option == ReportOption)
                reports = true;
            else if (
                option.StartsWith(OpenFilesOption, StringComparison.Ordinal)
                && ulong.TryParse(option.AsSpan(OpenFilesOption.Length), NumberStyles.None, CultureInfo.InvariantCulture, out ulong files)
            )
                openFiles = files;
            else
                throw new ExecException(ExecException.Failed, $"no option '{Terminal.Safe(option)}'");
        }
        return new ExecRequest
        {
            Namespace = arguments[0],
            Command = arguments[(end + 1)..].ToArray(),
            User = user,
            Capabilities = capabilities,
            Directory = directory,
            KeptVariables = kept,
            Listens = listens,
            Reports = reports,
            OpenFiles = openFiles,
        };
    }

    private const string UserOption = "--user=";
    private const string CapabilityOption = "--cap=";
    private const string DirectoryOption = "--dir=";
    private const string KeepOption = "--keep=";
    private const string ListenOption = "--listen=";
    private const string ReportOption = "--report";
    private const string OpenFilesOption = "--files=";
    private const string EndOfOptions = "--";
}
