using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Warren.Netlink.Wire;

/// <summary>A message that was received.</summary>
public readonly ref struct Message
{
    internal Message(MessageHeader header, ReadOnlySpan<byte> payload)
    {
        Type = header.Type;
        Flags = header.Flags;
        Sequence = header.Sequence;
        Payload = payload;
    }

    /// <summary>nlmsg_type.</summary>
    public ushort Type { get; }

    /// <summary>nlmsg_flags.</summary>
    public MessageFlags Flags { get; }

    /// <summary>nlmsg_seq: that of the request it answers.</summary>
    public uint Sequence { get; }

    /// <summary>What follows the header.</summary>
    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>Reads the family's fixed header.</summary>
    /// <exception cref="MalformedMessageException">The message is too short for it.</exception>
    public T Header<T>()
        where T : unmanaged =>
        Payload.Length >= Unsafe.SizeOf<T>()
            ? MemoryMarshal.Read<T>(Payload)
            : throw new MalformedMessageException(
                $"message type {Type}: {Payload.Length} bytes, its header has {Unsafe.SizeOf<T>()}"
            );

    /// <summary>The attributes that follow a fixed header.</summary>
    public AttributeReader Attributes<T>()
        where T : unmanaged
    {
        int size = (Unsafe.SizeOf<T>() + 3) & ~3;
        return new AttributeReader(Payload.Length > size ? Payload[size..] : default);
    }
}

/// <summary>Walks over the messages of one datagram. Never reads past its end, whatever lengths it claims.</summary>
public ref struct MessageReader
{
    private ReadOnlySpan<byte> _rest;

    /// <summary>Starts before the first message.</summary>
    public MessageReader(ReadOnlySpan<byte> datagram) => _rest = datagram;

    /// <summary>Reads the next message.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="MalformedMessageException">A message claims fewer bytes than a header or more than there are.</exception>
    public bool TryRead(out Message message)
    {
        message = default;
        if (_rest.Length == 0)
            return false;
        if (_rest.Length < MessageHeader.Size)
            throw new MalformedMessageException($"{_rest.Length} bytes where a header of 16 is due");
        var header = MemoryMarshal.Read<MessageHeader>(_rest);
        if (header.Length < MessageHeader.Size || header.Length > (uint)_rest.Length)
            throw new MalformedMessageException($"a message of {header.Length} bytes in {_rest.Length}");
        int length = (int)header.Length;
        message = new Message(header, _rest[MessageHeader.Size..length]);
        _rest = _rest[Math.Min((length + 3) & ~3, _rest.Length)..];
        return true;
    }
}
