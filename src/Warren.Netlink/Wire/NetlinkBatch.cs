using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Warren.Netlink.Wire;

/// <summary>
/// Requests that are sent in one go, in order. A batch can be cleared and filled again; its buffer is kept.
/// Not safe for use by several threads at once.
/// </summary>
/// <remarks>
/// <code>
/// +--------------------+--------------+----------------------+-----
/// | nlmsghdr, 16 bytes | family header| attributes, each at 4| next message, at 4
/// +--------------------+--------------+----------------------+-----
/// </code>
/// </remarks>
/// <example>
/// <code>
/// var batch = new NetlinkBatch();
/// using (var message = batch.Begin(RtnetlinkMessage.NewLink, MessageFlags.Ack, "set link up", "lo"))
/// {
///     message.Header(new LinkHeader { Index = 1, Flags = LinkFlags.Up, Change = LinkFlags.Up });
/// }
/// </code>
/// </example>
public sealed class NetlinkBatch
{
    private readonly List<Request> _requests = [];
    private byte[] _buffer;

    /// <summary>Makes an empty batch.</summary>
    /// <param name="capacity">Bytes to start with; it grows as needed.</param>
    public NetlinkBatch(int capacity = 2048) => _buffer = GC.AllocateUninitializedArray<byte>(capacity);

    /// <summary>The number of messages.</summary>
    public int Count => _requests.Count;

    /// <summary>The messages as they will be sent, in bytes; sequence numbers are set by the socket.</summary>
    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(0, Length);

    internal int Length { get; private set; }

    internal IReadOnlyList<Request> Requests => _requests;

    internal Span<byte> Writable(int start, int length) => _buffer.AsSpan(start, length);

    /// <summary>Removes all messages.</summary>
    public void Clear()
    {
        _requests.Clear();
        Length = 0;
    }

    /// <summary>Starts a message; it ends when the writer is disposed.</summary>
    /// <param name="type">nlmsg_type.</param>
    /// <param name="flags">nlmsg_flags; <see cref="MessageFlags.Request"/> is added.</param>
    /// <param name="operation">What an error will call it: <c>create link</c>.</param>
    /// <param name="subject">What an error will name: <c>wrn-web1</c>.</param>
    public MessageWriter Begin(ushort type, MessageFlags flags, string operation, string subject = "")
    {
        int start = Length;
        _requests.Add(new Request(start, operation, subject));
        var header = new MessageHeader { Type = type, Flags = flags | MessageFlags.Request };
        MemoryMarshal.Write(Reserve(MessageHeader.Size), in header);
        return new MessageWriter(this, start);
    }

    internal Span<byte> Reserve(int length)
    {
        int padded = (length + 3) & ~3;
        int needed = Length + padded;
        if (needed > _buffer.Length)
            Array.Resize(ref _buffer, Math.Max(needed, _buffer.Length * 2));
        Span<byte> space = _buffer.AsSpan(Length, padded);
        space[length..].Clear();
        Length = needed;
        return space[..length];
    }

    internal void EndMessage(int start) =>
        Unsafe.WriteUnaligned(ref _buffer[start], (uint)(Length - start));

    internal void EndAttribute(int start)
    {
        int length = Length - start;
        if (length > ushort.MaxValue)
            throw new InvalidOperationException($"A netlink attribute of {length} bytes does not fit 65,535.");
        Unsafe.WriteUnaligned(ref _buffer[start], (ushort)length);
    }

    /// <summary>One message of the batch.</summary>
    /// <param name="Start">Its offset in bytes.</param>
    /// <param name="Operation">What it does.</param>
    /// <param name="Subject">What it does that to.</param>
    internal readonly record struct Request(int Start, string Operation, string Subject);
}
