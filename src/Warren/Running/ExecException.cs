using Warren.Model;
using Warren.Netlink.Wire;

namespace Warren.Running;

/// <summary>A command could not be run in a namespace. The message is safe to print.</summary>
/// <param name="exitCode">What this process should end with.</param>
/// <param name="message">The object, the kernel's words, what to type.</param>
internal sealed class ExecException(int exitCode, string message) : Exception(message)
{
    /// <summary>Warren itself failed: nothing of the command was touched.</summary>
    public const int Failed = 125;

    /// <summary>The command was found and cannot be run.</summary>
    public const int CannotRun = 126;

    /// <summary>There is no such command.</summary>
    public const int NotFound = 127;

    /// <summary>125, 126 or 127, with the meaning that shells and docker give them.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>A step that the kernel refused.</summary>
    /// <param name="subject">On what: the namespace's name, a file.</param>
    /// <param name="step">What was tried.</param>
    /// <param name="errno">Why not.</param>
    /// <param name="advice">What to type; by default a word about sudo where privilege was missing.</param>
    public static ExecException Refused(string subject, string step, Errno errno, string advice = "")
    {
        if (advice.Length == 0 && (errno == Errno.NotPermitted || errno == Errno.Denied))
            advice = "run it as root: sudo warren …";
        string tail = advice.Length == 0 ? "" : "; " + advice;
        return new ExecException(Failed, $"{Terminal.Safe(subject)}: {step}: {errno.Text} ({errno.Name}){tail}");
    }
}
