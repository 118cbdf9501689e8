using Warren.Model;

namespace Warren.Planning.Steps;

/// <summary>A step about a program that runs in a namespace. It is not the kernel's affair: who carries out the plan hands it to the
/// project's supervisor.</summary>
/// <param name="Service">The service.</param>
public abstract record ServiceStep(Service Service) : Step
{
    /// <inheritdoc/>
    public override string Namespace => Service.Namespace;

    /// <inheritdoc/>
    public override Step? Undo => null;

    /// <summary>The command, fit for a terminal.</summary>
    protected string Command => Terminal.Safe(string.Join(' ', Service.Command.Select(Quote)));

    /// <summary>What it is called in a plan: <c>service web1</c>.</summary>
    protected string Called => $"service {Service.FullName}";
}

/// <summary>Starts a service.</summary>
/// <param name="Service">The service.</param>
public sealed record StartService(Service Service) : ServiceStep(Service)
{
    /// <inheritdoc/>
    public override char Sign => '+';

    /// <inheritdoc/>
    public override string Words => $"{Called}: {Command}";

    /// <inheritdoc/>
    public override IEnumerable<string> Shell =>
        [.. OpenSockets.Shortcoming(Service.Listens), $"# start it: cd {Terminal.Safe(Quote(Service.Directory))} && {(Service.Listens.Count > 0 ? OpenSockets.Activation(Service.Listens) : "")}ip netns exec {Service.Namespace} {Command} &"];
}

/// <summary>Stops a service and starts it again, as it is wished for now.</summary>
/// <param name="Service">The service as it shall be.</param>
public sealed record RestartService(Service Service) : ServiceStep(Service)
{
    /// <inheritdoc/>
    public override char Sign => '~';

    /// <inheritdoc/>
    public override string Words => $"{Called}, started again: {Command}";

    /// <inheritdoc/>
    public override IEnumerable<string> Shell => [.. new StopService(Service).Shell, .. new StartService(Service).Shell];
}

/// <summary>Stops a service with everything that it started.</summary>
/// <param name="Service">The service as it is.</param>
public sealed record StopService(Service Service) : ServiceStep(Service)
{
    /// <inheritdoc/>
    public override char Sign => '-';

    /// <inheritdoc/>
    public override string Words => Called;

    /// <inheritdoc/>
    public override IEnumerable<string> Shell => [$"# stop it: ip netns pids {Service.Namespace} | xargs -r kill"];
}
