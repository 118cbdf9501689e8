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

    /// <summary>The arguments that tell another process of this program the same request, the command last.</summary>
    public List<string> ToArguments()
    {
        List<string> arguments = [Namespace];
        if (User is not null)
            arguments.Add(UserOption + User);
        foreach (string capability in Capabilities)
            arguments.Add(CapabilityOption + capability);
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
        List<string> capabilities = [];
        foreach (string option in arguments[1..end])
        {
            if (option.StartsWith(UserOption, StringComparison.Ordinal))
                user = option[UserOption.Length..];
            else if (option.StartsWith(CapabilityOption, StringComparison.Ordinal))
                capabilities.Add(option[CapabilityOption.Length..]);
            else
                throw new ExecException(ExecException.Failed, $"no option '{Model.Terminal.Safe(option)}'");
        }
        return new ExecRequest
        {
            Namespace = arguments[0],
            Command = arguments[(end + 1)..].ToArray(),
            User = user,
            Capabilities = capabilities,
        };
    }

    private const string UserOption = "--user=";
    private const string CapabilityOption = "--cap=";
    private const string EndOfOptions = "--";
}
