using System.Globalization;
using System.Text;

namespace Warren.Netlink.Wire;

/// <summary>
/// The kernel refused a request. The socket can be used again: all answers to the batch have been read.
/// </summary>
public sealed class NetlinkException : Exception
{
    /// <summary>Describes a refusal.</summary>
    /// <param name="errno">errno(3), positive.</param>
    /// <param name="operation">What was asked: <c>create link</c>.</param>
    /// <param name="subject">What it was asked of: <c>wrn-web1</c>; may be empty.</param>
    /// <param name="kernelMessage">The kernel's own words (extended ack), if it said any.</param>
    /// <param name="offset">Where in the request the kernel saw the fault, in bytes from the message's start.</param>
    public NetlinkException(Errno errno, string operation, string subject, string? kernelMessage = null, int? offset = null)
        : base(Describe(errno, operation, subject, kernelMessage))
    {
        Errno = errno;
        Operation = operation;
        Subject = subject;
        KernelMessage = kernelMessage;
        Offset = offset;
    }

    /// <summary>errno(3).</summary>
    public Errno Errno { get; }

    /// <summary>What was asked.</summary>
    public string Operation { get; }

    /// <summary>What it was asked of; may be empty.</summary>
    public string Subject { get; }

    /// <summary>The kernel's own words (extended ack), or null.</summary>
    public string? KernelMessage { get; }

    /// <summary>Where in the request the kernel saw the fault, in bytes from the message's start, or null.</summary>
    public int? Offset { get; }

    private static string Describe(Errno errno, string operation, string subject, string? kernelMessage)
    {
        var text = new StringBuilder(operation);
        if (subject.Length > 0)
            text.Append(' ').Append(subject);
        text.Append(CultureInfo.InvariantCulture, $": {errno.Text} ({errno.Name})");
        if (!string.IsNullOrEmpty(kernelMessage))
            text.Append(CultureInfo.InvariantCulture, $"; the kernel says: {kernelMessage}");
        return text.ToString();
    }
}

/// <summary>Bytes from the kernel that do not have the shape of netlink messages.</summary>
/// <param name="message">What is wrong with them.</param>
public sealed class MalformedMessageException(string message) : Exception("malformed netlink message: " + message);
